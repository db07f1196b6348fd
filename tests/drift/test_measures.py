"""Every measure, against what scipy says about the same samples (`cases/drift/references.py` wrote the cases), and by its own promises."""

import json
from itertools import pairwise
from pathlib import Path

import pytest

from azurine.drift import categories, measures, numbers
from azurine.drift.measures import MEASURES, NotEnough, Pair, gamma, kolmogorov_smirnov
from drift_samples import sample

CASES = json.loads((Path(__file__).parents[1] / "cases" / "drift" / "measures.json").read_text(encoding="utf-8"))
ROWS = [pytest.param(case, name, id=f"{case['name']}: {name}") for case in CASES for name in case["expected"]]
ON_GRID = 0.003
"""How far a number may be off, as a share of it, when there are more different values than a sketch keeps apart."""


def sketch(values):
    return categories.of(values) if any(isinstance(value, str) for value in values) else numbers.of(values)


def pair(case):
    return Pair(sketch(sample(case["baseline"])), sketch(sample(case["target"])), case["role"] == "categorical")


@pytest.mark.parametrize(("case", "name"), ROWS)
def test_it_is_the_number_of_the_reference(case, name):
    given = pair(case)
    exact = given.baseline.exact and given.target.exact
    assert MEASURES[name].compute(given) == pytest.approx(case["expected"][name], rel=1e-9 if exact else ON_GRID, abs=1e-12)


def test_every_measure_of_a_distance_has_a_case():
    rates = {"null_value_rate", "data_type_error_rate", "out_of_bounds_rate"}
    assert {name for case in CASES for name in case["expected"]} == MEASURES.keys() - rates


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_table_beside_itself_has_not_drifted_at_all(case):
    side = sketch(sample(case["baseline"]))
    given = Pair(side, side, case["role"] == "categorical")
    for name, measure in MEASURES.items():
        if case["role"] in measure.roles:
            assert measure.compute(given) == (1.0 if measure.below else 0.0), name


@pytest.mark.parametrize(
    ("baseline", "target", "says"),
    [
        ([], [1, 2], "the baseline has no values of this feature"),
        ([1, 2], [None, None], "the target has no values of this feature"),
    ],
)
def test_without_values_there_is_a_sentence_and_no_number(baseline, target, says):
    for categorical in (False, True):
        given = Pair(numbers.of(baseline), numbers.of(target), categorical)
        for name, measure in MEASURES.items():
            if not name.endswith("_rate") and ("categorical" if categorical else "numerical") in measure.roles:
                with pytest.raises(NotEnough, match=says):
                    measure.compute(given)


def test_one_value_has_no_deviation():
    with pytest.raises(NotEnough, match="the baseline has 1 value of this feature, and 2 would be needed"):
        MEASURES["normalized_wasserstein_distance"].compute(Pair(numbers.of([1]), numbers.of([1, 2]), False))


@pytest.mark.parametrize(
    ("baseline", "target", "rate", "expected"),
    [
        ([1, 5], [0, 1, 5, 6, 7, None], "out_of_bounds_rate", 0.5),
        ([1.0, 5.0], [1.0, 5.0, 3.0], "out_of_bounds_rate", 0.0),
        ([None], [1, 2], "out_of_bounds_rate", NotEnough),
        (["a", "b"], ["a", "c", None, "b", "c", "d"], "out_of_bounds_rate", 0.5),
        ([1], [1, None, None], "null_value_rate", 0.66667),
        (["a"], ["a", None], "null_value_rate", 0.5),
        ([1], [1, float("inf"), 2, 3], "data_type_error_rate", 0.25),
        ([1], [], "null_value_rate", NotEnough),
        ([1], [], "data_type_error_rate", NotEnough),
        ([1], [], "out_of_bounds_rate", NotEnough),
    ],
)
def test_rates(baseline, target, rate, expected):
    given = Pair(sketch(baseline), sketch(target), False)
    if expected is NotEnough:
        with pytest.raises(NotEnough, match="not enough rows"):
            MEASURES[rate].compute(given)
    else:
        assert MEASURES[rate].compute(given) == expected


def test_on_a_grid_the_bounds_are_still_those_of_the_values():
    values = sample({"law": ["normal", 0, 1, 9000]})
    baseline, wider = numbers.of(values), numbers.of([2 * value for value in values])
    assert not baseline.exact
    assert MEASURES["out_of_bounds_rate"].compute(Pair(baseline, baseline, False)) == 0
    outside = sum(not min(values) <= 2 * value <= max(values) for value in values)
    # Never more than there are; less by what is in the bin that a bound cuts.
    assert outside - 3 <= round(MEASURES["out_of_bounds_rate"].compute(Pair(baseline, wider, False)) * 9000) <= outside


def on_grid(keys, exponent=0, low=None, high=None):
    """A sketch as of a large CSV file, whose bounds are the ends of its outermost bins; or with bounds that are known."""
    step, total = 2.0**exponent, sum(keys.values())
    low, high = min(keys) * step if low is None else low, (max(keys) + 1) * step if high is None else high
    return numbers.counted("number", keys, rows=total, missing=0, wrong=0, low=low, high=high, total=0, exponent=exponent)


@pytest.mark.parametrize(
    ("baseline", "target", "outside"),
    [
        (numbers.of([0.5, 2.5]), on_grid({0: 10, 1: 10, 2: 10}), 0),
        (numbers.of([0.5, 2.5]), on_grid({-1: 1, 0: 10, 2: 10, 3: 2}), 3),
        (on_grid({0: 10, 2: 10}), on_grid({0: 10, 2: 10, 3: 4}), 4),
        (on_grid({0: 10, 2: 10}), numbers.of([2.9, 3.0, 3.1, -0.1, 0.0]), 3),
        (on_grid({0: 10, 2: 10}), on_grid({-1: 8, 0: 1, 1: 8}, exponent=1), 8),
        (on_grid({0: 10, 2: 10}, low=0.5, high=2.75), on_grid({0: 10, 2: 10}), 0),
        (on_grid({0: 10, 2: 10}, low=0.5, high=2.75), on_grid({0: 10, 2: 10}, low=0.25, high=2.8), 2),
        (on_grid({0: 10, 2: 10}, low=0.5, high=2.75), on_grid({0: 10, 2: 10}, low=0.5, high=2.75), 0),
        (numbers.of([7]), on_grid({-9: 3, 0: 4, 1: 5}, exponent=3), 8),
    ],
)
def test_only_what_is_outside_for_certain_is_out_of_bounds(baseline, target, outside):
    assert MEASURES["out_of_bounds_rate"].compute(Pair(baseline, target, False)) == round(outside / target.rows, 5)


def test_tests_breach_below_and_distances_above_their_threshold():
    assert measures.breaches("population_stability_index", 0.11, 0.1)
    assert not measures.breaches("population_stability_index", 0.1, 0.1)
    assert measures.breaches("pearsons_chi_squared_test", 0.04, 0.05)
    assert not measures.breaches("pearsons_chi_squared_test", 0.05, 0.05)


@pytest.mark.parametrize(("first", "second", "shift"), [(10_000, 8_000, 0.015), (9_999, 5_000, 0.02), (10_000, 10_000, 0.012), (3_000, 2_000, 0.03)])
def test_the_limit_of_the_test_is_close_to_its_exact_value(first, second, shift):
    greatest = round(shift * first * second)
    size, distance = first * second / (first + second), greatest / (first * second)
    assert kolmogorov_smirnov.limit(size, distance) == pytest.approx(kolmogorov_smirnov.exact(first, second, greatest), rel=0.05)


def test_the_limit_is_one_curve_and_falls():
    values = [kolmogorov_smirnov.limit(1e6, place / 1e6) for place in range(1, 6000, 7)]
    assert values[0] == 1.0
    assert all(0 <= after <= before for before, after in pairwise(values))
    assert max(before - after for before, after in pairwise(values)) < 0.02


@pytest.mark.parametrize(
    ("a", "x", "expected"),
    # Q(1/2, x²) is erfc(x), Q(1, x) is e⁻ˣ; the last: scipy.special.gammaincc.
    [
        (0.5, 1.0, 0.15729920705028513),
        (1.0, 2.0, 0.1353352832366127),
        (0.5, 1e-9, 0.9999643177517),
        (2047.5, 2047.5, 0.4970610),
        (3, 0, 1.0),
        (3, 1e4, 0.0),
    ],
)
def test_the_tail_of_chi_squared(a, x, expected):
    assert gamma.upper(a, x) == pytest.approx(expected, rel=1e-6)
