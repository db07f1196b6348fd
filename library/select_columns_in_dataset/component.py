"""Select Columns in Dataset: names in the given order, or rules in the table's order."""

from collections.abc import Mapping

from azurine.designer.bench import Bench
from azurine.designer.components import Outputs
from azurine.designer.parameters import Parameters
from azurine.designer.ports import Port, table_of


def run(inputs: Mapping[str, Port], parameters: Parameters, bench: Bench) -> Outputs:
    table = table_of(inputs, "dataset")
    return {"results_dataset": table.select(parameters.columns("select_columns", table))}
