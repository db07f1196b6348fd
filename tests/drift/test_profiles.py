"""What one side looks like, against the standard library's statistics, by value and on a grid."""

import statistics

import pytest

from azurine.drift import categories, numbers, profiles
from drift_samples import sample

SAMPLES = {
    "by value": [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5],
    "on a grid": sample({"law": ["lognormal", 0, 0.5, 9_000]}),
    "far from nought": [1e9 + place % 7 for place in range(100)],
}


@pytest.mark.parametrize("values", SAMPLES.values(), ids=SAMPLES)
def test_moments_and_quantiles(values):
    said = profiles.profile(numbers.of(values))
    near = 1e-9 if said["exact"] else 1e-3
    middle = statistics.fmean(values)
    spread = statistics.pstdev(values)
    assert (said["min"], said["max"]) == (min(values), max(values))
    assert said["mean"] == pytest.approx(middle, rel=1e-12)
    assert said["median"] == pytest.approx(statistics.median(values), rel=near)
    assert said["standard_deviation"] == pytest.approx(statistics.stdev(values), rel=near)
    assert said["skewness"] == pytest.approx(statistics.fmean([((value - middle) / spread) ** 3 for value in values]), rel=near, abs=1e-9)
    assert said["kurtosis"] == pytest.approx(statistics.fmean([((value - middle) / spread) ** 4 for value in values]) - 3, rel=near)
    assert said["percentile_25"] == pytest.approx(statistics.quantiles(values, n=4, method="inclusive")[0], rel=near)
    assert said["percentile_99"] == pytest.approx(statistics.quantiles(values, n=100, method="inclusive")[98], rel=near)


def test_a_constant_has_no_spread_and_nothing_has_no_numbers():
    said = profiles.profile(numbers.of([7, 7, None]))
    assert (said["mean"], said["variance"], said["skewness"], said["percentile_0.1"]) == (7, 0, 0, 7)
    assert profiles.profile(numbers.of([None])) == {"type": "number", "rows": 1, "missing": 1, "wrong": 0, "exact": True}


def test_the_most_frequent_categories():
    said = profiles.profile(categories.of([*"abracadabra", None]))
    assert said["unique"] == 5
    assert said["top"][0] == {"value": "a", "count": 5, "rank": 1}
    assert [one["value"] for one in said["top"]] == ["a", "b", "r", "c", "d"]
