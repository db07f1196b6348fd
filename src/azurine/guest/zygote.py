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
when its socket is gone, or when the process for which it was started has ended. The lock (a descriptor that it inherits) is given up when it listens: who waits for it can connect then.

Stands alone: standard library only, Python 3.8 and later, started by its path, because it runs inside environments made for users.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import importlib
import importlib.util
import os
import select
import signal
import socket
import sys
import threading
import time
from types import ModuleType
from typing import Any

MOST_FORKS_WAITING = 128
HARMLESS = frozenset({"jemalloc_bg_thd"})
"""Threads whose libraries see to it themselves that a fork is safe."""
LOOK = 60.0
"""Seconds between looks whether the socket is still there."""


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
        os._exit(1)
    listener = _listen(options.socket)
    os.close(options.lock)
    os.close(writer)
    return _Nest(listener, options, imported, set_by_imports).serve()


def _options(words: list[str]) -> Any:
    parser = argparse.ArgumentParser()
    parser.add_argument("--socket", required=True)
    parser.add_argument("--lock", type=int, required=True)
    parser.add_argument("--idle", type=float, default=600.0)
    parser.add_argument("--import", dest="imports", action="append", default=[])
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


def _identity(path: str) -> tuple[int, int]:
    """Of a file, as long as it is there; numbers alone are given again soon."""
    try:
        about = os.stat(path)
    except OSError:
        return (0, 0)
    return (about.st_ino, about.st_ctime_ns)


def _exists(pid: int) -> bool:
    """Whether there is such a process; 0 stands for one that never ends."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


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
        self.links: dict[int, socket.socket | None] = {}
        self.made = 0
        self.listening = True
        self.asked_to_stop = False
        self.own = _identity(options.socket)
        kept = copies.open_descriptors() - {listener.fileno()}
        self.hatchery = copies.Hatchery(kept, _beside("footing"), _beside("mimicry"), set_by_imports)
        self.ahead: tuple[int, socket.socket] | None = None
        self.wants_ahead = True
        self.bell, writer = os.pipe()
        os.set_blocking(self.bell, False)
        os.set_blocking(writer, False)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def serve(self) -> Any:
        """Returns in a copy that is to run a program; the zygote itself ends here."""
        last = time.monotonic()
        while self.listening or self._has_listeners():
            wanted = [self.bell, self.listener.fileno()] if self.listening else [self.bell]
            spare_time = self.wants_ahead and self.listening
            ready, _, _ = select.select(wanted, [], [], 0 if spare_time else min(LOOK, self.options.idle))
            if self.bell in ready:
                self._drain()
                self._tell_endings()
            copy = None
            if self.listening and self.listener.fileno() in ready:
                copy = self._answer()
                last = time.monotonic()
            elif spare_time:
                copy = self._make_ahead()
            if copy is not None:
                return copy
            is_idle = time.monotonic() - last >= self.options.idle and not self._has_listeners()
            if self.listening and (is_idle or self.asked_to_stop or self._is_forgotten()):
                self._listen_no_more()
        os._exit(0)

    def _has_listeners(self) -> bool:
        return any(link is not None for link in self.links.values())

    def _is_forgotten(self) -> bool:
        return _identity(self.options.socket) != self.own or not _exists(self.options.owner)

    def _listen_no_more(self) -> None:
        """The socket goes first: whoever comes now finds nobody, and starts another."""
        if _identity(self.options.socket) == self.own:
            os.unlink(self.options.socket)
        self.listener.close()
        self.listening = False

    def _stop(self, *_: Any) -> None:
        self.asked_to_stop = True

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
                copies.say(link, {"status": status})
                link.close()

    def _answer(self) -> Any:
        link, _ = self.listener.accept()
        link.settimeout(5.0)
        try:
            request, descriptors = copies.hear(link)
        except (OSError, ValueError, EOFError):
            link.close()
            return None
        if "main" in request or "call" in request:
            return self._make(link, request, descriptors)
        if request.get("quit"):
            self._listen_no_more()
        copies.say(link, self._status())
        link.close()
        return None

    def _make(self, link: socket.socket, request: dict[str, Any], descriptors: list[int]) -> Any:
        """By the copy that was made ahead, else by a fork now."""
        pid = self._hand_over(link, request, descriptors)
        if not pid:
            try:
                pid = os.fork()
            except OSError as problem:
                copies.say(link, {"refused": str(problem)})
                link.close()
                return None
            if pid == 0:
                return self.hatchery.hatch(link, request, descriptors)
        self.made += 1
        for descriptor in descriptors:
            os.close(descriptor)
        if "call" in request:
            link.close()  # the copy alone holds it, so the other side sees by its end that the copy ended
            self.links[pid] = None
        else:
            self.links[pid] = link
        self.wants_ahead = True
        return None

    def _hand_over(self, link: socket.socket, request: dict[str, Any], descriptors: list[int]) -> int:
        """The number of the copy that was made ahead and now has the request; 0 when there is none."""
        if self.ahead is None:
            return 0
        (pid, pair), self.ahead = self.ahead, None
        with pair:
            try:
                copies.hand(pair, request, [link.fileno(), *descriptors])
            except OSError:  # it was killed
                return 0
        return pid

    def _make_ahead(self) -> Any:
        """One copy waits for the next request. After a request only: should copies be killed at once, this must not go round for ever."""
        self.wants_ahead = False
        near, far = socket.socketpair()
        try:
            pid = os.fork()
        except OSError:
            near.close()
            far.close()
            return None
        if pid == 0:
            near.close()
            return self.hatchery.wait(far)
        far.close()
        self.ahead = (pid, near)
        self.links[pid] = None
        return None

    def _status(self) -> dict[str, Any]:
        return {
            "pid": os.getpid(),
            "imported": self.imported,
            "made": self.made,
            "running": len(self.links),
            "python": sys.executable,
            "rss": _memory("VmRSS"),
        }


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
    # In the zygote this call never returns; in a copy it returns what is to be run. That is run here, below all other frames.
    _copy = main(sys.argv[1:])
    try:
        _copy.program.go()
    except BaseException as _problem:  # noqa: BLE001 the program's own: it is shown as the interpreter would
        _copy.program.problem = _problem
    _copy.end()
