"""Add Rows: the rows of two tables, one below the other. Columns must agree in number, names, order and type."""

from collections.abc import Mapping

import polars as pl

from azurine.designer import tables
from azurine.designer.bench import Bench
from azurine.designer.components import Outputs
from azurine.designer.parameters import Parameters
from azurine.designer.ports import Port, table_of


def run(inputs: Mapping[str, Port], parameters: Parameters, bench: Bench) -> Outputs:
    first, second = table_of(inputs, "dataset1"), table_of(inputs, "dataset2")
    if len(first.columns) != len(second.columns):
        raise bench.failing(f"dataset2: it must have as many columns as dataset1: {len(first.columns)}, and has {len(second.columns)}")
    for place, (above, below) in enumerate(zip(first.columns, second.columns, strict=True), start=1):
        if above.name != below.name:
            raise bench.failing(f"dataset2: column {place} must be named {above.name!r} as in dataset1, not {below.name!r}")
        if above.primitive != below.primitive:
            raise bench.failing(f"dataset2: column {above.name!r} must be {above.primitive} as in dataset1, not {below.primitive}")
    frame = pl.concat([first.visible(), second.visible()], how="vertical_relaxed")
    return {"results_dataset": tables.of(frame, {column.name: column for column in first.columns})}
