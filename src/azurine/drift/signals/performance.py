"""How right predictions were, against what turned out to be true: of classes accuracy, precision and recall (the mean over all classes), of numbers the
mean absolute, mean squared and root mean squared error. The first three breach below their threshold, errors above.

What is counted is handed in, not the rows: how often each class was predicted for each, and the sums of the errors.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from azurine.drift.comparing import Row

CLASSIFICATION = ("accuracy", "precision", "recall")


@dataclass(frozen=True, slots=True)
class Errors:
    """Of numbers. rows: pairs of a prediction and what was true. absolute, squared: the sums."""

    rows: int
    absolute: float
    squared: float


Confusion = Mapping[tuple[str, str], int]
"""How often: (true, predicted)."""


def rows(values: Mapping[str, float], thresholds: Mapping[str, float]) -> list[Row]:
    return [
        Row("", "", name, values[name], limit, values[name] < limit if name in CLASSIFICATION else values[name] > limit)
        for name, limit in thresholds.items()
    ]


def of_classes(counts: Confusion) -> dict[str, float]:
    """There are pairs. A class that was never predicted has the precision 0, one that never was true the recall 0."""
    classes = sorted({name for pair in counts for name in pair})
    right = {name: counts.get((name, name), 0) for name in classes}
    predicted, true = (_totals(counts, side) for side in (1, 0))
    return {
        "accuracy": sum(right.values()) / sum(counts.values()),
        "precision": math.fsum(_share(right[name], predicted.get(name, 0)) for name in classes) / len(classes),
        "recall": math.fsum(_share(right[name], true.get(name, 0)) for name in classes) / len(classes),
    }


def of_numbers(errors: Errors) -> dict[str, float]:
    mean = errors.squared / errors.rows
    return {"mae": errors.absolute / errors.rows, "mse": mean, "rmse": math.sqrt(mean)}


def _totals(counts: Confusion, side: int) -> dict[str, int]:
    found: dict[str, int] = {}
    for pair, count in counts.items():
        found[pair[side]] = found.get(pair[side], 0) + count
    return found


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
