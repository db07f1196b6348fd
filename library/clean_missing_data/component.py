"""Clean Missing Data: fills missing values, or removes the rows or columns that have them.

Only columns whose share of missing values lies between the two ratios are touched. What was learned (a mean, which columns were touched)
is the transformation; applying it does the same to another table without learning anew.
"""

from collections.abc import Mapping
from typing import Any

import polars as pl

from azurine.designer import tables
from azurine.designer.bench import Bench
from azurine.designer.components import Asking
from azurine.designer.parameters import Parameters, clipped
from azurine.designer.ports import Port, Transformation, table_of
from azurine.designer.tables import Column, Table, listed

CUSTOM, ROW, COLUMN = "Custom substitution value", "Remove entire row", "Remove entire column"
_LEARNED = {"Replace with mean": "mean", "Replace with median": "median", "Replace with mode": "mode"}
_READ: dict[str, pl.DataType] = {
    "Integer": pl.Int64(),
    "Double": pl.Float64(),
    "String": pl.String(),
    "Boolean": pl.Boolean(),
    "DateTime": pl.Datetime("us"),
    "TimeSpan": pl.Duration("us"),
}


def run(inputs: Mapping[str, Port], parameters: Parameters, bench: Bench) -> Asking:
    table, mode = table_of(inputs, "dataset"), parameters.text("cleaning_mode")
    chosen = parameters.columns("columns_to_be_cleaned", table)
    if mode in ("Replace using MICE", "Replace using Probabilistic PCA"):
        raise parameters.wrong("cleaning_mode", "this mode is not available; replace with mean, median or mode instead")
    low, high = parameters.number("minimum_missing_value_ratio"), parameters.number("maximum_missing_value_ratio")
    if low > high:
        raise parameters.wrong("minimum_missing_value_ratio", f"it must not be above the maximum, {high}")
    custom = {name: _custom(table[name], parameters) for name in chosen} if mode == CUSTOM else {}
    found = yield table.frame.select([pl.len().alias("rows"), *_questions(table, chosen, mode, parameters)])
    asked = found.row(0, named=True)
    rows = asked["rows"]
    ratios = {name: asked[f"missing {place}"] / rows if rows else 0.0 for place, name in enumerate(chosen)}
    touched = [name for name in chosen if low <= ratios[name] <= high]
    settings: dict[str, Any] = {
        "mode": mode,
        "touched": touched,
        "indicator": parameters.flag("generate_missing_value_indicator_column"),
        "fill": {},
        "drop": [],
    }
    if mode == COLUMN:
        settings["drop"] = [name for name in touched if ratios[name] > 0]
    elif mode == CUSTOM:
        settings["fill"] = {name: custom[name] for name in touched}
    elif mode in _LEARNED:
        learned = {name: asked[f"value {place}"] for place, name in enumerate(chosen) if name in touched}
        settings["fill"] = {name: _text(value) for name, value in learned.items() if value is not None}
        if parameters.text("cols_with_all_missing_values") == "Remove":
            settings["drop"] = [name for name in touched if rows and ratios[name] == 1]
    bench.say(f"missing values: {', '.join(f'{name} {ratios[name]:.4g}' for name in touched) or 'no column is touched'}")
    # A column that misses nothing stays as it is, of an integer type for instance; another table's may miss something.
    here = {**settings, "fill": {name: value for name, value in settings["fill"].items() if ratios[name] > 0}}
    return {"cleaned_dataset": apply(here, table, bench), "cleaning_transformation": Transformation("clean_missing_data", settings)}


def apply(settings: Mapping[str, Any], table: Table, bench: Bench) -> Table:
    touched = [name for name in settings["touched"] if name not in settings["drop"]]
    absent = [name for name in settings["touched"] if name not in table]
    if absent:
        raise bench.failing(f"dataset: column not found: {listed(absent)}; there are {listed(table.names)}")
    frame = table.frame
    if settings["indicator"] and settings["mode"] != COLUMN:
        names = tables.unique_names([f"{name}_IsMissing" for name in touched], table.names)
        frame = frame.with_columns(pl.col(name).is_null().alias(after) for name, after in zip(touched, names, strict=True))
    if settings["mode"] == ROW and touched:
        frame = frame.filter(~pl.any_horizontal(pl.col(touched).is_null()))
    if settings["fill"]:
        frame = frame.with_columns(_filled(table[name], value) for name, value in settings["fill"].items() if name in touched)
    if settings["drop"]:
        frame = frame.drop(settings["drop"])
    return table.on(frame)


def _filled(column: Column, value: str) -> pl.Expr:
    """An integer column that gets a broken number becomes Double."""
    type_ = column.type
    if type_.is_integer() and not _is_whole(value):
        type_ = pl.Float64()
    found = pl.lit(value).cast(type_) if column.primitive != "Boolean" else pl.lit(value == "true")
    if column.primitive == "DateTime":
        found = pl.lit(value).str.to_datetime(time_unit="us").cast(type_)
    if column.primitive == "TimeSpan":
        found = pl.lit(int(value)).cast(pl.Duration("us")).cast(type_)
    return pl.col(column.name).cast(type_).fill_null(found)


def _questions(table: Table, chosen: tuple[str, ...], mode: str, parameters: Parameters) -> list[pl.Expr]:
    found = [pl.col(name).null_count().alias(f"missing {place}") for place, name in enumerate(chosen)]
    if mode not in _LEARNED:
        return found
    how = _LEARNED[mode]
    for place, name in enumerate(chosen):
        column, value = table[name], pl.col(name)
        if how != "mode" and not column.numeric:
            raise parameters.wrong("columns_to_be_cleaned", f"a {how} needs numbers, and column {name!r} is {column.kind}")
        # Of several values that are the most frequent ones the least is taken.
        learned = {"mean": value.mean(), "median": value.median(), "mode": value.drop_nulls().mode().min()}[how]
        found.append(learned.alias(f"value {place}"))
    return found


def _custom(column: Column, parameters: Parameters) -> str:
    """The replacement as text that the column's type can read."""
    said = parameters.text("replacement_value")
    if column.primitive == "Boolean":
        truth = {"true": "true", "false": "false", "1": "true", "0": "false"}.get(said.strip().lower())
        if truth is None:
            raise parameters.wrong("replacement_value", f"column {column.name!r} is Boolean and cannot hold {clipped(said)}")
        return truth
    value = pl.Series([said.strip() if column.primitive != "String" else said])
    try:
        if column.primitive == "DateTime":
            return _text(value.str.to_datetime(time_unit="us")[0])
        if column.primitive == "TimeSpan":
            return _text(value.str.to_time().cast(pl.Duration("us"))[0])
        # An integer column may be filled with a broken number; it becomes Double then.
        value.cast(pl.Float64() if column.numeric else _READ[column.primitive])
    except pl.exceptions.PolarsError as error:
        raise parameters.wrong("replacement_value", f"column {column.name!r} is {column.primitive} and cannot hold {clipped(said)}") from error
    return said if column.primitive == "String" else said.strip()


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if hasattr(value, "total_seconds"):
        return str(round(value.total_seconds() * 1_000_000))
    return value.isoformat(sep=" ") if hasattr(value, "isoformat") else (repr(value) if isinstance(value, float) else str(value))


def _is_whole(value: str) -> bool:
    try:
        return str(int(value)) == value.strip().lstrip("+")
    except ValueError:
        return False
