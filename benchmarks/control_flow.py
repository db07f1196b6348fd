"""What an activity of a pipeline run costs when it does nothing but be decided, recorded and written down.

Pipelines go through the real kinds, the loop and the store on disk, from the request for the run to its end: chains of SetVariable
activities with an expression each, a ForEach of trivial ones. Beside them: DBOS, which commits each step to SQLite, Kedro, which
keeps nothing, and synced commits of SQLite's bare driver in the same folder. `python benchmarks/control_flow.py` prints the rows.
"""

import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import peers
from measuring import Row, in_turn, table

from azurine import factory
from azurine.model import clock
from azurine.model.kinds import Kind
from azurine.reconcile.loop import Loop
from azurine.store import admission
from azurine.store.log import Create
from azurine.store.sql import open_log

STEPS = 50
RUNS = 7
ITEMS = 1000
SIZES = (10, 100, 1_000, 10_000)
FACTORY = "subscriptions/s/resourceGroups/g/factories/bench"
PEERS = {"dbos": ("dbos",), "kedro": ("kedro",)}
PROGRAM = Path(__file__).with_name("control_flow_peers.py")


class Runs:
    """A store on disk with a factory and a loop over it, and the floor beside it."""

    def __init__(self, folder: Path) -> None:
        self.log = open_log(f"sqlite:///{folder}/azurine.db")
        self.kinds: dict[str, Kind] = {one.name: one for one in factory.KINDS}
        self.loop = Loop(self.log, self.kinds, {}, clock.system)
        self.log.write([Create(FACTORY, "factories", "", {"location": "here"})], clock.system())
        self.floor = sqlite3.connect(folder / "floor.db", isolation_level=None)
        self.floor.execute("PRAGMA journal_mode = WAL").fetchall()
        self.floor.execute("PRAGMA synchronous = FULL")
        self.floor.execute("CREATE TABLE rows (revision INTEGER PRIMARY KEY, spec TEXT)")
        self._count = 0
        for size in {STEPS, *SIZES}:
            self.put(f"pipelines/chain-{size}", _chain(size))
        self.put("pipelines/each", _each(ITEMS))

    def close(self) -> None:
        self.floor.close()
        self.log.close()

    def put(self, path: str, body: Mapping[str, Any]) -> None:
        admission.admit(self.log, self.kinds, admission.Request(f"{FACTORY}/{path}", lambda _: body, by="somebody"), clock.system())

    def run(self, pipeline: str) -> float:
        """Milliseconds of a whole run, from its request to its end."""
        self._count += 1
        path = f"pipelineruns/r{self._count}"
        began = time.perf_counter()
        self.put(path, {"pipeline": pipeline})
        self.loop.settle()
        taken = time.perf_counter() - began
        found = self.log.get(f"{FACTORY}/{path}")
        assert found is not None and found.status["state"] == "succeeded", found
        return taken * 1000

    def per_step(self, size: int) -> Callable[[], float]:
        return lambda: self.run(f"chain-{size}") / size

    def commits(self) -> float:
        """Milliseconds of as many synced commits as the loop has items."""
        began = time.perf_counter()
        for _ in range(ITEMS):
            self.floor.execute("INSERT INTO rows (spec) VALUES ('x')")
        return (time.perf_counter() - began) * 1000


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        runs = Runs(Path(folder))
        try:
            runs.run("chain-10")
            known = {name: python for name, packages in PEERS.items() if (python := peers.install(name, *packages)) is not None}
            steps, *others = in_turn(RUNS, runs.per_step(STEPS), *(_peer(name, python, folder) for name, python in known.items()))
            loops, commits = in_turn(RUNS, lambda: runs.run("each"), runs.commits)
            sizes = in_turn(3, *(runs.per_step(size) for size in SIZES))
        finally:
            runs.close()
    goals = {"dbos": 0.5, "kedro": 1.0}
    return [
        *(
            Row(f"durable control activity, {STEPS} in a row", "ms", steps, other, f"a step of {name}", goal=goals[name])
            for name, other in zip(known, others, strict=True)
        ),
        Row(f"ForEach of {ITEMS:,} trivial activities, batchCount 50", "ms", loops, commits, f"{ITEMS:,} synced SQLite commits", goal=4.0),
        *(Row(f"an activity in a run of {size:,}", "ms", values) for size, values in zip(SIZES[:-1], sizes[:-1], strict=True)),
        Row(f"an activity in a run of {SIZES[-1]:,}", "ms", sizes[-1], sizes[-2], f"in a run of {SIZES[-2]:,}", goal=2.0),
    ]


def _peer(name: str, python: Path, folder: str) -> Callable[[], float]:
    """Milliseconds per step, in a process of its own that has done it once before."""

    def call() -> float:
        done = subprocess.run([python, PROGRAM, name, str(STEPS)], cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.stderr.write(done.stderr)
        return float(done.stdout.split()[-1])

    return call


def _chain(size: int) -> dict[str, Any]:
    def one(number: int) -> dict[str, Any]:
        needs = [{"activity": f"a{number - 1}", "dependencyConditions": ["Succeeded"]}] if number else []
        value = {"variableName": "v", "value": "@concat(pipeline().Pipeline, '-', pipeline().RunId)"}
        return {"name": f"a{number}", "type": "SetVariable", "dependsOn": needs, "typeProperties": value}

    return {"properties": {"variables": {"v": {"type": "String"}}, "activities": [one(number) for number in range(size)]}}


def _each(size: int) -> dict[str, Any]:
    inner = {"name": "w", "type": "Wait", "typeProperties": {"waitTimeInSeconds": 0}}
    items = {"value": f"@range(0, {size})", "type": "Expression"}
    return {
        "properties": {"activities": [{"name": "e", "type": "ForEach", "typeProperties": {"items": items, "batchCount": 50, "activities": [inner]}}]}
    }


if __name__ == "__main__":
    print(table(measure()))
