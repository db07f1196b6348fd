"""One server per home: it holds a lock on `home/server.lock`, which the system releases when the process dies, however it dies.

`server.json` says which process it is; but that file stays behind when a server is killed, so it only counts while the
lock is held, and only for a process that was there when it was written.
"""

import contextlib
import fcntl
import json
import os
from pathlib import Path
from typing import Any

from azurine.cli import faults


def taken(home: Path) -> bool:
    """Does a live server hold the home?"""
    try:
        handle = os.open(home / "server.lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def note(home: Path) -> dict[str, Any]:
    """What the server that holds the home wrote down: {"pid", "port", "url", "started", …}; nothing while it has not."""
    try:
        found = json.loads((home / "server.json").read_bytes())
        pid, started = int(found["pid"]), float(found["started"])
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    # Here: it takes a moment to load, and nobody asks when there is no such file.
    import psutil

    try:
        born = psutil.Process(pid).create_time()
    except psutil.Error:
        return {}
    # Number and birth: the system gives the numbers of dead processes to others.
    return dict(found) if born <= started + 1.0 else {}


def forget(home: Path) -> None:
    """Takes a killed server's `server.json` away, unless a new server is there by now."""
    with contextlib.suppress(OSError):
        handle = os.open(home / "server.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            (home / "server.json").unlink(missing_ok=True)
        finally:
            os.close(handle)


def in_use(home: Path) -> faults.Failure:
    pid = note(home).get("pid")
    who = f"process {pid}" if pid else "another process"
    return faults.Failure(
        f"A server ({who}) already lives in the home {home}.",
        advice=f"azurine status --home {home} tells more; azurine down --home {home} stops it; --home FOLDER starts one elsewhere",
    )
