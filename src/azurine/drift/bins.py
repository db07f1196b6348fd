"""The bins of the contract: ⌈log₂(fewer rows) + 1⌉ of equal width over both samples together, the last one closed on the right.

They change the numbers: with many more bins, the same two samples are further apart by Jensen-Shannon and by the stability index. So those are never
computed on the fine counts of a sketch, but on these, filled from them. All values equal: one bin around the value.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from azurine.drift import categories, numbers
from azurine.drift.categories import Categories
from azurine.drift.numbers import Numbers
from azurine.drift.tables import Feature

HALF = 0.005
"""Of the value, on each side of it, when there is only one."""


@dataclass(frozen=True, slots=True)
class Filled:
    """How many values of either side are in each bin (or category): `names` say which, `edges` where the bins of numbers begin and end."""

    names: Sequence[str]
    baseline: Sequence[float]
    target: Sequence[float]
    edges: Sequence[float] = ()

    def shares(self) -> tuple[list[float], list[float]]:
        return _shares(self.baseline), _shares(self.target)


def filled(baseline: Feature, target: Feature, categorical: bool) -> Filled:
    """Both sides have values."""
    if isinstance(baseline, Numbers) and isinstance(target, Numbers) and not categorical:
        return _of_numbers(baseline, target)
    first, second = _by_category(baseline, target)
    names = sorted(first.keys() | second.keys())
    return Filled(names, [first.get(name, 0) for name in names], [second.get(name, 0) for name in names])


def edges(low: float, high: float, count: int) -> list[float]:
    """Of `count` bins of equal width."""
    if low == high:
        half = HALF * abs(low) or HALF
        return [low - half, low + half]
    return [low + (high - low) * (place / count) for place in range(count)] + [high]


def histogram(sketch: Numbers, borders: Sequence[float], low: float, high: float) -> list[float]:
    inner = numbers.below(sketch, borders[1:-1], low, high)
    return [after - before for before, after in zip([0.0, *inner], [*inner, float(sketch.values)], strict=True)]


def _of_numbers(baseline: Numbers, target: Numbers) -> Filled:
    low, high = float(min(_bounds(baseline)[0], _bounds(target)[0])), float(max(_bounds(baseline)[1], _bounds(target)[1]))
    count = math.ceil(math.log2(min(baseline.values, target.values)) + 1)
    borders = edges(low, high, count)
    names = [f"[{start:.6g}, {end:.6g})" for start, end in pairwise(borders)]
    return Filled([*names[:-1], names[-1][:-1] + "]"], histogram(baseline, borders, low, high), histogram(target, borders, low, high), borders)


def _by_category(baseline: Feature, target: Feature) -> tuple[dict[str, int], dict[str, int]]:
    if isinstance(baseline, Numbers) and isinstance(target, Numbers):
        exponent, first, second = numbers.aligned(baseline, target)
        step = 1 if exponent is None else math.ldexp(1.0, exponent)
        return {_text(key * step): count for key, count in first.items()}, {_text(key * step): count for key, count in second.items()}
    if isinstance(baseline, Categories) and isinstance(target, Categories):
        return categories.aligned(baseline, target)[1:]
    raise TypeError(f"{baseline.type} and {target.type} have no values in common")


def _text(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


def _bounds(sketch: Numbers) -> tuple[float, float]:
    if sketch.low is None or sketch.high is None:
        raise ValueError("there are no values, so there are no bins")
    return sketch.low, sketch.high


def _shares(counts: Sequence[float]) -> list[float]:
    total = math.fsum(counts)
    return [count / total for count in counts]
