"""Pearson's chi-squared test: how likely are counts as far as the target's from those that the baseline's shares would give?

Nothing is smoothed. A category that the baseline does not have should not come at all: the p-value is 0. One category alone: 1.
"""

from azurine.drift.measures import gamma
from azurine.drift.measures.pair import Pair


def p_value(pair: Pair) -> float:
    counts, (expected, _) = pair.filled, pair.filled.shares()
    total = sum(counts.target)
    if any(share == 0 for share in expected):
        return 0.0
    squares = sum((count - share * total) ** 2 / (share * total) for count, share in zip(counts.target, expected, strict=True))
    return gamma.upper((len(expected) - 1) / 2, squares / 2) if len(expected) > 1 else 1.0
