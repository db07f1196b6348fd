"""Apply SQL Transformation: a query in SQLite's dialect over the tables t1, t2 and t3.

Integers and true/false are INTEGER, broken numbers REAL, dates TEXT as ISO 8601. Columns of the result are named as SQLite names them
(`MAX(BMI)`), repeated names get ` (2)`. Text of which a sample looks like dates becomes dates again.
"""

from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from azurine.designer import tables
from azurine.designer.bench import Bench
from azurine.designer.components import Asking, Question, Spool
from azurine.designer.parameters import Parameters
from azurine.designer.ports import Port, table_of
from azurine.designer.sql import checking
from azurine.designer.tables import Table
from azurine.model.errors import Invalid

_SCRIPT = "sql_query_script"
_DATE = r"^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?$"
_SAMPLE = 100


def run(inputs: Mapping[str, Port], parameters: Parameters, bench: Bench) -> Asking:
    given = {name: table_of(inputs, name) for name in ("t1", "t2", "t3") if name in inputs}
    try:
        checked = checking.check(parameters.text(_SCRIPT), given)
        plan = _planned(checked, given)
        if plan is not None:
            return {"results_dataset": tables.of(_renamed(plan, checked))}
        files = yield from _files(checked, given)
        result = _computed(checked, files, given, bench)
    except Invalid as error:
        raise parameters.wrong(_SCRIPT, error.message) from error
    return {"results_dataset": _dated(tables.of(_renamed(result, checked)))}


def _planned(checked: checking.Checked, given: Mapping[str, Table]) -> pl.LazyFrame | None:
    """The result as a plan, where that is possible; it needs no file of its own."""
    from azurine.designer.sql import plans  # the parser is imported when a query runs

    if len(checked.statements) != 1 or len(checked.reads) != 1:
        return None
    name = next(iter(checked.reads))
    return plans.planned(checked.statements[0], {name: _plain(given[name], checked.reads[name])}, {name: given[name]})


def _renamed(result: pl.LazyFrame, checked: checking.Checked) -> pl.LazyFrame:
    return result.rename({f"c{place}": name for place, name in enumerate(tables.unique_names(checked.names))})


def _files(checked: checking.Checked, given: Mapping[str, Table]) -> Generator[Question, Any, dict[str, Path]]:
    """Asks for the columns that are read, of each table that is read."""
    names = list(checked.reads)
    if not names:
        return {}
    paths = yield tuple(Spool(_plain(given[name], checked.reads[name])) for name in names)
    return dict(zip(names, paths, strict=True))


def _computed(checked: checking.Checked, files: Mapping[str, Path], given: Mapping[str, Table], bench: Bench) -> pl.LazyFrame:
    # The parser and the engine are imported when a query runs; many components never need them.
    from azurine.designer.sql import duck, faithful, lite

    read = {name: given[name].select(pl.read_parquet_schema(path)) for name, path in files.items()}
    if len(checked.statements) == 1:
        statement = faithful.translated(
            checked.statements[0], {name: {one.name: one.primitive for one in table.columns} for name, table in read.items()}
        )
        if statement:
            try:
                return pl.scan_parquet(duck.compute(statement, files, read, len(checked.names), bench.folder), glob=False)
            except duck.Refused as refusal:
                bench.say(f"computed by SQLite itself: {str(refusal).splitlines()[0]}")
    return lite.compute(checked, files, given, bench.folder)


def _plain(table: Table, read: frozenset[str]) -> pl.LazyFrame:
    """The columns that are read, in SQLite's types; one column at least, so that rows can be counted."""
    wanted = {name.lower() for name in read}
    names = [one for one in table.columns if one.name.lower() in wanted] or [table.columns[0]]
    return table.frame.select(_stored(one) for one in names)


def _stored(column: tables.Column) -> pl.Expr:
    value = pl.col(column.name)
    if column.primitive in ("Integer", "Boolean"):
        return value.cast(pl.Int64)
    if column.primitive == "DateTime":
        moment = value.cast(pl.Datetime("us"))
        broken = moment.dt.microsecond() != 0
        return pl.when(broken).then(moment.dt.strftime("%Y-%m-%d %H:%M:%S%.6f")).otherwise(moment.dt.strftime("%Y-%m-%d %H:%M:%S")).alias(column.name)
    if column.primitive == "TimeSpan":
        return value.cast(pl.Duration("ns")).cast(pl.Int64)
    return value.cast(pl.Float64).fill_nan(None) if column.primitive == "Double" else value


def _dated(table: Table) -> Table:
    """Text columns become dates when a sample of them looks like dates and all of them can be read as dates."""
    texts = [one.name for one in table.columns if one.primitive == "String"]
    if not texts:
        return table
    looks = table.frame.select(
        pl.col(name).drop_nulls().head(_SAMPLE).str.contains(_DATE).all() & pl.col(name).is_not_null().any() for name in texts
    ).collect()
    likely = [name for name in texts if looks[name][0]]
    if not likely:
        return table
    read = {name: pl.col(name).str.replace("T", " ").str.to_datetime(strict=False, time_unit="us") for name in likely}
    lost = table.frame.select((value.null_count() - pl.col(name).null_count()).alias(name) for name, value in read.items()).collect()
    dates = [value.alias(name) for name, value in read.items() if not lost[name][0]]
    return table.on(table.frame.with_columns(dates)) if dates else table
