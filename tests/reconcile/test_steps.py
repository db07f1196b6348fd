"""Steps: a wish becomes a task at its place, under a folder that its key names, and what is seen there is filed."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from azurine.compute import tasks
from azurine.compute.contract import Place, Sighting, Task
from azurine.model.errors import Missing
from azurine.model.resources import Json
from azurine.reconcile.performers import Request
from azurine.reconcile.steps import Steps
from reconcile.filing import PATIENCE, Filed

KEY = "w/jobs/j#1.0#run#1"


class Stage:
    """A place that writes down what it was told, as real ones do: a task's order stands in its folder from its start."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        self.started: dict[str, Task] = {}
        self.heard = threading.Condition()

    def start(self, task: Task) -> None:
        tasks.write_order(task)
        self.started[task.key] = task
        self._note("start", task.key)

    def stop(self, key: str) -> None:
        self._note("stop", key)

    def status(self) -> Json:
        return {}

    def close(self) -> None:
        """Nothing to release."""

    def awaits(self, *told: tuple[str, str]) -> None:
        with self.heard:
            assert self.heard.wait_for(lambda: self.told == list(told), PATIENCE), self.told

    def _note(self, what: str, key: str) -> None:
        with self.heard:
            self.told.append((what, key))
            self.heard.notify_all()


class Performance:
    def __init__(self, folder: Path) -> None:
        self.stage = Stage()
        self.open = threading.Event()
        self.open.set()
        self.folder = folder
        self.laid_out = 0
        self.steps = self.fresh()

    def fresh(self) -> Steps:
        """As after a restart of the server."""
        return Steps(self.folder, self.place, self.lay_out)

    def place(self, compute: str) -> Place:
        self.open.wait(PATIENCE)
        if compute == "gone":
            raise Missing("the compute 'gone' is not running", code="ComputeNotRunning")
        return self.stage

    def lay_out(self, wish: Json) -> Json:
        self.laid_out += 1
        if wish.get("code") == "gone":
            raise Missing("the code is not there", code="CodeNotFound")
        return {**wish, "laid": "out"}

    def wish(self, **more: Any) -> Filed:
        filed = Filed()
        self.steps.perform(Request("w/jobs/j", KEY, {"run": "j", "compute": "local", **more}), filed)
        return filed


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Performance]:
    performance = Performance(tmp_path / "tasks")
    yield performance
    performance.open.set()
    performance.steps.close()


def test_a_wish_is_laid_out_and_started_and_what_is_seen_is_filed(play: Performance) -> None:
    filed = play.wish()
    play.stage.awaits(("start", KEY))
    assert play.stage.started[KEY].order == {"run": "j", "compute": "local", "laid": "out", "key": KEY}
    play.steps.seen(KEY, Sighting("running", "preparing", node="n"))
    assert filed.next().as_json() == {"state": "running", "output": {"phase": "preparing", "node": "n", "lost": False}, "error": None}
    error = {"code": "UserError", "message": "no"}
    play.steps.seen(KEY, Sighting("failed", output={"state": "failed", "exit_code": 3, "error": error}, error=error))
    outcome = filed.next()
    assert (outcome.state, outcome.output["exit_code"], outcome.error) == ("failed", 3, error)
    assert not {"state", "error"} & set(outcome.output)


def test_after_a_restart_the_same_wish_meets_the_same_folder_and_the_first_order(play: Performance) -> None:
    play.wish()
    play.stage.awaits(("start", KEY))
    first = play.stage.started[KEY]
    play.steps = play.fresh()
    play.wish(code="gone")
    play.stage.awaits(("start", KEY), ("start", KEY))
    assert play.stage.started[KEY].folder == first.folder
    assert play.stage.started[KEY].order == first.order
    assert play.laid_out == 1


def test_another_attempt_has_another_folder(play: Performance) -> None:
    assert play.steps.task_folder("j", KEY) != play.steps.task_folder("j", KEY.replace("#1", "#2"))


def test_what_is_not_there_is_told(play: Performance) -> None:
    assert play.wish(code="gone").next().error == {"code": "CodeNotFound", "message": "the code is not there"}
    outcome = play.wish(compute="gone").next()
    assert (outcome.state, outcome.error and outcome.error["code"]) == ("failed", "ComputeNotRunning")


def test_a_step_that_runs_is_told_to_stop_and_its_end_is_filed(play: Performance) -> None:
    play.wish()
    play.stage.awaits(("start", KEY))
    ended = Filed()
    play.steps.cease(KEY, ended)
    play.stage.awaits(("start", KEY), ("stop", KEY))
    assert ended.nothing()
    play.steps.seen(KEY, Sighting("cancelled"))
    assert ended.next().state == "cancelled"


def test_a_step_that_was_never_begun_is_cancelled_at_once(play: Performance) -> None:
    ended = Filed()
    play.steps.cease(KEY, ended)
    assert ended.next().state == "cancelled"
    assert play.stage.told == []


def test_a_step_that_is_cancelled_while_its_place_is_awaited_is_never_started(play: Performance) -> None:
    play.open.clear()
    filed, ended = play.wish(), Filed()
    play.steps.cease(KEY, ended)
    assert ended.next().state == "cancelled"
    play.open.set()
    play.steps.perform(Request("w/jobs/k", "w/jobs/k#1.0#run#1", {"run": "k", "compute": "local"}), Filed())
    play.stage.awaits(("start", "w/jobs/k#1.0#run#1"))
    assert filed.nothing()


def test_a_step_begun_before_a_restart_is_adopted_and_told_to_stop(play: Performance) -> None:
    play.wish()
    play.stage.awaits(("start", KEY))
    play.steps = play.fresh()
    ended = Filed()
    play.steps.cease(KEY, ended)
    play.stage.awaits(("start", KEY), ("start", KEY), ("stop", KEY))
    assert tasks.cancel_wished(play.stage.started[KEY].folder)
    play.steps.seen(KEY, Sighting("cancelled"))
    assert ended.next().state == "cancelled"


def test_a_step_whose_place_is_gone_can_be_cancelled(play: Performance, caplog: pytest.LogCaptureFixture) -> None:
    tasks.write_order(Task(KEY, play.steps.task_folder("j", KEY), {"compute": "gone"}))
    ended = Filed()
    play.steps.cease(KEY, ended)
    outcome = ended.next()
    assert (outcome.state, outcome.error and outcome.error["code"]) == ("cancelled", "Canceled")
    assert "could not be ended" in caplog.text


def test_nothing_is_filed_after_the_end(play: Performance) -> None:
    filed = play.wish()
    play.stage.awaits(("start", KEY))
    play.steps.seen(KEY, Sighting("succeeded"))
    filed.next()
    play.steps.seen(KEY, Sighting("running"))
    assert filed.nothing()
