"""Parquet, read and written in pieces. https://learn.microsoft.com/azure/data-factory/format-parquet"""

from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any, BinaryIO, cast

import polars as pl
from polars.exceptions import PolarsError

from azurine.movement.failing import failure

ROWS = 50_000
COMPRESSIONS = {"snappy": "snappy", "gzip": "gzip", "none": "uncompressed", "": "snappy", "brotli": "brotli", "zstd": "zstd", "lz4": "lz4"}


def read(stream: BinaryIO, name: str, path: Path | None = None) -> Iterator[pl.DataFrame]:
    """path: where it lies on this machine, if it does."""
    try:
        lazy = pl.scan_parquet(path if path is not None else stream, glob=False)
        if not lazy.collect_schema():
            return
        found = False
        for frame in lazy.collect_batches(chunk_size=ROWS, maintain_order=True):
            found = True
            yield frame
        if not found:
            yield lazy.head(0).collect()
    except PolarsError as error:
        raise failure("ParquetInvalidFile", f"File '{name}' is not a valid Parquet file: {error}") from error


class Writer:
    """Frames go to the writing thread one by one, so that no more than a few are ever in memory. Those after the first keep to its columns."""

    def __init__(self, path: Path, compression: str = "") -> None:
        kind = COMPRESSIONS.get(compression.lower())
        if kind is None:
            raise failure(
                "ParquetUnsupportedCompression", f"The compression '{compression}' of Parquet is not supported here; snappy or gzip would be right."
            )
        self._path = path
        self._kind = kind
        self._schema: pl.Schema | None = None
        self._queue: Queue[pl.DataFrame | None] = Queue(2)
        self._thread: Thread | None = None
        self._problem: BaseException | None = None

    def write(self, frame: pl.DataFrame) -> None:
        if self._schema is None:
            frame = frame.with_columns(pl.col(pl.Null).cast(pl.String))
            self._schema = frame.schema
            self._thread = Thread(target=self._run, args=(frame.schema,))
            self._thread.start()
        elif frame.schema != self._schema:
            frame = frame.select(
                pl.col(name).cast(kind) if name in frame.columns else pl.lit(None, kind).alias(name) for name, kind in self._schema.items()
            )
        self._queue.put(frame)

    def finish(self) -> None:
        """Raises what went wrong."""
        if self._thread is None:
            pl.DataFrame().write_parquet(self._path)
            return
        self.abandon()
        if self._problem is not None:
            raise failure("ParquetWriteFailed", f"The file cannot be written as Parquet: {self._problem}")

    def abandon(self) -> None:
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()

    def _run(self, schema: pl.Schema) -> None:
        from polars.io.plugins import register_io_source

        def frames(*_: Any) -> Iterator[pl.DataFrame]:
            while (frame := self._queue.get()) is not None:
                yield frame

        try:
            lazy = register_io_source(frames, schema=dict(schema))
            lazy.sink_parquet(self._path, compression=cast(Any, self._kind), engine="streaming")
        except Exception as error:  # noqa: BLE001 the edge of the thread: told by `finish`
            self._problem = error
            while self._queue.get() is not None:
                pass
