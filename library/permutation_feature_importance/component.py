"""Permutation Feature Importance: how much worse a model becomes when one feature's values are shuffled among the rows.

Each feature is shuffled once, in the order in which the model was trained on them, all from one sequence of random numbers. Score is the
measure before less the measure after; for errors after less before, so that more always means more important. For several classes precision
and recall are means over the classes.
"""

from collections.abc import Mapping
from typing import Any

import polars as pl

from azurine.designer import tables
from azurine.designer.bench import Bench
from azurine.designer.components import Asking
from azurine.designer.learning import features, libraries, metrics, models
from azurine.designer.parameters import Parameters
from azurine.designer.ports import Port, table_of

METRIC = "metric_for_measuring_performance"


def run(inputs: Mapping[str, Port], parameters: Parameters, bench: Bench) -> Asking:
    model, table = models.model_of(inputs, "trained_model", ("binary", "multiclass", "regression")), table_of(inputs, "test_data")
    settings = model.settings
    sort, _, chosen = parameters.text(METRIC).partition(" - ")
    if (sort == "Regression") != (settings["task"] == "regression"):
        raise parameters.wrong(METRIC, f"the model is one for {settings['task']}")
    features.check(settings["features"], table, lambda message: bench.failing(f"test_data: {message}"))
    label = settings["label"]
    if label not in table:
        raise bench.failing(f"test_data: column not found: {label!r}, the label; there are {tables.listed(table.names)}")
    if settings["type"] != "String" and not (table[label].numeric or table[label].type == pl.Boolean):
        raise bench.failing(f"test_data: the label {label!r} is {table[label].kind}, and was {settings['type']} when the model was trained")
    columns = [table[one["name"]] for one in settings["features"]]
    value = pl.col(label).cast(models.stored(settings))
    frame = yield table.frame.select([*features.plain(columns), value]).filter(value.is_not_null())
    if frame.is_empty():
        raise bench.failing("test_data: there is no row with a label")
    scores = _scores(models.Trained(model), frame, label, chosen.replace(" ", "_"), parameters.whole("random_seed"))
    ranked = sorted(scores.items(), key=lambda one: -one[1])
    answer = pl.DataFrame({"Feature": [name for name, _ in ranked], "Score": [score for _, score in ranked]}, schema_overrides={"Score": pl.Float64})
    return {"feature_importance": tables.of(answer)}


def _scores(trained: models.Trained, frame: pl.DataFrame, label: str, measure: str, seed: int) -> dict[str, float]:
    chance = libraries.load("numpy").random.RandomState(seed)
    before = _measured(trained, frame, frame[label], measure)
    found = {}
    for one in trained.settings["features"]:
        shuffled = frame.with_columns(frame[one["name"]][chance.permutation(frame.height)])
        after = _measured(trained, shuffled, frame[label], measure)
        found[one["name"]] = after - before if measure in metrics.ERRORS else before - after
    return found


def _measured(trained: models.Trained, frame: pl.DataFrame, truth: pl.Series, measure: str) -> float:
    settings: Mapping[str, Any] = trained.settings
    predicted = trained.predict(frame)
    if measure == metrics.LOG_LOSS:
        found = metrics.log_losses(settings, truth, predicted)
    else:
        found = metrics.of(settings, truth, predicted)
        if settings["task"] == "multiclass":
            found = metrics.by_class(found)
    value = found[measure]
    return float("nan") if value is None else value
