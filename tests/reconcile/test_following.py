"""Watching another resource until it rests: at once, later, when it is gone; told once; given up."""

import threading
from typing import Any

from azurine.model.decisions import Outcome
from azurine.model.states import State
from azurine.reconcile.following import Following
from azurine.reconcile.performers import Request
from azurine.store.log import Create, Remove, Report
from azurine.store.memory import MemoryLog

JOB = "subscriptions/s/workspaces/w/jobs/j"


class Heard:
    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []
        self._came = threading.Event()

    def __call__(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        self._came.set()

    def one(self) -> Outcome:
        assert self._came.wait(5)
        return self.outcomes[0]


def watched(log: MemoryLog, tell: Any = lambda job: {"name": job.name}) -> tuple[Following, Heard]:
    following, heard = Following(log, "job", tell), Heard()
    following.perform(Request("run", "key", {"job": JOB}), heard)
    return following, heard


def job(log: MemoryLog, **status: Any) -> None:
    log.write([Create(JOB, "workspaces/jobs", "", {}, status)], 0.0)


def test_what_rests_already_is_told_at_once() -> None:
    log = MemoryLog()
    job(log, state="succeeded")
    following, heard = watched(log)
    assert heard.one() == Outcome(State.SUCCEEDED, {"name": "j"})
    following.close()


def test_what_comes_to_rest_is_told_once() -> None:
    log = MemoryLog()
    job(log, state="running")
    following, heard = watched(log)
    for state in ("running", "failed", "failed"):
        found = log.get(JOB)
        assert found is not None
        log.write([Report(JOB, {"state": state, "n": len(state)}, found.revision, True)], 1.0)
    assert heard.one().state == State.SUCCEEDED
    following.close()
    assert len(heard.outcomes) == 1


def test_what_is_gone_or_never_was_is_a_failure_with_words() -> None:
    log = MemoryLog()
    following, heard = watched(log)
    assert "j does not exist any more" in str((heard.one().error or {})["message"])
    following.close()
    job(log, state="running")
    following, heard = watched(log)
    log.write([Remove(JOB)], 1.0)
    assert heard.one().state == State.FAILED
    following.close()


def test_what_cannot_be_told_is_a_failure_and_who_gives_up_hears_so() -> None:
    log = MemoryLog()
    job(log, state="succeeded")

    def broken(found: Any) -> Any:
        raise ValueError("no")

    following, heard = watched(log, broken)
    assert (heard.one().error or {})["code"] == "InternalError"
    following.close()
    other = MemoryLog()
    job(other, state="running")
    following, heard = watched(other)
    given_up = Heard()
    following.cease("key", given_up)
    assert given_up.one().state == State.CANCELLED
    following.close()
