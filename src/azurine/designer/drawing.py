"""Random order that can be had again: the place of each row when the rows are shuffled with a seed.

The same rows in the same order with the same seed give the same places. Within groups each group is shuffled by itself.
"""

import polars as pl


def places(seed: int | None, by: str = "") -> pl.Expr:
    """0 … rows - 1, shuffled; in the order of the rows when seed is None. by: a column whose values are groups, "" for none."""
    found = pl.int_range(pl.len(), dtype=pl.Int64)
    if seed is not None:
        found = found.shuffle(seed=seed)
    return found.over(by) if by else found


def count(share: float, by: str = "") -> pl.Expr:
    """How many rows a share of them is, rounded as Python rounds (half to even)."""
    found = (pl.len() * share).round(0, mode="half_to_even").cast(pl.Int64)
    return found.over(by) if by else found
