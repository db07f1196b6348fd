"""Trained models: made from examples, kept as plain facts and one file, and asked for predictions.

    {"task": "binary", "label": "Diabetic", "type": "Integer", "classes": [0, 1], "features": […], "values": {…}, "strict": false}
    model.pkl     the estimator of scikit-learn

`fields` says which columns a model predicts, before it predicts:

    binary        Scored Labels, Scored Probabilities (of the second class)
    multiclass    Scored Labels, Scored Probabilities_<class> for each class
    regression    Scored Labels
    clustering    Assignments, DistancesToClusterCenter no.<cluster> for each cluster

A model file is a program to Python as any pickle is: models come from nodes of the same pipeline or from whom one trusts, and are opened
in the process of a step, never in the server.
"""

import pickle
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from azurine.designer.learning import features, learners, libraries
from azurine.designer.learning.examples import Settled
from azurine.designer.ports import Learner, Model, Port
from azurine.designer.tables import ASSIGNMENTS, SCORED_LABELS, SCORED_PROBABILITIES, Column
from azurine.model.errors import Invalid

ESTIMATOR = "model.pkl"
DISTANCE = "DistancesToClusterCenter no."
_STORED = {"Integer": pl.Int64(), "Double": pl.Float64(), "String": pl.String(), "Boolean": pl.Boolean()}
Say = Callable[[str], None]


def train(learner: Learner, examples: Settled, say: Say) -> Model:
    """A model that was trained with the learner's single values."""
    said = learner.settings["values"]
    columns, label = examples.asked.columns, examples.asked.label
    learned = features.learn(examples.frame, columns, bool(said.get("normalize_features", True)), examples.asked.failing)
    rows, answers = features.matrix(examples.frame, learned), examples.answers()
    if examples.classes and len(set(answers)) < 2:
        raise examples.asked.wrong(f"one of the parts to learn from has only one value of {label.name!r}; there are too few rows of the other")
    with libraries.warnings_said(say):
        estimator = learners.build(learner, rows, answers).fit(rows, answers)
    settings = _facts(learner, learned) | {"label": label.name, "type": label.primitive, "classes": list(examples.classes)}
    return Model(learner.component, settings, {ESTIMATOR: pickle.dumps(estimator)})


def cluster(learner: Learner, frame: pl.DataFrame, columns: Sequence[Column], answers: Any, say: Say, failing: Callable[[str], Exception]) -> Model:
    """A model of clusters. frame: the rows, made with `features.plain`. answers: the label's values, where there is one."""
    said = learner.settings["values"]
    learned = features.learn(frame, columns, bool(said.get("normalize_features", True)), failing)
    rows = features.matrix(frame, learned)
    with libraries.warnings_said(say):
        estimator = learners.build(learner, rows, answers).fit(rows)
    settings = _facts(learner, learned) | {"clusters": int(said["number_of_centroids"])}
    return Model(learner.component, settings, {ESTIMATOR: pickle.dumps(estimator)})


def model_of(inputs: Mapping[str, Port], name: str, tasks: Sequence[str] = learners.TASKS) -> Model:
    """The trained model at an input, if it does one of the tasks."""
    found = inputs[name]
    if not isinstance(found, Model):
        raise Invalid(f"{name}: a trained model is wanted here", path=name)
    task = found.settings["task"]
    if task not in tasks:
        raise Invalid(f"{name}: a model for {' or '.join(tasks)} is wanted here; this one is for {task}", path=name)
    return found


def fields(settings: Mapping[str, Any]) -> dict[str, pl.DataType]:
    """The columns a model predicts, and their types."""
    task = settings["task"]
    if task == "clustering":
        return {ASSIGNMENTS: pl.Int64()} | {f"{DISTANCE}{number}": pl.Float64() for number in range(settings["clusters"])}
    if task == "regression":
        return {SCORED_LABELS: pl.Float64()}
    labels: dict[str, pl.DataType] = {SCORED_LABELS: stored(settings)}
    if task == "binary":
        return labels | {SCORED_PROBABILITIES: pl.Float64()}
    return labels | {f"{SCORED_PROBABILITIES}_{written(one)}": pl.Float64() for one in settings["classes"]}


def stored(settings: Mapping[str, Any]) -> pl.DataType:
    """The type of the label's values."""
    return _STORED[settings["type"]]


def written(one: object) -> str:
    """A class as part of a column's name."""
    return str(int(one)) if isinstance(one, float) and one.is_integer() else str(one)


@dataclass(frozen=True)
class Trained:
    """A model that is ready to predict. The estimator is opened when it is first needed."""

    model: Model

    @property
    def settings(self) -> Mapping[str, Any]:
        return self.model.settings

    @cached_property
    def estimator(self) -> Any:
        libraries.load("sklearn")
        return pickle.loads(self.model.files[ESTIMATOR])

    def predict(self, frame: pl.DataFrame) -> pl.DataFrame:
        """frame: the feature columns, made with `features.plain`. Answers the columns of `fields`."""
        wanted = fields(self.settings)
        if frame.height == 0:
            return pl.DataFrame(schema=wanted)
        rows = features.matrix(frame, self.settings["features"])
        task = self.settings["task"]
        if task == "regression":
            return pl.DataFrame({SCORED_LABELS: self.estimator.predict(rows)}, schema=wanted)
        if task == "clustering":
            return self._clusters(rows, wanted)
        return self._classes(rows, wanted)

    def _clusters(self, rows: Any, wanted: Mapping[str, pl.DataType]) -> pl.DataFrame:
        distances = self.estimator.transform(rows)
        columns = [distances.argmin(axis=1), *distances.T]
        return pl.DataFrame(dict(zip(wanted, columns, strict=True)), schema=wanted)

    def _classes(self, rows: Any, wanted: Mapping[str, pl.DataType]) -> pl.DataFrame:
        shares = _shares(self.estimator, rows, len(self.settings["classes"]))
        # A tie of two classes is the first one's.
        place = pl.Series(shares.argmax(axis=1))
        labels = place.replace_strict(range(shares.shape[1]), self.settings["classes"], return_dtype=wanted[SCORED_LABELS])
        columns = [labels, shares[:, 1]] if self.settings["task"] == "binary" else [labels, *shares.T]
        return pl.DataFrame(dict(zip(wanted, columns, strict=True)), schema=wanted)


def _shares(estimator: Any, rows: Any, classes: int) -> Any:
    """How likely each class is. An estimator that knows only a distance to its border gets the logistic function of it."""
    import numpy  # only learners need it

    if hasattr(estimator, "predict_proba"):
        found = estimator.predict_proba(rows)
    else:
        second = 1 / (1 + numpy.exp(-numpy.clip(estimator.decision_function(rows), -500, 500)))
        found = numpy.column_stack([1 - second, second])
    if found.shape[1] == classes:
        return found
    # Trained on part of the rows (a fold), in which a rare class did not occur.
    every = numpy.zeros((found.shape[0], classes))
    every[:, estimator.classes_] = found
    return every


def _facts(learner: Learner, learned: list[features.Feature]) -> dict[str, Any]:
    said = learner.settings["values"]
    known = said.get("allow_unknown_categorical_levels", said.get("allow_unknown_values_for_categorical_features", True))
    return {"task": learner.settings["task"], "features": learned, "values": dict(said), "strict": not known}
