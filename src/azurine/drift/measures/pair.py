"""What a measure is given: the two sides of one feature, which can be compared, and whether they are taken as categories.

The counts in the contract's bins are made once, for all measures that want them.
"""

from collections.abc import Sequence
from functools import cached_property

from azurine.drift import bins, numbers
from azurine.drift.numbers import Numbers
from azurine.drift.tables import Feature


class NotEnough(ValueError):
    """There is too little to say a number; the message tells what."""


class Pair:
    """baseline, target: of one type. categorical: the role of the feature."""

    def __init__(self, baseline: Feature, target: Feature, categorical: bool) -> None:
        self.baseline = baseline
        self.target = target
        self.categorical = categorical

    def need(self, baseline: int = 1, target: int = 1) -> None:
        """That many values, or `NotEnough`."""
        for side, feature, least in (("baseline", self.baseline, baseline), ("target", self.target, target)):
            if feature.values < least:
                raise NotEnough(f"not enough rows: the {side} has {_counted(feature.values)} of this feature, and {least} would be needed")

    @cached_property
    def filled(self) -> bins.Filled:
        self.need()
        return bins.filled(self.baseline, self.target, self.categorical)

    def numbers(self) -> tuple[Numbers, Numbers]:
        if not isinstance(self.baseline, Numbers) or not isinstance(self.target, Numbers):
            raise TypeError(f"a measure of numbers was asked about {self.baseline.type}")
        return self.baseline, self.target

    @cached_property
    def steps(self) -> tuple[Sequence[float], Sequence[int], int]:
        """Points in ascending order; by how much the baseline is ahead of the target in values up to each, times both their numbers; that product.

        In whole numbers, so that equal shares are exactly equal, whatever the numbers of rows.
        """
        baseline, target = self.numbers()
        self.need()
        exponent, ahead, behind = numbers.aligned(baseline, target)
        weight, other = target.values, baseline.values
        for key, count in ahead.items():
            ahead[key] = count * weight
        for key, count in behind.items():
            ahead[key] = ahead.get(key, 0) - count * other
        step = 1.0 if exponent is None else 2.0**exponent
        keys = sorted(ahead)
        gone, sums = 0, []
        for key in keys:
            gone += ahead[key]
            sums.append(gone)
        return [key * step for key in keys], sums, weight * other


def _counted(values: int) -> str:
    return "no values" if values == 0 else "1 value" if values == 1 else f"{values} values"
