"""Select Columns Transform: the columns of a table, as a choice that can be applied to others."""

from collections.abc import Mapping
from typing import Any

from azurine.designer.bench import Bench
from azurine.designer.components import Outputs
from azurine.designer.parameters import Parameters
from azurine.designer.ports import Port, Transformation, table_of
from azurine.designer.tables import Table, listed


def run(inputs: Mapping[str, Port], parameters: Parameters, bench: Bench) -> Outputs:
    names = list(table_of(inputs, "dataset_with_desired_columns").names)
    return {"columns_selection_transformation": Transformation("select_columns_transform", {"columns": names})}


def apply(settings: Mapping[str, Any], table: Table, bench: Bench) -> Table:
    absent = [name for name in settings["columns"] if name not in table]
    if absent:
        raise bench.failing(f"dataset: column not found: {listed(absent)}; there are {listed(table.names)}")
    return table.select(settings["columns"])
