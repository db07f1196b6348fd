"""Writing so that nothing is ever half there: a temporary name, fsync, rename, fsync of the folder.

What cannot be done is said in our own errors: a full disk, a folder where a file should be, a name too long for the disk.
"""

import errno
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from azurine.model import errors

_FULL = (errno.ENOSPC, errno.EDQUOT)
_IN_THE_WAY = (errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENOTEMPTY)


def temporary_name(folder: Path) -> Path:
    return folder / f"{secrets.token_hex(12)}.part"


def replace(temporary: Path, target: Path) -> None:
    """Puts a finished, synced file in its place, durably."""
    os.replace(temporary, target)
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    # A folder that was removed since then has nothing left to be made durable.
    with suppress(FileNotFoundError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def write_json(target: Path, content: Any, *, mode: int = 0o666, lasting: bool = True) -> None:
    """A small file of ours, whole or not at all. mode: its permissions (before the umask). lasting: its name survives a power cut."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_name(target.parent)
    with saying(target.name):
        descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(content, file, separators=(",", ":"))
                file.flush()
                os.fsync(file.fileno())
            (replace if lasting else os.replace)(temporary, target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def read_json(source: Path | str) -> Any:
    """None when there is no such file, or when what is there is not whole (a disk that lost power before it synced)."""
    try:
        with open(source, "rb") as file:
            return json.loads(file.read())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None


@contextmanager
def saying(name: str) -> Iterator[None]:
    """Turns the operating system's refusals into ours; `name` is what the user called the thing."""
    try:
        yield
    except OSError as error:
        raise refusal(error, name) from error


def refusal(error: OSError, name: str) -> errors.AzurineError:
    if error.errno in _FULL:
        # Not Temporary: clients would send the whole body again, several times, to a disk that stays full.
        return errors.Conflict(f"{name!r} was not written: the disk that holds the storage account is full.", code="InsufficientStorage")
    if error.errno in _IN_THE_WAY:
        return errors.Conflict(
            f"{name!r} cannot be a blob: a folder has this name, or a blob has the name of one of its folders. Here blobs are files, and no"
            " file is a folder too.",
            code="ResourceTypeMismatch",
        )
    if error.errno == errno.ENAMETOOLONG:
        return errors.Invalid(f"The name {name[:80]!r}… is too long for the disk.", code="InvalidResourceName")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return errors.Denied(f"{name!r} may not be touched: the file system says {error.strerror!r}.", code="AuthorizationPermissionMismatch")
    if error.errno == errno.ELOOP:
        return errors.Denied(f"{name!r} leads in a circle of links.", code="AuthorizationPermissionMismatch")
    return errors.Temporary(f"{name!r}: the file system says {error.strerror or error!r}.", code="ServerBusy")
