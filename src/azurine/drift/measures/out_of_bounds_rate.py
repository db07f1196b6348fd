"""Out of bounds rate: numbers outside what the baseline had, or categories that it did not have, by rows of the target, to five decimals.

A missing value is not out of bounds (the contract puts the median or the most frequent value in its place).
"""

from azurine.drift import categories, numbers
from azurine.drift.categories import Categories
from azurine.drift.measures.null_value_rate import DECIMALS
from azurine.drift.measures.pair import NotEnough, Pair
from azurine.drift.numbers import Numbers


def rate(pair: Pair) -> float:
    if pair.target.rows == 0:
        raise NotEnough("not enough rows: the target has none")
    pair.need(target=0)
    outside = _unknown(pair.baseline, pair.target) if isinstance(pair.baseline, Categories) else _beyond(*pair.numbers())
    return round(outside / pair.target.rows, DECIMALS)


def _beyond(baseline: Numbers, target: Numbers) -> float:
    low, high = baseline.low, baseline.high
    if low is None or high is None or target.low is None or target.high is None:
        return 0.0
    above = target.values - _up_to(target, high) if target.high > high else 0.0
    under = numbers.below(target, [low], float(target.low), float(target.high))[0] if target.low < low else 0.0
    return under + above


def _up_to(target: Numbers, high: float) -> float:
    if target.exact:
        return float(sum(count for key, count in zip(target.keys, target.counts, strict=True) if key <= high))
    return numbers.below(target, [high], float(target.low or 0), float(target.high or 0))[0]


def _unknown(baseline: Categories, target: object) -> int:
    if not isinstance(target, Categories):
        raise TypeError("categories are compared with categories")
    _, known, seen = categories.aligned(baseline, target)
    return sum(count for name, count in seen.items() if name not in known)
