"""One server per home: whoever runs in it holds a lock on `home/server.lock`, which the system releases when the process dies.

The file also names the holder's process, for people and for `azurine down`.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from azurine.cli import faults

_PATIENCE = 3.0


@contextlib.contextmanager
def held(home: Path) -> Iterator[None]:
    """The home is ours until this ends. Raises `Failure` when a live server has it."""
    handle = os.open(home / "server.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _lock(handle, home)
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)


def holder(home: Path) -> int | None:
    """The process id of the server that lives in the home; None when none does, 0 when it does not (yet) say who it is."""
    try:
        handle = os.open(home / "server.lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return None
    except BlockingIOError:
        return _pid(handle)
    finally:
        os.close(handle)


def _lock(handle: int, home: Path) -> None:
    """A killed server's lock goes a moment after it: when the holder is dead, it is worth asking again."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            pid = _pid(handle)
            if time.monotonic() > until or (pid and alive(pid)):
                raise in_use(home, pid) from None
            time.sleep(0.05)  # nothing announces that a lock is free without taking it


def in_use(home: Path, pid: int) -> faults.Failure:
    who = f"process {pid}" if pid else "another process"
    return faults.Failure(
        f"A server ({who}) already lives in the home {home}.",
        advice=f"azurine status --home {home} tells more; azurine down --home {home} stops it; --home FOLDER starts one elsewhere",
    )


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _pid(handle: int) -> int:
    text = os.pread(handle, 32, 0).decode("ascii", "replace").strip()
    return int(text) if text.isdigit() else 0
