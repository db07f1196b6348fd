import numpy
import pytest
from sklearn.linear_model import SGDRegressor

from azurine.designer import trying
from azurine.model.errors import Invalid

AGES, WEIGHTS = [20, 35, 50, 65, 80], [1.0, 4.0, 2.0, 5.0, 3.0]
ROWS = {"age": AGES, "weight": WEIGHTS, "y": [2 * age - 3 * weight + 7 for age, weight in zip(AGES, WEIGHTS, strict=True)]}
DESCENT = {"solution_method": "Online Gradient Descent"}


def learner(**given):
    return trying.outputs("linear_regression", {}, given)["untrained_model"]


def predicted(**given):
    table = trying.table(ROWS)
    model = trying.outputs("train_model", {"untrained_model": learner(**given), "dataset": table}, {"label_column": "y"})
    return trying.rows(trying.outputs("score_model", {**model, "dataset": table})["scored_dataset"])["Scored Labels"]


def test_least_squares_finds_a_line():
    assert predicted(l2_regularization_weight=0) == pytest.approx(ROWS["y"])


def test_the_penalty_is_that_of_ridge():
    rows = numpy.column_stack([(numpy.array(one) - min(one)) / (max(one) - min(one)) for one in (AGES, WEIGHTS)])
    centred, answers = rows - rows.mean(axis=0), numpy.array(ROWS["y"])
    weights = numpy.linalg.solve(centred.T @ centred + 0.5 * numpy.eye(2), centred.T @ (answers - answers.mean()))
    assert predicted(l2_regularization_weight=0.5) == pytest.approx((centred @ weights + answers.mean()).tolist())


def test_descent_is_that_of_scikit_learn():
    rows = numpy.column_stack([(numpy.array(one) - min(one)) / (max(one) - min(one)) for one in (AGES, WEIGHTS)])
    by_hand = SGDRegressor(eta0=0.1, learning_rate="invscaling", max_iter=10, tol=None, alpha=0.001, average=True, random_state=7).fit(
        rows, ROWS["y"]
    )
    assert predicted(**DESCENT, random_number_seed=7) == pytest.approx(by_hand.predict(rows).tolist())


@pytest.mark.parametrize(
    ("given", "ranges"),
    [
        ({}, {"l2_regularization_weight"}),
        (DESCENT, {"l2_regularization_weight", "learning_rate", "number_of_training_epochs"}),
    ],
)
def test_only_ranges_that_matter_are_tried(given, ranges):
    assert set(learner(create_trainer_mode="Parameter Range", **given).settings["ranges"]) == ranges


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"l2_regularization_weight": -1}, "Linear Regression: l2_regularization_weight: -1 must be at least 0"),
        ({**DESCENT, "number_of_training_epochs": 0}, "number_of_training_epochs: nothing is learned in no epoch"),
        ({"solution_method": "Guess"}, "is not one of Online Gradient Descent, Ordinary Least Squares"),
    ],
)
def test_a_wrong_parameter_is_named(given, message):
    with pytest.raises(Invalid, match=message):
        learner(**given)
