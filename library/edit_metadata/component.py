"""Edit Metadata: type, categories, role and names of columns.

A new type is a strict conversion: a value that cannot be converted is an error that names the column. Being categorical is an attribute, so
making a column non-categorical gives its primitive type back.
"""

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from azurine.designer.bench import Bench
from azurine.designer.components import Asking
from azurine.designer.parameters import Parameters
from azurine.designer.ports import Port, table_of
from azurine.designer.tables import Column, Table

_ROLES: dict[str, dict[str, bool | str]] = {
    "Unchanged": {},
    "Features": {"feature": True, "label": False, "weight": False},
    "Label": {"label": True, "weight": False},
    "Weight": {"weight": True, "label": False},
    "Clear feature": {"feature": False},
    "Clear label": {"label": False},
    "Clear score": {"score": ""},
    "Clear weight": {"weight": False},
}
_TYPES = {
    "String": pl.String(),
    "Integer": pl.Int64(),
    "Double": pl.Float64(),
    "Boolean": pl.Boolean(),
    "DateTime": pl.Datetime("us"),
    "TimeSpan": pl.Duration("us"),
}


def run(inputs: Mapping[str, Port], parameters: Parameters, bench: Bench) -> Asking:
    table = table_of(inputs, "dataset")
    chosen = parameters.columns("column", table)
    wanted = parameters.text("data_type")
    frame = table.frame
    if wanted != "Unchanged":
        frame = frame.with_columns(_converted(table[name], wanted, parameters).alias(name) for name in chosen)
        yield from _check(table, frame, chosen, parameters)
    names = _names(parameters, table, chosen)
    changed = {name: _described(table[name], names[name], parameters) for name in chosen}
    columns = tuple(
        replace(changed.get(one.name, one), type=_TYPES.get(wanted, one.type) if one.name in chosen else one.type) for one in table.columns
    )
    moved = {before: after for before, after in names.items() if before != after}
    return {"results_dataset": replace(table, frame=frame.rename(moved) if moved else frame, columns=columns)}


def _described(column: Column, name: str, parameters: Parameters) -> Column:
    categorical = {"Make Categorical": True, "Make non-categorical": False}.get(parameters.text("categorical"), column.categorical)
    return replace(column, name=name, categorical=categorical, **_ROLES[parameters.text("fields")])  # type: ignore[arg-type]


def _names(parameters: Parameters, table: Table, chosen: tuple[str, ...]) -> dict[str, str]:
    said = parameters.text("new_column_names")
    if not said.strip():
        return {name: name for name in chosen}
    names = [name.strip() for name in said.split(",")]
    if len(names) != len(chosen):
        raise parameters.wrong("new_column_names", f"give {len(chosen)} names, one for each chosen column, not {len(names)}")
    if not all(names):
        raise parameters.wrong("new_column_names", "a name is empty")
    found = dict(zip(chosen, names, strict=True))
    after = [found.get(name, name) for name in table.names]
    clashing = sorted({name for name in after if after.count(name) > 1})
    if clashing:
        raise parameters.wrong("new_column_names", f"there would be two columns {clashing[0]!r}")
    return found


def _check(table: Table, frame: pl.LazyFrame, chosen: tuple[str, ...], parameters: Parameters) -> Asking:
    """Asks whether every value could be converted."""
    if not chosen:
        return {}
    before = table.frame.select(pl.col(chosen).null_count())
    after = frame.select(pl.col(chosen).null_count())
    here, there = yield (before, after)
    for name in chosen:
        lost = there[name][0] - here[name][0]
        if lost:
            raise parameters.wrong(
                "data_type", f"{lost} values of column {name!r} ({table[name].primitive}) cannot be read as {parameters.text('data_type')}"
            )
    return {}


def _converted(column: Column, wanted: str, parameters: Parameters) -> pl.Expr:
    """A value that cannot be converted becomes missing, which is found out afterwards."""
    value, type_ = pl.col(column.name), _TYPES[wanted]
    if column.primitive == wanted:
        return value.cast(type_, strict=False)
    if column.primitive == "String":
        return _read(value, wanted, parameters)
    if wanted == "String" and column.primitive == "DateTime":
        return value.dt.to_string(parameters.text("datetime_format") or "iso")
    if wanted == "Boolean" and column.numeric:
        return value.cast(pl.Float64) != 0
    if wanted == "Integer" and column.primitive == "Double":
        # A broken number is no integer: it is not cut off silently.
        return pl.when(value == value.floor()).then(value).cast(type_, strict=False)
    if wanted in ("DateTime", "TimeSpan") or column.primitive in ("DateTime", "TimeSpan"):
        if wanted == "String":
            return value.cast(pl.String, strict=False)
        raise parameters.wrong("data_type", f"column {column.name!r} is {column.primitive} and cannot become {wanted}")
    return value.cast(type_, strict=False)


def _read(value: pl.Expr, wanted: str, parameters: Parameters) -> pl.Expr:
    text = value.str.strip_chars()
    if wanted == "Boolean":
        lower = text.str.to_lowercase()
        return pl.when(lower.is_in(["true", "1", "yes"])).then(True).when(lower.is_in(["false", "0", "no"])).then(False).otherwise(None)
    if wanted == "DateTime":
        return text.str.to_datetime(parameters.text("datetime_format") or None, strict=False, time_unit="us", ambiguous="earliest")
    if wanted == "TimeSpan":
        clock = text.str.to_time(parameters.text("timespan_format") or "%H:%M:%S", strict=False)
        return clock.cast(pl.Duration("us"))
    if wanted == "Integer":
        number = text.cast(pl.Float64, strict=False)
        return pl.coalesce(text.cast(pl.Int64, strict=False), pl.when(number == number.floor()).then(number).cast(pl.Int64, strict=False))
    return text.cast(_TYPES[wanted], strict=False)
