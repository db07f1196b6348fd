"""Data type error rate: values that are not of the baseline's type, by rows of the target, to five decimals. So the target is read with those types."""

from azurine.drift.measures.null_value_rate import DECIMALS
from azurine.drift.measures.pair import NotEnough, Pair


def rate(pair: Pair) -> float:
    if pair.target.rows == 0:
        raise NotEnough("not enough rows: the target has none")
    return round(pair.target.wrong / pair.target.rows, DECIMALS)
