import pytest

from azurine.designer import trying
from azurine.model.errors import Invalid

NAME = "boosted_decision_tree_regression"
ROWS = {"x": [float(i % 10) for i in range(60)], "y": [3.0 if i % 10 >= 5 else 1.0 for i in range(60)]}


def learner(**given):
    return trying.outputs(NAME, {}, given)["untrained_model"]


def scored(**given):
    table = trying.table(ROWS)
    model = trying.outputs("train_model", {"untrained_model": learner(**given), "dataset": table}, {"label_column": "y"})
    return trying.rows(trying.outputs("score_model", {**model, "dataset": table})["scored_dataset"])


def test_defaults_are_those_of_the_studio():
    assert learner().settings == {
        "task": "regression",
        "values": {
            "maximum_number_of_leaves_per_tree": 20,
            "minimum_number_of_samples_per_leaf_node": 10,
            "learning_rate": 0.2,
            "total_number_of_trees_constructed": 100,
            "allow_unknown_categorical_levels": True,
        },
    }


def test_ranges_are_those_of_the_studio():
    assert learner(create_trainer_mode="Parameter Range").settings["ranges"] == {
        "maximum_number_of_leaves_per_tree": [2, 8, 32, 128],
        "minimum_number_of_samples_per_leaf_node": [1, 10, 50],
        "learning_rate": [0.025, 0.05, 0.1, 0.2, 0.4],
        "total_number_of_trees_constructed": [20, 100, 500],
    }


def test_it_learns_a_step():
    found = scored(total_number_of_trees_constructed=30)
    assert found["Scored Labels"] == pytest.approx(ROWS["y"], abs=0.01)


def test_the_same_parameters_learn_the_same():
    assert scored(total_number_of_trees_constructed=30) == scored(total_number_of_trees_constructed=30)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"maximum_number_of_leaves_per_tree": 1}, "maximum_number_of_leaves_per_tree: 1 must be at least 2"),
        ({"learning_rate": 1.5}, "learning_rate: 1.5 must be at least"),
        ({"total_number_of_trees_constructed": 0}, "must be at least 1"),
    ],
)
def test_a_wrong_parameter_is_named(given, message):
    with pytest.raises(Invalid, match=message):
        learner(**given)
