"""Tables compared: which feature gets which measure, what is breached, and a sentence wherever there is no number."""

import pytest

from azurine.drift import categories, comparing, numbers, roles
from azurine.drift.comparing import Asked
from azurine.drift.tables import EMPTY, Table
from azurine.model.errors import Invalid


def table(rows=40, **columns):
    return Table(rows, {name: feature for name, feature in columns.items()})


BASELINE = table(
    Age=numbers.of(range(20, 60), "integer"),
    Pregnancies=numbers.of([0, 1] * 20, "integer"),
    BMI=numbers.of([20 + place / 3 for place in range(40)]),
    City=categories.of(["Oslo", "Rome"] * 20),
)


def told(rows):
    return {(row.feature, row.measure): row for row in rows}


@pytest.mark.parametrize(
    ("feature", "overrides", "role"),
    [
        (numbers.of(range(40), "integer"), {}, "numerical"),
        (numbers.of([0, 1] * 21, "integer"), {}, "categorical"),
        (numbers.of([0, 1] * 20, "integer"), {}, "numerical"),  # exactly one in twenty is not fewer
        (numbers.of([0.5, 1.5] * 40), {}, "numerical"),
        (numbers.of([0.5, 1.5] * 40), {"x": "categorical"}, "categorical"),
        (numbers.of([0, 1] * 21, "integer"), {"x": "numerical"}, "numerical"),
        (categories.of(["a"]), {}, "categorical"),
        (categories.of(["a"]), {"x": "numerical"}, "categorical"),
        (categories.of(["2026-01-01"], "date"), {}, "categorical"),
        (numbers.of([], "integer"), {}, "numerical"),
    ],
)
def test_roles(feature, overrides, role):
    assert roles.role("x", feature, overrides) == role


def test_each_feature_gets_the_measure_of_its_role():
    rows = comparing.compare(BASELINE, BASELINE)
    assert [(row.feature, row.measure, row.value, row.breached) for row in rows] == [
        ("Age", "normalized_wasserstein_distance", 0.0, False),
        ("Pregnancies", "normalized_wasserstein_distance", 0.0, False),
        ("BMI", "normalized_wasserstein_distance", 0.0, False),
        ("City", "jensen_shannon_distance", 0.0, False),
    ]


def test_what_is_named_is_measured_and_a_shift_breaches():
    target = table(Age=numbers.of([age * 1.5 for age in range(20, 60)], "integer"), City=categories.of(["Oslo"] * 39 + ["Bari"]))
    thresholds = {
        "numerical": {"population_stability_index": 0.2, "two_sample_kolmogorov_smirnov_test": 0.05},
        "categorical": {"jensen_shannon_distance": 0.1},
    }
    rows = told(comparing.compare(BASELINE, target, Asked(["Age", "City"], thresholds)))
    assert rows.keys() == {("Age", "population_stability_index"), ("Age", "two_sample_kolmogorov_smirnov_test"), ("City", "jensen_shannon_distance")}
    assert all(row.breached for row in rows.values())


@pytest.mark.parametrize(
    ("target", "feature", "says"),
    [
        (table(BMI=numbers.of([1.5])), "Age", "the target has no such feature"),
        (table(Age=categories.of(["old"])), "Age", "it is integer in the baseline and text in the target"),
        (table(Weight=numbers.of([1.5])), "Weight", "the baseline has no such feature"),
        (table(Age=numbers.of([None], "integer")), "Age", "not enough rows: the target has no values of this feature, and 1 would be needed"),
        (table(0, Age=numbers.of([], "integer")), "Age", "not enough rows: the target has 0 of 1"),
        (EMPTY, "Age", "the target has no such feature"),
    ],
)
def test_without_a_number_there_is_a_sentence(target, feature, says):
    (row,) = comparing.compare(BASELINE, target, Asked([feature]))
    assert (row.value, row.breached, row.why) == (None, False, says)


def test_too_few_rows_are_said_for_every_feature():
    rows = comparing.compare(BASELINE, table(7, Age=numbers.of(range(7), "integer")), Asked(["Age"], least=50))
    assert [row.why for row in rows] == ["not enough rows: the baseline has 40 of 50, the target has 7 of 50"]


def test_the_threshold_of_a_rate_is_added_to_the_baselines_own():
    baseline, target = table(Age=numbers.of([1, None] * 20)), table(Age=numbers.of([1, None] * 19 + [None, None]))
    (row,) = comparing.compare(baseline, target, Asked(["Age"], {"numerical": {"null_value_rate": 0.02}}))
    assert (row.value, row.threshold, row.breached) == (0.525, 0.52, True)


@pytest.mark.parametrize(
    ("thresholds", "path"),
    [
        ({"numerical": {"pearsons_chi_squared_test": 0.1}}, "numerical.pearsons_chi_squared_test"),
        ({"categorical": {"colour": 0.1}}, "categorical.colour"),
        ({"numerical": {"population_stability_index": -1}}, "numerical.population_stability_index"),
        ({"numerical": {"population_stability_index": float("nan")}}, "numerical.population_stability_index"),
    ],
)
def test_a_wrong_threshold_is_named(thresholds, path):
    with pytest.raises(Invalid) as raised:
        comparing.compare(BASELINE, BASELINE, Asked(None, thresholds))
    assert raised.value.path == path
