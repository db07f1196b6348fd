"""Jensen-Shannon distance: the root of half the divergences of both sides from their mean, in bits, so from 0 (the same) to 1 (nothing in common)."""

import math
from collections.abc import Sequence

from azurine.drift.measures.pair import Pair


def distance(pair: Pair) -> float:
    baseline, target = pair.filled.shares()
    middle = [(p + q) / 2 for p, q in zip(target, baseline, strict=True)]
    # Rounding may leave a little less than nothing.
    return math.sqrt(max(0.0, (_divergence(target, middle) + _divergence(baseline, middle)) / 2))


def _divergence(shares: Sequence[float], middle: Sequence[float]) -> float:
    return math.fsum(p * math.log2(p / m) for p, m in zip(shares, middle, strict=True) if p > 0)
