"""What a table is written to: files of some format. Everything is staged; `finish` puts it in its place when all of it is there.

    where a file goes            from one file of the source            from several, or a query
    fileName of the dataset      that name                              one file of that name
    PreserveHierarchy            its own path, with the ending of the format
    FlattenHierarchy             a name made up                         a name made up, for each
    MergeFiles                   one file, its name made up

https://learn.microsoft.com/azure/data-factory/connector-azure-blob-storage#blob-storage-as-a-sink-type
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, Protocol, cast

import polars as pl

from azurine.movement import compression, delimited, documents, parquet, places
from azurine.movement.sources import unsupported

ENDINGS = {"delimitedtext": ".csv", "json": ".json", "parquet": ".parquet"}
_AS_JSON = (pl.String, pl.Boolean, pl.Int32, pl.Int64)
FLATTEN, MERGE = "flattenhierarchy", "mergefiles"


class Writer(Protocol):
    def write(self, frame: pl.DataFrame) -> None: ...

    def write_objects(self, objects: Sequence[Mapping[str, Any]]) -> None: ...

    def finish(self) -> None: ...

    def abandon(self) -> None: ...


class FileSink:
    """dataset: opened. settings: the sink of a Copy. key: what names are made up from."""

    def __init__(self, dataset: Mapping[str, Any], settings: Mapping[str, Any], key: str) -> None:
        self._dataset = dataset
        self._format: Mapping[str, Any] = dataset.get("format") or {}
        self._kind = str(self._format.get("type") or "").lower()
        if self._kind not in ENDINGS:
            raise unsupported(dataset)
        self._written: Mapping[str, Any] = settings.get("formatSettings") or {}
        location = dataset["location"]
        self._folder = "/".join(part for part in (location.get("container"), location.get("folder")) if part)
        self._file = str(location.get("file") or "")
        self._behaviour = str((settings.get("storeSettings") or {}).get("copyBehavior") or settings.get("copyBehavior") or "").lower()
        self._most = int(self._written.get("maxRowsPerFile") or 0)
        self._key = key
        self._place = places.of(dataset["connection"])
        self._staged: list[tuple[Path, str]] = []
        self._writer: Writer | None = None
        self._rows = 0
        self._parts = 0
        self._target = ""
        self.bytes = 0
        self.rows = 0

    @property
    def takes_objects(self) -> bool:
        return self._kind == "json"

    @property
    def files(self) -> int:
        return len(self._staged)

    def begin(self, path: str) -> None:
        """What is written from now on comes from that file (below the folder that was asked for; "" for a query)."""
        target = self._name(path)
        if self._writer is not None and target == self._target:
            return
        self._close()
        self._target, self._parts = target, 0

    def write(self, frame: pl.DataFrame) -> None:
        if not self._most:
            self._open().write(frame)
            self.rows += frame.height
            return
        while True:
            writer = self._open()
            piece = frame.head(self._most - self._rows)
            writer.write(piece)
            self._rows += piece.height
            self.rows += piece.height
            frame = frame.slice(piece.height)
            if not frame.height:
                return
            self._close()

    def write_objects(self, objects: Sequence[Mapping[str, Any]]) -> None:
        while objects:
            room = self._most - self._rows if self._most else len(objects)
            self._open().write_objects(objects[:room])
            self._rows += len(objects[:room])
            self.rows += len(objects[:room])
            objects = objects[room:]
            if objects:
                self._close()

    def end(self) -> None:
        """A file of the source is over: one without rows leaves one without rows."""
        self._open()

    def finish(self) -> None:
        self._close()
        self.bytes = sum(staged.stat().st_size for staged, _ in self._staged)
        for staged, path in self._staged:
            self._place.put(staged, path)

    def abandon(self) -> None:
        if self._writer is not None:
            self._writer.abandon()
            self._writer = None

    def close(self) -> None:
        self._place.close()

    def _open(self) -> Writer:
        if self._writer is None:
            path = self._target
            if self._most:
                prefix = str(self._written.get("fileNamePrefix") or self._target.rpartition("/")[2].partition(".")[0])
                path = f"{self._target.rpartition('/')[0]}/{prefix}_{self._parts:05d}{self._ending()}".lstrip("/")
            staged = self._place.stage()
            self._staged.append((staged, path))
            self._writer = self._made(staged, path.rpartition("/")[2])
            self._parts += 1
            self._rows = 0
        return self._writer

    def _made(self, staged: Path, name: str) -> Writer:
        if self._kind == "parquet":
            return _Parquet(staged, compression_of(self._format))
        text = _Text(staged, compression.codec(self._format), name, compression.level(self._format))
        if self._kind == "json":
            return _Json(text, str(self._written.get("filePattern") or ""), str(self._format.get("encodingName") or "utf-8"))
        return _Delimited(text, delimited.dialect(self._format), bool(self._written.get("quoteAllText")))

    def _close(self) -> None:
        if self._writer is not None:
            self._writer.finish()
            self._writer = None
            self._rows = 0

    def _name(self, path: str) -> str:
        if self._file:
            name = self._file
        elif self._behaviour == MERGE or not path:
            name = f"data_{self._key}{self._ending()}"
        elif self._behaviour == FLATTEN:
            name = f"data_{self._key}_{len(self._staged):05d}{self._ending()}"
        else:
            name = self._renamed(path)
        return f"{self._folder}/{name}".lstrip("/")

    def _renamed(self, path: str) -> str:
        """The name of a source file, with this format's ending."""
        folder, slash, name = path.rpartition("/")
        stem = name.partition(".")[0] or name
        return f"{folder}{slash}{stem}{self._ending()}"

    def _ending(self) -> str:
        packed = compression.EXTENSIONS.get(compression.codec(self._format), "") if self._kind != "parquet" else ""
        return (str(self._written.get("fileExtension") or "") or ENDINGS[self._kind]) + packed


def compression_of(written: Mapping[str, Any]) -> str:
    return str(written.get("compressionCodec") or "")


class _Text:
    """A staged file of bytes, compressed or not."""

    def __init__(self, staged: Path, codec: str, name: str, level: int) -> None:
        self._stack = ExitStack()
        file = self._stack.enter_context(staged.open("wb"))
        self.stream = self._stack.enter_context(compression.packing(file, codec, name, level))

    def close(self) -> None:
        self._stack.close()


class _Delimited:
    def __init__(self, text: _Text, how: delimited.Dialect, quote_all: bool) -> None:
        self._text = text
        self._how = how
        self._quote_all = quote_all
        self._columns: list[str] | None = None

    def write(self, frame: pl.DataFrame) -> None:
        if self._columns is not None and frame.columns != self._columns:
            frame = frame.select(pl.col(name) if name in frame.columns else pl.lit(None, pl.String).alias(name) for name in self._columns)
        delimited.write(frame, self._text.stream, self._how, head=self._columns is None, quote_all=self._quote_all)
        self._columns = frame.columns

    def write_objects(self, objects: Iterable[Mapping[str, Any]]) -> None:
        raise AssertionError("objects are made a table before they are written as text")

    def finish(self) -> None:
        self._text.close()

    abandon = finish


class _Json:
    def __init__(self, text: _Text, pattern: str, encoding: str) -> None:
        self._text = text
        self._writer = documents.Writer(text.stream, pattern, encoding)

    def write(self, frame: pl.DataFrame) -> None:
        if self._writer.is_plain and all(kind in _AS_JSON for kind in frame.dtypes):
            frame.write_ndjson(cast(IO[bytes], self._text.stream))  # what JSON has words for is written a lot faster as a whole
        else:
            self._writer.write(frame.iter_rows(named=True))

    def write_objects(self, objects: Iterable[Mapping[str, Any]]) -> None:
        self._writer.write(objects)

    def finish(self) -> None:
        self._writer.finish()
        self._text.close()

    def abandon(self) -> None:
        self._text.close()


class _Parquet:
    def __init__(self, staged: Path, codec: str) -> None:
        self._writer = parquet.Writer(staged, codec)

    def write(self, frame: pl.DataFrame) -> None:
        self._writer.write(frame)

    def write_objects(self, objects: Iterable[Mapping[str, Any]]) -> None:
        raise AssertionError("objects are made a table before they are written as Parquet")

    def finish(self) -> None:
        self._writer.finish()

    def abandon(self) -> None:
        self._writer.abandon()
