"""How far apart two tables are as a whole: how well a model tells them apart, from 0 (not at all) to 1 (always).

The recovered rules of dataset monitors, less the model itself (which is fitted where there is a library for it): which columns the model is shown,
and as what; its score, Matthews' correlation of what it says with what is; the share of each feature in it.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from azurine.drift.roles import CATEGORICAL, NUMERICAL

SHARE, MOST = 0.05, 100
"""Of its rows, and in all: so many different values, at most, has a column that is shown as categories."""
MISSING = 0.15
"""From this share of missing values on, a numerical column is not shown."""
THRESHOLD = 0.2
NULL = "__null__"
"""The category of missing values."""
LEAST = 50
"""Rows of a slice: with fewer it is skipped."""


@dataclass(frozen=True, slots=True)
class Column:
    """Of the baseline. type: of `tables`. different: values, the missing ones left out."""

    type: str
    rows: int
    missing: int
    different: int


def shown(columns: Mapping[str, Column]) -> tuple[dict[str, str], dict[str, str]]:
    """The role of each column that the model is shown; of each other one, why it is not."""
    roles, left = {}, {}
    for name, column in columns.items():
        if column.type in ("date", "timestamp"):
            left[name] = f"it is of type {column.type}"
        elif column.different <= min(column.rows * SHARE, MOST):
            roles[name] = CATEGORICAL
        elif column.type == "text":
            left[name] = f"it is text with {column.different} different values"
        elif column.missing >= column.rows * MISSING:
            left[name] = f"{column.missing} of its {column.rows} values are missing in the baseline"
        else:
            roles[name] = NUMERICAL
    return roles, left


def coefficient(true_target: int, true_baseline: int, false_target: int, false_baseline: int) -> float:
    """Matthews'; 0 where it is not defined, as when the model always says the same."""
    product = (true_target + false_target) * (true_target + false_baseline) * (true_baseline + false_target) * (true_baseline + false_baseline)
    return (true_target * true_baseline - false_target * false_baseline) / math.sqrt(product) if product else 0.0


def contributions(splits: Mapping[str, int]) -> dict[str, float]:
    """Of each feature, the share of all splits that the model made by it; all 0 when it made none."""
    total = sum(splits.values())
    return {name: number / total if total else 0.0 for name, number in splits.items()}
