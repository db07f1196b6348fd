"""The program of a graph of library components that runs as one: `python -m azurine.guest.graph FILE`.

FILE, written by the guest when everything is in place:

    nodes      each {"name", "component", "parameters", "inputs": {port: {"path"} or {"node", "port"}}, "outputs": {port: path},
               "spare": {port: path} of outputs that nobody asked to be kept, which are, for whoever looks at them, where there is little data,
               "places": {address in a datastore that a parameter holds: path}, "problems": {address: why it has none}, "variables",
               "log": file}
    scratch    a folder of the graph's own
    journal    a file that gets a line for each node when it is done (`compute.tasks.told`); what stands there is never done again
    halt       nothing goes on after a failure

How a node went is told there and in its log; the exit code says only whether the graph was gone through to its end.

Why a fork can be warm. Polars makes its threads when the first plan is looked at, not when it is imported (measured with 2.1: importing it
leaves threads of the allocator and of its cleaner, which stand a fork; `collect_schema` of the smallest plan leaves threads of a
runtime, and a copy made after that waits for them for ever). So the warm process imports Polars, DuckDB and the code of the components
(`warm`), which make expressions at most, and never looks at a plan; a copy makes threads of its own, in some milliseconds.
"""

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl

from azurine.designer import components, fusing
from azurine.designer.bench import Bench
from azurine.model.errors import Invalid

LITTLE = 4 << 20
"""Bytes that a graph reads, up to which all that its nodes hand on is kept too: some milliseconds for each table."""
PIECE = 30_000
"""Rows that the streaming engine takes at a time: a third of its own, which takes less memory and no more time."""


def main(file: Path) -> int:
    pl.Config.set_streaming_chunk_size(PIECE)
    plan = json.loads(file.read_bytes())
    scratch = Path(plan["scratch"])
    scratch.mkdir(parents=True, exist_ok=True)
    told = {one["name"]: Path(one["log"]) for one in plan["nodes"]}
    benches = {one["name"]: Bench(scratch, locate=_locating(one["places"], one["problems"]), variables=one["variables"]) for one in plan["nodes"]}
    with Path(plan["journal"]).open("ab") as journal:
        manner = fusing.Manner(_saying(told), lambda name, result: _note(journal, name, result), benches, bool(plan["halt"]))
        fusing.run([_node(one, keep=_is_little(plan["nodes"])) for one in plan["nodes"]], Bench(scratch), manner)
    return 0


def warm() -> None:
    """Imports what graphs usually need, so that copies of this process have it."""
    import azurine.designer.sql.duck
    import azurine.designer.sql.lite
    import azurine.designer.sql.plans  # noqa: F401 they are imported by the component that needs them, when it needs them
    from azurine.designer.sql import faithful

    # The parser imports its dialects when it first meets them, which is a third of what a small graph takes.
    faithful.translated("SELECT a, MAX(b) FROM t1 GROUP BY a", {"t1": {"a": "Integer", "b": "Double"}})

    for component in components.every():
        components.module(component.folder)


def _node(said: Mapping[str, Any], *, keep: bool) -> fusing.Node:
    inputs = {port: fusing.Source(**one) for port, one in said["inputs"].items()}
    outputs = said["spare"] | said["outputs"] if keep else said["outputs"]
    return fusing.Node(said["name"], said["component"], said["parameters"], inputs, outputs)


def _is_little(nodes: Sequence[Mapping[str, Any]]) -> bool:
    """Is all that is read here, and no more than `LITTLE`? What comes over the network may be anything."""
    if any(one["parameters"].get("data_source", "Datastore") != "Datastore" for one in nodes):
        return False
    read = {path for one in nodes for path in (*one["places"].values(), *(source.get("path") for source in one["inputs"].values())) if path}
    return sum(_size(Path(path)) for path in read) <= LITTLE


def _size(path: Path) -> int:
    if path.is_dir():
        return sum(_size(one) for one in path.iterdir())
    return path.stat().st_size if path.exists() else 0


def _locating(places: Mapping[str, str], problems: Mapping[str, str]) -> Callable[[str], Path]:
    def locate(address: str) -> Path:
        if address in problems:
            raise Invalid(problems[address], code="ResourceNotFound")
        if address not in places:
            raise Invalid(f"write azureml://datastores/<name>/paths/<path>, not {address!r}")
        return Path(places[address])

    return locate


def _saying(logs: Mapping[str, Path]) -> fusing.Say:
    for path in logs.values():
        path.parent.mkdir(parents=True, exist_ok=True)

    def say(name: str, line: str) -> None:
        with logs[name].open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")

    return say


def _note(journal: Any, name: str, result: fusing.Result) -> None:
    journal.write(json.dumps({"name": name, **asdict(result), "ended": time.time()}).encode() + b"\n")
    journal.flush()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
