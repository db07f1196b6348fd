"""A copy of a zygote: from the fork to the program's first line, and from its last line to the end of the process.

One copy is made ahead: it waits until the zygote hands it a request, so that a step does not wait for the fork. Whatever of the
zygote's a new process would not have (its listening socket, its connections) is closed at once; what it must not share
is made anew by `footing` and `mimicry` when it becomes a program.

Stands alone: standard library only, Python 3.8 and later.
"""

from __future__ import annotations

import array
import contextlib
import fcntl
import gc
import json
import os
import resource
import socket
import struct
import sys
import warnings
from typing import Any

LINK = 250
"""The connection's descriptor in a copy: high, so that the program's first file gets the number it would get in a fresh process."""
BROKEN = 70
"""Exit code when the copy fails before, or after, the program."""


class Copy:
    """A fork that is about to run a program. link: where it says how it ended."""

    def __init__(self, program: Any, end: Any, link: socket.socket) -> None:
        self.program = program
        self._end = end
        self._link = link

    def end(self) -> None:
        """Never returns."""
        code = BROKEN
        try:
            code = self._end(self.program)
            say(self._link, {"exit": code, "alone": _never_had_children()})
        finally:
            os._exit(code)


class Hatchery:
    """What a copy needs of the zygote. kept: descriptors that stay open. footing, mimicry: the modules. set_by_imports: variables."""

    def __init__(self, kept: set[int], footing: Any, mimicry: Any, set_by_imports: dict[str, str]) -> None:
        self.kept = kept
        self.footing = footing
        self.mimicry = mimicry
        self.set_by_imports = set_by_imports
        self.known = frozenset(sys.modules)

    def wait(self, pair: socket.socket) -> Copy:
        """In a copy that was made ahead: until it is handed a request. Ends when the zygote ends."""
        gc.enable()
        close_all_but(self.kept | {pair.fileno()})
        self._get_ready()
        try:
            request, descriptors = hear(pair)
        except (OSError, ValueError, TypeError, EOFError):
            os._exit(0)
        pair.close()
        return self._become(request, socket.socket(fileno=descriptors[0]), descriptors[1:])

    def hatch(self, link: socket.socket, request: dict[str, Any], descriptors: list[int]) -> Copy:
        """In a copy that is made for a request, because none was made ahead, or one is not enough."""
        gc.enable()
        self._get_ready()
        return self._become(request, link, descriptors)

    def _get_ready(self) -> None:
        self.footing.get_ready()
        self.mimicry.get_ready(self.known)

    def _become(self, request: dict[str, Any], link: socket.socket, descriptors: list[int]) -> Copy:
        """Returns when the copy is to become a program; a function is called here, and the process ends."""
        link.setblocking(True)
        far = socket.socket(fileno=fcntl.fcntl(link.fileno(), fcntl.F_DUPFD_CLOEXEC, LINK))
        link.close()
        try:
            if "call" in request:
                close_all_but(self.kept | {far.fileno()})
                self.mimicry.handle_signals()
                os._exit(_call(request, far))
            why_not = self.mimicry.refusal(request["main"], request["footing"]["cwd"])
            if why_not:
                say(far, {"refused": why_not})
                os._exit(0)
            request["footing"]["environ"] = {**self.set_by_imports, **request["footing"]["environ"]}
            self.footing.take(request["footing"], descriptors)
            close_all_but(self.kept | {far.fileno()})
            say(far, {"pid": os.getpid()})
            return Copy(self.mimicry.prepare(request["main"]), self.mimicry.end, far)
        except BaseException as problem:  # noqa: BLE001 nothing may pass into the zygote's loop
            say(far, {"refused": f"{type(problem).__name__}: {problem}"})
            os._exit(BROKEN)


def fork() -> int:
    """Newer interpreters warn of any thread. Those that there may be are known to stand a fork; the filters stay as they were."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return os.fork()


def _call(request: dict[str, Any], link: socket.socket) -> int:
    say(link, {"pid": os.getpid()})
    module, _, name = request["call"].partition(":")
    function = getattr(sys.modules[module], name)
    return int(function(*request["arguments"], link.detach()) or 0)


def hear(link: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """A request, and the descriptors that came with it. Nothing beyond it is read: what follows is for the copy."""
    descriptors = array.array("i")
    head, ancillary, _, _ = link.recvmsg(4, socket.CMSG_SPACE(16 * descriptors.itemsize))
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors.frombytes(content[: len(content) - len(content) % descriptors.itemsize])
    head += _exactly(link, 4 - len(head))
    request = json.loads(_exactly(link, struct.unpack("!I", head)[0]))
    if not isinstance(request, dict):
        raise TypeError("a request is an object")
    return request, list(descriptors)


def _exactly(link: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = link.recv(min(count - len(data), 1 << 20))
        if not more:
            raise EOFError
        data += more
    return data


def hand(link: socket.socket, request: dict[str, Any], descriptors: list[int]) -> None:
    """The other side of `hear`."""
    text = json.dumps(request).encode()
    data = struct.pack("!I", len(text)) + text
    sent = link.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))])
    if sent < len(data):
        link.sendall(data[sent:])


def say(link: socket.socket, answer: dict[str, Any]) -> None:
    with contextlib.suppress(OSError):  # nobody listens any more
        link.sendall(json.dumps(answer).encode() + b"\n")


def open_descriptors() -> set[int]:
    """What is open now: of the imported libraries, which a new process that imports them would hold open too."""
    try:
        asked = [int(name) for name in os.listdir("/dev/fd")]
    except OSError:
        asked = list(range(256))
    found = set()
    for descriptor in asked:
        with contextlib.suppress(OSError):  # that of the list itself is among those asked
            os.fstat(descriptor)
            found.add(descriptor)
    return found


def close_all_but(kept: set[int]) -> None:
    for descriptor in open_descriptors() - kept - {0, 1, 2}:
        os.close(descriptor)


def _never_had_children() -> bool:
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss == 0
    return False
