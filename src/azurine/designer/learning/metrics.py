"""What was true beside what was predicted, as numbers: the measures of Evaluate Model, by task.

    binary       AUC  Accuracy  Precision  Recall  F1  True_Positive  False_Positive  True_Negative  False_Negative
    multiclass   Overall_Accuracy  Average_Accuracy  Micro_Precision  Macro_Precision  Micro_Recall  Macro_Recall
    regression   Mean_Absolute_Error  Root_Mean_Squared_Error  Relative_Squared_Error  Relative_Absolute_Error  Coefficient_of_Determination

A share of nothing (precision without a positive prediction) is 0; what cannot be said (AUC of one class) is None. Rows in which either side
is missing do not count. AUC is the share of pairs of a positive and a negative row in which the positive one has the higher probability,
ties counting half.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from azurine.designer.learning import models
from azurine.designer.tables import SCORED_LABELS, SCORED_PROBABILITIES

Measures = dict[str, float | None]
LOG_LOSS, TRAIN_LOG_LOSS = "Average_Log_Loss", "Train_Log_Loss"
ERRORS = frozenset({LOG_LOSS, "Mean_Absolute_Error", "Root_Mean_Squared_Error", "Relative_Squared_Error", "Relative_Absolute_Error"})
"""Measures of which less is better."""
_LEAST = 1e-15
"""A probability of nothing is taken for this one, so that one surprise is not infinitely bad."""


def binary(truth: pl.Series, guess: pl.Series, probability: pl.Series) -> Measures:
    """truth, guess: whether the row is, and was predicted to be, of the positive class."""
    frame = pl.DataFrame({"t": truth.cast(pl.Boolean), "g": guess.cast(pl.Boolean), "p": probability.cast(pl.Float64)}).drop_nulls()
    hits, alarms = int((frame["t"] & frame["g"]).sum()), int((~frame["t"] & frame["g"]).sum())
    misses = int((frame["t"] & ~frame["g"]).sum())
    rest = frame.height - hits - alarms - misses
    precision, recall = _share(hits, hits + alarms), _share(hits, hits + misses)
    return {
        "AUC": _auc(frame["t"], frame["p"]),
        "Accuracy": _share(hits + rest, frame.height),
        "Precision": precision,
        "Recall": recall,
        "F1": _share(2 * hits, 2 * hits + alarms + misses),
        "True_Positive": hits,
        "False_Positive": alarms,
        "True_Negative": rest,
        "False_Negative": misses,
    }


def multiclass(truth: pl.Series, guess: pl.Series) -> Measures:
    frame = pl.DataFrame({"t": truth, "g": guess}).drop_nulls()
    classes = pl.concat([frame["t"], frame["g"]]).unique().to_list()
    hits = [int(((frame["t"] == one) & (frame["g"] == one)).sum()) for one in classes]
    guessed, there = ([int((frame[side] == one).sum()) for one in classes] for side in ("g", "t"))
    overall = _share(sum(hits), frame.height)
    right = [frame.height - said - is_ + 2 * hit for said, is_, hit in zip(guessed, there, hits, strict=True)]
    return {
        "Overall_Accuracy": overall,
        "Average_Accuracy": _mean([_share(one, frame.height) for one in right]),
        "Micro_Precision": overall,
        "Macro_Precision": _mean([_share(hit, said) for hit, said in zip(hits, guessed, strict=True)]),
        "Micro_Recall": overall,
        "Macro_Recall": _mean([_share(hit, is_) for hit, is_ in zip(hits, there, strict=True)]),
    }


def regression(truth: pl.Series, guess: pl.Series) -> Measures:
    frame = pl.DataFrame({"t": truth.cast(pl.Float64), "g": guess.cast(pl.Float64)}).drop_nulls()
    if frame.is_empty():
        return dict.fromkeys(("Mean_Absolute_Error", "Root_Mean_Squared_Error", *_RELATIVE))
    error, spread = pl.col("t") - pl.col("g"), pl.col("t") - pl.col("t").mean()
    absolute, squared, absolute_spread, squared_spread = frame.select(
        error.abs().mean().alias("a"), error.pow(2).mean().alias("b"), spread.abs().mean().alias("c"), spread.pow(2).mean().alias("d")
    ).row(0)
    relative = squared / squared_spread if squared_spread else None
    return {
        "Mean_Absolute_Error": absolute,
        "Root_Mean_Squared_Error": math.sqrt(squared),
        "Relative_Squared_Error": relative,
        "Relative_Absolute_Error": absolute / absolute_spread if absolute_spread else None,
        "Coefficient_of_Determination": None if relative is None else 1 - relative,
    }


_RELATIVE = ("Relative_Squared_Error", "Relative_Absolute_Error", "Coefficient_of_Determination")


def of(settings: Mapping[str, Any], truth: pl.Series, predicted: pl.DataFrame) -> Measures:
    """Of what a model predicted. settings: the model's."""
    guess = predicted[SCORED_LABELS]
    if settings["task"] == "regression":
        return regression(truth, guess)
    if settings["task"] == "multiclass":
        return multiclass(truth, guess)
    second = settings["classes"][1]
    return binary(truth == second, guess == second, predicted[SCORED_PROBABILITIES])


def by_class(found: Measures) -> Measures:
    """The measures of several classes under the names that two classes have: means over the classes."""
    precision, recall = found["Macro_Precision"] or 0.0, found["Macro_Recall"] or 0.0
    together = precision + recall
    return {
        "Accuracy": found["Overall_Accuracy"],
        "Precision": precision,
        "Recall": recall,
        "F1": 2 * precision * recall / together if together else 0.0,
    }


def log_losses(settings: Mapping[str, Any], truth: pl.Series, predicted: pl.DataFrame) -> Measures:
    """Average: of minus the logarithm of the probability of what was true. Train: by how many percent that is better than knowing
    nothing but how often each class occurs."""
    classes: Sequence[Any] = settings["classes"]
    if settings["task"] == "binary":
        second = predicted[SCORED_PROBABILITIES]
        shares = [1 - second, second]
    else:
        shares = [predicted[f"{SCORED_PROBABILITIES}_{models.written(one)}"] for one in classes]
    counts = [int((truth == one).sum()) for one in classes]
    rows = sum(counts)
    if rows == 0:
        return {LOG_LOSS: None, TRAIN_LOG_LOSS: None}
    lost = -sum(float(share.filter(truth == one).clip(_LEAST, 1).log().sum()) for one, share in zip(classes, shares, strict=True)) / rows
    prior = -sum(count / rows * math.log(count / rows) for count in counts if count)
    return {LOG_LOSS: lost, TRAIN_LOG_LOSS: 100 * (1 - lost / prior) if prior else None}


def _auc(truth: pl.Series, probability: pl.Series) -> float | None:
    positive = int(truth.sum())
    negative = truth.len() - positive
    if not positive or not negative:
        return None
    ranks = float(probability.rank("average").filter(truth).sum())
    return (ranks - positive * (positive + 1) / 2) / (positive * negative)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
