"""Numbers of whole signals, against what scikit-learn says about the same."""

import pytest
from sklearn.metrics import accuracy_score, mean_absolute_error, mean_squared_error, ndcg_score, precision_score, recall_score

from azurine.drift.measures import NotEnough
from azurine.drift.signals import attribution, performance
from azurine.drift.signals.performance import Errors

RANKINGS = [
    pytest.param([3.0, 2.0, 1.0], [3.0, 2.0, 1.0], id="the same"),
    pytest.param([3.0, 2.0, 1.0], [1.0, 2.0, 3.0], id="turned round"),
    pytest.param([0.31, 0.02, 0.17, 0.5, 0.0], [0.2, 0.2, 0.4, 0.1, 0.1], id="ties"),
    pytest.param([1.0, 1.0, 1.0], [0.0, 0.0, 0.0], id="all the same"),
    pytest.param([0.0, 0.0, 5.0, 0.1], [9.0, 3.0, 0.5, 0.5], id="the one that mattered"),
]


@pytest.mark.parametrize(("reference", "production"), RANKINGS)
def test_the_gain_of_a_ranking(reference, production):
    names = [f"f{place}" for place in range(len(reference))]
    found = attribution.gain(dict(zip(names, reference, strict=True)), dict(zip(names, production, strict=True)))
    assert found == pytest.approx(ndcg_score([reference], [production]), rel=1e-12)


def test_a_ranking_breaches_below_its_threshold_and_is_told_where_nothing_matters():
    (row,) = attribution.rows({"a": 3.0, "b": 1.0, "gone": 9.0}, {"a": 0.0, "b": 1.0}, 0.9)
    assert (row.breached, row.threshold) == (True, 0.9)
    assert not attribution.rows({"a": 3.0, "b": 1.0}, {"a": 2.0, "b": 1.0}, 0.9)[0].breached
    (none,) = attribution.rows({"a": 0.0}, {"a": 1.0}, 0.9)
    assert (none.value, none.breached) == (None, False)
    assert "no feature matters" in none.why
    with pytest.raises(NotEnough):
        attribution.gain({}, {})


CLASSES = [
    pytest.param(list("aabbcc"), list("abbbca"), id="three classes"),
    pytest.param(list("0011"), list("0000"), id="one is never predicted"),
    pytest.param(list("0000"), list("0110"), id="one is never true"),
    pytest.param(list("11"), list("11"), id="all right"),
]


@pytest.mark.parametrize(("true", "predicted"), CLASSES)
def test_how_right_classes_are(true, predicted):
    counts = {}
    for pair in zip(true, predicted, strict=True):
        counts[pair] = counts.get(pair, 0) + 1
    found = performance.of_classes(counts)
    assert found["accuracy"] == pytest.approx(accuracy_score(true, predicted))
    assert found["precision"] == pytest.approx(precision_score(true, predicted, average="macro", zero_division=0))
    assert found["recall"] == pytest.approx(recall_score(true, predicted, average="macro", zero_division=0))


def test_how_right_numbers_are():
    true, predicted = [1.0, 2.5, -3.0, 10.0], [1.5, 2.0, -1.0, 7.0]
    gaps = [abs(one - other) for one, other in zip(true, predicted, strict=True)]
    found = performance.of_numbers(Errors(4, sum(gaps), sum(gap * gap for gap in gaps)))
    assert found["mae"] == pytest.approx(mean_absolute_error(true, predicted))
    assert found["mse"] == pytest.approx(mean_squared_error(true, predicted))
    assert found["rmse"] == pytest.approx(mean_squared_error(true, predicted) ** 0.5)


def test_being_right_breaches_below_and_errors_above():
    values = {"accuracy": 0.8, "precision": 0.9, "mae": 2.0, "rmse": 3.0}
    rows = performance.rows(values, {"accuracy": 0.85, "precision": 0.9, "mae": 1.5, "rmse": 3.0})
    assert [(row.measure, row.breached) for row in rows] == [("accuracy", True), ("precision", False), ("mae", True), ("rmse", False)]
