"""Tune Model Hyperparameters: tries combinations of a learner's ranges and trains with the best.

Each try is measured with the validation table, or else with three folds of the training table, on all of which one measure is taken. Entire
grid tries every combination; Random sweep and Random grid draw so many of them by chance, none twice. A learner in the mode Single Parameter
has one combination. Ties are won by the one tried first. The best combination is trained once more, on all rows of the training table.

For several classes, Accuracy is the overall one, Precision and Recall are means over the classes, F-score is made from these two, and there
is no AUC. Train Log Loss is by how many percent the log loss is better than knowing only how often each class occurs.
"""

from collections.abc import Mapping
from typing import Any

import polars as pl

from azurine.designer import tables
from azurine.designer.bench import Bench
from azurine.designer.components import Asking
from azurine.designer.learning import examples, features, folds, learners, libraries, metrics, models, recording
from azurine.designer.learning.examples import Examples, Settled
from azurine.designer.parameters import Parameters
from azurine.designer.ports import Learner, Port, table_of

FOLDS = 3
_MODE = "specify_parameter_sweeping_mode"
_CLASSES, _NUMBERS = "metric_for_measuring_performance_for_classification", "metric_for_measuring_performance_for_regression"
_REGRESSION = {
    "Mean absolute error": "Mean_Absolute_Error",
    "Root of mean squared error": "Root_Mean_Squared_Error",
    "Relative absolute error": "Relative_Absolute_Error",
    "Relative squared error": "Relative_Squared_Error",
    "Coefficient of determination": "Coefficient_of_Determination",
}
_DRAWN = {
    "Random sweep": ("maximum_number_of_runs_on_random_sweep", "random_seed"),
    "Random grid": ("maximum_number_of_runs_on_random_grid", "random_seed_for_random_grid"),
}


def run(inputs: Mapping[str, Port], parameters: Parameters, bench: Bench) -> Asking:
    learner = learners.learner_of(inputs, "untrained_model", ("binary", "multiclass", "regression"))
    task = learner.settings["task"]
    asked = examples.plan(table_of(inputs, "training_dataset"), task, parameters, bench)
    wanted = _wanted(task, parameters)
    checking = _checking(inputs, parameters, asked, bench)
    frame, others = (yield (asked.question, checking.question)) if checking else ((yield asked.question), None)
    settled = examples.settle(asked, frame)
    validation = _validation(settled, checking, others, bench) if checking and others is not None else None
    parts = [] if validation else _folds(settled, parameters, bench)
    tries: list[tuple[dict[str, Any], metrics.Measures]] = []
    for values in _combinations(learner, parameters, bench):
        trained = learners.changed(learner, values)
        measures = _against(trained, settled, validation, bench) if validation else _across(trained, settled, parts, bench)
        bench.say(f"{len(tries) + 1}: {values} {wanted} {measures[wanted]}")
        tries.append((values, measures))
    tries.sort(key=lambda one: _order(one[1][wanted], wanted))
    best, measures = tries[0]
    recording.record(measures, bench.say, bench.variables)
    table = pl.DataFrame([{**values, **found} for values, found in tries], infer_schema_length=None)
    return {"sweep_results": tables.of(table), "trained_best_model": models.train(learners.changed(learner, best), settled, bench.say)}


def _wanted(task: str, parameters: Parameters) -> str:
    """The measure that decides, by its column."""
    if task == "regression":
        return _REGRESSION[parameters.text(_NUMBERS)]
    chosen = parameters.text(_CLASSES)
    if task == "multiclass" and chosen == "AUC":
        raise parameters.wrong(_CLASSES, "AUC is a measure of two classes; choose another for a multiclass learner")
    return {"F-score": "F1", "Average Log Loss": metrics.LOG_LOSS, "Train Log Loss": metrics.TRAIN_LOG_LOSS}.get(chosen, chosen)


def _order(value: float | None, measure: str) -> float:
    if value is None:
        return float("inf")
    return value if measure in metrics.ERRORS else -value


def _combinations(learner: Learner, parameters: Parameters, bench: Bench) -> list[dict[str, Any]]:
    every = learners.grid(learner)
    mode = parameters.text(_MODE)
    if "ranges" not in learner.settings:
        bench.say("the learner's mode is Single Parameter: there is one combination to try")
    if mode not in _DRAWN:
        return every
    most, seed = (parameters.whole(name) for name in _DRAWN[mode])
    order = libraries.load("numpy").random.RandomState(seed).permutation(len(every))
    return [every[place] for place in order[:most]]


def _checking(inputs: Mapping[str, Port], parameters: Parameters, asked: Examples, bench: Bench) -> Examples | None:
    """The validation table, which has the columns of the training table."""
    if "optional_validation_dataset" not in inputs:
        return None
    table = table_of(inputs, "optional_validation_dataset")
    absent = [one.name for one in (*asked.columns, asked.label) if one.name not in table]
    if absent:
        raise bench.failing(f"optional_validation_dataset: column not found: {tables.listed(absent)}; there are {tables.listed(table.names)}")
    return examples.plan(table, asked.task, parameters, bench)


def _validation(settled: Settled, checking: Examples, frame: pl.DataFrame, bench: Bench) -> Settled:
    if frame.is_empty():
        raise bench.failing("optional_validation_dataset: there is no row with a label")
    return Settled(checking, frame, settled.classes)


def _folds(settled: Settled, parameters: Parameters, bench: Bench) -> list[Any]:
    if settled.frame.height < FOLDS:
        raise bench.failing(f"training_dataset: there are {settled.frame.height} rows with a label, too few for {FOLDS} folds")
    return folds.drawn(settled.frame.height, FOLDS, parameters.whole("random_seed"))


def _against(learner: Learner, settled: Settled, validation: Settled, bench: Bench) -> metrics.Measures:
    model = models.train(learner, settled, bench.say)
    features.check(model.settings["features"], validation.asked.table, lambda text: bench.failing(f"optional_validation_dataset: {text}"))
    return _measures(model.settings, validation.label, models.Trained(model).predict(validation.frame))


def _across(learner: Learner, settled: Settled, parts: list[Any], bench: Bench) -> metrics.Measures:
    """One measure of all rows, each predicted by the model that did not learn from it."""
    found = list(folds.measured(learner, settled, parts, bench.say))
    return _measures(found[0].settings, pl.concat([one.truth for one in found]), pl.concat([one.predicted for one in found]))


def _measures(settings: Mapping[str, Any], truth: pl.Series, predicted: pl.DataFrame) -> metrics.Measures:
    found = metrics.of(settings, truth, predicted)
    if settings["task"] == "regression":
        return found
    if settings["task"] == "multiclass":
        found = metrics.by_class(found)
    return {name: value for name, value in found.items() if "_" not in name} | metrics.log_losses(settings, truth, predicted)
