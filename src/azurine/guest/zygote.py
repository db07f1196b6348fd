"""A warm process that waits to be copied: it has imported what steps usually import, and forks when a step wants to start.

    python zygote.py --socket PATH --lock FD --idle SECONDS --import numpy --import pandas --import module:function …

One per environment, and one more (the nursery) that has imported `azurine.guest.step` and makes the guests themselves. It
listens on a Unix socket. A request is one JSON object (its length in four bytes before it; descriptors ride along):

    {"main": {…}, "footing": {…}}        become a script or module (see `mimicry` and `footing`); three descriptors for the streams
    {"call": "module:function", "arguments": […]}    call a function with the arguments and the connection's descriptor, then exit
    {"status": true}                     answer what it is: memory, imports, threads, how many it made
    {"quit": true}                       listen no more, and end when the last one that it made has ended

Answers are JSON, one object a line: {"pid"} when the copy stands, {"refused": why} when it had better be a fresh process,
{"exit": code, "alone": did it never have children} from a copy just before it ends, {"status": wait status} when it has ended,
however that happened.

It is single-threaded when it forks: what it imports may start threads, but those of the numeric libraries are taken down before a
fork (and come back in a copy when they are needed, as many as usual). An import that leaves others, which are not known to
stand a fork, is noted in PATH + ".unfit" and left out the next time. The lock (a descriptor that it inherits) is given up when it
listens: who waits for it can connect then. How it ends: see `nest`.

Stands alone: standard library only, Python 3.8 and later, started by its path, because it runs inside environments made for users.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import importlib
import importlib.util
import os
import socket
import sys
import threading
from types import ModuleType
from typing import Any

MOST_FORKS_WAITING = 128
HARMLESS = frozenset({"jemalloc_bg_thd", "polars-ooc-clea"})
"""Threads whose libraries see to it themselves that a fork is safe."""


def _beside(name: str) -> ModuleType:
    """A module that lies beside this file, whether this file is part of a package here or was started by its path."""
    if __package__:
        return importlib.import_module(__package__ + "." + name)
    spec = importlib.util.spec_from_file_location("_azurine_" + name, os.path.join(os.path.dirname(os.path.abspath(__file__)), name + ".py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


copies = _beside("copies")


def main(words: list[str]) -> Any:
    """In the zygote this never returns; in a copy that is to run a program it does, with a `copies.Copy`."""
    options = _options(words)
    if sys.version_info < (3, 8):  # noqa: UP036 it runs in environments of users, whatever they are
        return sys.exit("copies are made by Python 3.8 and later")
    writer = _leave_parent(options.wait)
    if sys.path and os.path.abspath(sys.path[0]) == os.path.dirname(os.path.abspath(__file__)):
        del sys.path[0]
    os.environ.update(dict(one.split("=", 1) for one in options.variables))
    environ = dict(os.environ)
    imported = _import_all(options)
    set_by_imports = {name: value for name, value in os.environ.items() if environ.get(name) != value}
    if options.first:
        module, _, name = options.first.partition(":")
        getattr(sys.modules[module], name)()
    gc.collect()
    gc.freeze()
    gc.disable()
    listener = _listen(options.socket)
    os.close(options.lock)
    os.close(writer)
    kept = copies.open_descriptors() - {listener.fileno()}
    hatchery = copies.Hatchery(kept, _beside("footing"), _beside("mimicry"), set_by_imports)
    return _beside("nest").Nest(listener, options, copies, hatchery, imported).serve()


def _options(words: list[str]) -> Any:
    parser = argparse.ArgumentParser()
    parser.add_argument("--socket", required=True)
    parser.add_argument("--lock", type=int, required=True)
    parser.add_argument("--idle", type=float, default=600.0)
    parser.add_argument("--import", dest="imports", action="append", default=[])
    parser.add_argument("--set", dest="variables", action="append", default=[], help="NAME=value, before anything is imported")
    parser.add_argument("--first", default="", help="module:function, called once when everything is imported, for what copies then need not do")
    parser.add_argument("--owner", type=int, default=0, help="the process for which it is; when that has ended it ends too")
    parser.add_argument("--wait", action="store_true", help="the starting process returns only when the socket is there")
    return parser.parse_args(words)


def _leave_parent(wait: bool) -> int:
    """Goes on in a child with a session of its own, so that nobody has to wait for it; the first process ends (when it listens)."""
    reader, writer = os.pipe()
    if os.fork():
        os.close(writer)
        if wait:
            os.read(reader, 1)  # until the other side closes it, by listening or by ending
        os._exit(0)
    os.close(reader)
    os.setsid()
    return writer


def _import_all(options: Any) -> list[str]:
    """What is not installed, or does not import, is left out: then the user's own import says what is the matter.

    What leaves a thread that is not known to stand a fork cannot be taken back: its name is noted, and this process ends. The next
    one is started without it.
    """
    imported = []
    for name in options.imports:
        module, _, function = name.partition(":")
        try:
            if importlib.util.find_spec(module.split(".")[0]) is None:
                continue
            found = importlib.import_module(module)
            if function:
                getattr(found, function)()
        except BaseException:  # noqa: BLE001 a broken package may raise anything
            continue
        if _threads_that_stay() - HARMLESS:
            with open(options.socket + ".unfit", "a") as file:
                file.write(name + "\n")
            os._exit(1)
        imported.append(name)
    return imported


def _threads_that_stay() -> set[str]:
    """Names of the threads that are there after a fork: the numeric libraries take theirs down before one."""
    child = copies.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return set(_threads())


def _threads() -> list[str]:
    """Names of all threads but this one."""
    try:
        others = [one for one in os.listdir("/proc/self/task") if int(one) != os.getpid()]
    except OSError:  # no /proc here: Python's own threads at least
        return [one.name for one in threading.enumerate() if one is not threading.current_thread()]
    names = []
    for one in others:
        with contextlib.suppress(OSError), open(f"/proc/self/task/{one}/comm") as file:
            names.append(file.read().strip())
    return names


def _listen(path: str) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    if os.path.exists(path):
        os.unlink(path)
    mask = os.umask(0o177)
    try:
        listener.bind(path)
    finally:
        os.umask(mask)
    listener.listen(MOST_FORKS_WAITING)
    return listener


if __name__ == "__main__":
    # In the zygote this call never returns; in a copy it returns what is to be run. That is run here, below all other frames.
    _copy = main(sys.argv[1:])
    try:
        _copy.program.go()
    except BaseException as _problem:  # noqa: BLE001 the program's own: it is shown as the interpreter would
        _copy.program.problem = _problem
    _copy.end()
