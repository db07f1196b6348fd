import pytest

from azurine.designer import trying
from azurine.model.errors import Invalid

NAME = "multiclass_logistic_regression"
ROWS = {"x": [float(i % 10) for i in range(60)], "y": ["aaabbbbccc"[i % 10] for i in range(60)]}


def learner(**given):
    return trying.outputs(NAME, {}, given)["untrained_model"]


def scored(**given):
    table = trying.table(ROWS)
    model = trying.outputs("train_model", {"untrained_model": learner(**given), "dataset": table}, {"label_column": "y"})
    return trying.rows(trying.outputs("score_model", {**model, "dataset": table})["scored_dataset"])


def test_defaults_are_those_of_the_studio():
    assert learner().settings == {
        "task": "multiclass",
        "values": {
            "optimization_tolerance": 1e-07,
            "l1_regularization_weight": 1.0,
            "l2_regularization_weight": 1.0,
            "memory_size_for_l_bfgs": 20,
            "allow_unknown_categorical_levels": True,
        },
    }


def test_ranges_are_those_of_the_studio():
    assert learner(create_trainer_mode="Parameter Range").settings["ranges"] == {
        "optimization_tolerance": [0.00001, 0.00000001],
        "l2_regularization_weight": [0.01, 0.1, 1],
    }


def test_it_learns_a_step():
    found = scored(l2_regularization_weight=0.0001)
    assert found["Scored Labels"] == ROWS["y"]
    shares = [[found[f"Scored Probabilities_{one}"][row] for one in "abc"] for row in range(60)]
    assert all(sum(one) == pytest.approx(1) for one in shares)
    assert ["abc"[one.index(max(one))] for one in shares] == ROWS["y"]


def test_the_same_parameters_learn_the_same():
    assert scored(l2_regularization_weight=0.0001) == scored(l2_regularization_weight=0.0001)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"memory_size_for_l_bfgs": 0}, "memory_size_for_l_bfgs: 0 must be at least 1"),
        ({"optimization_tolerance": -1}, "optimization_tolerance: -1 must be at least"),
    ],
)
def test_a_wrong_parameter_is_named(given, message):
    with pytest.raises(Invalid, match=message):
        learner(**given)
