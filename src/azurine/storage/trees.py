"""Whole folders: copy one, and say what is in it by one digest."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from azurine.model import errors
from azurine.storage import writing
from azurine.storage.files import Files
from azurine.storage.uploads import PIECE, copy_range
from azurine.storage.urls import Location


def copy_tree(files: Files, source: Location | Path, target: Location | Path) -> int:
    """Copies a file or a folder, each file whole or not at all; what else lies at the target stays. Answers how many files there were.

    Links inside the source are followed while they stay inside; others are refused.
    """
    origin, destination = _path(files, source), _path(files, target)
    if destination == origin or origin in destination.parents:
        raise errors.Invalid(f"{str(source)!r} cannot be copied into itself.", code="InvalidPath")
    if not origin.exists():
        raise errors.Missing(f"There is nothing at {str(source)!r}.", code="PathNotFound")
    staging = files.accounts.house(target.account) / "staging" if isinstance(target, Location) else None
    if origin.is_file():
        _copy(origin, destination, str(source), staging)
        return 1
    with writing.saying(str(target)):
        destination.mkdir(parents=True, exist_ok=True)
    count = 0
    for relative, file in walk(origin):
        _copy(file, destination / relative, relative, staging)
        count += 1
    return count


def digest(files: Files, source: Location | Path) -> str:
    """SHA-256 over names and contents of all files: the same digest means the same tree. A missing source is an error."""
    origin = _path(files, source)
    whole = hashlib.sha256()
    if origin.is_file():
        whole.update(_digest(origin).encode())
    elif origin.is_dir():
        for relative, file in walk(origin):
            whole.update(f"{relative}\0{_digest(file)}\0".encode("utf-8", "surrogateescape"))
    else:
        raise errors.Missing(f"There is nothing at {str(source)!r}.", code="PathNotFound")
    return whole.hexdigest()


def walk(folder: Path) -> Iterator[tuple[str, Path]]:
    """Relative path and file, in order. Empty folders and special files (pipes, sockets) are left out; circles of links are cut."""
    root = Path(os.path.realpath(folder))
    yield from _walk(root, root, "", frozenset([root]))


def _walk(folder: Path, root: Path, base: str, above: frozenset[Path]) -> Iterator[tuple[str, Path]]:
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: f"{entry.name}/" if entry.is_dir() else entry.name)
    for entry in found:
        real = Path(os.path.realpath(entry.path))
        if entry.is_symlink() and real != root and root not in real.parents:
            raise errors.Denied(
                f"{base + entry.name!r} is a link that leads out of its folder, and is not followed.", code="AuthorizationPermissionMismatch"
            )
        if entry.is_dir() and real not in above:
            yield from _walk(real, root, f"{base}{entry.name}/", above | {real})
        elif entry.is_file():
            yield base + entry.name, real


def _path(files: Files, place: Location | Path) -> Path:
    return files.local_path(place) if isinstance(place, Location) else Path(os.path.realpath(place))


def _copy(source: Path, target: Path, name: str, staging: Path | None) -> None:
    """staging: where the unfinished file is; beside the target when None, but never in a container, where it would be seen as a blob."""
    with writing.saying(name):
        folder = staging or target.parent
        for needed in (folder, target.parent):
            needed.mkdir(parents=True, exist_ok=True)
        temporary = writing.temporary_name(folder)
        try:
            with source.open("rb") as origin, temporary.open("xb") as copy:
                copy_range(origin.fileno(), 0, os.fstat(origin.fileno()).st_size, copy.fileno())
                os.fsync(copy.fileno())
            shutil.copymode(source, temporary)
            os.replace(temporary, target)
        finally:
            temporary.unlink(missing_ok=True)


def _digest(file: Path) -> str:
    content = hashlib.sha256()
    with file.open("rb") as source:
        while data := source.read(PIECE):
            content.update(data)
    return content.hexdigest()
