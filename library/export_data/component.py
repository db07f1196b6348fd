"""Export Data: one file at exactly the given path, or rows added to a table of a database.

The file is written beside its place and put there by renaming, so whoever reads it sees the old one or the new one, whole. A header,
UTF-8, no index, missing as nothing. A table without rows or columns is an error, and what was there stays.
"""

import os
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import polars as pl

from azurine.designer import csv_files
from azurine.designer.bench import Bench
from azurine.designer.components import Asking, Question, Spool
from azurine.designer.parameters import Parameters, clipped
from azurine.designer.ports import Port, table_of
from azurine.designer.tables import Table
from azurine.model.errors import AzurineError

_BLOCK = 1 << 20
_LARGE = 8 << 20
"""Bytes of a file from which on its size is told, not its rows: nobody should wait for those to be counted."""


def run(inputs: Mapping[str, Port], parameters: Parameters, bench: Bench) -> Asking:
    table = table_of(inputs, "dataset")
    if not table.columns:
        raise bench.failing("dataset: the table has no columns; there is nothing to export")
    extent = yield from (_to_file if parameters.text("destination") == "Datastore" else _to_database)(table, parameters, bench)
    bench.say(f"exported {extent}")
    return {}


def _to_file(table: Table, parameters: Parameters, bench: Bench) -> Generator[Question, Any, str]:
    path, sort = _place(parameters, bench), parameters.text("file_format")
    started = path.with_name(f".{path.name}.{uuid4().hex}")
    frame = table.visible()
    if sort == "parquet":
        sink = frame.sink_parquet(started, lazy=True)
    else:
        sink = csv_files.sink(frame, started, "\t" if sort == "tsv" else ",")
    try:
        yield sink
        size = started.stat().st_size
        rows = _counted(started, sort, 1 if size > _LARGE else None)
        if not rows:
            raise bench.failing("dataset: the table has no rows; there is nothing to export")
        with started.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(started, path)
    except OSError as error:
        raise parameters.wrong("datastore_path", f"it cannot be written: {error.strerror}") from error
    finally:
        started.unlink(missing_ok=True)
    return f"{size / 1_000_000:,.1f} MB" if size > _LARGE else f"{rows} rows"


def _counted(path: Path, sort: str, most: int | None) -> int:
    """Rows of the file that was written, at least `most` if there are so many: to look at it costs a tenth of counting them in another plan."""
    if sort == "parquet":
        return int(pl.scan_parquet(path, glob=False).select(pl.len()).collect().item())
    lines = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            if b'"' in block:  # a value may have lines of its own
                separator = "\t" if sort == "tsv" else ","
                frame = pl.scan_csv(path, separator=separator, infer_schema=False, glob=False, n_rows=most)
                return int(frame.select(pl.len()).collect().item())
            lines += block.count(b"\n")
            if most is not None and lines > most:
                break
    return lines - 1


def _place(parameters: Parameters, bench: Bench) -> Path:
    address = parameters.text("datastore_path")
    if not address or address.endswith("/"):
        raise parameters.wrong("datastore_path", "say which file, such as azureml://datastores/workspaceblobstore/paths/1-bronze/diabetes.csv")
    try:
        path = bench.locate(address)
        if path.is_dir():
            raise parameters.wrong("datastore_path", "there is a folder of this name")
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise parameters.wrong("datastore_path", f"it cannot be written: {error.strerror}") from error
    except AzurineError as error:
        raise parameters.wrong("datastore_path", error.message, error.code) from error
    if not os.access(path.parent, os.W_OK):
        raise parameters.wrong("datastore_path", "it cannot be written: the store is read-only")
    return path


def _to_database(table: Table, parameters: Parameters, bench: Bench) -> Generator[Question, Any, str]:
    """Rows that are missing altogether are left out (parity)."""
    names = list(parameters.columns("columns_to_export", table)) if parameters.text("columns_to_export").strip() else list(table.names)
    theirs = [one.strip() for one in parameters.text("table_columns").split(",") if one.strip()] or names
    if len(theirs) != len(names):
        raise parameters.wrong("table_columns", f"give {len(names)} names, one for each exported column, not {len(theirs)}")
    if not parameters.text("table_name").strip():
        raise parameters.wrong("table_name", "say which table")
    path = yield Spool(table.frame.select(names).filter(~pl.all_horizontal(pl.all().is_null())))
    frame = pl.read_parquet(path).rename(dict(zip(names, theirs, strict=True)))
    if frame.is_empty():
        raise bench.failing("dataset: the table has no rows; there is nothing to export")
    _insert(frame, table, dict(zip(theirs, names, strict=True)), parameters)
    return f"{frame.height} rows"


def _insert(frame: pl.DataFrame, table: Table, names: Mapping[str, str], parameters: Parameters) -> None:
    """All rows, or none: one transaction."""
    # SQLAlchemy is a third of a second of imports that only databases need.
    import sqlalchemy as sql
    from sqlalchemy.exc import SQLAlchemyError

    types = {"Integer": sql.BigInteger, "Double": sql.Float, "Boolean": sql.Boolean, "DateTime": sql.DateTime, "TimeSpan": sql.Interval}
    made: list[sql.Column[Any]] = [sql.Column(theirs, types.get(table[ours].primitive, sql.Text)) for theirs, ours in names.items()]
    at_a_time = parameters.whole("rows_per_operation")
    try:
        engine = sql.create_engine(parameters.text("connection"))
        with engine.begin() as connection:
            target = sql.Table(parameters.text("table_name"), sql.MetaData(), *made)
            target.create(connection, checkfirst=True)
            for start in range(0, frame.height, at_a_time):
                connection.execute(target.insert(), frame.slice(start, at_a_time).to_dicts())
        engine.dispose()
    except SQLAlchemyError as error:
        raise parameters.wrong("table_name", f"the database answered: {clipped(str(error.__cause__ or error))}") from error
    except (ImportError, ValueError) as error:
        raise parameters.wrong("connection", f"this address cannot be used: {clipped(str(error))}") from error
