"""A folder of files somewhere, seen the same way wherever it lies: in a container of ours, or in an outside storage.

Paths are relative to the folder, parted by /, and never lead out of it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from azurine.model import errors
from azurine.storage import listing
from azurine.storage.files import Files
from azurine.storage.urls import Location


@dataclass(frozen=True, slots=True)
class Entry:
    path: str
    size: int


class Folder(Protocol):
    def stat(self, path: str) -> Entry:
        """Raises errors.Missing when there is no such file (a folder is none)."""
        ...

    def read(self, path: str, start: int = 0, length: int | None = None) -> Iterator[bytes]: ...

    def write(self, path: str, data: bytes | Iterable[bytes]) -> Entry:
        """Replaces the file, whole or not at all."""
        ...

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        """All files whose path begins so, any depth, in the order of their paths."""
        ...

    def delete(self, path: str) -> None: ...

    def copy(self, source: str, target: str) -> Entry: ...


class AccountFolder:
    """A folder of blobs. location.path: its prefix, "" for a whole container."""

    def __init__(self, files: Files, location: Location) -> None:
        self._files = files
        self._location = Location(location.account, location.container, location.path.strip("/"))

    def stat(self, path: str) -> Entry:
        return Entry(path, self._files.stat(self._at(path)).size)

    def read(self, path: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        return self._files.read(self._at(path), start, length)

    def write(self, path: str, data: bytes | Iterable[bytes]) -> Entry:
        return Entry(path, self._files.put(self._at(path), data).size)

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        base = f"{self._location.path}/" if self._location.path else ""
        for name in listing.names(self._files, self._location, base + prefix):
            blob = self._files.find(Location(self._location.account, self._location.container, name))
            if blob is not None and not blob.folder:
                yield Entry(name[len(base) :], blob.size)

    def delete(self, path: str) -> None:
        self._files.delete(self._at(path))

    def copy(self, source: str, target: str) -> Entry:
        return Entry(target, self._files.copy(self._at(source), self._at(target)).size)

    def _at(self, path: str) -> Location:
        if not path:
            raise errors.Invalid("The path of a file must not be empty.", code="InvalidResourceName")
        return self._location.child(path)
