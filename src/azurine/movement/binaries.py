"""Binary copy: bytes as they are, file by file; packed and unpacked when the datasets say so. The older way without formats is the same.

https://learn.microsoft.com/azure/data-factory/format-binary
"""

from collections.abc import Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, BinaryIO

from azurine.model import errors
from azurine.movement import compression, finding, logging, places, sources, web
from azurine.movement.failing import NOT_ALLOWED, NOT_FOUND, SINK, SOURCE, failure, on
from azurine.movement.places import PIECE, Entry, Place
from azurine.movement.rejecting import Rejects
from azurine.movement.sinks import FLATTEN, MERGE
from azurine.movement.sources import Source

CHANGED = "UserErrorFileChanged"
SKIPPED: Mapping[str, tuple[str, ...]] = {
    "fileMissing": (NOT_FOUND,),
    "fileForbidden": (NOT_ALLOWED,),
    "dataInconsistency": (CHANGED,),
    "invalidFileName": ("UserErrorInvalidPath",),
}
"""skipErrorFile: what may be left out → the codes of what goes wrong then."""


def copy(order: Mapping[str, Any]) -> dict[str, Any]:
    source = Source(order["source"]["dataset"], order["source"]["settings"], Rejects())
    log = logging.Log(order.get("log"))
    if log.staged is not None:
        logging.begin(log.staged)
    with closing(log), closing(source):
        with on(SINK):
            sink = _Sink(order)
        with closing(sink):
            _pour(source, sink, order, log.staged)
            with on(SINK):
                sink.finish()
                path = log.put() if sink.skipped or _tells_all(order) else ""
        if finding.truth((source.settings.get("storeSettings") or {}).get("deleteFilesAfterCompletion"), False):
            remove(source)
        return {
            "dataRead": source.tally.bytes,
            "dataWritten": sink.bytes,
            "filesRead": source.tally.files,
            "filesWritten": sink.files,
            "filesSkipped": sink.skipped,
            "log": path,
            "verified": sink.is_whole(source.tally.bytes) if order.get("verify") else False,
        }


def remove(source: Source) -> None:
    """deleteFilesAfterCompletion: what was copied goes."""
    with on(SOURCE):
        for entry in source.found.files if source.found is not None else ():
            if source.place is not None:
                source.place.remove(entry)


def _tells_all(order: Mapping[str, Any]) -> bool:
    """Is every file to be logged, and not only those that are left out?"""
    return str((order.get("log") or {}).get("level") or "").lower() == "info"


def _pour(source: Source, sink: "_Sink", order: Mapping[str, Any], log: Path | None) -> None:
    codec = compression.codec(source.dataset.get("format") or {})
    if source.dataset["connection"]["kind"] == "http":
        with on(SOURCE), web.fetched(source.dataset, source.settings) as (stream, size):
            _members(stream, web.name(source.dataset), codec, sink, source)
            source.tally.bytes += size
            source.tally.files += 1
        return
    said = order.get("skipErrorFile") or {}
    skipped = {code for key, codes in SKIPPED.items() if finding.truth(said.get(key), False) for code in codes}
    with on(SOURCE):
        units = list(sources.files(source))
    for unit in units:
        assert unit.entry is not None
        mark = sink.mark
        try:
            with on(SOURCE), sources.open_file(source, unit.entry) as stream:
                _members(_Whole(stream, unit.entry) if not codec else stream, unit.path, codec, sink, source)
        except Exception as error:
            # A file that has gone since it was listed, say, may be left out when the copy says so; nothing else may.
            if not isinstance(error, errors.AzurineError) or error.code not in skipped or not sink.forget(mark):
                raise
            if log is not None:
                logging.add(log, "Warning", "FileSkip", unit.entry.path, f"{error.code},{error.message}")
            continue
        if log is not None and _tells_all(order):
            logging.add(log, "Info", "FileRead", unit.entry.path, "Complete to read file successfully.")
        source.tally.bytes += unit.entry.size
        source.tally.files += 1


def _members(stream: Any, path: str, codec: str, sink: "_Sink", source: Source) -> None:
    settings = (source.settings.get("formatSettings") or {}).get("compressionProperties") or {}
    for name, member in compression.members(stream, path.rpartition("/")[2], codec):
        folder = path.rpartition("/")[0]
        if codec in compression.ARCHIVES:
            keeps = (
                any(
                    settings.get(key) is not False
                    for key in ("preserveZipFileNameAsFolder", "preserveCompressionFileNameAsFolder")
                    if key in settings
                )
                if settings
                else True
            )
            folder = "/".join(part for part in (folder, path.rpartition("/")[2].partition(".")[0] if keeps else "") if part)
        sink.take(member, "/".join(part for part in (folder, name) if part))


class _Whole:
    """A file that must be as long as it was when it was listed: a source that shrinks under the copy is none."""

    def __init__(self, stream: BinaryIO, entry: Entry) -> None:
        self._stream = stream
        self._entry = entry
        self._left = entry.size

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self._left -= len(data)
        if not data and self._left > 0:
            raise failure(CHANGED, f"The file '{self._entry.path}' has become shorter while it was copied.")
        return data


class _Sink:
    def __init__(self, order: Mapping[str, Any]) -> None:
        dataset, settings = order["sink"]["dataset"], order["sink"]["settings"]
        location = dataset["location"]
        self._place: Place = places.of(dataset["connection"])
        self._folder = "/".join(part for part in (location.get("container"), location.get("folder")) if part)
        self._file = str(location.get("file") or "")
        self._behaviour = str((settings.get("storeSettings") or {}).get("copyBehavior") or "").lower()
        self._codec = compression.codec(dataset.get("format") or {})
        self._level = compression.level(dataset.get("format") or {})
        self._unpacks = bool(compression.codec(order["source"]["dataset"].get("format") or {}))
        self._key = str(order["name"])
        self._staged: list[tuple[Path, str]] = []
        self._merged: tuple[ExitStack, BinaryIO] | None = None
        self.bytes = 0
        self.skipped = 0

    @property
    def files(self) -> int:
        return len(self._staged)

    def take(self, stream: BinaryIO, path: str) -> None:
        if self._behaviour == MERGE or self._file:
            if self._merged is None:
                self._merged = self._open(self._file or f"data_{self._key}{Path(path).suffix}")
            self._fill(stream, self._merged[1])
            return
        if self._behaviour == FLATTEN:
            path = f"data_{self._key}_{len(self._staged):05d}{Path(path).suffix}"
        stack, target = self._open(path + compression.EXTENSIONS.get(self._codec, ""))
        with stack:
            self._fill(stream, target)

    @property
    def mark(self) -> int:
        """How far it is; `forget` goes back there."""
        return self._merged[1].tell() if self._merged is not None else len(self._staged)

    def forget(self, mark: int) -> bool:
        """A file that could not be read is left out, with what was staged of it; False when parts of it lie among those of others already."""
        if self._merged is not None:
            if self.mark != mark and mark:
                return False
            mark = 0 if not mark else 1
            if not mark:
                self._merged[0].close()
                self._merged = None
        del self._staged[mark:]
        self.skipped += 1
        return True

    def finish(self) -> None:
        if self._merged is not None:
            self._merged[0].close()
            self._merged = None
        self.bytes = sum(staged.stat().st_size for staged, _ in self._staged)
        for staged, path in self._staged:
            self._place.put(staged, path)

    def is_whole(self, read: int) -> bool:
        """validateDataConsistency: are all bytes that were read where they belong? Raises when some are not; False when they were packed or unpacked."""
        if self._codec or self._unpacks:
            return False
        there = [self._place.look(path) for _, path in self._staged]
        if read != self.bytes or sum(one.size for one in there if one is not None) != read:
            raise failure("DataConsistencyVerificationFailed", f"{read} bytes were read, and {self.bytes} were written.")
        return True

    def close(self) -> None:
        if self._merged is not None:
            self._merged[0].close()
        self._place.close()

    def _open(self, name: str) -> tuple[ExitStack, BinaryIO]:
        with on(SINK):
            staged = self._place.stage()
        self._staged.append((staged, places.clean(f"{self._folder}/{name}")))
        stack = ExitStack()
        file = stack.enter_context(staged.open("wb"))
        return stack, stack.enter_context(compression.packing(file, self._codec, name.rpartition("/")[2], self._level))

    def _fill(self, stream: BinaryIO, target: BinaryIO) -> None:
        while piece := stream.read(PIECE):
            with on(SINK):
                target.write(piece)
