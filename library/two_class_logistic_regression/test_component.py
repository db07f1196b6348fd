import numpy
import pytest
from sklearn.linear_model import LogisticRegression

from azurine import patients
from azurine.designer import trying
from azurine.model.errors import Invalid
from learner_suite import Logistic

NAME = "two_class_logistic_regression"


def learner(**given):
    return trying.outputs(NAME, {}, given)["untrained_model"]


class TestTwoClassLogisticRegression(Logistic):
    name, task = NAME, "binary"


@pytest.mark.parametrize("weight", [0.01, 1.0, 0.0])
def test_it_learns_what_scikit_learn_learns_on_numbers_rescaled(weight):
    block = next(patients.blocks(600, seed=3))
    features = [name for name in patients.COLUMNS if name not in ("PatientID", "Diabetic")]
    table = trying.table({name: block[name].tolist() for name in [*features, "Diabetic"]})
    model = trying.outputs(
        "train_model", {"untrained_model": learner(l2_regularization_weight=weight), "dataset": table}, {"label_column": "Diabetic"}
    )
    found = trying.rows(trying.outputs("score_model", {**model, "dataset": table})["scored_dataset"])["Scored Probabilities"]
    rows = numpy.column_stack([block[name].astype(float) for name in features])
    rows = (rows - rows.min(axis=0)) / (rows.max(axis=0) - rows.min(axis=0))
    by_hand = LogisticRegression(C=1 / weight if weight else 1e22, tol=1e-10, max_iter=5000).fit(rows, block["Diabetic"])
    assert found == pytest.approx(by_hand.predict_proba(rows)[:, 1].tolist(), abs=2e-3)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"optimization_tolerance": 0}, "Two-Class Logistic Regression: optimization_tolerance: 0 must be at least"),
        ({"l2_regularization_weight": -1}, r"l2_regularization_weight: -1 must be at least 0"),
        ({"random_number_seed": "x"}, "random_number_seed: 'x' is not of type integer"),
        (
            {"create_trainer_mode": "Parameter Range", "range_for_l2_regularization_weight": "0.1;-2"},
            "range_for_l2_regularization_weight: '-2' in the list: '-2' must be at least 0",
        ),
        ({"create_trainer_mode": "Parameter Range", "range_for_l2_regularization_weight": " ; "}, "write values separated by semicolons"),
        ({"create_trainer_mode": "Range"}, "is not one of Single Parameter, Parameter Range"),
    ],
)
def test_a_wrong_parameter_is_named(given, message):
    with pytest.raises(Invalid, match=message):
        learner(**given)
