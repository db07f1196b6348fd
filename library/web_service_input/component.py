"""Web Service Input: where the rows of a request come in. In a pipeline it is a table that passes by."""

from collections.abc import Mapping

from azurine.designer.bench import Bench
from azurine.designer.components import Outputs
from azurine.designer.parameters import Parameters
from azurine.designer.ports import Port, table_of


def run(inputs: Mapping[str, Port], parameters: Parameters, bench: Bench) -> Outputs:
    if not parameters.text("parameter_name").strip():
        raise parameters.wrong("parameter_name", "a name is needed: requests and answers use it")
    return {"results_dataset": table_of(inputs, "dataset")}
