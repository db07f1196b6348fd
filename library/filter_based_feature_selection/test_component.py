import numpy
import pytest
from scipy.stats import chi2_contingency

from azurine.designer import trying
from azurine.designer.tables import Column
from azurine.model.errors import Invalid

ROWS = {
    "far": [3.0, 1.0, 4.0, 1.0, 5.0, 9.0],
    "near": [-1.0, -2.0, -3.0, -4.0, -5.0, None],
    "flat": [7.0] * 6,
    "town": list("aabbcc"),
    "y": [1.0, 2.0, 3.0, 4.0, 5.5, 6.0],
}


def selected(rows=ROWS, target="y", known=(), **given):
    found = trying.outputs("filter_based_feature_selection", {"input_dataset": trying.table(rows, known=known)}, {"target_column": target, **given})
    return trying.rows(found["filtered_dataset"]), trying.rows(found["features"])


def test_the_best_are_kept_with_the_target():
    table, scores = selected()
    assert list(table) == ["near", "y"]
    assert list(scores) == ["near", "far", "flat", "town"]
    assert scores["near"] == [pytest.approx(abs(numpy.corrcoef(ROWS["near"][:5], ROWS["y"][:5])[0, 1]))]
    assert scores["far"] == [pytest.approx(numpy.corrcoef(ROWS["far"], ROWS["y"])[0, 1])]
    assert scores["flat"] == scores["town"] == [0.0]


def test_columns_stay_in_order():
    assert list(selected(number_of_desired_features=2)[0]) == ["far", "near", "y"]


def test_chi_squared_is_that_of_the_table_of_counts():
    rows = {"town": list("aabbcca"), "side": list("lrlrlrl"), "kind": ["x", "x", "y", "y", "y", "y", None]}
    _, scores = selected(rows, "kind", feature_scoring_method="Chi Squared")
    assert scores["town"] == [pytest.approx(chi2_contingency([[2, 0], [0, 2], [0, 2]], correction=False).statistic)]
    assert scores["side"] == [pytest.approx(0)]


def test_many_numbers_are_taken_in_bins():
    rows = {"x": list(range(100)), "noise": [i * 37 % 100 for i in range(100)], "y": [int(i >= 50) for i in range(100)]}
    _, scores = selected(rows, feature_scoring_method="Chi Squared")
    assert scores["x"] == [pytest.approx(100)]
    assert scores["noise"][0] < 20


def test_columns_that_are_no_features_on_demand():
    known = (Column("near", None, feature=False),)
    assert list(selected(known=known)[1]) == ["far", "flat", "town"]
    assert "near" in selected(known=known, operate_on_feature_columns_only=False)[1]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"target": "gone"}, "Filter Based Feature Selection: target_column: column not found: 'gone'"),
        ({"target": "town"}, "target_column: column 'town' is String; Pearson Correlation compares numbers"),
        ({"number_of_desired_features": 5}, "number_of_desired_features: there are 4 columns to choose from"),
        ({"feature_scoring_method": "Kendall"}, "is not one of Pearson Correlation, Chi Squared"),
    ],
)
def test_what_is_wrong_is_named(given, message):
    with pytest.raises(Invalid, match=message):
        selected(**given)


def test_no_rows_are_no_scores():
    for method in ("Pearson Correlation", "Chi Squared"):
        assert selected({"x": [], "y": []}, feature_scoring_method=method)[1] == {"x": [0.0]}
