"""Population stability index: Σ (pᵢ − qᵢ) · ln(pᵢ / qᵢ) over the contract's bins or the categories, one added to every count of both sides."""

import math
from collections.abc import Sequence

from azurine.drift.measures.pair import Pair


def index(pair: Pair) -> float:
    shares = zip(_smoothed(pair.filled.target), _smoothed(pair.filled.baseline), strict=True)
    return math.fsum((p - q) * math.log(p / q) for p, q in shares)


def _smoothed(counts: Sequence[float]) -> list[float]:
    total = math.fsum(counts) + len(counts)
    return [(count + 1) / total for count in counts]
