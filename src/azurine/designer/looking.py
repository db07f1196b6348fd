"""Looking at a table without taking it along: its schema and first rows, and what its columns hold.

    preview  {"columns": [{"name", "type", "kind"}], "rows": [[…]], "rowCount": 1000 or null, "path"}
    profile  {"rowCount", "columns": [{"name", "type", "kind", "missing", "distinct", "min", "max", "mean", …, "histogram", "top"}]}

Everything is a lazy plan that Polars runs streaming, so a table larger than memory may be looked at; it is gone over a few times, the last
time for the most frequent values of columns with few of them. Large text files are made Parquet for it first: reading text is what takes
long. Answers are bounded: rows, columns, and the length of a text. Distinct values of large tables are estimated (`distinctIsEstimate`), within a few per cent.
"""

import math
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
from polars.exceptions import PolarsError

from azurine.designer import csv_files, sources, tables
from azurine.designer.bench import SAMPLE
from azurine.model.errors import Invalid

ROWS, MOST_ROWS = 50, 1000
BINS, MOST_BINS = 20, 100
MOST_COLUMNS = 500
MOST_CELLS = 50_000
LONGEST = 1000
"""Characters of a text that are answered."""
EXACT = 100_000
"""Rows up to which distinct values are counted one by one."""
FEW, TOP = 1000, 10
"""Distinct values that a column may have for its most frequent ones to be counted; how many of these are answered."""

Json = dict[str, Any]


def preview(path: Path, rows: int = ROWS) -> Json:
    """Raises Invalid for what is no table."""
    return _twice(path, lambda sample: _preview(path, min(rows, MOST_ROWS), sample))


def profile(path: Path, bins: int = BINS) -> Json:
    """Raises Invalid for what is no table."""
    with tempfile.TemporaryDirectory(prefix="looking-") as scratch:
        return _twice(path, lambda sample: _profile(path, min(bins, MOST_BINS), sample, Path(scratch) / "table.parquet"))


def _twice(path: Path, look: Callable[[int | None], Json]) -> Json:
    """Again with types inferred from all rows, when those inferred from the first ones do not hold."""
    try:
        try:
            found = look(SAMPLE)
        except PolarsError as error:
            if not csv_files.is_surprise(error):
                raise
            found = look(None)
        return found
    except (PolarsError, OSError, UnicodeDecodeError, pl.exceptions.PanicException) as error:
        raise Invalid(f"{path.name!r} cannot be read as a table: {str(error).splitlines()[0][:300]}", code="NoTable") from error


def _preview(path: Path, rows: int, sample: int | None) -> Json:
    frame, kinds = sources.scan(path, sample)
    schema = frame.collect_schema()
    names = schema.names()[:MOST_COLUMNS]
    first = frame.select(names).head(max(1, min(rows, MOST_CELLS // max(1, len(names))))).collect(engine="streaming")
    count = int(frame.select(pl.len()).collect(engine="streaming").item()) if sources.is_quickly_counted(path) else None
    return {
        "columns": [_described(name, schema[name], kinds) for name in names],
        "columnCount": len(schema),
        "rows": [[_plain(one) for one in row] for row in first.iter_rows()][:rows],
        "rowCount": count,
    }


def _profile(path: Path, bins: int, sample: int | None, scratch: Path) -> Json:
    frame, kinds = sources.scan(path, sample)
    schema = frame.collect_schema()
    names = schema.names()[:MOST_COLUMNS]
    if not sources.is_quickly_read(path):
        frame.select(names).sink_parquet(scratch, compression="lz4")
        frame = pl.scan_parquet(scratch, glob=False)
    frame = _without_nan(frame.select(names), schema)
    count = int(frame.select(pl.len()).collect(engine="streaming").item())
    said = _measured(frame, schema, names, exact=count <= EXACT)
    histograms = _histograms(frame, schema, said, bins)
    columns = []
    for name in names:
        measures = said[name]
        column = {**_described(name, schema[name], kinds), **{key: _plain(value) for key, value in measures.items()}}
        column["distinctIsEstimate"] = count > EXACT and "distinct" in measures
        columns.append(column | ({"histogram": histograms[name]} if name in histograms else {}))
    tops = _most_frequent(frame, schema, said, small=count <= EXACT)
    for column in columns:
        if column["name"] in tops:
            column["top"] = tops[column["name"]]
    return {"rowCount": count, "columnCount": len(schema), "columns": columns}


def _measured(frame: pl.LazyFrame, schema: pl.Schema, names: Sequence[str], exact: bool) -> dict[str, Json]:
    """One pass for the numbers of all columns."""
    wanted: list[pl.Expr] = []
    asked: list[tuple[str, str]] = []
    for name in names:
        for measure, expression in _measures(pl.col(name), schema[name], exact).items():
            wanted.append(expression.alias(str(len(wanted))))
            asked.append((name, measure))
    row = frame.select(wanted).collect(engine="streaming").row(0) if wanted else ()
    found: dict[str, Json] = {name: {} for name in names}
    for (name, measure), value in zip(asked, row, strict=True):
        found[name][measure] = value
    return found


def _measures(column: pl.Expr, type_: pl.DataType, exact: bool) -> dict[str, pl.Expr]:
    missing = {"missing": column.null_count()}
    if type_.is_nested() or type_ in (pl.Object, pl.Binary):
        return missing
    distinct = {**missing, "distinct": column.drop_nulls().n_unique() if exact else column.drop_nulls().approx_n_unique()}
    if type_.is_numeric():
        number = column.cast(pl.Float64)
        return {**distinct, "min": column.min(), "max": column.max(), "mean": number.mean(), "standardDeviation": number.std()}
    if type_ == pl.Boolean:
        return {**distinct, "true": column.sum()}
    if type_.is_temporal():
        return {**distinct, "min": column.min(), "max": column.max()}
    lengths = column.cast(pl.String).str.len_chars()
    return {**distinct, "shortest": lengths.min(), "longest": lengths.max()}


def _histograms(frame: pl.LazyFrame, schema: pl.Schema, said: Mapping[str, Json], bins: int) -> dict[str, Json]:
    """How many values there are up to each edge, in one pass; the differences are the counts."""
    edges = {name: _edges(one.get("min"), one.get("max"), schema[name], bins) for name, one in said.items()}
    edges = {name: all_edges for name, all_edges in edges.items() if all_edges}
    asked = [(name, edge) for name, all_edges in edges.items() for edge in all_edges[1:-1]]
    wanted = [(_number(pl.col(name), schema[name]) < edge).sum().alias(str(place)) for place, (name, edge) in enumerate(asked)]
    totals = [pl.col(name).count().alias(f"all {name}") for name in edges]
    if not edges:
        return {}
    row = frame.select(wanted + totals).collect(engine="streaming").row(0, named=True)
    below: dict[str, list[int]] = {name: [0] for name in edges}
    for place, (name, _) in enumerate(asked):
        below[name].append(int(row[str(place)] or 0))
    found: dict[str, Json] = {}
    for name, all_edges in edges.items():
        counts = [*below[name], int(row[f"all {name}"])]
        shown = [_plain(_back(edge, schema[name])) for edge in all_edges]
        found[name] = {"edges": shown, "counts": [upper - lower for lower, upper in pairwise(counts)]}
    return found


def _edges(least: Any, most: Any, type_: pl.DataType, bins: int) -> list[float]:
    """The edges of bins of one width; none when there is nothing between."""
    if least is None or most is None or type_ == pl.Boolean:
        return []
    ends = pl.Series([least, most], dtype=type_ if type_.is_temporal() else pl.Float64, strict=False)
    low, high = (float(one) for one in ends.to_physical().cast(pl.Float64))
    if not (math.isfinite(low) and math.isfinite(high) and math.isfinite(high - low)) or low >= high:
        return []
    if type_.is_integer() and high - low < bins:
        bins = int(high - low) + 1
        return [low + step for step in range(bins)] + [high + 1.0] if bins > 1 else []
    return [low + (high - low) * step / bins for step in range(bins)] + [high]


def _number(column: pl.Expr, type_: pl.DataType) -> pl.Expr:
    return column.to_physical().cast(pl.Float64) if type_.is_temporal() else column.cast(pl.Float64)


def _back(edge: float, type_: pl.DataType) -> Any:
    """An edge as a value of the column's type."""
    if not type_.is_temporal():
        return edge
    physical = pl.Int32 if type_ == pl.Date else pl.Int64
    return pl.Series([round(edge)], dtype=physical).cast(type_)[0]


def _most_frequent(frame: pl.LazyFrame, schema: pl.Schema, said: Mapping[str, Json], small: bool) -> dict[str, list[Json]]:
    """The most frequent values of columns that are no numbers and have few values."""
    chosen = [
        name
        for name, one in said.items()
        if 0 < (one.get("distinct") or 0) <= FEW and not schema[name].is_numeric() and not schema[name].is_temporal()
    ]
    found = (_counted_at_once if small else _counted_apart)(frame, chosen) if chosen else []
    return {
        name: [{"value": _plain(value), "count": n} for value, n in sorted(one, key=lambda row: (-row[1], str(row[0])))]
        for name, one in zip(chosen, found, strict=True)
    }


def _counted_at_once(frame: pl.LazyFrame, names: Sequence[str]) -> list[list[tuple[Any, int]]]:
    """One plan for all columns, which are held in memory: hundreds of plans take seconds, however small the table."""
    wanted = [
        pl.col(name).alias("value").drop_nulls().value_counts(sort=True, name="n").head(TOP).implode().alias(str(place))
        for place, name in enumerate(names)
    ]
    return [[(one["value"], one["n"]) for one in counts] for counts in frame.select(wanted).collect().row(0)]


def _counted_apart(frame: pl.LazyFrame, names: Sequence[str]) -> list[list[tuple[Any, int]]]:
    counts = [frame.group_by(name).len("n").filter(pl.col(name).is_not_null()).top_k(TOP, by="n") for name in names]
    return [list(one.iter_rows()) for one in pl.collect_all(counts, engine="streaming")]


def _without_nan(frame: pl.LazyFrame, schema: pl.Schema) -> pl.LazyFrame:
    floats = [name for name, type_ in schema.items() if type_.is_float()]
    kept = [name for name in floats if name in frame.collect_schema()]
    return frame.with_columns(pl.col(kept).fill_nan(None)) if kept else frame


def _described(name: str, type_: pl.DataType, kinds: Mapping[str, str]) -> Json:
    plain = not (type_.is_nested() or type_ in (pl.Object, pl.Binary))
    return {"name": name[:LONGEST], "type": tables.primitive_of(type_) if plain else str(type_)[:LONGEST], "kind": kinds.get(name)}


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None if math.isnan(value) else str(value)
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    text = value if isinstance(value, str) else f"<{len(value)} bytes>" if isinstance(value, bytes) else str(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
