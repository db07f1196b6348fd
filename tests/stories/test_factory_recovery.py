"""kill -9 at many moments of pipeline runs: each run that was acknowledged goes on to its end, and no activity runs twice.

What ran is counted by what it leaves: an array variable to which each iteration appends, and the records of activity runs, of which
there must be one per activity and iteration, in pipelines that wait, loop, call each other and stand in line.
"""

import random
import uuid
from collections import Counter
from collections.abc import Iterator

import pytest

from factory_plays import activity, done, expression
from killing import PATIENCE, Factory
from running import RunningServer, wait_until

COUNT = 12

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


class Story(Factory):
    def __init__(self, server: RunningServer) -> None:
        super().__init__(server, "shop")
        self.call("PUT", "/pipelines/child", {"properties": CHILD})
        self.call("PUT", "/pipelines/parent", {"properties": PARENT})

    def trial(self, offset: float, starts: list[float]) -> None:
        """Runs, begun until the server is killed; then starts that are cut short too; then all must come to a good end."""
        runs: list[str] = []

        def begin() -> None:
            for _ in range(4):
                runs.append(self.begin("parent"))
            while True:
                self.call("PUT", f"/pipelines/{uuid.uuid4()}", {"properties": CHILD})

        self.killed(offset, starts, begin)
        for run in runs:
            self.is_right(run, f"killed after {offset:.3f} s and at {starts} of starting")

    def is_right(self, run: str, story: str) -> None:
        wait_until(lambda: self.is_over(run), PATIENCE, lambda: f"{story}: {self.status(run)}\n{self.server.log()[-3000:]}")
        over = self.status(run)
        assert over["status"] == "Succeeded", f"{story}: {over}"
        found = self.activities(run)
        assert Counter(one["activityName"] for one in found) == RAN, story
        assert len({(one["activityName"], one["iterationHash"]) for one in found}) == len(found), story
        assert {one["status"] for one in found} == {"Succeeded"}, story


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with RunningServer(tmp_path_factory.mktemp("factory") / "home") as server:
        told = Story(server)
        yield told
        told.close()


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
