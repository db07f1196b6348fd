"""The process of one deployment's instance, started by its path: `python scoring.py FOLDER SLOT SOCKET`.

FOLDER/order.json says what to serve: {"script", "source", "model_dir", "mlflow", "collector", "alone"}; SOCKET is where to listen. The
slot's lock (FOLDER/worker-SLOT.lock, with this process's number in it) is held as long as this process lives, so there is one for
each slot. Standard input is a socket to the server that wanted it, over which it says `ready`, or `failed` and why; the server may
die and come back, this process stays. Exit code 3: the model could not be loaded.

Stands alone: standard library only, Python 3.8 and later, because it runs inside environments made for users.
"""

from __future__ import annotations

import contextlib
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

PACKAGE = "_azurine_serving"
AHEAD = "azurine.guest.serving"
"""Its name where the process that this one is a fork of has imported it already."""
BROKEN = 3


def main(words: list[str]) -> int:
    folder, slot, address = words
    _leave_own_folder()
    control = _control()
    lock = _lock(os.path.join(folder, f"worker-{slot}.lock"))
    if lock is None:
        return 0
    with open(os.path.join(folder, "order.json"), "rb") as file:
        order = json.load(file)
    package = _package()
    service, turns, journal = (importlib.import_module(package + "." + name) for name in ("service", "turns", "journal"))
    try:
        scorer = _scorer(package, order)
    except BaseException as problem:  # noqa: BLE001 whatever it is, it is the user's, and is told
        journal.say("".join(traceback.format_exception(type(problem), problem, problem.__traceback__)), "E")
        if order.get("model_dir"):
            journal.say("The model folder {} holds:\n{}".format(order["model_dir"], service.listed(order["model_dir"])), "E")
        _say(control, "failed " + _told(problem))
        return BROKEN
    answering = service.Service(scorer, dict(os.environ))
    listener = _listener(address)
    alone = float(order.get("alone") or turns.ALONE)
    loop = turns.Loop(listener, answering.answer, answering.refuse, control, together=scorer.together, alone=alone)
    journal.say(f"Ready: {scorer.name}")
    _say(control, "ready")
    loop.serve()
    return 0


def _scorer(package: str, order: dict[str, Any]) -> Any:
    kept = importlib.import_module(package + ".collecting").Kept(order) if order.get("collector") else None
    if order.get("script"):
        for path in (order["source"], os.path.dirname(order["script"])):
            if path in sys.path:
                sys.path.remove(path)
            sys.path.insert(0, path)
        return importlib.import_module(package + ".scripts").Script(order["script"], dict(os.environ), kept)
    model = importlib.import_module(package + ".models").Model(order["mlflow"], dict(os.environ))
    model.collect = kept.of_model if kept is not None else None
    return model


def _leave_own_folder() -> None:
    """A file beside this one must not be what the user's code imports."""
    own = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [path for path in sys.path if os.path.abspath(path or ".") != own]


def _control() -> socket.socket | None:
    """The socket that came as standard input, moved to where the user's code does not meet it."""
    try:
        control = socket.socket(fileno=fcntl.fcntl(0, fcntl.F_DUPFD_CLOEXEC, 100))
    except OSError:
        return None
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return control


def _lock(path: str) -> int | None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    os.ftruncate(descriptor, 0)
    os.write(descriptor, b"%d\n" % os.getpid())
    return descriptor


def _listener(path: str) -> socket.socket:
    """At a path; or at a port of this machine (`tcp:PORT`), which several processes may share. Nobody is asked for a key there."""
    if path.startswith("tcp:"):
        shared = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        shared.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        shared.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        shared.bind(("127.0.0.1", int(path[4:])))
        shared.listen(1024)
        return shared
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    mask = os.umask(0o177)
    try:
        listener.bind(path)
    finally:
        os.umask(mask)
    listener.listen(1024)
    return listener


def _package() -> str:
    """The name under which the serving files are imported here."""
    if __package__:
        return __package__ + ".serving"
    if AHEAD in sys.modules:
        return AHEAD
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "serving")
    spec = importlib.util.spec_from_file_location(PACKAGE, os.path.join(folder, "__init__.py"), submodule_search_locations=[folder])
    assert spec is not None and spec.loader is not None
    module: ModuleType = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = module
    spec.loader.exec_module(module)
    return PACKAGE


def _told(problem: BaseException) -> str:
    text = str(problem).strip().replace("\n", " ")
    return (f"{type(problem).__name__}: {text}" if type(problem).__name__ != "Broken" else text)[:2000]


def _say(control: socket.socket | None, word: str) -> None:
    if control is not None:
        with contextlib.suppress(OSError):
            control.sendall(word.encode("utf-8", "replace") + b"\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
