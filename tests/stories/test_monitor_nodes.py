"""A monitor's run on a cluster of two nodes: both have a part in it, one of them is killed, and it finds what a run on one machine finds."""

import fcntl
import json
import os
import re
import signal
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

import polars

import rest
from azurine.compute import tasks
from azurine.guest.batch import ledger
from azurine.guest.drift import together
from drift_samples import sample
from running import RunningServer, wait_until

PATIENCE = 120.0
WEEKS, ROWS = 12, 300
START = datetime(2026, 3, 1)
CLUSTER = {
    "computeType": "AmlCompute",
    "properties": {"scaleSettings": {"minNodeCount": 2, "maxNodeCount": 2, "nodeIdleTimeBeforeScaleDown": "PT60S"}},
}
MONITOR = {
    "baseline": {"data": "azureml://datastores/workspaceblobstore/paths/ward/patients.parquet"},
    "target": {"data": "azureml://datastores/workspaceblobstore/paths/ward/visits.parquet", "timestampColumn": "date"},
    "featureList": ["Age", "BMI"],
    "frequency": "Week",
}
SPAN = {"startDate": "2026-03-01", "endDate": (START + timedelta(weeks=WEEKS - 1)).date().isoformat()}


def test_two_nodes_and_a_killed_one_find_what_one_machine_finds(tmp_path: Path) -> None:
    with RunningServer(tmp_path / "home") as server, closing(rest.Rest(server.home)) as told:
        furnish(server.home)
        told.put("computes/pair", {"location": "local", "properties": CLUSTER})
        told.put("datasetMonitors/ward", {"properties": MONITOR})
        told.call("POST", "datasetMonitors/ward/backfill", {**SPAN, "name": "here"})
        ended(told, server, "here")

        begun = caught(told, server, ("there-1", "there-2", "there-3"))
        name, pieces = begun.name, begun.pieces
        # Nobody can take a piece meanwhile: the first has one in hand, and the second has none yet.
        wait_until(lambda: "node 1 has come" in log(server.home, name), PATIENCE, lambda: log(server.home, name))
        os.kill(guest(begun.folder, 0).pid, signal.SIGKILL)
        begun.lock.close()
        ended(told, server, name)

        assert sorted(one["done"] for one in begun.lines() if "done" in one) == list(range(pieces)), "each counts once"
        begun.let_go()
        assert re.search(rf"in {pieces} pieces on 2 nodes \(node 0: \d+, node 1: \d+\)", log(server.home, name))
        mine, other = (document(server.home, one) for one in ("here", name))
        assert mine == other
        assert len(mine["windows"]) == WEEKS
        first, second = (told.get(f"datasetMonitors/ward/runs/{one}")["properties"] for one in ("here", name))
        assert (first["windows"], first["metrics"]) == (second["windows"], second["metrics"])
        assert first["windows"][-1]["driftPercentage"] > 1


def furnish(home: Path) -> None:
    """Few rows, so wide that other nodes are worth it; nobody reads what makes them wide."""
    [store] = (home / "storage").glob("*/azureml-blobstore-*")
    (store / "ward").mkdir()
    table(0).write_parquet(store / "ward" / "patients.parquet", row_group_size=ROWS, compression="uncompressed")
    table(9, together.LEAST).write_parquet(store / "ward" / "visits.parquet", row_group_size=ROWS, compression="uncompressed")


def table(shift: float, size: int = 0) -> polars.DataFrame:
    count = WEEKS * ROWS
    bmi = sample({"law": ["normal", 31.5, 9.7, count]})
    return polars.DataFrame(
        {
            "date": [START + timedelta(weeks=WEEKS) * (place / count) for place in range(count)],
            "Age": [21 + place * place % 57 for place in range(count)],
            "BMI": [bmi[place * 997 % count] + shift * (place > count / 2) for place in range(count)],
            "Scan": [os.urandom(size // count + 1) for _ in range(count)],
        }
    )


@dataclass(frozen=True, slots=True)
class Begun:
    """A run on the cluster of which nobody can take a piece until `lock` is closed. Its folder goes when it is over."""

    name: str
    folder: Path
    lock: IO[bytes]
    ledger: IO[bytes]
    pieces: int

    def lines(self) -> list[dict[str, Any]]:
        self.ledger.seek(0)
        return [json.loads(line) for line in self.ledger]

    def taken(self) -> int:
        return sum("take" in line for line in self.lines())

    def let_go(self) -> list["Begun"]:
        """Nothing is held then."""
        self.lock.close()
        self.ledger.close()
        return []


def caught(told: rest.Rest, server: RunningServer, names: Sequence[str]) -> Begun:
    """The first run of which enough is left to do when it is seen."""
    for name in names:
        told.call("POST", "datasetMonitors/ward/backfill", {**SPAN, "name": name, "compute": "azureml:pair"})
        seen: list[Begun] = []

        def is_seen(name: str = name, seen: list[Begun] = seen) -> bool:
            for path in server.home.glob(f"tasks/{name}/shared-*/{ledger.LEDGER}"):
                with suppress(FileNotFoundError):
                    one = held(name, path.parent)
                    seen[:] = [one] if one.taken() else one.let_go()
            return bool(seen) or status(told, name) != "Running"

        wait_until(is_seen, PATIENCE, lambda name=name: f"{status(told, name)}\n{server.log()[-2000:]}")
        for one in seen:
            if one.taken() < WEEKS and "node 1 has come" not in log(server.home, name):
                return one
            one.let_go()
        ended(told, server, name)
    raise AssertionError(f"of none of {names} enough was left when it was seen")


def held(name: str, shared: Path) -> Begun:
    pieces = len((shared / ledger.LIST).read_text().splitlines())
    lock = (shared / ledger.LOCK).open("rb")
    fcntl.flock(lock, fcntl.LOCK_EX)
    return Begun(name, shared.parent, lock, (shared / ledger.LEDGER).open("rb"), pieces)


def guest(folder: Path, share: int) -> tasks.Mark:
    """The process that sees to an instance."""
    for path in folder.glob(f"*/{tasks.GUEST}"):
        found: Any = tasks.guest(path.parent)
        if found is not None and tasks.order(path.parent)["part"]["share"] == share and tasks.outcome(path.parent) is None:
            mark: tasks.Mark = found[0]
            return mark
    raise AssertionError(f"share {share} does not run")


def log(home: Path, name: str) -> str:
    return "".join(path.read_text() for path in home.rglob("user_logs/std_log.txt") if any(name in part for part in path.parts))


def document(home: Path, name: str) -> dict[str, Any]:
    [path] = [one for one in (home / "storage").rglob("drift.json") if name in one.parts]
    found = json.loads(path.read_text())
    assert found.pop("run") == name
    return dict(found)


def status(told: rest.Rest, name: str) -> str:
    return str(told.get(f"datasetMonitors/ward/runs/{name}")["properties"]["status"])


def ended(told: rest.Rest, server: RunningServer, name: str) -> None:
    wait_until(lambda: status(told, name) != "Running", PATIENCE, lambda: f"{log(server.home, name)}\n{server.log()[-2000:]}")
    assert status(told, name) == "Completed", f"{told.get(f'jobs/{name}')}\n{log(server.home, name)}"
