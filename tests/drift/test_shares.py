"""Pieces are cut into shares in their order, each once, and evenly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azurine.drift import shares


@given(st.lists(st.integers(0, 1000), max_size=40), st.integers(1, 9))
def test_each_piece_is_in_one_share_and_no_share_is_much_larger(sizes, number):
    cuts = shares.cut(sizes, number)
    assert [place for share in cuts for place in share] == list(range(len(sizes)))
    assert len(cuts) == number
    assert all(sum(sizes[place] for place in share) <= sum(sizes) / number + max(sizes) for share in cuts if share)


def test_the_same_sizes_are_cut_the_same():
    assert shares.cut([5, 5, 5, 5], 2) == [range(2), range(2, 4)]
    assert shares.cut([10], 3) == [range(0), range(1), range(1, 1)]
    assert shares.cut([], 2) == [range(0), range(0)]


def test_there_is_a_share():
    with pytest.raises(ValueError, match="at least one"):
        shares.cut([1], 0)
