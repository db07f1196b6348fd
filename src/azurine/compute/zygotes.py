"""Warm processes seen from outside: where each listens, starting it when it is not there, asking it for a copy.

The process itself is `guest/zygote.py`, started by its path because it also runs in environments that do not have azurine. A
zygote is named after its interpreter, what is installed beside it, and the variables that matter when a process starts: when
any of these change there is another zygote, and the old one ends by itself when nobody has asked it for a while.
"""

import array
import contextlib
import fcntl
import hashlib
import json
import os
import socket
import struct
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from azurine.model.errors import Temporary

PROGRAM = Path(__file__).parents[1] / "guest" / "zygote.py"
NURSERY = ("azurine.guest.step",)
NURSERY_FIRST = "azurine.guest.step:rehearse"
IDLE = 600.0
_LONGEST = 100
"""Bytes of a Unix socket's path that every system takes."""


def address(folder: Path, name: str) -> Path:
    """Where the zygote of that name listens: in the folder, or, when that path is too long for a socket, in the machine's temporary one."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{name}.sock"
    if len(os.fsencode(path)) <= _LONGEST:
        return path
    short = Path(tempfile.gettempdir()) / f"azurine-{os.getuid()}"
    short.mkdir(exist_ok=True, mode=0o700)
    if short.stat().st_uid != os.getuid():
        raise Temporary(f"{short} belongs to another user, and {folder} is too long a path for a socket")
    return short / f"{hashlib.sha256(os.fsencode(path)).hexdigest()[:16]}.sock"


def name(python: str, settled: Sequence[tuple[str, str]] = ()) -> str:
    """Of the zygote of an interpreter. settled: variables (name, value) that are read only when a process starts."""
    parts = [python, *(f"{variable}={value}" for variable, value in sorted(settled)), str(PROGRAM.stat().st_mtime_ns)]
    for packages in sorted(Path(python).parent.parent.glob("lib/python3*/site-packages")):
        parts.append(f"{packages} {packages.stat().st_mtime_ns}")
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def connect(path: Path) -> socket.socket | None:
    """A connection to the zygote that listens there; None when none does."""
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        link.connect(os.fspath(path))
    except OSError:
        link.close()
        return None
    return link


def start(
    folder: Path, name: str, python: str, imports: Sequence[str], *, wait: bool, owner: int = 0, variables: Sequence[str] = (), first: str = ""
) -> None:
    """Starts a zygote, unless one listens or is being started. wait: return only when one listens, or has failed to.

    imports: what it imports beforehand, if it is installed and stands a fork. owner: the process for which it is; when that has
    ended it ends too. variables: NAME=value, set before it imports anything. first: module:function, called when all is imported.
    """
    path = address(folder, name)
    with _starting(folder / f"{name}.lock", wait=wait) as lock:
        if lock is None or connected(path):
            return
        words = [python, os.fspath(PROGRAM), "--socket", os.fspath(path), "--lock", str(lock), "--idle", str(IDLE)]
        words += [word for one in imports if one not in _unfit(path) for word in ("--import", one)] + (["--wait"] if wait else [])
        words += [word for one in variables for word in ("--set", one)]
        words += ["--owner", str(owner)] if owner else []
        words += ["--first", first] if first else []
        with (folder / f"{name}.log").open("wb") as log:
            subprocess.run(words, pass_fds=(lock,), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", check=False)


def _unfit(path: Path) -> list[str]:
    """The imports that an earlier zygote of this socket found not to stand a fork."""
    try:
        return Path(f"{path}.unfit").read_text(encoding="utf-8").split()
    except OSError:
        return []


def connected(path: Path) -> bool:
    link = connect(path)
    if link is not None:
        link.close()
    return link is not None


def ask(link: socket.socket, request: dict[str, Any], descriptors: Sequence[int] = ()) -> None:
    """Sends a request, with descriptors. Raises OSError when the zygote is gone."""
    text = json.dumps(request).encode()
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
    data = struct.pack("!I", len(text)) + text
    sent = link.sendmsg([data], rights)
    if sent < len(data):  # sending nothing fails when the answer has come and the other side is gone already
        link.sendall(data[sent:])


def status(path: Path, *, end: bool = False) -> dict[str, Any] | None:
    """What the zygote says of itself; None when there is none. end: also ask it to end."""
    link = connect(path)
    if link is None:
        return None
    with link, contextlib.suppress(OSError, ValueError):
        link.settimeout(5.0)
        ask(link, {"quit": True} if end else {"status": True})
        with link.makefile("rb") as answers:
            found: dict[str, Any] = json.loads(answers.readline())
            return found
    return None


def report(folder: Path) -> list[dict[str, Any]]:
    """What every zygote of the folder says of itself: number, imports, how many copies it made, memory."""
    told = (status(address(folder, lock.stem)) for lock in sorted(folder.glob("*.lock")))
    return [one for one in told if one is not None]


def end_all(folder: Path) -> None:
    """Asks every zygote of the folder to end (after what it made has ended)."""
    for lock in folder.glob("*.lock"):
        if status(address(folder, lock.stem), end=True) is None:
            for left in (lock, lock.with_suffix(".log")):
                left.unlink(missing_ok=True)


@contextlib.contextmanager
def _starting(path: Path, *, wait: bool) -> Iterator[int | None]:
    """The right to start the zygote of this socket. The zygote inherits it, and gives it up when it listens, or ends."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield descriptor
    except BlockingIOError:
        yield None
    finally:
        os.close(descriptor)
