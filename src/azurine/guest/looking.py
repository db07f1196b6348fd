"""One look at a table, in a process of its own: a fork of a warm one that has imported what it takes (`compute.looks`).

It is asked over its connection with one line of JSON, {"path", "what": "preview" or "profile", "rows", "bins", "seconds"}, and answers with one:
{"found": …} or {"error": {"code", "message"}}. In the place of a path there may be a graph of components of the library whose output is to be looked
at: {"nodes": [{"name", "component", "parameters", "inputs", "places"}], "node", "port"}; it is made in a folder that goes again. However large or strange the file, it is this process that pays: it may use so many seconds
of processors and no more, and is the first to be ended when the machine has no memory left.
"""

import json
import resource
import socket
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from azurine.designer import fusing, looking
from azurine.designer.bench import Bench
from azurine.model.errors import AzurineError, Invalid


def attend(descriptor: int) -> int:
    """Called in the fork, with its connection."""
    with socket.socket(fileno=descriptor) as link, link.makefile("rwb") as stream:
        asked = json.loads(stream.readline())
        _be_modest(int(asked["seconds"]))
        stream.write(json.dumps(answer(asked)).encode() + b"\n")
    return 0


def answer(asked: dict[str, Any]) -> dict[str, Any]:
    try:
        if "graph" not in asked:
            return {"found": _looked(Path(asked["path"]), asked)}
        with tempfile.TemporaryDirectory(prefix="looking-") as scratch:
            return {"found": _looked(_made(asked["graph"], Path(scratch)), asked)}
    except AzurineError as error:
        return {"error": {"code": error.code, "message": error.message}}
    except Exception as error:  # noqa: BLE001 an edge: whoever asked hears what was the matter with the file
        return {"error": {"code": "NoTable", "message": f"it cannot be looked at: {type(error).__name__}: {str(error)[:300]}"}}


def _looked(path: Path, asked: dict[str, Any]) -> dict[str, Any]:
    return looking.profile(path, int(asked["bins"])) if asked["what"] == "profile" else looking.preview(path, int(asked["rows"]))


def _made(graph: dict[str, Any], scratch: Path) -> Path:
    """The folder with the output. The components know no run, so they track nothing."""
    folder = scratch / "output"
    nodes = [
        fusing.Node(
            one["name"],
            one["component"],
            one["parameters"],
            {port: fusing.Source(**source) for port, source in one["inputs"].items()},
            {graph["port"]: str(folder)} if one["name"] == graph["node"] else {},
        )
        for one in graph["nodes"]
    ]
    benches = {one["name"]: Bench(scratch, _silent, _locating(one["places"]), variables={}) for one in graph["nodes"]}
    results = fusing.run(nodes, Bench(scratch, _silent, variables={}), fusing.Manner(benches=benches))
    wrong = next((result for result in results.values() if result.state == fusing.FAILED), None)
    if wrong is not None:
        raise Invalid(f"it was not kept, and cannot be made again: {wrong.error}", code="NoTable")
    return folder


def _locating(places: dict[str, str]) -> Callable[[str], Path]:
    def locate(address: str) -> Path:
        if address not in places:
            raise Invalid(f"{address!r} does not lie on this server")
        return Path(places[address])

    return locate


def _silent(line: str) -> None:
    """There is no log to write to."""


def _be_modest(seconds: int) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    with suppress(OSError):  # no such thing on other systems than Linux
        Path("/proc/self/oom_score_adj").write_text("900", encoding="ascii")
