"""Where files are: a folder of this machine, or a place that fsspec opens. Paths are relative to it, parted by /, and never lead out of it.

What is written is staged first and gets its name by a rename (in a folder) or is sent when it is whole (elsewhere), all of it at the end:
a copy that fails leaves nothing behind. Names that begin with `.azurine` are the house's own and are not seen.
"""

import os
import shutil
import stat as modes
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from azurine.movement import noting
from azurine.movement.failing import NOT_ALLOWED, failure
from azurine.movement.staging import Staging

HOUSE = ".azurine"
PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or a folder. path: from the place's root. modified, created: seconds since 1970."""

    path: str
    is_folder: bool = False
    size: int = 0
    modified: float = 0.0
    created: float = 0.0

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


class Place(Protocol):
    def look(self, path: str) -> Entry | None: ...

    def children(self, path: str) -> list[Entry]:
        """By name; [] when there is no such folder."""
        ...

    def open(self, path: str) -> BinaryIO: ...

    def stage(self) -> Path:
        """A new, empty file to be written, which `put` then puts in its place."""
        ...

    def put(self, staged: Path, path: str) -> None: ...

    def remove(self, entry: Entry) -> None:
        """A file, or a folder with all that it holds."""
        ...

    def close(self) -> None:
        """What was staged and not put is gone."""
        ...


def walk(place: Place, path: str, recursive: bool = True) -> Iterator[Entry]:
    """The files of a folder, and of those below it, in order."""
    for one in place.children(path):
        if not one.is_folder:
            yield one
        elif recursive:
            yield from walk(place, one.path, recursive)


def clean(path: str) -> str:
    """Raises Invalid for a path that leads out."""
    parts = [part for part in path.replace("\\", "/").split("/") if part not in ("", ".")]
    if ".." in parts or "\0" in path or any(part.startswith(HOUSE) for part in parts):
        raise failure("UserErrorInvalidPath", f"The path '{path[:200]}' leads out of its place.")
    return "/".join(parts)


class Folder:
    """A folder of this machine. A link may lead somewhere else within it, not out of it.

    inside: the folder that nothing leads out of, when the root is only above it; what changes in one is told (`noting`). staging: where to stage, when that is on the same disk.
    """

    def __init__(self, root: str, inside: str = "", staging: str = "") -> None:
        self._root = Path(root)
        self._inside = os.path.realpath(inside or root)
        self._is_told = bool(inside)
        self._beside = staging
        self._staging: Staging | None = None

    def look(self, path: str) -> Entry | None:
        try:
            return _entry(clean(path), self._path(path).stat())
        except (FileNotFoundError, NotADirectoryError):
            return None

    def children(self, path: str) -> list[Entry]:
        folder = self._path(path)
        found = []
        try:
            with os.scandir(folder) as entries:
                for one in entries:
                    if one.name.startswith(HOUSE) or (one.is_symlink() and not self._is_inside(Path(one.path))):
                        continue
                    try:
                        seen = one.stat()
                    except FileNotFoundError:  # gone since, or a link to nothing
                        continue
                    if modes.S_ISDIR(seen.st_mode) or modes.S_ISREG(seen.st_mode):
                        found.append(_entry(f"{clean(path)}/{one.name}".lstrip("/"), seen))
        except (FileNotFoundError, NotADirectoryError):
            return []
        return sorted(found, key=lambda entry: entry.name)

    def open(self, path: str) -> BinaryIO:
        return self._path(path).open("rb")

    def stage(self) -> Path:
        if self._staging is None:
            Path(self._inside).mkdir(parents=True, exist_ok=True)
            beside = Path(self._beside or self._inside)
            beside.mkdir(parents=True, exist_ok=True)
            if beside.stat().st_dev != Path(self._inside).stat().st_dev:
                beside = Path(self._inside)
            self._staging = Staging(beside)
        return self._staging.file()

    def put(self, staged: Path, path: str) -> None:
        target = self._path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        with staged.open("rb") as file:
            os.fsync(file.fileno())
            seen = os.fstat(file.fileno())
        os.replace(staged, target)
        if self._is_told:
            noting.note(target, seen)
        descriptor = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def remove(self, entry: Entry) -> None:
        path = self._path(entry.path)
        if entry.is_folder and not path.is_symlink():
            shutil.rmtree(path)
            return
        seen = path.stat()
        path.unlink()
        if self._is_told:
            noting.note(path, seen, gone=True)

    def close(self) -> None:
        if self._staging is not None:
            self._staging.close()
            self._staging = None

    def _path(self, path: str) -> Path:
        found = self._root / clean(path)
        if not self._is_inside(found) and os.path.realpath(self._root) != os.path.realpath(found):
            raise failure(NOT_ALLOWED, f"'{path}' leads out of its place.")
        return found

    def _is_inside(self, path: Path) -> bool:
        real = os.path.realpath(path)
        return real == self._inside or real.startswith(self._inside.rstrip("/") + "/")


class Outside:
    """A place that fsspec opens, such as s3://bucket/folder."""

    def __init__(self, url: str, options: Mapping[str, Any]) -> None:
        import fsspec

        try:
            self._system, self._root = fsspec.core.url_to_fs(url, **options)
        except (ImportError, ValueError) as error:
            raise failure("UserErrorInvalidLocation", f"The place '{url.partition('?')[0]}' cannot be opened: {error}") from error
        self._scratch = Folder(_scratch())

    def look(self, path: str) -> Entry | None:
        try:
            return self._entry(self._system.info(self._path(path)))
        except FileNotFoundError:
            return None

    def children(self, path: str) -> list[Entry]:
        try:
            found = self._system.ls(self._path(path), detail=True)
        except (FileNotFoundError, NotADirectoryError):
            return []
        entries = [self._entry(one) for one in found]
        return sorted((one for one in entries if one.path != clean(path)), key=lambda entry: entry.name)

    def open(self, path: str) -> BinaryIO:
        opened: BinaryIO = self._system.open(self._path(path), "rb")
        return opened

    def stage(self) -> Path:
        return self._scratch.stage()

    def put(self, staged: Path, path: str) -> None:
        target = self._path(path)
        self._system.makedirs(target.rpartition("/")[0], exist_ok=True)
        self._system.put_file(str(staged), target)
        staged.unlink()

    def remove(self, entry: Entry) -> None:
        self._system.rm(self._path(entry.path), recursive=entry.is_folder)

    def close(self) -> None:
        self._scratch.close()

    def _path(self, path: str) -> str:
        return f"{self._root.rstrip('/')}/{clean(path)}".rstrip("/")

    def _entry(self, info: Mapping[str, Any]) -> Entry:
        path = str(info["name"]).rstrip("/")
        modified = next((_seconds(info[key]) for key in ("mtime", "LastModified", "last_modified", "created") if info.get(key)), 0.0)
        relative = path[len(self._root.rstrip("/")) :].lstrip("/") if path.startswith(self._root) else path
        return Entry(relative, info.get("type") == "directory", int(info.get("size") or 0), modified, _seconds(info.get("created") or modified))


def of(connection: Mapping[str, Any]) -> Place:
    """The place behind a connection to files."""
    if connection.get("store") == "outside":
        return Outside(str(connection["root"]), connection.get("options") or {})
    return Folder(str(connection["root"]), str(connection.get("inside") or ""), str(connection.get("staging") or ""))


def _entry(path: str, seen: os.stat_result) -> Entry:
    # The time of birth is not told everywhere; that of the last change of the inode is the nearest that is.
    created = getattr(seen, "st_birthtime", min(seen.st_ctime, seen.st_mtime))
    return Entry(path, modes.S_ISDIR(seen.st_mode), seen.st_size, seen.st_mtime, created)


def _seconds(value: Any) -> float:
    return float(value.timestamp()) if hasattr(value, "timestamp") else float(value or 0.0)


def _scratch() -> str:
    import tempfile

    return tempfile.gettempdir()
