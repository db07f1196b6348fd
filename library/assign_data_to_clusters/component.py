"""Assign Data to Clusters: the nearest group of each row, and how far every group's centre is from it."""

from collections.abc import Mapping

from azurine.designer.bench import Bench
from azurine.designer.components import Asking
from azurine.designer.learning import models, scoring
from azurine.designer.parameters import Parameters
from azurine.designer.ports import Port, table_of


def run(inputs: Mapping[str, Port], parameters: Parameters, bench: Bench) -> Asking:
    model, table = models.model_of(inputs, "trained_model", ("clustering",)), table_of(inputs, "dataset")
    append = parameters.flag("check_for_append_or_uncheck_for_result_only")
    return {"results_dataset": (yield from scoring.score(model, table, append, bench))}
