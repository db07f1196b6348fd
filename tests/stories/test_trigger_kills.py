"""kill -9 around the due times of triggers: every time, window and event that counts fires, and nothing fires twice.

What fired is counted by the pipeline runs themselves: each knows what it was begun for by its parameter. An event counts when the server
has acknowledged it; one that was cut short may have fired or not, but never twice.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from factory_plays import activity, done
from killing import OVER, PATIENCE, WINDOW, Factory
from running import RunningServer, wait_until
from trigger_plays import pipeline

WINDOWS, SCHEDULES = 10, 12


class Story(Factory):
    def factory_for(self, name: str) -> None:
        """A factory of its own for each trial, with a pipeline that takes a moment."""
        self.found(name)
        self.topic = f"{self.group}/providers/Microsoft.EventGrid/topics/{name}"
        steps = [activity("w", "Wait", waitTimeInSeconds=1), done("end", "w")]
        given = {"for": {"type": "String", "defaultValue": ""}}
        self.call("PUT", "/pipelines/work", {"properties": {"activities": steps, "parameters": given}})

    def trigger(self, name: str, kind: str, said: str, **properties: Any) -> None:
        wanted = pipeline("work", {"for": said})
        own = {"pipeline": wanted} if kind == "TumblingWindowTrigger" else {"pipelines": [wanted]}
        self.call("PUT", f"/triggers/{name}", {"properties": {"type": kind, "typeProperties": properties, **own}})
        self.call("POST", f"/triggers/{name}/start", {})

    def trial(self, number: int, offset: float, starts: list[float]) -> None:
        self.factory_for(f"kills-{number}-{round(offset * 1000)}")
        wanted = self.due()
        events: list[str] = []
        self.killed(offset, starts, lambda: self.publish(events))
        self.is_right([*wanted, *events], f"killed after {offset:.3f} s and at {starts} of starting")

    def due(self) -> list[str]:
        """Triggers whose times lie around the kill, and windows of the past."""
        self.trigger("events", "CustomEventsTrigger", "@triggerBody().event.id", scope=self.topic, events=["kill"])
        begin = datetime(2024, 1, 1, tzinfo=UTC)
        end = begin + timedelta(hours=WINDOWS)
        window = "@trigger().outputs.windowStartTime"
        self.trigger(
            "windows", "TumblingWindowTrigger", window, frequency="Hour", interval=1, startTime=stamp(begin), endTime=stamp(end), maxConcurrency=4
        )
        wanted = [stamp(begin + timedelta(hours=place)) for place in range(WINDOWS)]
        now = datetime.fromtimestamp(time.time() + 0.5, UTC)
        for place in range(SCHEDULES):
            due = now + timedelta(seconds=0.25 * place)
            recurrence = {"frequency": "Minute", "interval": 1000, "startTime": stamp(due)}
            self.trigger(f"at-{place}", "ScheduleTrigger", f"{place} @{{trigger().scheduledTime}}", recurrence=recurrence)
            if datetime.now(UTC) < due:  # else it was started too late, which is no fault
                wanted.append(f"{place} {stamp(due)}")
        return wanted

    def publish(self, kept: list[str]) -> None:
        """Events, one after another, until the server is gone; kept are those that were acknowledged."""
        while True:
            name = f"event-{len(kept)}"
            self.rest.call("POST", f"{self.topic}/api/events", [{"id": name, "subject": "s", "eventType": "kill", "data": {}}])
            kept.append(name)
            threading.Event().wait(0.02)

    def is_right(self, wanted: list[str], story: str) -> None:
        def missing() -> set[str]:
            return set(wanted) - set(self.ran())

        wait_until(lambda: not missing(), PATIENCE, lambda: f"{story}: nothing was begun for {sorted(missing())}\n{self.server.log()[-3000:]}")
        wait_until(lambda: {one["status"] for one in self.runs()} <= set(OVER), PATIENCE, f"{story}: some runs have not ended")
        ran = self.ran()
        assert max(ran.values()) == 1, f"{story}: {[one for one in ran.items() if one[1] > 1]}"
        unasked = set(ran) - set(wanted)
        assert len(unasked) <= 1, f"{story}: {sorted(unasked)}"  # the one event that was cut short
        assert {one["status"] for one in self.fired()} == {"Succeeded"}, story
        assert len(self.fired()) == len(self.runs()), story

    def ran(self) -> Counter[str]:
        return Counter(one["parameters"]["for"] for one in self.runs())

    def runs(self) -> list[Any]:
        return list(self.call("POST", "/queryPipelineRuns", WINDOW)["value"])

    def fired(self) -> list[Any]:
        return list(self.call("POST", "/queryTriggerRuns", WINDOW)["value"])


def stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with RunningServer(tmp_path_factory.mktemp("triggers") / "home") as server:
        told = Story(server, "triggers")
        yield told
        told.close()


def trials(count: int, seed: int, longest: float) -> list[tuple[int, float, list[float]]]:
    """(number, seconds from the first trigger to the kill, seconds after which each of the next starts is killed too)"""
    chance = random.Random(seed)
    return [(number, longest * (number + chance.random()) / count, [chance.uniform(0.3, 1.5)] * (number % 2)) for number in range(count)]


@pytest.mark.parametrize(("number", "offset", "starts"), trials(4, 5, 3.5))
def test_nothing_is_lost_and_nothing_fires_twice(story: Story, number: int, offset: float, starts: list[float]) -> None:
    story.trial(number, offset, starts)


@pytest.mark.long
@pytest.mark.parametrize(("number", "offset", "starts"), trials(40, 6, 4.0))
def test_nothing_is_lost_and_nothing_fires_twice_after_many_kills(story: Story, number: int, offset: float, starts: list[float]) -> None:
    story.trial(number + 100, offset, starts)
