import math

import numpy
import pytest
from sklearn import metrics

from azurine.designer import trying
from azurine.designer.tables import Column
from azurine.model.errors import Invalid

TRUTH = Column("y", None, label=True)
TWO = {"y": [0, 0, 1, 1, 1, 0], "Scored Labels": [0, 1, 1, 0, 1, 0], "Scored Probabilities": [0.1, 0.6, 0.9, 0.4, 0.7, 0.4]}
THREE = {
    "y": list("aabbcc"),
    "Scored Labels": list("abbbca"),
    "Scored Probabilities_a": [0.5] * 6,
    "Scored Probabilities_b": [0.5] * 6,
    "Scored Probabilities_c": [0.5] * 6,
}
NUMBERS = {"y": [1.0, 2.0, 3.0, 6.0], "Scored Labels": [1.5, 2.0, 2.0, 5.0]}


def table(rows, label=TRUTH):
    return trying.table(rows, known=[label] if label else [])


def measured(rows, other=None, label=TRUTH):
    inputs = {"scored_dataset": table(rows, label)} | ({"scored_dataset_to_compare": table(other, label)} if other else {})
    return trying.rows(trying.outputs("evaluate_model", inputs)["evaluation_results"])


def test_two_classes():
    assert measured(TWO) == {
        "AUC": [pytest.approx(metrics.roc_auc_score(TWO["y"], TWO["Scored Probabilities"]))],
        "Accuracy": [pytest.approx(4 / 6)],
        "Precision": [pytest.approx(2 / 3)],
        "Recall": [pytest.approx(2 / 3)],
        "F1": [pytest.approx(2 / 3)],
        "True_Positive": [2],
        "False_Positive": [1],
        "True_Negative": [2],
        "False_Negative": [1],
    }


def test_the_area_is_the_share_of_pairs_in_order_ties_counting_half():
    # Pairs of (positive, negative): .9 and .7 win over .1 .6 .4; .4 wins over .1, loses to .6, ties with .4.
    assert measured(TWO)["AUC"] == [pytest.approx((3 + 3 + 1.5) / 9)]


@pytest.mark.parametrize(
    ("rows", "area", "hits", "rest"),
    [
        # All rows are of one class: there are no pairs. Which class the probability speaks of shows in the predictions.
        ({"y": [1, 1], "Scored Labels": [1, 0], "Scored Probabilities": [0.9, 0.1]}, None, 1, 0),
        ({"y": [0, 0], "Scored Labels": [0, 0], "Scored Probabilities": [0.3, 0.1]}, None, 0, 2),
        # The class that sorts first may be the one the probability speaks of.
        ({"y": ["n", "y"], "Scored Labels": ["n", "y"], "Scored Probabilities": [0.9, 0.1]}, 1.0, 1, 1),
        ({"y": [True, False], "Scored Labels": [True, False], "Scored Probabilities": [0.9, 0.1]}, 1.0, 1, 1),
    ],
)
def test_the_class_of_the_probability_is_found(rows, area, hits, rest):
    found = measured(rows)
    assert (found["AUC"], found["True_Positive"], found["True_Negative"]) == ([area], [hits], [rest])


def test_several_classes():
    truth, guess = THREE["y"], THREE["Scored Labels"]
    by_class = [sum((is_ == one) == (said == one) for is_, said in zip(truth, guess, strict=True)) / 6 for one in "abc"]
    assert measured(THREE) == {
        "Overall_Accuracy": [pytest.approx(4 / 6)],
        "Average_Accuracy": [pytest.approx(sum(by_class) / 3)],
        "Micro_Precision": [pytest.approx(metrics.precision_score(truth, guess, average="micro"))],
        "Macro_Precision": [pytest.approx(metrics.precision_score(truth, guess, average="macro"))],
        "Micro_Recall": [pytest.approx(metrics.recall_score(truth, guess, average="micro"))],
        "Macro_Recall": [pytest.approx(metrics.recall_score(truth, guess, average="macro"))],
    }


def test_numbers():
    # Errors: .5 0 1 1 around a mean of 3 from which the truth is away by 2 1 0 3.
    assert measured(NUMBERS) == {
        "Mean_Absolute_Error": [pytest.approx(2.5 / 4)],
        "Root_Mean_Squared_Error": [pytest.approx(math.sqrt(2.25 / 4))],
        "Relative_Squared_Error": [pytest.approx(2.25 / 14)],
        "Relative_Absolute_Error": [pytest.approx(2.5 / 6)],
        "Coefficient_of_Determination": [pytest.approx(metrics.r2_score(NUMBERS["y"], NUMBERS["Scored Labels"]))],
    }


def test_a_truth_that_is_always_the_same_has_no_relative_errors():
    found = measured({"y": [1.0, 1.0], "Scored Labels": [1.0, 2.0]})
    assert (found["Mean_Absolute_Error"], found["Relative_Squared_Error"], found["Coefficient_of_Determination"]) == ([0.5], [None], [None])


def test_groups():
    rows = {"Assignments": [0, 0, 1], "DistancesToClusterCenter no.0": [1.0, 2.0, 9.0], "DistancesToClusterCenter no.1": [8.0, 7.0, 3.0]}
    assert measured(rows, label=None) == {
        "Result Description": ["Combined Evaluation", "Evaluation For Cluster No.0", "Evaluation For Cluster No.1"],
        "Average_Distance_to_Other_Center": [8.0, 7.5, 9.0],
        "Average_Distance_to_Cluster_Center": [2.0, 1.5, 3.0],
        "Number_of_Points": [3, 2, 1],
        "Maximal_Distance_to_Cluster_Center": [3.0, 2.0, 3.0],
    }


def test_two_models_are_two_rows():
    better = {**TWO, "Scored Labels": TWO["y"]}
    assert measured(TWO, better)["Accuracy"] == [pytest.approx(4 / 6), 1.0]


def test_rows_without_a_value_do_not_count():
    assert measured({name: [*values, None] for name, values in NUMBERS.items()}) == measured(NUMBERS)


@pytest.mark.parametrize(
    ("rows", "label", "message"),
    [
        ({"y": [1]}, TRUTH, "Evaluate Model: scored_dataset: there is no column 'Scored Labels'; evaluate what Score Model has made; there are 'y'"),
        (NUMBERS, None, "scored_dataset: no column is marked as the label; mark the one with the true values with Edit Metadata"),
        ({"y": [None, None], "Scored Labels": [1.0, 2.0]}, TRUTH, "there is no row with a value in both 'y' and 'Scored Labels'"),
        ({"y": [], "Scored Labels": []}, TRUTH, "there is no row with a value"),
        ({"y": ["a"], "Scored Labels": [1.0]}, TRUTH, "the label 'y' is String, and 'Scored Labels' is Numeric; they cannot be compared"),
        ({"y": ["a"], "Scored Labels": ["a"]}, TRUTH, "there are no probabilities of classes; numbers are compared with numbers"),
        ({**TWO, "y": [0, 1, 2, 0, 1, 2]}, TRUTH, "have 3 values together, and two classes are wanted"),
        ({**TWO, "Scored Probabilities": ["x"] * 6}, TRUTH, "column 'Scored Probabilities' is not a number"),
        ({"Assignments": [0]}, None, "there are no columns DistancesToClusterCenter no.0"),
    ],
)
def test_what_cannot_be_measured_is_told(rows, label, message):
    with pytest.raises(Invalid, match=message):
        measured(rows, label=label)


def test_different_tasks_are_not_compared():
    with pytest.raises(Invalid, match="scored_dataset_to_compare: a prediction of numbers cannot be compared with a prediction of two classes"):
        measured(TWO, NUMBERS)


def test_many_rows_agree_with_scikit_learn():
    chance = numpy.random.default_rng(0)
    truth, share = chance.integers(0, 2, 5000), chance.random(5000).round(2)
    found = measured({"y": truth.tolist(), "Scored Labels": (share > 0.5).astype(int).tolist(), "Scored Probabilities": share.tolist()})
    assert found["AUC"] == [pytest.approx(metrics.roc_auc_score(truth, share))]
    assert found["F1"] == [pytest.approx(metrics.f1_score(truth, share > 0.5))]
