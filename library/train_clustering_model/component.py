"""Train Clustering Model: finds groups of similar rows, and says for each row which is its own.

The label column, if one is marked, is left out (Ignore label column) or used as one more feature (Fill missing values). With Overwrite from
closest to center it is left out, and in the result every row of a group gets the label of the row nearest to the group's centre.
"""

from collections.abc import Mapping
from typing import Any

import polars as pl

from azurine.designer.bench import Bench
from azurine.designer.components import Asking
from azurine.designer.learning import features, learners, models, scoring
from azurine.designer.parameters import Parameters
from azurine.designer.ports import Port, table_of
from azurine.designer.tables import ASSIGNMENTS, Column, Table

_LABEL = "__label__"


def run(inputs: Mapping[str, Port], parameters: Parameters, bench: Bench) -> Asking:
    learner, table = learners.learner_of(inputs, "untrained_model", ("clustering",)), table_of(inputs, "dataset")
    mode = learner.settings["values"]["assign_label_mode"]
    chosen = [table[name] for name in parameters.columns("column_set", table)]
    label = table.label
    if mode == "Fill missing values" and label is not None and label not in chosen:
        chosen.append(label)
    columns = [one for one in chosen if mode == "Fill missing values" or not one.label]
    if not columns:
        raise parameters.wrong("column_set", "there is no column besides the label")
    answers = [pl.col(label.name).alias(_LABEL)] if label is not None else []
    frame = yield table.frame.select([*features.plain(columns), *answers])
    if frame.is_empty():
        raise bench.failing("dataset: there are no rows")
    labels = frame[_LABEL].to_list() if label is not None else None
    model = models.cluster(learner, frame, columns, labels, bench.say, bench.failing)
    append = parameters.flag("check_for_append_or_uncheck_for_result_only")
    scored = yield from scoring.score(model, table, append, bench)
    if mode == "Overwrite from closest to center" and label is not None and append:
        scored = _overwritten(scored, label, models.Trained(model).predict(frame), frame[_LABEL])
    return {"trained_model": model, "results_dataset": scored}


def _overwritten(scored: Table, label: Column, predicted: pl.DataFrame, labels: pl.Series) -> Table:
    nearest: dict[int, Any] = {}
    for place, name in enumerate(name for name in predicted.columns if name != ASSIGNMENTS):
        nearest[place] = labels[int(predicted[name].to_numpy().argmin())]
    group = next(one.name for one in scored.columns if one.score == ASSIGNMENTS)
    value = pl.col(group).replace_strict(list(nearest), pl.Series(list(nearest.values()), dtype=label.type), return_dtype=label.type)
    return scored.on(scored.frame.with_columns(value.alias(label.name)))
