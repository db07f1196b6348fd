"""Wasserstein distance of order one: the area between the two cumulative distributions, ∫ |F − G| dx.

`normalized` is that of the values, in standard deviations of the baseline (at least a thousandth). `of_profiles` is that of dataset
monitors: of two histograms of a hundred bins, each over its own side, whose values all stand in the middle of their bin.
"""

import math

from azurine.drift import profiles
from azurine.drift.measures.pair import Pair

LEAST_DEVIATION = 0.001


def normalized(pair: Pair) -> float:
    pair.need(baseline=2)
    points, sums, product = pair.steps
    area = math.fsum(abs(ahead) * (after - before) for ahead, before, after in zip(sums, points, points[1:], strict=False)) / product
    return area / max(math.sqrt(profiles.moments(pair.numbers()[0]).variance), LEAST_DEVIATION)


def of_profiles(pair: Pair) -> float:
    pair.need()
    return math.fsum(abs(difference) * width for difference, width in profiles.differences(*pair.numbers()))
