"""Convert to Indicator Values: a column `<name>-<value>` of 0 and 1 for each value of a categorical column.

Values come in their order; a missing value has 0 in all of them. The transformation remembers the values: applied to another table it
makes the same columns, and a value that was not known has 0 in all of them.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from azurine.designer import tables
from azurine.designer.bench import Bench
from azurine.designer.components import Asking
from azurine.designer.parameters import Parameters
from azurine.designer.ports import Port, Transformation, table_of
from azurine.designer.tables import Table, listed

_MOST = 10_000


def run(inputs: Mapping[str, Port], parameters: Parameters, bench: Bench) -> Asking:
    table, name = table_of(inputs, "dataset"), "categorical_columns_to_convert"
    chosen = parameters.columns(name, table)
    plain = [one for one in chosen if not table[one].categorical]
    if plain:
        raise parameters.wrong(name, f"{listed(plain)} must be categorical; make them so with Edit Metadata")
    found = yield tuple(
        table.frame.select(pl.col(one).cast(pl.String).alias("text"), pl.col(one).alias("value")).unique().drop_nulls().sort("value")
        for one in chosen
    )
    values = {one: frame["text"].to_list() for one, frame in zip(chosen, found, strict=True)}
    for one, several in values.items():
        if len(several) > _MOST:
            raise parameters.wrong(
                name, f"column {one!r} has {len(several)} values; a table with so many columns would be of no use (at most {_MOST})"
            )
    settings = {"values": values, "overwrite": parameters.flag("overwrite_categorical_columns")}
    return {
        "results_dataset": apply(settings, table, bench),
        "indicator_values_transformation": Transformation("convert_to_indicator_values", settings),
    }


def apply(settings: Mapping[str, Any], table: Table, bench: Bench) -> Table:
    absent = [name for name in settings["values"] if name not in table]
    if absent:
        raise bench.failing(f"dataset: column not found: {listed(absent)}; there are {listed(table.names)}")
    taken, made = list(table.names), []
    for name, values in settings["values"].items():
        text = pl.col(name).cast(pl.String)
        after = tables.unique_names([f"{name}-{value}" for value in values], taken)
        taken += after
        made += [(text == value).fill_null(False).cast(pl.Int64).alias(one) for value, one in zip(values, after, strict=True)]
    found = table.on(table.frame.with_columns(made))
    found = replace(found, columns=tuple(replace(one, categorical=True) if one.name not in table else one for one in found.columns))
    return found.select(one for one in found.names if one not in settings["values"]) if settings["overwrite"] else found
