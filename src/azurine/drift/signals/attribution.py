"""How alike two rankings of features are: the normalized discounted cumulative gain of the production data's ranking, judged by the reference data's.

1 when production ranks the features as the reference does; the less, the further down the features come that matter most. Features that are ranked
equal share their places. Where nothing matters in the reference data, there is nothing to rank.
"""

import math
from collections.abc import Mapping
from itertools import groupby

from azurine.drift.comparing import Row
from azurine.drift.measures.pair import NotEnough

MEASURE = "normalized_discounted_cumulative_gain"


def rows(reference: Mapping[str, float], production: Mapping[str, float], threshold: float) -> list[Row]:
    """One about the whole signal. It breaches below its threshold."""
    try:
        value = gain({name: reference[name] for name in reference if name in production}, production)
    except NotEnough as error:
        return [Row("", "", MEASURE, None, threshold, False, str(error))]
    return [Row("", "", MEASURE, value, threshold, value < threshold)]


def gain(relevance: Mapping[str, float], scores: Mapping[str, float]) -> float:
    """relevance, scores: by feature, not negative."""
    best = _discounted(relevance, relevance)
    if best <= 0:
        raise NotEnough("not enough rows: no feature matters in the reference data")
    return _discounted(relevance, scores) / best


def _discounted(relevance: Mapping[str, float], scores: Mapping[str, float]) -> float:
    ranked = sorted(relevance, key=lambda name: -scores[name])
    total, place = 0.0, 0
    for _, tied in groupby(ranked, key=lambda name: scores[name]):
        names = list(tied)
        discounts = math.fsum(1 / math.log2(place + number + 2) for number in range(len(names)))
        total += discounts * math.fsum(relevance[name] for name in names) / len(names)
        place += len(names)
    return total
