import pytest

from azurine.designer import trying
from azurine.model.errors import Invalid

NAME = "multiclass_boosted_decision_tree"
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
            "maximum_number_of_leaves_per_tree": 20,
            "minimum_number_of_samples_per_leaf_node": 10,
            "learning_rate": 0.2,
            "number_of_trees_constructed": 100,
            "allow_unknown_categorical_levels": True,
        },
    }


def test_ranges_are_those_of_the_studio():
    assert learner(create_trainer_mode="Parameter Range").settings["ranges"] == {
        "maximum_number_of_leaves_per_tree": [2, 8, 32, 128],
        "minimum_number_of_samples_per_leaf_node": [1, 10, 50],
        "learning_rate": [0.025, 0.05, 0.1, 0.2, 0.4],
        "number_of_trees_constructed": [20, 100, 500],
    }


def test_it_learns_a_step():
    found = scored(number_of_trees_constructed=30)
    assert found["Scored Labels"] == ROWS["y"]
    shares = [[found[f"Scored Probabilities_{one}"][row] for one in "abc"] for row in range(60)]
    assert all(sum(one) == pytest.approx(1) for one in shares)
    assert ["abc"[one.index(max(one))] for one in shares] == ROWS["y"]


def test_the_same_parameters_learn_the_same():
    assert scored(number_of_trees_constructed=30) == scored(number_of_trees_constructed=30)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"maximum_number_of_leaves_per_tree": 1}, "maximum_number_of_leaves_per_tree: 1 must be at least 2"),
        ({"learning_rate": 1.5}, "learning_rate: 1.5 must be at least"),
        ({"number_of_trees_constructed": 0}, "must be at least 1"),
    ],
)
def test_a_wrong_parameter_is_named(given, message):
    with pytest.raises(Invalid, match=message):
        learner(**given)
