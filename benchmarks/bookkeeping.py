"""What it costs to keep the books of one step durably, beside one synced SQLite commit.

A pipeline of 50 steps, one after the other, goes through the real kinds, the loop and the store on disk; its steps are done by
a performer that says at once that they are. So what is measured is everything but the step: admission of the step's job, what is decided,
and every commit. The floor is one synced commit of one small row by the bare driver, in the same folder, in turn with the pipelines.

`python benchmarks/bookkeeping.py` prints the row.
"""

import sqlite3
import statistics
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from measuring import Row, in_turn, table

from azurine import ml
from azurine.ml import jobs, resource_groups, subscriptions, workspaces
from azurine.model import clock, ids
from azurine.model.decisions import Outcome
from azurine.model.kinds import Kind
from azurine.reconcile.loop import Loop
from azurine.reconcile.performers import File, Request
from azurine.store import admission
from azurine.store.sql import open_log

STEPS = 50
RUNS = 7
FLOOR_COMMITS = 100
GROUP = "subscriptions/s/resourceGroups/g"
WORKSPACE = f"{GROUP}/workspaces/bench"


class Done:
    """Says of every piece of work that it is done."""

    def perform(self, request: Request, file: File) -> None:
        file(Outcome("succeeded", {"exit_code": 0, "seconds": 0.001, "ended": clock.system(), "phases": {}, "phase": "", "node": "n", "lost": False}))

    def cease(self, key: str, file: File) -> None:
        file(Outcome("cancelled"))


class Books:
    """A store on disk with a workspace and a chain of no-op components, a loop over it, and the floor beside it."""

    def __init__(self, folder: Path) -> None:
        self.log = open_log(f"sqlite:///{folder}/azurine.db")
        self.kinds: dict[str, Kind] = {
            one.name: one for one in (*ml.kinds("https://localhost"), *jobs.KINDS, subscriptions.KIND, resource_groups.KIND)
        }
        done = Done()
        self.loop = Loop(self.log, self.kinds, {"step": done, "environment": done, "tracking.copy": done}, clock.system)
        self.floor = sqlite3.connect(folder / "floor.db", isolation_level=None)
        self.floor.execute("PRAGMA journal_mode = WAL").fetchall()
        self.floor.execute("PRAGMA synchronous = FULL")
        self.floor.execute("CREATE TABLE rows (revision INTEGER PRIMARY KEY, spec TEXT)")
        self._count = 0
        for identifier, body in (("subscriptions/s", {}), (GROUP, {"location": "here"}), (WORKSPACE, {"location": "here"})):
            self._put(identifier, body)
        for identifier, _, body in workspaces.defaults(WORKSPACE):
            self._put(identifier, body)
        for number in range(STEPS):
            self._put(f"{WORKSPACE}/components/c{number}/versions/1", _component(needs=number > 0))
        self.loop.rouse()
        self.loop.settle()
        self.step()

    def close(self) -> None:
        self.floor.close()
        self.log.close()

    def commit(self) -> float:
        """Milliseconds of one synced commit: the middle of many."""
        taken = []
        for _ in range(FLOOR_COMMITS):
            began = time.perf_counter()
            self.floor.execute("INSERT INTO rows (spec) VALUES ('x')")
            taken.append(time.perf_counter() - began)
        return statistics.median(taken) * 1000

    def step(self) -> float:
        """Milliseconds per step of a whole pipeline, from its submission to its end."""
        self._count += 1
        pipeline = f"{WORKSPACE}/jobs/p{self._count}"
        began = time.perf_counter()
        self._put(pipeline, _pipeline())
        self.loop.settle()
        taken = time.perf_counter() - began
        found = self.log.get(pipeline)
        assert found is not None and found.status["state"] == "succeeded" and len(self.log.owned_by(pipeline)) == STEPS, found
        return taken * 1000 / STEPS

    def _put(self, identifier: str, body: Mapping[str, Any]) -> None:
        admission.admit(self.log, self.kinds, admission.Request(identifier, lambda _: body, by="somebody"), clock.system())


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        books = Books(Path(folder))
        try:
            commits, steps = in_turn(RUNS, books.commit, books.step)
        finally:
            books.close()
    return [Row("durable bookkeeping of one step", "ms", steps, commits, "one synced SQLite commit", goal=4.0)]


def _component(*, needs: bool) -> dict[str, Any]:
    spec = {
        "type": "command",
        "command": "true",
        "environment": "azureml:AzureML-sklearn-1.5@latest",
        "is_deterministic": False,
        "inputs": {"before": {"type": "uri_folder"}} if needs else {},
        "outputs": {"made": {"type": "uri_folder"}},
    }
    return {"properties": {"componentSpec": spec}}


def _pipeline() -> dict[str, Any]:
    nodes = {}
    for number in range(STEPS):
        before = {"before": {"job_input_type": "literal", "value": "${{parent.jobs.n" + str(number - 1) + ".outputs.made}}"}} if number else {}
        nodes[f"n{number}"] = {"type": "command", "componentId": f"{ids.child(WORKSPACE, 'components', f'c{number}')}/versions/1", "inputs": before}
    return {"properties": {"jobType": "Pipeline", "experimentName": "bench", "jobs": nodes}}


if __name__ == "__main__":
    print(table(measure()))
