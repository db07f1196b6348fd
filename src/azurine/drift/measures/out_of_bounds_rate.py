"""Out of bounds rate: numbers outside what the baseline had, or categories that it did not have, by rows of the target, to five decimals.

A missing value is not out of bounds (the contract puts the median or the most frequent value in its place).
"""

from azurine.drift import categories
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


def _beyond(baseline: Numbers, target: Numbers) -> int:
    """Values outside for certain. Of a bin that a bound cuts nobody knows which of its values are outside, but for the outermost, where that is known."""
    low, high = baseline.low, baseline.high
    if low is None or high is None or target.low is None or target.high is None:
        return 0
    width, closed = target.step, not _is_border(baseline)
    under = above = 0
    for key, count in zip(target.keys, target.counts, strict=True):
        begin, end = (key, key) if target.exact else (max(key * width, target.low), (key + 1) * width)
        if begin > high or (begin == high and not closed):
            above += count
        elif end < low or (end == low and not target.exact):
            under += count
    return max(under, int(target.low < low and not _is_border(target))) + max(above, int(target.high > high and not _is_border(target)))


def _is_border(sketch: Numbers) -> bool:
    """Whether what stands for least and greatest are the ends of the outermost bins, since the values themselves were too dear to look for."""
    return not sketch.exact and sketch.high == (sketch.keys[-1] + 1) * sketch.step


def _unknown(baseline: Categories, target: object) -> int:
    if not isinstance(target, Categories):
        raise TypeError("categories are compared with categories")
    _, known, seen = categories.aligned(baseline, target)
    return sum(count for name, count in seen.items() if name not in known)
