"""The loop of a zygote: connections come in, copies go out, endings are told.

It sleeps until there is a connection, or a copy has ended. After each request it makes one copy ahead. It ends when it has had no
request for a time, its socket is gone, or the process for which it was started has ended; those that hold a connection to one of
its copies are told the ending first.

Stands alone: standard library only, Python 3.8 and later.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
import time
from typing import Any

LOOK = 60.0
"""Seconds between looks whether the socket, and the process for which it is, are still there."""


class Nest:
    """options: idle, owner and socket, of the command line. hatchery: `copies.Hatchery`. imported: names, for whoever asks."""

    def __init__(self, listener: socket.socket, options: Any, copies: Any, hatchery: Any, imported: list[str]) -> None:
        self.listener = listener
        self.options = options
        self.copies = copies
        self.hatchery = hatchery
        self.imported = imported
        self.links: dict[int, socket.socket | None] = {}
        self.made = 0
        self.listening = True
        self.asked_to_stop = False
        self.own = _identity(options.socket)
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
                self.copies.say(link, {"status": status})
                link.close()

    def _answer(self) -> Any:
        link, _ = self.listener.accept()
        link.settimeout(5.0)
        try:
            request, descriptors = self.copies.hear(link)
        except (OSError, ValueError, TypeError, EOFError):
            link.close()
            return None
        if "main" in request or "call" in request:
            return self._make(link, request, descriptors)
        if request.get("quit"):
            self._listen_no_more()
        self.copies.say(link, self._status())
        link.close()
        return None

    def _make(self, link: socket.socket, request: dict[str, Any], descriptors: list[int]) -> Any:
        """By the copy that was made ahead, else by a fork now."""
        pid = self._hand_over(link, request, descriptors)
        if not pid:
            try:
                pid = self.copies.fork()
            except OSError as problem:
                self.copies.say(link, {"refused": str(problem)})
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
                self.copies.hand(pair, request, [link.fileno(), *descriptors])
            except OSError:  # it was killed
                return 0
        return pid

    def _make_ahead(self) -> Any:
        """One copy waits for the next request. After a request only: should copies be killed at once, this must not go round for ever."""
        self.wants_ahead = False
        near, far = socket.socketpair()
        try:
            pid = self.copies.fork()
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
