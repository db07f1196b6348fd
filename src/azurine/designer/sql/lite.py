"""A script computed by SQLite itself, on a database in the scratch folder; its result as Parquet files of some ten thousand rows each."""

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from azurine.designer.sql.checking import Checked, declaration, guard, quoted
from azurine.designer.tables import Table
from azurine.model.errors import Invalid

_ROWS = 50_000


def compute(checked: Checked, files: Mapping[str, Path], tables: Mapping[str, Table], folder: Path) -> pl.LazyFrame:
    """The result, its columns named c0, c1 …"""
    connection = sqlite3.connect(folder / "sql.db", isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA temp_store = FILE")
        connection.execute("BEGIN")
        for name, table in tables.items():
            connection.execute(declaration(name, table))
            if name in files:
                _fill(connection, name, files[name])
        connection.execute("COMMIT")
        guard(connection)
        for statement in checked.statements[:-1]:
            connection.execute(statement).fetchall()
        return _kept(connection.execute(checked.statements[-1]), len(checked.names), folder)
    except sqlite3.Error as error:
        raise Invalid(f"SQL: {error}") from error
    finally:
        connection.close()


def _fill(connection: sqlite3.Connection, name: str, file: Path) -> None:
    """Columns that the script does not read are not in the file; they stay missing."""
    plan = pl.scan_parquet(file, glob=False)
    names = plan.collect_schema().names()
    insert = f"INSERT INTO {quoted(name)} ({', '.join(map(quoted, names))}) VALUES ({', '.join('?' * len(names))})"
    offset = 0
    while True:
        rows = plan.slice(offset, _ROWS).collect().rows()
        connection.executemany(insert, rows)
        if len(rows) < _ROWS:
            return
        offset += _ROWS


def _kept(cursor: sqlite3.Cursor, count: int, folder: Path) -> pl.LazyFrame:
    parts: list[pl.LazyFrame] = []
    while rows := cursor.fetchmany(_ROWS):
        part = folder / f"sqlite-{len(parts)}.parquet"
        pl.DataFrame([_series(f"c{place}", [row[place] for row in rows]) for place in range(count)]).write_parquet(part)
        parts.append(pl.scan_parquet(part, glob=False))
    if not parts:
        return pl.LazyFrame(schema={f"c{place}": pl.Null for place in range(count)})
    return _together(parts, count)


def _series(name: str, values: Sequence[Any]) -> pl.Series:
    """SQLite's values have types each of their own; a column has the narrowest type that holds them all."""
    types = {type(value) for value in values} - {type(None)}
    if types <= {int}:
        return pl.Series(name, values, dtype=pl.Int64 if types else pl.Null)
    if types <= {int, float}:
        return pl.Series(name, [None if value is None else float(value) for value in values], dtype=pl.Float64)
    return pl.Series(name, [None if value is None else _text(value) for value in values], dtype=pl.String)


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _together(parts: Sequence[pl.LazyFrame], count: int) -> pl.LazyFrame:
    """A column is text as soon as one part of it is."""
    schemas = [part.collect_schema() for part in parts]
    types: list[Any] = []
    for place in range(count):
        found = {schema[f"c{place}"] for schema in schemas}
        types.append(pl.String if pl.String in found else pl.Float64 if pl.Float64 in found else pl.Int64 if pl.Int64 in found else pl.Null)
    return pl.concat([part.select(pl.col(f"c{place}").cast(types[place]) for place in range(count)) for part in parts])
