"""The blobs of a container in Azure's order (by full name), a page at a time.

A folder is read in batches of the next few thousand names, found with a heap: memory stays the same however many files
lie in it. Folders without any file are not shown, for a prefix exists only through its blobs.
"""

import heapq
import os
import stat as modes
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from azurine.model import errors
from azurine.storage import naming, properties
from azurine.storage.files import Blob, Files
from azurine.storage.properties import Sidecars
from azurine.storage.urls import Location

BATCH = 5000


@dataclass(frozen=True, slots=True)
class Page:
    """names: blobs and (ending with the delimiter) prefixes in order. after: pass it for the next page; "" at the end."""

    blobs: tuple[Blob, ...]
    prefixes: tuple[str, ...]
    after: str = ""


def page(files: Files, container: Location, prefix: str = "", delimiter: str = "", after: str = "", limit: int = BATCH) -> Page:
    """`container.path` is not used. after: the last name seen."""
    blobs: list[Blob] = []
    prefixes: list[str] = []
    last = ""
    look = _Look(files, container)
    for name in names(files, container, prefix, delimiter, after):
        if len(blobs) + len(prefixes) >= limit:
            return Page(tuple(blobs), tuple(prefixes), last)
        if delimiter and name.endswith(delimiter):
            prefixes.append(name)
        else:
            found = look.at(name)
            if found is None:
                continue  # deleted since the folder was read
            blobs.append(found)
        last = name
    return Page(tuple(blobs), tuple(prefixes))


def names(files: Files, container: Location, prefix: str = "", delimiter: str = "", after: str = "") -> Iterator[str]:
    root = files.local_path(Location(container.account, container.container))
    walk = _Walk(root, files.sidecars(container.account, container.container), after, descend=delimiter != "/")
    folder, _, stem = prefix.rpartition("/")
    if folder and not (naming.is_blob(folder) and os.path.realpath(root / folder) == str(root / folder)):
        return  # no blob has such a name, or it is a link, which is not gone into
    found = walk.below(root / folder, f"{folder}/" if folder else "", stem)
    yield from found if delimiter in ("", "/") else _grouped(found, prefix, delimiter, after)


def _grouped(found: Iterator[str], prefix: str, delimiter: str, after: str) -> Iterator[str]:
    """Any delimiter but /: names that share a group stand together in the order, so each group is said once."""
    group = after
    for name in found:
        head, cut, _ = name[len(prefix) :].partition(delimiter)
        if not cut:
            yield name
        elif (this := prefix + head + delimiter) != group:
            group = this
            yield group


class _Look:
    """A blob by a name that a walk has just found. The walk went into no link, so a plain file needs no second look at its way."""

    def __init__(self, files: Files, container: Location) -> None:
        self._files = files
        self._container = container
        self._root = str(files.local_path(Location(container.account, container.container)))
        self._sidecars = files.sidecars(container.account, container.container)

    def at(self, name: str) -> Blob | None:
        location = Location(self._container.account, self._container.container, name)
        try:
            stat = os.lstat(f"{self._root}/{name}")
            if modes.S_ISREG(stat.st_mode):
                version = properties.version_of(stat)
                described = self._sidecars.read(name, version)
                return Blob(location, stat.st_size, described or properties.of_plain_file(stat), plain=described is None, version=version)
            return self._files.find(location)
        except (OSError, errors.AzurineError):
            return None  # a link that leads out, a file that may not be read, or is gone: not shown


class _Walk:
    def __init__(self, root: Path, sidecars: Sidecars, after: str, *, descend: bool) -> None:
        self.root = root
        self.sidecars = sidecars
        self.after = after
        self.descend = descend

    def below(self, folder: Path, base: str, stem: str = "") -> Iterator[str]:
        """Full names below a folder whose own name is `base`; those whose next segment begins with `stem`."""
        lowest = self.after[len(base) :].partition("/")[0] if self.after.startswith(base) else ""
        for key in self._ordered(folder, base, stem, lowest):
            name = base + key
            if not key.endswith("/"):
                if name > self.after:
                    yield name
            elif self.descend:
                if name > self.after or self.after.startswith(name):
                    yield from self.below(folder / key, name)
            elif name > self.after and self._any_blob(folder / key, name):
                yield name

    def _ordered(self, folder: Path, base: str, stem: str, lowest: str) -> Iterator[str]:
        last = ""
        while True:
            batch = heapq.nsmallest(BATCH, (key for key in self._keys(folder, base) if key.startswith(stem) and key >= lowest and key > last))
            yield from batch
            if len(batch) < BATCH:
                return
            last = batch[-1]

    def _keys(self, folder: Path, base: str) -> Iterator[str]:
        """`name` for a blob (or a folder's mark), `name/` for a folder. With the slash on, plain order is the order of full names."""
        try:
            entries = os.scandir(folder)
        except OSError:
            return
        with entries:
            for entry in entries:
                if not naming.is_blob(base + entry.name):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    yield f"{entry.name}/"
                    if self.sidecars.has(base + entry.name, properties.FOLDER_VERSION):
                        yield entry.name
                elif entry.is_file(follow_symlinks=False) or self._is_inside(entry):
                    yield entry.name

    def _is_inside(self, entry: "os.DirEntry[str]") -> bool:
        """A link is a blob when it leads to a file in the container. A linked folder is not gone into: it may be a circle."""
        try:
            return entry.is_symlink() and entry.is_file() and self.root in Path(os.path.realpath(entry.path)).parents
        except OSError:
            return False  # it leads in a circle

    def _any_blob(self, folder: Path, base: str) -> bool:
        folders = []
        for key in self._keys(folder, base):
            if not key.endswith("/"):
                return True
            folders.append(key)
        return any(self._any_blob(folder / key, base + key) for key in folders)
