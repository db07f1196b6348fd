"""Kolmogorov and Smirnov's test of two samples: D, the greatest distance of their cumulative distributions, and how likely one as great is.

The p-value is exact where counting the lattice paths that stay within D takes at most `CELLS` steps, and both samples have at most `MOST`
values: by those, one looks up how many of all orders of the two samples stay that close. Beyond, it is Kolmogorov's limit with Vrbik's term for the size,
within a few percent of the exact one.

The contract's component refuses samples of ten thousand values and more; this answers.
"""

import math
from itertools import accumulate

from azurine.drift.measures.pair import Pair

MOST = 10_000
CELLS = 4_000_000
HUGE = 2.0**500


def statistic(pair: Pair) -> float:
    return _greatest(pair) / pair.steps[2]


def p_value(pair: Pair) -> float:
    greatest = _greatest(pair)
    first, second = pair.baseline.values, pair.target.values
    if max(first, second) <= MOST and max(first, second) * (2 * greatest / max(first, second) + 1) <= CELLS:
        return exact(first, second, greatest)
    return limit(first * second / (first + second), greatest / (first * second))


def exact(first: int, second: int, greatest: int) -> float:
    """The share of the ways from (0, 0) to (first, second) that are, at some place (i, j), at least `greatest` from |i·second − j·first|.

    Counted a column at a time: to each place there are as many ways as to its left and lower neighbours together, so a column is the running
    sum of the one before. The counts are scaled by powers of two, since they pass the greatest float.
    """
    if greatest == 0:
        return 1.0
    first, second = max(first, second), min(first, second)
    # The first column: only ways straight up, and only as far as they stay inside.
    bottom, top, power = 0, _highest(0, first, second, greatest), 0
    column = [1.0] * (top + 1)
    for i in range(1, first + 1):
        start, end = _lowest(i, first, second, greatest), _highest(i, first, second, greatest)
        if start > top or end < start:
            return 1.0  # no way stays inside
        column = list(accumulate(column[start - bottom :] + [0.0] * (end - top)))
        bottom, top = start, end
        if column[-1] > HUGE:
            column = [ways / HUGE for ways in column]
            power += 1
    inside = math.log(column[-1]) + power * math.log(HUGE)
    everything = math.lgamma(first + second + 1) - math.lgamma(first + 1) - math.lgamma(second + 1)
    return min(max(-math.expm1(inside - everything), 0.0), 1.0)


def limit(size: float, distance: float) -> float:
    """Of samples whose sizes are as good as one of `size` beside the true distribution."""
    root = math.sqrt(size)
    z = distance * root
    z += 1 / (6 * root) + (z - 1) / (4 * size)
    if z < 0.2:
        return 1.0
    if z < 1:
        # The series of the tail converges slowly there; this is the same by Jacobi's identity.
        terms = math.fsum(math.exp(-((2 * k - 1) ** 2) * math.pi**2 / (8 * z * z)) for k in range(1, 20))
        return min(max(1 - math.sqrt(2 * math.pi) / z * terms, 0.0), 1.0)
    return min(2 * math.fsum((-1) ** (k - 1) * math.exp(-2 * k * k * z * z) for k in range(1, 20)), 1.0)


def _greatest(pair: Pair) -> int:
    return max(map(abs, pair.steps[1]))


def _highest(i: int, first: int, second: int, greatest: int) -> int:
    """The greatest j with j·first − i·second < greatest."""
    return min(second, (i * second + greatest - 1) // first)


def _lowest(i: int, first: int, second: int, greatest: int) -> int:
    """The least j with i·second − j·first < greatest."""
    return max(0, (i * second - greatest) // first + 1)
