"""Convert to Dataset: marks a value as missing throughout the table, or replaces one value by another.

A value is compared as text, so `?` is found in text columns and `999` in numeric ones too. A new value that a column cannot hold is an error.
"""

from collections.abc import Mapping

import polars as pl

from azurine.designer.bench import Bench
from azurine.designer.components import Asking
from azurine.designer.parameters import Parameters, clipped
from azurine.designer.ports import Port, table_of
from azurine.designer.tables import Column


def run(inputs: Mapping[str, Port], parameters: Parameters, bench: Bench) -> Asking:
    table, action = table_of(inputs, "dataset"), parameters.text("action")
    if action == "None":
        return {"results_dataset": table}
    if action == "SetMissingValues":
        missing = parameters.text("custom_missing_value")
        cleaned = [pl.when(_is(column, missing)).then(None).otherwise(pl.col(column.name)).alias(column.name) for column in table.columns]
        return {"results_dataset": table.on(table.frame.with_columns(cleaned))}
    wanted = {column.name: _wanted(column, parameters) for column in table.columns}
    found = yield table.frame.select([pl.len().alias(" rows"), *(where.sum().alias(name) for name, where in wanted.items())])
    replaced = [_replaced(table[name], where, parameters) for name, where in wanted.items() if found[name][0]]
    return {"results_dataset": table.on(table.frame.with_columns(replaced))}


def _wanted(column: Column, parameters: Parameters) -> pl.Expr:
    if parameters.text("replace") == "Missing":
        return pl.col(column.name).is_null()
    return _is(column, parameters.text("custom_value"))


def _replaced(column: Column, where: pl.Expr, parameters: Parameters) -> pl.Expr:
    new = parameters.text("new_value")
    value: pl.Series = pl.Series([new])
    if column.primitive == "Boolean":
        value = pl.Series([{"true": True, "1": True, "false": False, "0": False}.get(new.lower())])
    elif column.primitive == "DateTime":
        value = value.str.to_datetime(strict=False, time_unit="us")
    made = value.cast(column.type, strict=False)
    if made[0] is None:
        raise parameters.wrong("new_value", f"column {column.name!r} is {column.primitive} and cannot hold {clipped(new)}")
    return pl.when(where).then(pl.lit(made[0], dtype=column.type)).otherwise(pl.col(column.name)).alias(column.name)


def _is(column: Column, text: str) -> pl.Expr:
    """Does the value read like the text? A number also when it is written otherwise: 1 and 1.0."""
    value = pl.col(column.name)
    if column.numeric:
        try:
            return (value == float(text)).fill_null(False)
        except ValueError:
            return pl.lit(False)
    if column.primitive == "String":
        return (value.str.strip_chars() == text.strip()).fill_null(False)
    return (value.cast(pl.String).str.to_lowercase() == text.strip().lower()).fill_null(False)
