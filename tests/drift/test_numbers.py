"""Sketches of numbers: however the rows are parted and merged, the same counts; and what they answer about values that they no longer hold."""

import json
import math
import random
from bisect import bisect_left
from functools import reduce

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from azurine.drift import numbers
from drift_samples import sample

VALUES = st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63), st.floats(allow_nan=True, allow_infinity=True)), max_size=40)


@given(st.lists(VALUES, max_size=4))
def test_parts_merge_into_what_all_rows_would_have_been(parts):
    whole = numbers.of([value for part in parts for value in part])
    together = reduce(numbers.merged, map(numbers.of, parts), numbers.Numbers())
    assert (together.keys, together.counts, together.low, together.high) == (whole.keys, whole.counts, whole.low, whole.high)
    assert (together.rows, together.missing, together.wrong, together.values) == (whole.rows, whole.missing, whole.wrong, sum(whole.counts))


@pytest.mark.parametrize("far", [[], [1e300, -1e-300], [10**25]])
def test_on_a_grid_too_in_any_order(far):
    values = [*sample({"law": ["normal", 5, 2, 20_000]}), *far]
    random.Random(3).shuffle(values)
    whole = numbers.of(values)
    parts = [numbers.of(values[start : start + 3_001]) for start in range(0, len(values), 3_001)]
    for _ in range(3):
        random.Random(4).shuffle(parts)
        together = reduce(numbers.merged, parts)
        assert (together.exponent, together.keys, together.counts) == (whole.exponent, whole.keys, whole.counts)
    in_pairs = numbers.merged(reduce(numbers.merged, parts[3:]), reduce(numbers.merged, parts[:3]))
    assert (in_pairs.exponent, in_pairs.keys, in_pairs.counts) == (whole.exponent, whole.keys, whole.counts)


def test_a_value_far_away_does_not_coarsen_the_rest():
    values = sample({"law": ["normal", 5, 2, 20_000]})
    assert numbers.of([*values, 1e12]).step == numbers.of(values).step < 0.01


def test_the_grid_is_the_finest_with_so_few_bins():
    values = sample({"law": ["normal", 5, 2, 20_000]})
    sketch = numbers.of(values)
    assert len(sketch.keys) <= numbers.LIMIT < len({math.floor(value / (sketch.step / 2)) for value in values})


@given(st.integers(-1080, 1000), st.one_of(st.integers(-(2**70), 2**70), st.floats(allow_nan=False, allow_infinity=False)))
def test_a_place_is_where_the_value_lies(exponent, value):
    from fractions import Fraction

    assert numbers.place(value, exponent) == math.floor(Fraction(value) / Fraction(2) ** exponent)


@settings(max_examples=25)
@given(st.lists(st.floats(-10, 20), min_size=1, max_size=5))
def test_how_many_are_below(edges):
    values = sorted(sample({"law": ["normal", 5, 2, 9_000]}))
    sketch = numbers.of(values)
    for edge, answer in zip(edges, numbers.below(sketch, edges, values[0], values[-1]), strict=True):
        assert answer == pytest.approx(bisect_left(values, edge), abs=max(sketch.counts))


def test_there_and_back_through_json():
    for values in ([], [None], [1, 2, 2], [0.5, math.inf, None], sample({"law": ["normal", 5, 2, 9_000]})):
        sketch = numbers.of(values)
        assert numbers.from_dict(json.loads(json.dumps(numbers.as_dict(sketch)))) == sketch
