"""Following a pipeline run of a factory: its activities as they begin and end, as sights for the screens of `progress`.

Activities within others stand one step further in, as the pipeline is written; iterations and attempts are told apart by number. The
activities of pipelines that it called appear under the call, from when that begins.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from azurine.cli import faults
from azurine.cli.following import QUICK, SLOW, Sight, Step

FINAL = ("Succeeded", "Failed", "Cancelled")
DEEPEST = 8
"""Calls of pipelines within each other that are shown."""
_LISTS = ("activities", "ifTrueActivities", "ifFalseActivities", "defaultActivities")

Json = Mapping[str, Any]


@dataclass
class Follower:
    """ask: (method, path below the factory, body) → the answer."""

    ask: Callable[[str, str, Any], Any]
    run: str
    _depths: dict[str, dict[str, int]] = field(default_factory=dict)

    def look(self) -> Sight:
        run = self.ask("GET", f"pipelineruns/{self.run}", None)
        lasted = _lasted(run.get("runStart"), run.get("runEnd"))
        top = Step(self.run, str(run["pipelineName"]), str(run["status"]), 0, lasted, error=" ".join(str(run.get("message") or "").split()))
        return Sight(top, tuple(self._below(run, 1)))

    def looks(self, wait: Callable[[float], object] | None = None) -> Iterator[Sight]:
        """Looks until the run is over; the last sight is final."""
        wait = wait or threading.Event().wait
        pause, before = QUICK, None
        while True:
            sight = self.look()
            yield sight
            if sight.job.status in FINAL:
                return
            states = [(step.name, step.status) for step in (sight.job, *sight.steps)]
            pause = QUICK if states != before else min(SLOW, pause * 1.25)
            before = states
            wait(pause)

    def activities(self, run: str) -> list[dict[str, Any]]:
        """All activity runs of a run, in the order in which they began."""
        window = {"lastUpdatedAfter": "2000-01-01T00:00:00Z", "lastUpdatedBefore": "2999-01-01T00:00:00Z"}
        found: list[dict[str, Any]] = []
        body: dict[str, Any] = dict(window)
        while True:
            page = self.ask("POST", f"pipelineruns/{run}/queryActivityruns", body)
            found.extend(page["value"])
            if not page.get("continuationToken"):
                break
            body = {**window, "continuationToken": page["continuationToken"]}
        return sorted(found, key=lambda one: str(one.get("activityRunStart") or ""))

    def _below(self, run: Json, depth: int) -> Iterator[Step]:
        depths = self._nested(str(run["pipelineName"]))
        seen: dict[tuple[str, Any], int] = {}
        for one in self.activities(str(run["runId"])):
            name = str(one["activityName"])
            attempt = one.get("retryAttempt")
            seen[name, attempt] = number = seen.get((name, attempt), 0) + 1
            inside = depths.get(name, 0)
            title = name + (f" [{number}]" if inside and one.get("iterationHash") else "") + (f" (attempt {attempt + 1})" if attempt else "")
            error = " ".join(str((one.get("error") or {}).get("message") or "").split())
            lasted = _lasted(one.get("activityRunStart"), one.get("activityRunEnd"))
            yield Step(str(one["activityRunId"]), title, str(one["status"]), depth + inside, lasted, error=error)
            called = (one.get("output") or {}).get("pipelineRunId")
            child = self._called(str(called)) if called and depth < DEEPEST else None
            if child is not None:
                yield from self._below(child, depth + inside + 1)

    def _called(self, run: str) -> Json | None:
        """A run that is being made as this is asked is not there yet; the next look finds it."""
        try:
            found: Json = self.ask("GET", f"pipelineruns/{run}", None)
        except faults.Failure as problem:
            if problem.fault.code != faults.MISSING:
                raise
            return None
        return found

    def _nested(self, pipeline: str) -> dict[str, int]:
        """How deep each activity of a pipeline stands in others."""
        if pipeline not in self._depths:
            found = self.ask("GET", f"pipelines/{pipeline}", None)
            self._depths[pipeline] = dict(_depths(found["properties"].get("activities") or [], 0))
        return self._depths[pipeline]


def _depths(activities: list[Any], depth: int) -> Iterator[tuple[str, int]]:
    for one in activities:
        yield str(one.get("name")), depth
        properties = one.get("typeProperties") or {}
        for word in _LISTS:
            yield from _depths(properties.get(word) or [], depth + 1)
        for case in properties.get("cases") or []:
            yield from _depths(case.get("activities") or [], depth + 1)


def _lasted(began: Any, ended: Any) -> float | None:
    if not began:
        return None
    until = _seconds(ended) if ended else time.time()
    return max(0.0, until - _seconds(began))


def _seconds(stamp: Any) -> float:
    then = datetime.fromisoformat(str(stamp).replace("Z", "+00:00"))
    return (then if then.tzinfo is not None else then.replace(tzinfo=UTC)).timestamp()
