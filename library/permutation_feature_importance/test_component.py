import numpy
import pytest
from sklearn.metrics import accuracy_score

from azurine.designer import trying
from azurine.designer.learning.models import Trained
from azurine.model.errors import Invalid

CHANCE = numpy.random.default_rng(2)
USEFUL, USELESS = CHANCE.random(80).round(3), CHANCE.random(80).round(3)
CLASSES = {"noise": USELESS.tolist(), "x": USEFUL.tolist(), "sick": (USEFUL > 0.5).astype(int).tolist()}
NUMBERS = {"noise": USELESS.tolist(), "x": USEFUL.tolist(), "y": (4 * USEFUL).tolist()}
ERROR = "Regression - Mean Absolute Error"


def model(rows, learner, label):
    return trying.outputs("train_model", {**trying.outputs(learner), "dataset": trying.table(rows)}, {"label_column": label})["trained_model"]


def importance(trained, rows, **given):
    found = trying.outputs("permutation_feature_importance", {"trained_model": trained, "test_data": trying.table(rows)}, given)
    return trying.rows(found["feature_importance"])


def test_scores_are_what_is_lost_by_shuffling():
    trained = model(CLASSES, "two_class_decision_forest", "sick")
    chance, table, expected = numpy.random.RandomState(9), trying.table(CLASSES).frame.collect(), {}
    for name in ("noise", "x"):
        shuffled = table.with_columns(table[name][chance.permutation(80)])
        expected[name] = 1 - accuracy_score(CLASSES["sick"], Trained(trained).predict(shuffled)["Scored Labels"].to_list())
    found = importance(trained, CLASSES, random_seed=9)
    assert found["Feature"] == ["x", "noise"]
    assert found["Score"] == pytest.approx([expected["x"], expected["noise"]])
    assert found["Score"][0] > 0.2


@pytest.mark.parametrize("metric", ["Accuracy", "Precision", "Recall", "Average Log Loss"])
def test_more_is_more_important_for_classes(metric):
    for learner, rows in [("two_class_logistic_regression", CLASSES), ("multiclass_decision_forest", CLASSES)]:
        found = importance(model(rows, learner, "sick"), rows, metric_for_measuring_performance=f"Classification - {metric}")
        assert found["Feature"] == ["x", "noise"] and found["Score"][0] > 0


@pytest.mark.parametrize(
    "metric", ["Mean Absolute Error", "Root Mean Squared Error", "Relative Absolute Error", "Relative Squared Error", "Coefficient of Determination"]
)
def test_more_is_more_important_for_numbers(metric):
    found = importance(model(NUMBERS, "linear_regression", "y"), NUMBERS, metric_for_measuring_performance=f"Regression - {metric}")
    assert found["Feature"] == ["x", "noise"] and found["Score"][0] > 0.1


def test_what_cannot_be_measured_is_told():
    numbers, classes = model(NUMBERS, "linear_regression", "y"), model(CLASSES, "two_class_decision_forest", "sick")
    for trained, rows, metric, message in [
        (
            numbers,
            NUMBERS,
            "Classification - Accuracy",
            "Permutation Feature Importance: metric_for_measuring_performance: the model is one for regression",
        ),
        (classes, CLASSES, ERROR, "metric_for_measuring_performance: the model is one for binary"),
        (numbers, {"noise": [1.0], "x": [1.0]}, ERROR, "test_data: column not found: 'y', the label; there are 'noise', 'x'"),
        (numbers, {"noise": [1.0], "y": [1.0]}, ERROR, "test_data: column not found: 'x', which the model was trained on"),
        (numbers, {"noise": [1.0], "x": [1.0], "y": ["a"]}, ERROR, "test_data: the label 'y' is String, and was Double"),
        (numbers, {"noise": [1.0], "x": [1.0], "y": [None]}, ERROR, "test_data: there is no row with a label"),
    ]:
        with pytest.raises(Invalid, match=message):
            importance(trained, rows, metric_for_measuring_performance=metric)
