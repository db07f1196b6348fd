"""Guests seen from the server: making one for a task's folder, hearing how far it is, waiting for the end of one found alive.

Guests are forks of the nursery, a small process that has imported the guest's program and belongs to no server: they live on
when the server dies. A guest is told its task over the connection over which it was asked for. What it says comes through the connection over which it was asked for; the end of that
connection is the end of the guest. One that was started by an earlier server is waited for through its process.
"""

import os
import select
import signal
import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from azurine.compute import tasks, trees, zygotes
from azurine.model.errors import Temporary

PROGRAM = "azurine.guest.step:attend"


@dataclass(frozen=True, slots=True)
class Nursery:
    """Where guests come from. warm: folder of the zygotes' sockets. python: the interpreter that azurine runs in."""

    warm: Path
    name: str
    python: str


def nursery(home: Path, python: str) -> Nursery:
    """The nursery of this server: a new server has a new one, with its own code and environment variables."""
    return Nursery(home / "warm", f"nursery-{os.getpid()}", python)


def launch(folder: Path, nursery: Nursery) -> socket.socket:
    """Has a guest made for a task's folder; what it says comes through the answer. Raises Temporary when that cannot be done now."""
    return _send(_ordered(nursery, start=True), folder)


class Attendance:
    """Launches guests from one that was made ahead and waits to be told its task: nobody waits for the making."""

    def __init__(self, nursery: Nursery) -> None:
        self._nursery = nursery
        self._waiting: socket.socket | None = None

    def launch(self, folder: Path) -> socket.socket:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            try:
                return _send(waiting, folder)
            except Temporary:  # it was killed meanwhile
                waiting.close()
        return launch(folder, self._nursery)

    def prepare(self) -> None:
        """Has the next one made."""
        if self._waiting is None:
            with suppress(Temporary):  # then the next task has one made for itself, or says why there is none
                self._waiting = _ordered(self._nursery, start=False)

    def close(self) -> None:
        """The waiting guest ends."""
        if self._waiting is not None:
            self._waiting.close()
            self._waiting = None


def _ordered(nursery: Nursery, *, start: bool) -> socket.socket:
    """The connection to a guest that is being made, and waits for its task. start: also the nursery, if need be."""
    path = zygotes.address(nursery.warm, nursery.name)
    link = zygotes.connect(path)
    if link is None and start:
        zygotes.start(nursery.warm, nursery.name, nursery.python, zygotes.NURSERY, wait=True, owner=os.getpid(), first=zygotes.NURSERY_FIRST)
        link = zygotes.connect(path)
    if link is None:
        raise Temporary(f"no guest can be started; {nursery.warm / nursery.name}.log may say why")
    try:
        zygotes.ask(link, {"call": PROGRAM, "arguments": [str(nursery.warm)]})
    except OSError as problem:
        link.close()
        raise Temporary(f"no guest can be started: {problem}") from problem
    return link


def _send(link: socket.socket, folder: Path) -> socket.socket:
    try:
        link.sendall(f"{folder}\n".encode())
    except OSError as problem:
        link.close()
        raise Temporary(f"the guest went away before it had its task: {problem}") from problem
    link.setblocking(False)
    return link


class Voice:
    """Puts together what a guest says: words, one a line. Its first line, in JSON, is the nursery's and is none of them."""

    def __init__(self) -> None:
        self._rest = b""

    def hear(self, data: bytes) -> list[str]:
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [line.decode("ascii", "replace") for line in lines if line and not line.startswith(b"{")]


class Ending:
    """The end of a process that is not our child, as something to wait for: readable when it has ended."""

    def __init__(self, pid: int) -> None:
        self._descriptor = os.pidfd_open(pid) if hasattr(os, "pidfd_open") else _kqueue(pid)

    def fileno(self) -> int:
        return self._descriptor

    def close(self) -> None:
        os.close(self._descriptor)


def ask_to_stop(folder: Path) -> None:
    """The wish to stop, for the guest that is there and for one that comes later."""
    tasks.wish_cancel(folder)
    found = tasks.guest(folder)
    if found is not None and tasks.is_alive(found[0]):
        with suppress(ProcessLookupError):
            os.kill(found[0].pid, signal.SIGTERM)


def end(folder: Path) -> None:
    """Ends a guest at once, with all that it started: its node is gone, so it should be too. It may have written its outcome just before."""
    found = tasks.guest(folder)
    if found is not None and tasks.is_alive(found[0]):
        with suppress(ProcessLookupError):
            os.kill(found[0].pid, signal.SIGKILL)
    sweep(folder)


def sweep(folder: Path) -> None:
    """Ends what a dead guest left behind: the user's processes that it had started."""
    found = tasks.guest(folder)
    if found is not None:
        trees.end([one.pid for one in found[1] if tasks.is_alive(one)], folder, grace=1.0)


def _kqueue(pid: int) -> int:
    """For systems without pidfd: the descriptor of a queue that becomes readable when the process ends."""
    queue = select.kqueue()  # type: ignore[attr-defined,unused-ignore]
    change = select.kevent(  # type: ignore[attr-defined,unused-ignore]
        pid,
        filter=select.KQ_FILTER_PROC,  # type: ignore[attr-defined,unused-ignore]
        flags=select.KQ_EV_ADD,  # type: ignore[attr-defined,unused-ignore]
        fflags=select.KQ_NOTE_EXIT,  # type: ignore[attr-defined,unused-ignore]
    )
    queue.control([change], 0)
    descriptor = os.dup(queue.fileno())
    queue.close()
    return descriptor
