"""A target from which the rows of one window after the other are taken: text files are written once as Parquet, with the columns that are wanted.

Without it a back-fill of ten weeks would read a large CSV file ten times for the model. The rows, their order and their types stay the same, so the
numbers do. Small files, Parquet, and runs of one window are left as they are.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from azurine.guest.drift import columns, lines, opening, reading, windows
from azurine.guest.drift.sources import PARQUET, SMALL, Source, named, quoted
from azurine.guest.drift.windows import Window
from azurine.model.errors import Invalid

LEAST = SMALL
"""Bytes of smaller files are read again in no time."""


@contextmanager
def quick(path: str, features: Sequence[str], stamp: str, spans: Sequence[Window], least: int = LEAST) -> Iterator[str]:
    """The path to take rows from. least: bytes from which on it is worth writing."""
    source = opening.find(path)
    if len(spans) < 2 or source.format == PARQUET or source.size < least:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="drift-") as folder:
        target = f"{folder}/rows.parquet"
        _write(source, features, stamp, spans, target)
        yield target


def _write(source: Source, features: Sequence[str], stamp: str, spans: Sequence[Window], target: str) -> None:
    import duckdb

    # One thread, so that the rows keep their order.
    with reading.engine(threads=1, ordered=True) as engine:
        try:
            stored = lines.described(engine, opening.opened(engine, source))
            types = {name: type for name, type in reading.wished(source, stored).items() if name in features}
            try:
                _copy(engine, opening.opened(engine, source), types, stamp, spans, target)
            except duckdb.Error:
                # A value of another type than the first rows: what does not fit is missing.
                _copy(engine, opening.opened(engine, source, as_text=True), types, stamp, spans, target)
        except duckdb.Error as error:
            raise Invalid(reading.first_line(error), path=source.path) from error


def _copy(engine: Any, relation: str, types: Mapping[str, str], stamp: str, spans: Sequence[Window], target: str) -> None:
    stored, stretches = lines.described(engine, relation), windows.cut(stamp, spans)
    values = [f"{columns.Column(name, type, stored[name]).value()} AS {named(name)}" for name, type in types.items() if name != stamp]
    chosen = ", ".join([*values, f"{stretches.moment(stored[stamp])} AS {named(stamp)}"])
    engine.execute(f"COPY (SELECT {chosen} FROM {relation} WHERE {stretches.place(stored[stamp])} >= 0) TO {quoted(target)} (FORMAT parquet)")
