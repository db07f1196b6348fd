import pytest

from azurine.designer import trying
from azurine.model.errors import Invalid

NAME = "two_class_support_vector_machine"
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
            "number_of_iterations": 10,
            "lambda": 0.001,
            "normalize_features": True,
            "project_to_the_unit_sphere": False,
            "allow_unknown_categorical_levels": True,
        },
    }


def test_ranges_are_those_of_the_studio():
    assert learner(create_trainer_mode="Parameter Range").settings["ranges"] == {
        "number_of_iterations": [1, 10, 100],
        "lambda": [0.00001, 0.0001, 0.001, 0.01, 0.1],
    }


def test_it_learns_a_step():
    found = scored(number_of_iterations=100)
    assert found["Scored Labels"] == ROWS["y"]
    assert all((share > 0.5) == (label == "sick") for share, label in zip(found["Scored Probabilities"], found["y"], strict=True))


def test_the_same_parameters_learn_the_same():
    assert scored(number_of_iterations=100) == scored(number_of_iterations=100)


@pytest.mark.parametrize(
    ("given", "message"), [({"lambda": 0}, "lambda: 0 must be at least"), ({"number_of_iterations": 0}, "number_of_iterations: 0 must be at least 1")]
)
def test_a_wrong_parameter_is_named(given, message):
    with pytest.raises(Invalid, match=message):
        learner(**given)
