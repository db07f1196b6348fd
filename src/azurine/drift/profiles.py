"""What one side of a feature looks like: moments and quantiles of numbers, the most frequent values of categories; the differences of two such.

Of a sketch on a grid, each value stands in the middle of its bin: what is said is right to about the step of the grid; least and greatest are exact.
"""

import math
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from azurine.drift import bins
from azurine.drift.categories import Categories
from azurine.drift.numbers import Numbers
from azurine.drift.tables import Feature

BINS = 100
"""Of the histogram of a profile."""
PERCENTILES = (0.1, 1, 5, 25, 50, 75, 95, 99, 99.9)
TOP = 10


@dataclass(frozen=True, slots=True)
class Moments:
    """variance: of a sample (n − 1). skewness, kurtosis: of the population; kurtosis less the 3 of a normal distribution. 0 where there is no spread."""

    mean: float
    variance: float
    skewness: float
    kurtosis: float


def moments(sketch: Numbers) -> Moments:
    """There are values."""
    values = sketch.values
    points = sketch.points()
    middle = math.fsum(map(float.__mul__, points, map(float, sketch.counts))) / values
    offs = [point - middle for point in points]
    squares = [off * off for off in offs]
    second = math.fsum(map(float.__mul__, squares, map(float, sketch.counts))) / values
    variance = second * values / (values - 1) if values > 1 else 0.0
    if second == 0:
        return Moments(sketch.total / values, variance, 0.0, 0.0)
    third = math.fsum(count * square * off for count, square, off in zip(sketch.counts, squares, offs, strict=True)) / values
    fourth = math.fsum(count * square * square for count, square in zip(sketch.counts, squares, strict=True)) / values
    return Moments(sketch.total / values, variance, third / second**1.5, fourth / second**2 - 3)


def quantile(sketch: Numbers, share: float) -> float:
    """Linear between the two values around it, as everybody's default is. There are values."""
    sums = list(accumulate(sketch.counts))
    points = sketch.points()
    rank = share * (sketch.values - 1)
    whole = math.floor(rank)
    under, over = (points[bisect_left(sums, min(place, sketch.values - 1) + 1)] for place in (whole, whole + 1))
    return under + (over - under) * (rank - whole)


def profile(feature: Feature) -> Mapping[str, Any]:
    """Plain words for a report."""
    counts: dict[str, Any] = {"type": feature.type, "rows": feature.rows, "missing": feature.missing, "wrong": feature.wrong, "exact": feature.exact}
    if feature.values == 0:
        return counts
    return {**counts, **(_of_numbers(feature) if isinstance(feature, Numbers) else _of_categories(feature))}


def differences(baseline: Numbers, target: Numbers) -> Iterator[tuple[float, float]]:
    """(F − G, width) between neighbouring points, where F and G are cumulative shares of two histograms of BINS bins in the middle of which all values stand."""
    ahead: dict[float, float] = {}
    for sketch, sign in ((baseline, 1), (target, -1)):
        for point, count in _middles(sketch):
            ahead[point] = ahead.get(point, 0.0) + sign * count / sketch.values
    points = sorted(ahead)
    for share, before, after in zip(accumulate(ahead[point] for point in points), points, points[1:], strict=False):
        yield share, after - before


def _middles(sketch: Numbers) -> list[tuple[float, float]]:
    low, high = float(sketch.low or 0), float(sketch.high or 0)
    if low == high:
        return [(low, float(sketch.values))]
    borders = bins.edges(low, high, BINS)
    counts = bins.histogram(sketch, borders, low, high)
    return [((start + end) / 2, count) for start, end, count in zip(borders, borders[1:], counts, strict=False) if count]


def _of_numbers(sketch: Numbers) -> Mapping[str, Any]:
    known = moments(sketch)
    quantiles = {f"percentile_{percent:g}": quantile(sketch, percent / 100) for percent in PERCENTILES}
    spread = {"variance": known.variance, "standard_deviation": math.sqrt(known.variance), "skewness": known.skewness, "kurtosis": known.kurtosis}
    return {"min": sketch.low, "max": sketch.high, "mean": known.mean, "median": quantile(sketch, 0.5)} | spread | quantiles


def _of_categories(sketch: Categories) -> Mapping[str, Any]:
    if not sketch.exact:
        return {"unique": None}
    often = sorted(sketch.counts.items(), key=lambda one: (-one[1], one[0]))[:TOP]
    return {"unique": len(sketch.counts), "top": [{"value": name, "count": count, "rank": rank} for rank, (name, count) in enumerate(often, start=1)]}
