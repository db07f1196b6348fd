"""A table cut into shares: its pieces, in their order, for so many workers; each share is of about the same size.

A piece is a file, or a group of rows of one. Which share a piece belongs to depends on nothing but the sizes, so whoever cuts, cuts the same.
"""

from collections.abc import Sequence
from itertools import accumulate


def cut(sizes: Sequence[int], shares: int) -> list[range]:
    """For each share, the places of its pieces. A share may be empty. No share is larger than the mean by more than a piece."""
    if shares < 1:
        raise ValueError("there is at least one share")
    total = sum(sizes)
    ends = [0] * (shares + 1)
    for place, (size, end) in enumerate(zip(sizes, accumulate(sizes), strict=True), start=1):
        # By where the middle of a piece lies; pieces of no size go with what is before them.
        share = min((2 * end - size) * shares // (2 * total), shares - 1) if total else 0
        ends[share + 1] = place
    for share in range(1, shares + 1):
        ends[share] = max(ends[share], ends[share - 1])
    return [range(ends[share], ends[share + 1]) for share in range(shares)]
