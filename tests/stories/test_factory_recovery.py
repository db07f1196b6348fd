"""kill -9 at many moments of pipeline runs: each run that was acknowledged goes on to its end, and no activity runs twice.

What ran is counted by what it leaves: an array variable to which each iteration appends, and the records of activity runs, of which
there must be one per activity and iteration, in pipelines that wait, loop, call each other and stand in line.
"""

import http.client
import random
import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

import rest
from factory_plays import activity, done, expression
from running import RunningServer, wait_until

GONE = (OSError, http.client.HTTPException)
PATIENCE = 60.0
WINDOW = {"lastUpdatedAfter": "2000-01-01T00:00:00Z", "lastUpdatedBefore": "2100-01-01T00:00:00Z"}
COUNT = 12
OVER = ("Succeeded", "Failed", "Cancelled")

CHILD = {"activities": [activity("rest", "Wait", waitTimeInSeconds=1), done("end", "rest")], "concurrency": 3}
PARENT = {
    "variables": {"all": {"type": "Array"}},
    "activities": [
        activity("each", "ForEach", items=expression(f"@range(0, {COUNT})"), batchCount=4, activities=[
            activity("add", "AppendVariable", variableName="all", value=expression("@item()")),
            activity("pause", "Wait", "add", waitTimeInSeconds=expression("@mod(item(), 2)")),
        ]),
        activity("call", "ExecutePipeline", pipeline={"referenceName": "child", "type": "PipelineReference"}, waitOnCompletion=True),
        activity("check", "IfCondition", "each", "call", expression=expression(f"@equals(length(variables('all')), {COUNT})"),
                 ifTrueActivities=[done("right")], ifFalseActivities=[activity("wrong", "Fail", message="@string(variables('all'))", errorCode="1")]),
    ],
}  # fmt: skip
RAN = Counter({"add": COUNT, "pause": COUNT, "each": 1, "call": 1, "check": 1, "right": 1})


class Story:
    def __init__(self, server: RunningServer) -> None:
        self.server = server
        self.rest = rest.Rest(server.home)
        group = self.rest.workspace.partition("/providers/")[0]
        self.factory = f"{group}/providers/Microsoft.DataFactory/factories/shop"
        self.call("PUT", "", {"location": "local"})
        self.call("PUT", "/pipelines/child", {"properties": CHILD})
        self.call("PUT", "/pipelines/parent", {"properties": PARENT})

    def call(self, method: str, path: str, body: Any = None) -> Any:
        return self.rest.call(method, f"{self.factory}{path}?api-version=2018-06-01", body)

    def trial(self, offset: float, starts: list[float]) -> None:
        """Runs, begun until the server is killed; then starts that are cut short too; then all must come to a good end."""
        killer = threading.Timer(offset, self.server.kill)
        killer.start()
        runs = []
        with suppress(*GONE):
            for _ in range(4):
                runs.append(self.call("POST", "/pipelines/parent/createRun", {})["runId"])
            while True:
                self.call("PUT", f"/pipelines/{uuid.uuid4()}", {"properties": CHILD})
        killer.join()
        for seconds in starts:
            self.server.launch()
            threading.Event().wait(seconds)
            self.server.kill()
        self.rest.close()
        self.server.start()
        self.rest = rest.Rest(self.server.home)
        for run in runs:
            self.is_right(run, f"killed after {offset:.3f} s and at {starts} of starting")

    def is_right(self, run: str, story: str) -> None:
        wait_until(lambda: self.status(run)["status"] in OVER, PATIENCE, lambda: f"{story}: {self.status(run)}\n{self.server.log()[-3000:]}")
        over = self.status(run)
        assert over["status"] == "Succeeded", f"{story}: {over}"
        found = self.call("POST", f"/pipelineruns/{run}/queryActivityruns", WINDOW)["value"]
        assert Counter(one["activityName"] for one in found) == RAN, story
        assert len({(one["activityName"], one["iterationHash"]) for one in found}) == len(found), story
        assert {one["status"] for one in found} == {"Succeeded"}, story

    def status(self, run: str) -> Any:
        return self.call("GET", f"/pipelineruns/{run}")


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with RunningServer(tmp_path_factory.mktemp("factory") / "home") as server:
        told = Story(server)
        yield told
        told.rest.close()


def trials(count: int, seed: int, longest: float) -> list[tuple[float, list[float]]]:
    """(seconds from the first run to the kill, seconds after which each of the next starts is killed too)"""
    chance = random.Random(seed)
    return [(longest * (number + chance.random()) / count, [chance.uniform(0.2, 1.5)] * (number % 2)) for number in range(count)]


@pytest.mark.parametrize(("offset", "starts"), trials(4, 5, 4.0))
def test_runs_go_on(story: Story, offset: float, starts: list[float]) -> None:
    story.trial(offset, starts)


@pytest.mark.long
@pytest.mark.parametrize(("offset", "starts"), trials(40, 6, 6.0))
def test_runs_go_on_after_many_kills(story: Story, offset: float, starts: list[float]) -> None:
    story.trial(offset, starts)
