"""Columns become numbers for a learner. What is learned from the training rows is kept in the model as plain values and repeated when scoring.

    numbers, true and false    rescaled to 0…1 by their least and greatest value, or left as they are; missing → 0
    text, categories           a column of 0 and 1 per category seen while training; missing and unknown categories are all 0
    dates and time spans       nanoseconds, then like numbers

Missing values are filled after rescaling, so they count as the least value. Infinite values cannot be learned from; while scoring they
count as missing. Everything is an expression of a plan, so a table is never copied row by row.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from azurine.designer.tables import Column, Kind, Table, listed

Feature = Mapping[str, Any]
"""name; sort: number, time or category; low and high, or levels; scaled."""
Wrong = Callable[[str], Exception]

MOST_CELLS = 250_000_000
"""Of a matrix: two gigabytes. More means that a text column has a category for nearly every row."""


def sort_of(column: Column) -> str:
    if column.categorical or column.kind == Kind.STRING:
        return "category"
    return "time" if column.kind in (Kind.DATETIME, Kind.TIMESPAN) else "number"


def learn(frame: pl.DataFrame, columns: Sequence[Column], scaled: bool, wrong: Wrong) -> list[Feature]:
    """frame: the rows to train on."""
    bounds = _bounds(frame, [column for column in columns if sort_of(column) != "category"])
    found: list[Feature] = []
    for column in columns:
        name, sort = column.name, sort_of(column)
        if sort == "category":
            levels = frame.select(_text(name)).to_series().drop_nulls().unique().sort().to_list()
            found.append({"name": name, "sort": sort, "levels": levels})
            continue
        low, high = bounds[name]
        if any(value is not None and not abs(value) < float("inf") for value in (low, high)):
            raise wrong(f"column {name!r} holds infinite values; replace them before training, for example with Clip Values")
        found.append({"name": name, "sort": sort, "low": low, "high": high, "scaled": scaled})
    cells = width(found) * frame.height
    if cells > MOST_CELLS:
        widest = sorted((one for one in found if "levels" in one), key=lambda one: -len(one["levels"]))[:3]
        names = ", ".join(f"{one['name']!r} ({len(one['levels'])})" for one in widest)
        raise wrong(f"{frame.height} rows with {width(found)} features are too many numbers; columns with many categories: {names}; leave them out")
    return found


def width(features: Iterable[Feature]) -> int:
    """Columns of the matrix."""
    return sum(len(one["levels"]) if one["sort"] == "category" else 1 for one in features)


def matrix(frame: pl.DataFrame, features: Sequence[Feature]) -> Any:
    """The rows as a numpy matrix of floats."""
    import numpy  # only learners need it; reading a model's description does not

    expressions = [one.alias(str(place)) for place, one in enumerate(one for feature in features for one in _expressions(feature))]
    if not expressions:
        return numpy.zeros((frame.height, 0))
    return numpy.ascontiguousarray(frame.select(expressions).to_numpy())


def check(features: Sequence[Feature], table: Table, wrong: Wrong) -> None:
    """The table has what the model was trained on."""
    absent = [one["name"] for one in features if one["name"] not in table]
    if absent:
        raise wrong(f"column not found: {listed(absent)}, which the model was trained on; there are {listed(table.names)}")
    for one in features:
        column = table[one["name"]]
        if one["sort"] != "category" and (column.kind == Kind.STRING or (sort_of(column) == "time") != (one["sort"] == "time")):
            wanted = "a date or time span" if one["sort"] == "time" else "a number"
            raise wrong(f"column {column.name!r} is {column.kind}, and was {wanted} when the model was trained")


def unknown(features: Sequence[Feature]) -> list[pl.Expr]:
    """For each category column: how many values were not seen while training, under the column's name."""
    return [
        (_text(one["name"]).is_in(pl.lit(pl.Series(one["levels"], dtype=pl.String).implode())).not_() & _text(one["name"]).is_not_null())
        .sum()
        .alias(one["name"])
        for one in features
        if one["sort"] == "category"
    ]


def plain(columns: Iterable[Column]) -> list[pl.Expr]:
    """The columns as matrices are made from them: dates and time spans as whole nanoseconds, everything else as it is."""
    return [_nanoseconds(column) if sort_of(column) == "time" else pl.col(column.name) for column in columns]


def _nanoseconds(column: Column) -> pl.Expr:
    value = pl.col(column.name)
    if column.type in (pl.Date, pl.Datetime):
        value = value.cast(pl.Datetime("us")).dt.cast_time_unit("ns")
    elif column.type == pl.Duration:
        value = value.dt.cast_time_unit("ns")
    return value.to_physical()


def _bounds(frame: pl.DataFrame, columns: Sequence[Column]) -> dict[str, tuple[float | None, float | None]]:
    values = [pl.col(one.name).cast(pl.Float64).fill_nan(None) for one in columns]
    found = frame.select(
        [one.min().alias(f"low {place}") for place, one in enumerate(values)] + [one.max().alias(f"high {place}") for place, one in enumerate(values)]
    )
    return {one.name: (found[f"low {place}"][0], found[f"high {place}"][0]) for place, one in enumerate(columns)}


def _text(name: str) -> pl.Expr:
    return pl.col(name).cast(pl.String)


def _expressions(feature: Feature) -> list[pl.Expr]:
    name = feature["name"]
    if feature["sort"] == "category":
        return [(_text(name) == pl.lit(level)).fill_null(False).cast(pl.Float64) for level in feature["levels"]]
    value, low, high = pl.col(name).cast(pl.Float64), feature["low"], feature["high"]
    if low is None or (feature["scaled"] and low == high):
        return [value.is_null().cast(pl.Float64) * 0.0]
    value = pl.when(value.is_finite()).then(value)
    return [((value - low) / (high - low) if feature["scaled"] else value).fill_null(0.0)]
