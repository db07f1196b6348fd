"""Ending a process with everything that came of it.

A step's first process leads a session of its own, so most of what it starts can be found by session or process group; what
moved away (its own session) is still found as a descendant; what moved away and lost its parent is found by the task's mark
in its environment, or by its working folder. First all are asked (SIGTERM), then, after a grace, ended (SIGKILL).

Needs only what a process of the same user may see of another; on systems without /proc it goes through psutil alone.
"""

import os
import select
import signal
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

import psutil

MARK = "AZURINE_TASK"
"""The environment variable that names the task's folder in every process of a step."""
GRACE = 5.0
"""Seconds between asking and ending."""


def members(leaders: Collection[int], folder: Path | None = None) -> list[psutil.Process]:
    """Everything that belongs to these first processes: themselves, their sessions and groups, descendants, and by mark or folder."""
    found: dict[int, psutil.Process] = {}
    pending = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if _belongs(process, leaders, folder):
                pending.append(process)
    for process in pending:
        found[process.pid] = process
        with suppress(psutil.Error):
            found.update((child.pid, child) for child in process.children(recursive=True))
    found.pop(os.getpid(), None)
    return [one for one in found.values() if _runs(one)]


def end(leaders: Collection[int], folder: Path | None = None, grace: float = GRACE) -> None:
    """Asks all to end, waits at most `grace` seconds, then ends what is left, and whatever it started meanwhile."""
    asked = members(leaders, folder)
    for process in asked:
        _signal(process, signal.SIGTERM)
    for process in _awaited(asked, grace):
        _signal(process, signal.SIGKILL)
    # A fork may slip through between looking and ending; what is killed cannot fork any more, so a few looks are enough.
    for _ in range(10):
        again = members(leaders, folder)
        if not again:
            return
        for process in again:
            _signal(process, signal.SIGKILL)
        _awaited(again, 1.0)


def anything_left(leaders: Collection[int]) -> bool:
    """Whether the process group of a leader still has members: the cheap question, asked when a step has ended by itself."""
    return any(_group_lives(leader) for leader in leaders)


def _belongs(process: psutil.Process, leaders: Collection[int], folder: Path | None) -> bool:
    if process.pid in leaders:
        return True
    if process.pid == os.getpid():
        return False
    if os.getsid(process.pid) in leaders or os.getpgid(process.pid) in leaders:
        return True
    return folder is not None and any(mark == str(folder) for mark in _marks(process, folder))


def _marks(process: psutil.Process, folder: Path) -> Iterator[str]:
    with suppress(psutil.Error, OSError):
        yield process.environ().get(MARK, "")
    with suppress(psutil.Error, OSError):
        if Path(process.cwd()).is_relative_to(folder):
            yield str(folder)


def _group_lives(leader: int) -> bool:
    try:
        os.killpg(leader, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _awaited(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Waits for all to end, whoever their parents are and whether or not these take notice; those that still run then."""
    deadline = time.monotonic() + seconds
    left = processes
    while left := [one for one in left if _runs(one)]:
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            return left
        _wait_for_one(left[0].pid, remaining)
    return []


def _wait_for_one(pid: int, seconds: float) -> None:
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    except (AttributeError, OSError):  # a system without them
        time.sleep(min(seconds, 0.01))
        return
    try:
        select.select([descriptor], [], [], seconds)
    finally:
        os.close(descriptor)


def _runs(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    with suppress(psutil.Error):
        process.send_signal(number)
