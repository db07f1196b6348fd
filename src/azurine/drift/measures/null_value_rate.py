"""Null value rate: missing values by rows of the target, to five decimals. The baseline's own rate is what a threshold is added to."""

from azurine.drift.measures.pair import NotEnough, Pair

DECIMALS = 5


def rate(pair: Pair) -> float:
    if pair.target.rows == 0:
        raise NotEnough("not enough rows: the target has none")
    return round(pair.target.missing / pair.target.rows, DECIMALS)
