"""The user's processes of one step: starting them, fresh or warm, and waiting for how they end.

A fresh process is a child of this one: `bash -c command`. A warm one is a fork of the environment's zygote, which tells through
a connection which process it is and how it ended. Waiting is for an event (a connection, a signal), with a look at the logs
now and then so that they do not grow beyond their limit.
"""

import ctypes
import json
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import psutil

from azurine.compute import logs, zygotes
from azurine.guest import footing
from azurine.guest.commands import Plain

LOOK = 0.5
"""Seconds between looks at the size of the logs."""
START_LIMIT = 60.0
"""Seconds within which a zygote makes a copy, or is taken for stuck."""
SHELL_FAILED = 127
_PR_SET_CHILD_SUBREAPER = 36


@dataclass(slots=True)
class Process:
    """One process of the user's. code: exit code, negative when a signal ended it, None while it runs. link: to the zygote.

    alone: it ended without ever having had a child, so nothing of it can be left.
    """

    pid: int
    log: Path
    link: socket.socket | None = None
    code: int | None = None
    alone: bool = False
    heard: bytes = b""


@dataclass(slots=True)
class Ending:
    """Why waiting was over: all ended ("ended"), one failed, the time was up ("timeout"), or somebody asked ("cancel")."""

    why: str = "ended"
    processes: list[Process] = field(default_factory=list)

    @property
    def code(self) -> int:
        """Of the first process that failed, else 0. A signal counts as in the shell: 128 + its number."""
        found = next((one.code for one in self.processes if one.code), 0)
        return 128 - found if found < 0 else found


class Bell:
    """Signals as something to wait for: SIGTERM is the wish to stop, SIGCHLD says that a child ended."""

    def __init__(self) -> None:
        self.asked_to_stop = False
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGCHLD, self._noted)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)

    def fileno(self) -> int:
        return self._reader.fileno()

    def quiet(self) -> None:
        with suppress(BlockingIOError):
            while self._reader.recv(4096):
                pass

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.asked_to_stop = True

    def _noted(self, _number: int, _frame: FrameType | None) -> None:
        """Nothing to do: that it was called wakes the waiting."""


def start_fresh(command: str, stand: Mapping[str, Any], log: Path, given: int | None = None) -> Process:
    """`bash -c command` as a child of this process. given: the descriptor of its standard input, when it has one."""
    adopt_orphans()
    with streams(log, given) as descriptors:
        pid = os.fork()
        if pid == 0:
            _become_shell(command, stand, descriptors)
    return Process(pid, log)


def adopt_orphans() -> None:
    """From now on, what the step's processes leave behind becomes this process's child, so that nothing gets away (Linux)."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def has_children() -> bool:
    """Whether this process has any child left; takes notice of those that have ended."""
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                return True
        except ChildProcessError:
            return False


def children() -> list[int]:
    return [one.pid for one in psutil.Process().children()]


def start_warm(zygote: Path, plain: Plain, stand: Mapping[str, Any], log: Path, given: int | None = None) -> Process | None:
    """A fork of the zygote that listens there; None when it had better be a fresh process, or there is no zygote."""
    link = zygotes.connect(zygote)
    if link is None:
        return None
    main = {"script": plain.script, "module": plain.module, "arguments": plain.arguments, "words": plain.words, "unbuffered": True}
    with streams(log, given) as descriptors, suppress(OSError, ValueError):
        link.settimeout(START_LIMIT)
        zygotes.ask(link, {"main": main, "footing": stand}, descriptors)
        process = Process(0, log, link)
        while not process.pid:
            data = link.recv(4096)
            if not data:
                break
            _understand(process, data)
        if process.pid > 0:
            link.setblocking(False)
            return process
    link.close()
    return None


@contextmanager
def streams(log: Path, given: int | None = None) -> Iterator[tuple[int, int, int]]:
    """Descriptors for a new process's standard streams: nothing to read, unless it is given; both outputs to the end of the log."""
    log.parent.mkdir(parents=True, exist_ok=True)
    nothing = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    both = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
    try:
        yield nothing if given is None else given, both, both
    finally:
        os.close(nothing)
        os.close(both)


def wait(
    processes: list[Process], bell: Bell, seconds: float | None, is_cancelled: Callable[[], bool], look: Callable[[], None] = lambda: None
) -> Ending:
    """Until all have ended, one has failed, the time is up, or it is wished that they stop. look: called now and then."""
    deadline = None if seconds is None else time.monotonic() + seconds
    with selectors.DefaultSelector() as selector:
        selector.register(bell, selectors.EVENT_READ)
        for one in processes:
            if one.link is not None:
                selector.register(one.link, selectors.EVENT_READ, one)
        while True:
            # The file is looked at each time: a server on another machine, or one that was started anew, has no other way to say it.
            if bell.asked_to_stop or is_cancelled():
                return Ending("cancel", processes)
            if all(one.code is not None for one in processes) or any(one.code for one in processes):
                return Ending("ended", processes)
            left = LOOK if deadline is None else min(LOOK, deadline - time.monotonic())
            if left <= 0:
                return Ending("timeout", processes)
            _notice(selector, bell, processes, left)
            look()


def _notice(selector: selectors.BaseSelector, bell: Bell, processes: list[Process], seconds: float) -> None:
    ready = selector.select(seconds)
    bell.quiet()
    for key, _ in ready:
        if isinstance(key.data, Process) and hear(key.data):
            selector.unregister(key.fileobj)
    for one in processes:
        if one.link is None and one.code is None:
            reap(one)
        if not ready:
            logs.trim(one.log)


def reap(one: Process) -> None:
    found, status = os.waitpid(one.pid, os.WNOHANG)
    if found:
        one.code = os.waitstatus_to_exitcode(status)


def hear(one: Process) -> bool:
    """What came through the link; whether there is nothing more to come."""
    assert one.link is not None
    try:
        data = one.link.recv(4096)
    except BlockingIOError:
        return False
    except OSError:
        data = b""
    if data:
        _understand(one, data)
    elif one.code is None:
        one.code = -signal.SIGKILL  # the zygote and its copy are both gone without a word
    if one.code is None:
        return False
    one.link.close()
    return True


def _understand(one: Process, data: bytes) -> None:
    """pid -1: refused. A status stands only where the process could not say an exit code itself."""
    *lines, one.heard = (one.heard + data).split(b"\n")
    for line in lines:
        said = json.loads(line)
        one.pid = said.get("pid", -1 if "refused" in said else one.pid)
        one.alone = one.alone or said.get("alone", False)
        if one.code is None and "exit" in said:
            one.code = said["exit"]
        elif one.code is None and "status" in said:
            one.code = os.waitstatus_to_exitcode(said["status"])


def _become_shell(command: str, stand: Mapping[str, Any], descriptors: tuple[int, int, int]) -> None:
    """In the child. Never returns."""
    try:
        footing.get_ready()
        footing.take(stand, descriptors)
        os.execvpe("bash", ["bash", "-c", command], stand["environ"])
    except BaseException as problem:  # noqa: BLE001 whatever it is, it must not pass into the parent's code
        with suppress(OSError):
            os.write(2, f"The command could not be started: {problem}\n".encode())
    finally:
        os._exit(SHELL_FAILED)
