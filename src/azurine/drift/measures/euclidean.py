"""Euclidean distance of the shares of all categories that either side has: √ Σ (p − q)²."""

import math

from azurine.drift.measures.pair import Pair


def distance(pair: Pair) -> float:
    return math.dist(*pair.filled.shares())
