"""Private files, written whole: under a temporary name, synced, then renamed, readable by their owner only.

Not for large data: the content is held in memory.
"""

import contextlib
import fcntl
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from azurine.model import errors

PRIVATE = 0o600
PUBLIC = 0o644


def folder(path: Path) -> Path:
    """The folder, made when it is not there, closed to other users."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as problem:
        raise errors.Invalid(f"The folder {path} cannot be made: {problem.strerror or problem}.") from problem
    return path


def write(path: Path, content: bytes, mode: int = PRIVATE) -> None:
    """Replaces the file at once: a reader sees the old content or the new, never half of one."""
    passing = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        # Opened with its final mode, so that a secret is at no moment readable by others.
        with open(os.open(passing, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        passing.replace(path)
        _sync_folder(path.parent)
    except OSError as problem:
        with contextlib.suppress(OSError):
            passing.unlink(missing_ok=True)
        raise errors.Temporary(f"{path} cannot be written: {problem.strerror or problem}.") from problem


def read(path: Path) -> bytes | None:
    """The content; None when there is no such file."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise errors.Invalid(f"{path} cannot be read: {problem.strerror or problem}.") from problem


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """One process at a time, by an advisory lock that the system releases when the process dies."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _sync_folder(path: Path) -> None:
    """The rename itself must survive a power cut, not only the content."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
