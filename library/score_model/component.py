"""Score Model: what a model predicts for each row of a table; see azurine.designer.learning.scoring and models."""

from collections.abc import Mapping

from azurine.designer.bench import Bench
from azurine.designer.components import Asking
from azurine.designer.learning import custom, models, scoring
from azurine.designer.parameters import Parameters
from azurine.designer.ports import Port, table_of


def run(inputs: Mapping[str, Port], parameters: Parameters, bench: Bench) -> Asking:
    model, table = models.model_of(inputs, "trained_model"), table_of(inputs, "dataset")
    append = parameters.flag("append_score_columns_to_output")
    score = custom.score if model.settings["task"] == custom.TASK else scoring.score
    return {"scored_dataset": (yield from score(model, table, append, bench))}
