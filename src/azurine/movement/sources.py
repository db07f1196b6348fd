"""What a table is read from: files of some format, one after the other, or a query of a database. A unit is one file, or one query.

for unit in sources.units(source): for piece in unit.pieces(): …      a piece is a frame, or (of JSON) a list of objects
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import polars as pl

from azurine.movement import compression, databases, delimited, documents, finding, parquet, places, rest, web, workbooks
from azurine.movement.failing import failure
from azurine.movement.places import Entry, Place
from azurine.movement.rejecting import Rejects

Piece = pl.DataFrame | list[dict[str, Any]]
OBJECTS = 5_000
HIERARCHICAL = ("json",)


@dataclass(slots=True)
class Tally:
    """What was read so far. errors of single files that were left out: `skipped`."""

    bytes: int = 0
    files: int = 0
    partitions: int = 0


@dataclass(frozen=True, slots=True)
class Unit:
    """path: below the folder that was asked for; "" for a query. columns: constants of this file, such as those of its partition."""

    path: str
    pieces: Callable[[], Iterator[Piece]]
    columns: Mapping[str, str] = field(default_factory=dict)
    entry: Entry | None = None


@dataclass(slots=True)
class Source:
    """dataset: opened (`orders`). settings: the source of a Copy or a Lookup."""

    dataset: Mapping[str, Any]
    settings: Mapping[str, Any]
    rejects: Rejects
    tally: Tally = field(default_factory=Tally)
    place: Place | None = None
    found: finding.Found | None = None

    @property
    def format(self) -> str:
        return str((self.dataset.get("format") or {}).get("type") or "").lower()

    @property
    def is_database(self) -> bool:
        return bool(self.dataset["connection"]["kind"] == "sql")

    def close(self) -> None:
        if self.place is not None:
            self.place.close()


def units(source: Source) -> Iterator[Unit]:
    """Raises UserErrorFileNotFound and the like before the first is read."""
    if source.is_database:
        yield Unit("", lambda: databases.read(source.dataset, source.settings))
        return
    if source.dataset["connection"]["kind"] == "http" and source.format == rest.FORMAT:
        yield Unit("", lambda: _answered(source))
        return
    if source.dataset["connection"]["kind"] == "http":
        yield Unit(web.name(source.dataset), lambda: _downloaded(source))
        return
    yield from files(source)


def files(source: Source) -> Iterator[Unit]:
    source.place = places.of(source.dataset["connection"])
    settings = source.settings.get("storeSettings") or {}
    recursive = finding.truth(source.settings.get("recursive"), True)
    source.found = finding.find(source.place, source.dataset["location"], settings, recursive)
    discovers = finding.truth(settings.get("enablePartitionDiscovery"), False)
    root = str(settings.get("partitionRootPath") or source.found.base)
    for entry in source.found.files:
        yield Unit(source.found.relative(entry), _of_file(source, entry), _partitions(entry, root) if discovers else {}, entry)


def open_file(source: Source, entry: Entry) -> BinaryIO:
    assert source.place is not None
    return source.place.open(entry.path)


def _of_file(source: Source, entry: Entry) -> Callable[[], Iterator[Piece]]:
    def pieces() -> Iterator[Piece]:
        with open_file(source, entry) as stream:
            # What fsspec opens is no file of this machine, and a file that is packed cannot be read at its place.
            local = Path(stream.name) if isinstance(getattr(stream, "name", None), str) and isinstance(source.place, places.Folder) else None
            yield from of_stream(source, stream, entry.path, local)
        source.tally.files += 1
        source.tally.bytes += entry.size

    return pieces


def of_stream(source: Source, stream: BinaryIO, name: str, local: Path | None = None) -> Iterator[Piece]:
    """The table, or the objects, in an opened file."""
    written: Mapping[str, Any] = source.dataset.get("format") or {}
    settings = source.settings.get("formatSettings") or {}
    kind = source.format
    if kind == "parquet":
        yield from parquet.read(stream, name, local)
        return
    for member, unpacked in compression.members(stream, name, compression.codec(written)):
        match kind:
            case "delimitedtext":
                skip = int(settings.get("skipLineCount") or source.settings.get("skipLineCount") or 0)
                yield from delimited.read(unpacked, member, delimited.dialect(written), source.rejects, skip)
            case "json":
                objects = documents.read(unpacked, member, str(written.get("encodingName") or "utf-8"))
                while piece := list(islice(objects, OBJECTS)):
                    yield piece
            case "excel":
                yield from workbooks.read(unpacked, member, written)
            case _:
                raise unsupported(source.dataset)


def unsupported(dataset: Mapping[str, Any]) -> Exception:
    kind = (dataset.get("format") or {}).get("type") or dataset.get("type")
    message = f"The format of the dataset '{dataset.get('name')}' ({kind}) cannot be read or written as a table here; DelimitedText, Json, Parquet, Excel and Binary can."
    return failure("UserErrorUnsupportedFormat", message)


def _answered(source: Source) -> Iterator[Piece]:
    for objects, size in rest.pages(source.dataset, source.settings):
        source.tally.bytes += size
        yield objects


def _downloaded(source: Source) -> Iterator[Piece]:
    with ExitStack() as stack:
        stream, size = stack.enter_context(web.fetched(source.dataset, source.settings))
        yield from of_stream(source, stream, web.name(source.dataset))
        source.tally.files += 1
        source.tally.bytes += size


def _partitions(entry: Entry, root: str) -> dict[str, str]:
    """Columns out of folders such as year=2024 below the root."""
    relative = entry.path[len(root.strip("/")) :] if entry.path.startswith(root.strip("/")) else entry.path
    parts: Sequence[str] = relative.strip("/").split("/")[:-1]
    return dict(part.split("=", 1) for part in parts if "=" in part)
