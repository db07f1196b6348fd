"""kill -9 at many moments: what was under way goes on to its end, and nothing that was done is done again.

Every step of the pipelines writes "begin" and "end" into a file outside of the server's home, from its own process: so a step that
ran twice, or was cut short, is counted by what it did, not by what the server says of it.
"""

import http.client
import os
import random
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

import rest
from azurine.compute import tasks
from running import RunningServer, wait_until

GONE = (OSError, http.client.HTTPException)
"""What a client sees of a server that was killed."""
PLACES = ("local", "cluster")
SECONDS = {"prep": 0.1, "left": 0.3, "right": 0.0, "join": 0.2, "end": 0.0}
NEEDS = {"prep": (), "left": ("prep",), "right": ("prep",), "join": ("left", "right"), "end": ("join",)}
PATIENCE = 60.0


class Story:
    """A server that is killed and started again, pipelines on it, and what their steps have done."""

    def __init__(self, server: RunningServer, seen: Path, compute: str | None) -> None:
        self.server, self.seen, self.compute = server, seen, compute
        self.seen.mkdir()
        self.rest = rest.Rest(server.home)
        self.acknowledged: list[str] = []
        if compute:
            scale = {"minNodeCount": 0, "maxNodeCount": 2, "nodeIdleTimeBeforeScaleDown": "PT60S"}
            self.put(
                f"computes/{compute}", {"location": "local", "properties": {"computeType": "AmlCompute", "properties": {"scaleSettings": scale}}}
            )
        for name, needs in NEEDS.items():
            self.put(f"components/{name}/versions/1", rest.component(self.line(name), needs))

    def line(self, name: str) -> str:
        mark = f"{self.seen}/$AZUREML_ROOT_RUN_ID.{name}"
        brought = " ".join("${{inputs." + one + "}}/note" for one in NEEDS[name]) or "/dev/null"
        return f"echo begin >> {mark} && cat {brought} > /dev/null && sleep {SECONDS[name]} && echo {name} > ${{{{outputs.made}}}}/note && echo end >> {mark}"

    def put(self, path: str, body: Any) -> None:
        self.rest.put(path, body)
        self.acknowledged.append(path)

    def submit(self, name: str) -> None:
        of = self.rest.workspace
        nodes = {one: rest.node(f"{of}/components/{one}/versions/1", {need: need for need in needs}) for one, needs in NEEDS.items()}
        self.put(f"jobs/{name}", rest.pipeline(nodes, f"{of}/computes/{self.compute}" if self.compute else None))

    def submit_until_acknowledged(self, name: str) -> None:
        """As a client does that was cut off: asks whether its job is there, and submits again when it is not."""
        with suppress(*GONE):
            self.rest.get(f"jobs/{name}")
            return
        self.submit(name)

    def trial(self, name: str, offset: float, starts: list[float]) -> None:
        """Three pipelines, the last submitted around the kill, `offset` seconds after the first; then starts that are cut short too."""
        killer = threading.Timer(offset, self.server.kill)
        killer.start()
        names = [f"{name}-{number}" for number in range(3)]
        with suppress(*GONE):
            for one in names:
                self.submit(one)
                threading.Event().wait(offset / 3)
        with suppress(*GONE):
            for number in range(10_000):
                self.put(f"components/{name}/versions/{number}", rest.component("true"))
        killer.join()
        for seconds in starts:
            self.server.launch()
            threading.Event().wait(seconds)
            self.server.kill()
        self.server.start()
        for one in names:
            try:
                self.rest.get(f"jobs/{one}")
            except rest.Refused as refusal:
                assert refusal.status == 404 and f"jobs/{one}" not in self.acknowledged
                self.submit(one)
        for one in names:
            self.completes(one)
            assert self.done(one) == {step: ["begin", "end"] for step in NEEDS}, f"{one}, killed after {offset:.3f} s and at {starts} of starting"

    def completes(self, name: str, final: str = "Completed") -> None:
        wait_until(lambda: self.rest.status(name) in rest.FINAL, PATIENCE, lambda: f"{name} is {self._standing(name)}\n{self.server.log()[-3000:]}")
        assert self.rest.status(name) == final, self._standing(name)

    def done(self, name: str) -> dict[str, list[str]]:
        """What the steps of a pipeline have done."""
        return {path.name.partition(".")[2]: path.read_text().split() for path in self.seen.glob(f"{name}.*")}

    def is_all_there(self) -> None:
        """Every write that was acknowledged, whatever happened since."""
        assert Counter(self.acknowledged).most_common(1)[0][1] == 1
        for path in self.acknowledged:
            self.rest.get(path)

    def _standing(self, name: str) -> Any:
        return self.rest.get(f"jobs/{name}")["properties"], {one: run.get("status") for one, run in self.rest.children(name).items()}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    with RunningServer(tmp_path / "home") as running:
        yield running


@pytest.fixture
def story(place: str, server: RunningServer, tmp_path: Path) -> Iterator[Story]:
    told = Story(server, tmp_path / "seen", "crew" if place == "cluster" else None)
    yield told
    told.rest.close()


def trials(count: int, seed: int, longest: float) -> list[tuple[float, list[float]]]:
    """(seconds from submission to the kill, seconds after which each of the next starts is killed too)"""
    chance = random.Random(seed)
    return [(longest * (number + chance.random()) / count, [chance.uniform(0.1, 1.5)] * (number % 3 == 2)) for number in range(count)]


@pytest.mark.parametrize(("place", "count"), [("local", 5), ("cluster", 4)])
def test_a_killed_server_takes_up_its_pipelines_again(count: int, story: Story) -> None:
    for number, (offset, starts) in enumerate(trials(count, 1, 1.6)):
        story.trial(f"p{number}", offset, starts)
    story.is_all_there()


@pytest.mark.long
@pytest.mark.parametrize("seed", [2, 3])
@pytest.mark.parametrize("place", PLACES)
def test_a_server_killed_at_many_moments_takes_up_its_pipelines_again(seed: int, story: Story) -> None:
    for number, (offset, starts) in enumerate(trials(15, seed, 2.0)):
        story.trial(f"p{number}", offset, starts)
    story.is_all_there()
