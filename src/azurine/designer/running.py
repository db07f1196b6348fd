"""Runs a graph that is written down as JSON: `python -m azurine.designer.running plan.json`.

    {"nodes": [{"name": "join", "component": "join_data", "parameters": {…},
                "inputs": {"left_dataset": {"node": "bins", "port": "quantized_dataset"}, "right_dataset": {"path": "/data/levels.csv"}},
                "outputs": {"results_dataset": "/out/join"},
                "log": "/logs/join.txt"}],
     "scratch": "/tmp/graph",
     "datastores": {"workspaceblobstore": "/storage/container"},
     "outcome": "/out/outcome.json"}

`outputs` of a node are those that are wanted; `log` gets a line for each thing that happens to it. `scratch` is made, and removed at the
end. The outcome tells of each node {"state", "error", "code", "cause", "rows", "seconds"} and is written at once, at the end. Answers 0 when
every node succeeded.
"""

import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from azurine.designer import fusing
from azurine.designer.bench import Bench
from azurine.model.errors import Invalid

_DATASTORE = "azureml://datastores/"


def run(plan: Mapping[str, Any]) -> dict[str, fusing.Result]:
    nodes = [node(one) for one in plan["nodes"]]
    scratch = Path(plan["scratch"])
    scratch.mkdir(parents=True, exist_ok=True)
    logs = {one["name"]: Path(one["log"]) for one in plan["nodes"] if one.get("log")}
    try:
        results = fusing.run(nodes, Bench(scratch, locate=locating(plan.get("datastores") or {})), fusing.Manner(_saying(logs)))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    if plan.get("outcome"):
        _write(Path(plan["outcome"]), json.dumps({name: asdict(result) for name, result in results.items()}))
    return results


def node(said: Mapping[str, Any]) -> fusing.Node:
    inputs = {port: fusing.Source(**one) for port, one in (said.get("inputs") or {}).items()}
    return fusing.Node(said["name"], said["component"], said.get("parameters") or {}, inputs, said.get("outputs") or {})


def locating(datastores: Mapping[str, str]) -> Callable[[str], Path]:
    """From azureml://datastores/<name>/paths/<path> to a path below the datastore's folder; no name leads out of it."""

    def locate(address: str) -> Path:
        if not address.startswith(_DATASTORE):
            raise Invalid(f"write {_DATASTORE}<name>/paths/<path>")
        name, _, path = address[len(_DATASTORE) :].partition("/paths/")
        if name not in datastores:
            raise Invalid(f"there is no datastore {name!r}; there are {', '.join(sorted(datastores)) or 'none'}", code="ResourceNotFound")
        root = Path(datastores[name]).resolve()
        found = (root / path.lstrip("/")).resolve()
        if not found.is_relative_to(root):
            raise Invalid(f"the path leads out of the datastore {name!r}")
        return found

    return locate


def _saying(logs: Mapping[str, Path]) -> fusing.Say:
    for path in logs.values():
        path.parent.mkdir(parents=True, exist_ok=True)

    def say(name: str, line: str) -> None:
        if name in logs:
            with logs[name].open("a", encoding="utf-8") as file:
                file.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {line}\n")

    return say


def _write(path: Path, text: str) -> None:
    started = path.with_name(path.name + ".part")
    with started.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(started, path)


if __name__ == "__main__":
    outcome = run(json.loads(Path(sys.argv[1]).read_text("utf-8")))
    sys.exit(0 if all(result.state == fusing.SUCCEEDED for result in outcome.values()) else 1)
