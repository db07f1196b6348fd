"""A step that is a graph of library components: what its program is told, and what it tells meanwhile.

The order of such a step has, besides what every order has (its inputs and outputs are named `<node>.<port>`):

    nodes      each {"name", "component", "sources": {port: [node, port]}, "artifacts": folder of the node's run, "variables",
               "spare": {port: where an output goes that is handed on only, if it costs little to keep it}}
    halt       nothing goes on after a node has failed

The program (`guest.graph`) is told where everything has been brought. It notes how each node went (`tasks.told`), and whoever
follows the step is told with a word of its own, `told-3`, that three are done.
"""

import json
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from azurine.compute import tasks

FILE = "graph.json"
LOG = "user_logs/std_log.txt"


def lay_out(folder: Path, order: Mapping[str, Any], scope: Mapping[str, Mapping[str, Any]]) -> str:
    """Writes what the program reads; answers the command. scope: where inputs and outputs have been brought."""
    nodes = [_node(one, order, scope) for one in order["nodes"]]
    plan = {"nodes": nodes, "scratch": str(folder / "scratch" / "graph"), "journal": str(folder / tasks.TOLD), "halt": bool(order.get("halt"))}
    (folder / FILE).write_text(json.dumps(plan), encoding="utf-8")
    return f"python -m azurine.guest.graph {shlex.quote(str(folder / FILE))}"


class Telling:
    """Looks whether more nodes are done, and says how many."""

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self._path = folder / tasks.TOLD
        self._say = say
        self._size = 0

    def look(self) -> None:
        size = self._path.stat().st_size if self._path.exists() else 0
        if size != self._size:
            self._size = size
            self._say(f"told-{len(tasks.told(self._path.parent))}")


def _node(said: Mapping[str, Any], order: Mapping[str, Any], scope: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    name = str(said["name"])
    given = _of(name, order["inputs"])
    brought, made = _of(name, scope["inputs"]), _of(name, scope["outputs"])
    return {
        "name": name,
        "component": said["component"],
        "parameters": {port: one["value"] for port, one in given.items() if one.get("value") is not None},
        "inputs": {port: {"path": brought[port]} for port, one in given.items() if "value" not in one}
        | {port: {"node": source[0], "port": source[1]} for port, source in said["sources"].items()},
        "outputs": made,
        "spare": {port: one["path"] for port, one in said["spare"].items() if one.get("path")},
        "places": {one["value"]: one["path"] for one in given.values() if "value" in one and one.get("path")},
        "problems": {one["value"]: one["problem"] for one in given.values() if one.get("problem")},
        "variables": said["variables"],
        "log": str(Path(said["artifacts"]) / LOG),
    }


def _of(name: str, ports: Mapping[str, Any]) -> dict[str, Any]:
    return {port.removeprefix(f"{name}."): one for port, one in ports.items() if port.startswith(f"{name}.")}
