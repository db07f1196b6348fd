"""A warm process that waits to be copied: it has imported what steps usually import, and forks when a step wants to start.

    python zygote.py --socket PATH --lock FD --idle SECONDS --import numpy --import pandas …

One per environment, and one more (the nursery) that has imported `azurine.guest.step` and makes the guests themselves. It
listens on a Unix socket. A request is one JSON object (its length in four bytes before it; descriptors ride along):

    {"main": {…}, "footing": {…}}        become a script or module (see `mimicry` and `footing`); three descriptors for the streams
    {"call": "module:function", "arguments": […]}    call a function with the arguments and the connection's descriptor, then exit
    {"status": true}                     answer what it is: memory, imports, threads, how many it made
    {"quit": true}                       listen no more, and end when the last one that it made has ended

Answers are JSON, one object a line: {"pid"} when the copy stands, {"refused": why} when it had better be a fresh process,
{"exit": code, "alone": did it never have children} from a copy just before it ends, {"status": wait status} when it has ended,
however that happened.

It is single-threaded when it forks: what it imports may start threads, but those of the numeric libraries are taken down by a
first fork (and come back in a copy when they are needed, as many as usual); if others stay that are not known to stand a fork,
it does not serve (PATH + ".unfit" says why). It ends by itself after a time without requests,
or when its socket is gone. The lock (a descriptor that it inherits) is given up when it listens: who waits for it can connect then.

Stands alone: standard library only, Python 3.8 and later, started by its path, because it runs inside environments made for users.
"""

from __future__ import annotations

import argparse
import array
import contextlib
import fcntl
import gc
import importlib
import importlib.util
import json
import os
import resource
import select
import signal
import socket
import struct
import sys
import threading
import time
from types import ModuleType
from typing import Any

MOST_FORKS_WAITING = 128
HARMLESS = frozenset({"jemalloc_bg_thd"})
"""Threads whose libraries see to it themselves that a fork is safe."""
LINK = 250
"""The connection's descriptor in a copy: high, so that the program's first file gets the number it would get in a fresh process."""


def _beside(name: str) -> ModuleType:
    """A module that lies beside this file, whether this file is part of a package here or was started by its path."""
    if __package__:
        return importlib.import_module(__package__ + "." + name)
    spec = importlib.util.spec_from_file_location("_azurine_" + name, os.path.join(os.path.dirname(os.path.abspath(__file__)), name + ".py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main(words: list[str]) -> int:
    options = _options(words)
    writer = _leave_parent(options.wait)
    if sys.path and os.path.abspath(sys.path[0]) == os.path.dirname(os.path.abspath(__file__)):
        del sys.path[0]
    environ = dict(os.environ)
    imported = _import_all(options.imports)
    set_by_imports = {name: value for name, value in os.environ.items() if environ.get(name) != value}
    threads = _settle()
    if threads:
        _write(options.socket + ".unfit", f"threads stay after importing {imported}: {threads}")
        return 1
    listener = _listen(options.socket)
    os.close(options.lock)
    os.close(writer)
    _Nest(listener, options, imported, set_by_imports).serve()
    return 0


def _options(words: list[str]) -> Any:
    parser = argparse.ArgumentParser()
    parser.add_argument("--socket", required=True)
    parser.add_argument("--lock", type=int, required=True)
    parser.add_argument("--idle", type=float, default=600.0)
    parser.add_argument("--import", dest="imports", action="append", default=[])
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


def _import_all(names: list[str]) -> list[str]:
    """What is not installed, or does not import, is left out: then the user's own import says what is the matter."""
    imported = []
    for name in names:
        try:
            if importlib.util.find_spec(name.split(".")[0]) is not None:
                importlib.import_module(name)
                imported.append(name)
        except BaseException:  # noqa: BLE001 a broken package may raise anything
            continue
    return imported


def _settle() -> list[str]:
    """One fork that does nothing (libraries take their threads down before one), then the memory is laid out for sharing.

    Answers the names of the threads that stay and are not known to stand a fork.
    """
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    gc.collect()
    gc.freeze()
    gc.disable()
    return [name for name in _threads() if name not in HARMLESS]


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


class _Nest:
    """The loop: connections come in, copies go out, endings are told."""

    def __init__(self, listener: socket.socket, options: Any, imported: list[str], set_by_imports: dict[str, str]) -> None:
        self.listener = listener
        self.options = options
        self.imported = imported
        self.set_by_imports = set_by_imports
        self.links: dict[int, socket.socket | None] = {}
        self.made = 0
        self.quitting = False
        self.own = os.stat(options.socket).st_ino
        self.footing, self.mimicry = _beside("footing"), _beside("mimicry")
        self.kept = _open_descriptors() - {listener.fileno()}
        self.bell, writer = os.pipe()
        os.set_blocking(self.bell, False)
        os.set_blocking(writer, False)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def serve(self) -> None:
        last = time.monotonic()
        while not (self.quitting and not self._has_listeners()):
            wanted = [self.bell] if self.quitting else [self.bell, self.listener.fileno()]
            ready, _, _ = select.select(wanted, [], [], min(60.0, self.options.idle))
            if self.bell in ready:
                self._drain()
                self._tell_endings()
            if self.listener.fileno() in ready:
                self._answer()
                last = time.monotonic()
            if self._is_forgotten() or (time.monotonic() - last >= self.options.idle and not self._has_listeners()):
                self._leave()
        self._leave()

    def _has_listeners(self) -> bool:
        return any(link is not None for link in self.links.values())

    def _is_forgotten(self) -> bool:
        try:
            return os.stat(self.options.socket).st_ino != self.own
        except OSError:
            return True

    def _leave(self) -> None:
        if not self._is_forgotten():
            os.unlink(self.options.socket)
        if self._has_listeners():
            self.quitting = True
            self.listener.close()
        else:
            os._exit(0)

    def _stop(self, *_: Any) -> None:
        self.quitting = True

    def _drain(self) -> None:
        try:
            while os.read(self.bell, 4096):
                pass
        except BlockingIOError:
            pass

    def _tell_endings(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            link = self.links.pop(pid, None)
            if link is not None:
                say(link, {"status": status})
                link.close()

    def _answer(self) -> None:
        link, _ = self.listener.accept()
        link.settimeout(5.0)
        try:
            request, descriptors = hear(link)
        except (OSError, ValueError, EOFError):
            link.close()
            return
        if "main" in request or "call" in request:
            self._fork(link, request, descriptors)
            return
        if request.get("quit"):
            self.quitting = True
        say(link, self._status())
        link.close()

    def _fork(self, link: socket.socket, request: dict[str, Any], descriptors: list[int]) -> None:
        try:
            pid = os.fork()
        except OSError as problem:
            say(link, {"refused": str(problem)})
            link.close()
            return
        if pid == 0:
            self._hatch(link, request, descriptors)
        self.made += 1
        for descriptor in descriptors:
            os.close(descriptor)
        if "call" in request:
            link.close()  # the copy alone holds it, so the other side sees by its end that the copy ended
            self.links[pid] = None
        else:
            self.links[pid] = link

    def _hatch(self, link: socket.socket, request: dict[str, Any], descriptors: list[int]) -> None:
        """In the copy. Never returns."""
        code = 70
        try:
            link.setblocking(True)
            gc.enable()
            if "call" in request:
                _close_all_but(self.kept | {link.fileno()})
                code = _call(request, link)
            else:
                code = self._become(request, link, descriptors)
        except BaseException as problem:  # noqa: BLE001 nothing may pass into the loop above
            say(link, {"refused": f"{type(problem).__name__}: {problem}"})
        finally:
            os._exit(code)

    def _become(self, request: dict[str, Any], link: socket.socket, descriptors: list[int]) -> int:
        why_not = self.mimicry.refusal(request["main"], request["footing"]["cwd"])
        if why_not:
            say(link, {"refused": why_not})
            return 0
        request["footing"]["environ"] = {**self.set_by_imports, **request["footing"]["environ"]}
        self.footing.take(request["footing"], descriptors)
        far = socket.socket(fileno=fcntl.fcntl(link.fileno(), fcntl.F_DUPFD_CLOEXEC, LINK))
        _close_all_but(self.kept | {far.fileno()})
        link.detach()
        say(far, {"pid": os.getpid()})
        code: int = self.mimicry.run(request["main"])
        say(far, {"exit": code, "alone": _never_had_children()})
        return code

    def _status(self) -> dict[str, Any]:
        return {
            "pid": os.getpid(),
            "imported": self.imported,
            "made": self.made,
            "running": len(self.links),
            "python": sys.executable,
            "rss": _memory("VmRSS"),
        }


def _call(request: dict[str, Any], link: socket.socket) -> int:
    os.setsid()
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    say(link, {"pid": os.getpid()})
    module, _, name = request["call"].partition(":")
    function = getattr(sys.modules[module], name)
    return int(function(*request["arguments"], link.detach()) or 0)


def hear(link: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """A request, and the descriptors that came with it."""
    descriptors = array.array("i")
    data, ancillary, _, _ = link.recvmsg(65536, socket.CMSG_SPACE(16 * descriptors.itemsize))
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors.frombytes(content[: len(content) - len(content) % descriptors.itemsize])
    while len(data) < 4 or len(data) < 4 + struct.unpack("!I", data[:4])[0]:
        more = link.recv(65536)
        if not more:
            raise EOFError
        data += more
    return json.loads(data[4:]), list(descriptors)


def say(link: socket.socket, answer: dict[str, Any]) -> None:
    with contextlib.suppress(OSError):  # nobody listens any more
        link.sendall(json.dumps(answer).encode() + b"\n")


def _open_descriptors() -> set[int]:
    """What the imported libraries hold open: a new process that imports them would hold it too."""
    found = set()
    for descriptor in range(256):
        with contextlib.suppress(OSError):
            os.fstat(descriptor)
            found.add(descriptor)
    return found


def _never_had_children() -> bool:
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss == 0
    return False


def _close_all_but(kept: set[int]) -> None:
    last = 2
    for descriptor in sorted(kept):
        if descriptor > last:
            os.closerange(last + 1, descriptor)
            last = descriptor
    os.closerange(last + 1, 65536)


def _memory(name: str) -> int:
    try:
        with open("/proc/self/status") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith(name))
    except (OSError, StopIteration):
        return 0


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
