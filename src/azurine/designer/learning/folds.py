"""Rows in parts, each of which is measured once by a model that learned from the others."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl

from azurine.designer.learning import libraries, models
from azurine.designer.learning.examples import Settled
from azurine.designer.ports import Learner


@dataclass(frozen=True, slots=True)
class Fold:
    """rows: numbers of the rows that were left out. settings: of the model that learned from the others."""

    rows: Any
    settings: dict[str, Any]
    truth: pl.Series
    predicted: pl.DataFrame


def drawn(rows: int, count: int, seed: int) -> list[Any]:
    """The row numbers of each part: shuffled, sizes differing by one at most, the first ones larger; those of one part ascending."""
    numpy = libraries.load("numpy")
    order = numpy.arange(rows)
    numpy.random.RandomState(seed).shuffle(order)
    return [numpy.sort(part) for part in numpy.array_split(order, count)]


def marked(numbers: pl.Series) -> list[Any]:
    """The row numbers of each part, when every row knows the number of its own."""
    return [numbers.eq_missing(one).arg_true().to_numpy() for one in numbers.unique().sort().to_list()]


def measured(learner: Learner, examples: Settled, parts: list[Any], say: Callable[[str], None]) -> Iterator[Fold]:
    numpy = libraries.load("numpy")
    every = numpy.arange(examples.frame.height)
    for rows in parts:
        model = models.train(learner, examples.part(numpy.setdiff1d(every, rows)), say)
        left_out = examples.frame[rows]
        yield Fold(rows, dict(model.settings), left_out[examples.asked.label.name], models.Trained(model).predict(left_out))
