"""Convert to CSV: the same rows, kept as a CSV file."""

from collections.abc import Mapping
from dataclasses import replace

from azurine.designer.bench import Bench
from azurine.designer.components import Outputs
from azurine.designer.parameters import Parameters
from azurine.designer.ports import Port, table_of


def run(inputs: Mapping[str, Port], parameters: Parameters, bench: Bench) -> Outputs:
    return {"results_dataset": replace(table_of(inputs, "dataset"), format="Csv")}
