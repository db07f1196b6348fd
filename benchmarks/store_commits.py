"""What the store costs beside its floor: one synced SQLite commit of one row, by the bare driver, in the same folder.

Floor and store take turns in one loop, because the price of a sync changes from one second to the next; medians are compared.
`python benchmarks/store_commits.py [folder]` measures in `folder` (which should be on the disk that matters) and prints a table.
"""

import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

from azurine.store.log import Create, Log, Report, Update
from azurine.store.sql import open_log

ROUNDS = 300
WRITERS = 8
SPEC: dict[str, Any] = {
    "properties": {
        "jobType": "Command",
        "command": "python train.py --data ${{inputs.data}} --rate ${{inputs.rate}} --model ${{outputs.model}}",
        "codeId": "workspaces/w/codes/4d7f6f3e-7a53-4d4c-9c1c-0d3c1f5c1c11/versions/1",
        "environmentId": "workspaces/w/environments/azurine-host/versions/1",
        "inputs": {
            "data": {"jobInputType": "uri_folder", "uri": "azureml://datastores/workspaceblobstore/paths/patients/"},
            "rate": {"value": "0.1"},
        },
        "outputs": {"model": {"jobOutputType": "mlflow_model", "mode": "ReadWriteMount"}},
        "tags": {"stage": "train"},
    }
}


def measure(folder: Path | None = None) -> list[dict[str, Any]]:
    """Rows of {"what", "microseconds", "ratio", "goal"}; ratio: to the floor, whose row comes first."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        log = open_log(f"sqlite:///{place}/azurine.db")
        floor = _floor(Path(place))
        try:
            return _rows(log, floor)
        finally:
            floor.close()
            log.close()


def _floor(place: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(place / "floor.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL").fetchall()
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE rows (revision INTEGER PRIMARY KEY, spec TEXT)")
    return connection


def _rows(log: Log, floor: sqlite3.Connection) -> list[dict[str, Any]]:
    bare, one, four, get = _in_turn(
        ROUNDS,
        lambda number: floor.execute("INSERT INTO rows (spec) VALUES ('x')"),
        lambda number: log.write([_job("one", number)], 1.0),
        lambda number: log.write([_job("a", number), _job("b", number), *_changes("a", number)], 1.0),
        lambda number: log.get(_id("one", number)),
    )
    [small] = _in_turn(50, lambda _: log.page("workspaces/jobs", "w/few", limit=100), before=lambda: _fill(log, "few", 100))
    [large] = _in_turn(50, lambda _: log.page("workspaces/jobs", "w/many", limit=100), before=lambda: _fill(log, "many", 10_000))
    [deep] = _in_turn(50, lambda _: log.page("workspaces/jobs", "w/many", after=_middle(log), limit=100))
    shared = _shared(log)

    def row(what: str, seconds: float, goal: str = "") -> dict[str, Any]:
        return {"what": what, "microseconds": round(seconds * 1e6, 1), "ratio": round(seconds / bare, 3), "goal": goal}

    return [
        row("floor: one synced SQLite commit", bare),
        row("store: a batch of 1 write", one, "floor + 300 µs"),
        row("store: a batch of 4 writes", four, "floor + 300 µs"),
        row(f"store: {WRITERS} writers at once, per write", shared, "< 1 floor"),
        row("store: get", get, "20-40 µs"),
        row("store: page of 100, of 100", small),
        row("store: page of 100, of 10,000", large, "as of 100"),
        row("store: page of 100, in the middle of 10,000", deep, "as of 100"),
    ]


def _in_turn(rounds: int, *calls: Callable[[int], object], before: Callable[[], object] = lambda: None) -> list[float]:
    """Medians in seconds; the calls take turns."""
    before()
    seconds: list[list[float]] = [[] for _ in calls]
    for number in range(rounds):
        for call, taken in zip(calls, seconds, strict=True):
            start = time.perf_counter()
            call(number)
            taken.append(time.perf_counter() - start)
    return [statistics.median(taken) for taken in seconds]


def _shared(log: Log, each: int = 100) -> float:
    start = Barrier(WRITERS + 1)

    def write(writer: int) -> None:
        start.wait()
        for number in range(each):
            log.write([_job(f"writer{writer}", number)], 1.0)

    threads = [Thread(target=write, args=(writer,)) for writer in range(WRITERS)]
    for thread in threads:
        thread.start()
    start.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    return (time.perf_counter() - began) / (WRITERS * each)


def _middle(log: Log) -> int:
    return log.revision() - 5_000


def _fill(log: Log, parent: str, count: int) -> None:
    for first in range(0, count, 1000):
        log.write([_job(parent, number) for number in range(first, min(first + 1000, count))], 1.0)


def _id(parent: str, number: int) -> str:
    return f"w/{parent}/jobs/{number}"


def _job(parent: str, number: int) -> Create:
    return Create(_id(parent, number), "workspaces/jobs", f"w/{parent}", SPEC, settled=False)


def _changes(parent: str, number: int) -> Sequence[Report | Update]:
    return [Report(_id(parent, number), {"phase": "running"}, settled=False), Update(_id(parent, number), SPEC)]


def main() -> None:
    rows = measure(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    print(f"{'':46} {'µs':>9} {'/ floor':>8}  goal")
    for row in rows:
        print(f"{row['what']:46} {row['microseconds']:>9.1f} {row['ratio']:>8.3f}  {row['goal']}")


if __name__ == "__main__":
    main()
