"""Add Columns: two tables side by side, row by row; the shorter one is filled with missing values.

A name that is on both sides becomes name_1 on the left and name_2 on the right.
"""

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from azurine.designer import tables
from azurine.designer.bench import Bench
from azurine.designer.components import Asking
from azurine.designer.parameters import Parameters
from azurine.designer.ports import Port, table_of
from azurine.designer.tables import Table


def run(inputs: Mapping[str, Port], parameters: Parameters, bench: Bench) -> Asking:
    left, right = table_of(inputs, "left_dataset"), table_of(inputs, "right_dataset")
    both = set(left.names) & set(right.names)
    wanted = [f"{name}_1" if name in both else name for name in left.names] + [f"{name}_2" if name in both else name for name in right.names]
    names = tables.unique_names(wanted)
    counts = yield (left.frame.select(pl.len()), right.frame.select(pl.len()))
    rows = [int(count.item()) for count in counts]
    split = len(left.columns)
    sides = [_renamed(left, names[:split], max(rows) - rows[0]), _renamed(right, names[split:], max(rows) - rows[1])]
    known = {name: replace(column, name=name) for name, column in zip(names, left.columns + right.columns, strict=True)}
    return {"combined_dataset": tables.of(pl.concat(sides, how="horizontal"), known)}


def _renamed(table: Table, names: list[str], short: int) -> pl.LazyFrame:
    """The columns under new names, with as many rows of missing values at the end as the table is short."""
    found = table.frame.select(pl.col(before).alias(after) for before, after in zip(table.names, names, strict=True))
    if not short:
        return found
    types = {name: column.type for name, column in zip(names, table.columns, strict=True)}
    return pl.concat([found, pl.LazyFrame().select(pl.repeat(None, short, dtype=type_).alias(name) for name, type_ in types.items())])
