"""Remove Duplicate Rows: of rows that are alike in the keys, the first or the last stays. Rows with a missing key are never alike."""

from collections.abc import Mapping
from typing import Literal

import polars as pl

from azurine.designer import tables
from azurine.designer.bench import Bench
from azurine.designer.components import Outputs
from azurine.designer.parameters import Parameters
from azurine.designer.ports import Port, table_of


def run(inputs: Mapping[str, Port], parameters: Parameters, bench: Bench) -> Outputs:
    table = table_of(inputs, "dataset")
    keys = list(parameters.columns("key_column_selection_filter_expression", table))
    # A row with a missing key gets a key of its own: its number.
    own = tables.free_name("row", [*table.names, table.fold])
    alone = pl.when(pl.any_horizontal(pl.col(keys).is_null())).then(pl.int_range(pl.len()))
    kept: Literal["first", "last"] = "first" if parameters.flag("retain_first_duplicate_row") else "last"
    found = table.frame.with_columns(alone.alias(own)).unique(subset=[*keys, own], keep=kept, maintain_order=True).drop(own)
    return {"results_dataset": table.on(found)}
