import pytest

from azurine.designer import trying
from azurine.model.errors import Invalid

NAME = "two_class_decision_forest"
ROWS = {"x": [float(i % 10) for i in range(60)], "y": ["sick" if i % 10 >= 5 else "healthy" for i in range(60)]}


def learner(**given):
    return trying.outputs(NAME, {}, given)["untrained_model"]


def scored(**given):
    table = trying.table(ROWS)
    model = trying.outputs("train_model", {"untrained_model": learner(**given), "dataset": table}, {"label_column": "y"})
    return trying.rows(trying.outputs("score_model", {**model, "dataset": table})["scored_dataset"])


def test_defaults_are_those_of_the_studio():
    assert learner().settings == {
        "task": "binary",
        "values": {
            "resampling_method": "Bagging Resampling",
            "number_of_decision_trees": 8,
            "maximum_depth_of_the_decision_trees": 32,
            "number_of_random_splits_per_node": 128,
            "minimum_number_of_samples_per_leaf_node": 1,
            "allow_unknown_values_for_categorical_features": True,
        },
    }


def test_ranges_are_those_of_the_studio():
    assert learner(create_trainer_mode="Parameter Range").settings["ranges"] == {
        "number_of_decision_trees": [1, 8, 32],
        "maximum_depth_of_the_decision_trees": [1, 16, 64],
        "minimum_number_of_samples_per_leaf_node": [1, 4, 16],
    }


def test_it_learns_a_step():
    found = scored(resampling_method="Replicate Resampling")
    assert found["Scored Labels"] == ROWS["y"]
    assert all((share > 0.5) == (label == "sick") for share, label in zip(found["Scored Probabilities"], found["y"], strict=True))


def test_the_same_parameters_learn_the_same():
    assert scored(resampling_method="Replicate Resampling") == scored(resampling_method="Replicate Resampling")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"number_of_decision_trees": 0}, "number_of_decision_trees: 0 must be at least 1"),
        ({"resampling_method": "Boot"}, "is not one of Bagging Resampling"),
    ],
)
def test_a_wrong_parameter_is_named(given, message):
    with pytest.raises(Invalid, match=message):
        learner(**given)
