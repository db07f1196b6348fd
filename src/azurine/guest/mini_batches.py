"""A process that runs the mini-batches of a parallel job, started by its path: `python mini_batches.py ORDER`.

ORDER is a file of JSON: {"script", "source", "arguments", "mlflow", "head", "rows", "append", "header", "level", "log"}. Standard input is a socket to the
instance's guest; what is said there: `batching/talk.py`. Rows go to the end of the file `rows`, where only this process writes; that they are there
is said when they are, so what a process that died has written and not said counts for nothing.

Stands alone: standard library only, Python 3.8 and later, because it runs inside environments made for users.
"""

from __future__ import annotations

import fcntl
import importlib
import importlib.util
import json
import os
import socket
import sys
import traceback
from types import ModuleType
from typing import Any

BROKEN = 3
RESULTS, SERVING = "batching", "serving"


def main(words: list[str]) -> int:
    own = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [path for path in sys.path if os.path.abspath(path or ".") != own]
    control = socket.socket(fileno=fcntl.fcntl(0, fcntl.F_DUPFD_CLOEXEC, 100))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    with open(words[0], "rb") as file:
        order = json.load(file)
    package = _package(RESULTS)
    line = importlib.import_module(package + ".talk").Line(control)
    try:
        runner = _runner(package, order)
    except BaseException as problem:  # noqa: BLE001 whatever it is, it is the user's, and is told
        traceback.print_exc()
        line.say(broken=_told(problem))
        return BROKEN
    line.say(ready=True)
    return _serve(line, runner, _Rows(package, order))


def _serve(line: Any, runner: Any, rows: _Rows) -> int:
    while True:
        said = line.hear()
        if said is None or "end" in said:
            break
        number = said["batch"]
        try:
            given, result = runner(number, said["what"])
            told = rows.take(result)
        except BaseException as problem:  # noqa: BLE001 it is the user's: the mini-batch failed, the process goes on
            traceback.print_exc()
            line.say(failed=number, error=_trace(problem))
            if isinstance(problem, (SystemExit, KeyboardInterrupt)):
                return BROKEN
        else:
            line.say(done=number, given=given, **told)
    runner(-1, None)
    return 0


def _runner(package: str, order: dict[str, Any]) -> Any:
    """(number, what) → how many items it had, and what came of them. Without a mini-batch: the end."""
    if order["mlflow"] and not order["script"]:
        return importlib.import_module(package + ".models").Runner(_package(SERVING), order)
    scripts = importlib.import_module(package + ".scripts")
    script = scripts.Script(order["script"], order["arguments"], order["level"], order["log"])
    head = order["head"]
    table = importlib.import_module(package + ".tables").Table(head) if head["kind"] == "table" else None

    def run(number: int, what: Any) -> Any:
        if what is None:
            return script.end()
        if table is not None:
            mini_batch = table.part(what)
        else:
            mini_batch = [os.path.join(head["root"], one) for one in what["items"]]
        return len(mini_batch), script.run(number, mini_batch, what.get("key") or {})

    return run


class _Rows:
    def __init__(self, package: str, order: dict[str, Any]) -> None:
        self._rows = importlib.import_module(package + ".rows")
        self._path = order["rows"]
        self._appends = order["append"]
        self._wants_header = order["header"]
        self._file: Any = None
        self._at = 0

    def take(self, result: Any) -> dict[str, Any]:
        """Writes the rows; what is to be said of them."""
        items = self._rows.count(result)
        if not self._appends or not items:
            for path in getattr(result, "paths", ()):
                os.unlink(path)
            return {"items": items}
        if isinstance(result, self._rows.Files):
            return {"items": items, "rows": [[os.path.basename(path), 0, os.path.getsize(path)] for path in result.paths]}
        data = self._rows.data(result)
        if self._file is None:
            self._file = open(self._path, "ab", buffering=0)  # noqa: SIM115 it stays open as long as the process lives
        begin = self._at
        left = memoryview(data)
        while left:
            left = left[self._file.write(left) :]
        self._at += len(data)
        header = {"header": self._rows.header(result)} if self._wants_header else {}
        return {"items": items, "rows": [[os.path.basename(self._path), begin, self._at]], **header}


def _package(name: str) -> str:
    """The name under which a folder of files beside this one is imported here."""
    if __package__:
        return __package__ + "." + name
    alias = "_azurine_" + name
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), name)
    spec = importlib.util.spec_from_file_location(alias, os.path.join(folder, "__init__.py"), submodule_search_locations=[folder])
    assert spec is not None and spec.loader is not None
    module: ModuleType = importlib.util.module_from_spec(spec)
    sys.modules[alias] = module
    spec.loader.exec_module(module)
    return alias


def _told(problem: BaseException) -> str:
    if type(problem).__name__ == "Broken":
        return str(problem)
    return _trace(problem)


def _trace(problem: BaseException) -> str:
    own = os.path.dirname(os.path.abspath(__file__))
    frames = problem.__traceback__
    while frames is not None and os.path.abspath(frames.tb_frame.f_code.co_filename).startswith(own):
        frames = frames.tb_next
    text = "".join(traceback.format_exception(type(problem), problem, frames)).strip()
    return text[-16384:]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
