"""What every learner of the library is asked: the studio's defaults and ranges, a step that it must find, the same model from the same rows.

A learner's own `test_component.py` says what it is:

    class TestThisLearner(LearnerSuite):
        name, task = "two_class_support_vector_machine", "binary"
        given = {"number_of_iterations": 100}                      # with which it finds the step
        values, ranges = {…}, {…}                                  # of the studio
        wrong = (({"lambda": 0}, "lambda: 0 must be at least"),)   # parameters, and what is said of them

Learners of one family (`azurine.designer.learning.families`) have the same values, ranges and wrong ones: `Boosted`, `Forest`, `Logistic`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pytest

from azurine.designer import trying
from azurine.model.errors import Invalid

X = [float(i % 10) for i in range(60)]
ANSWERS: Mapping[str, list[Any]] = {
    "binary": ["sick" if x >= 5 else "healthy" for x in X],
    "multiclass": ["aaabbbbccc"[int(x)] for x in X],
    "regression": [3.0 if x >= 5 else 1.0 for x in X],
}


class LearnerSuite:
    name: ClassVar[str]
    task: ClassVar[str]
    given: ClassVar[Mapping[str, Any]]
    values: ClassVar[Mapping[str, Any]]
    ranges: ClassVar[Mapping[str, Any]]
    wrong: ClassVar[Sequence[tuple[Mapping[str, Any], str]]]

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "message" in metafunc.fixturenames:
            metafunc.parametrize(("parameters", "message"), self.wrong)

    def learner(self, **given: Any) -> Any:
        return trying.outputs(self.name, {}, given)["untrained_model"]

    def scored(self) -> dict[str, list[Any]]:
        table = trying.table({"x": X, "y": ANSWERS[self.task]})
        model = trying.outputs("train_model", {"untrained_model": self.learner(**self.given), "dataset": table}, {"label_column": "y"})
        return trying.rows(trying.outputs("score_model", {**model, "dataset": table})["scored_dataset"])

    def test_defaults_are_those_of_the_studio(self) -> None:
        assert self.learner().settings == {"task": self.task, "values": self.values}

    def test_ranges_are_those_of_the_studio(self) -> None:
        assert self.learner(create_trainer_mode="Parameter Range").settings["ranges"] == self.ranges

    def test_it_learns_a_step_and_the_same_each_time(self) -> None:
        found = self.scored()
        _CHECKS[self.task](found)
        assert self.scored() == found

    def test_a_wrong_parameter_is_named(self, parameters: Mapping[str, Any], message: str) -> None:
        with pytest.raises(Invalid, match=message):
            self.learner(**parameters)


class Boosted(LearnerSuite):
    """trees: the parameter that says how many."""

    trees: ClassVar[str] = "number_of_trees_constructed"

    @property
    def given(self) -> Mapping[str, Any]:
        return {self.trees: 30}

    @property
    def values(self) -> Mapping[str, Any]:
        leaves = {"maximum_number_of_leaves_per_tree": 20, "minimum_number_of_samples_per_leaf_node": 10}
        return {**leaves, "learning_rate": 0.2, self.trees: 100, "allow_unknown_categorical_levels": True}

    @property
    def ranges(self) -> Mapping[str, Any]:
        leaves = {"maximum_number_of_leaves_per_tree": [2, 8, 32, 128], "minimum_number_of_samples_per_leaf_node": [1, 10, 50]}
        return {**leaves, "learning_rate": [0.025, 0.05, 0.1, 0.2, 0.4], self.trees: [20, 100, 500]}

    @property
    def wrong(self) -> Sequence[tuple[Mapping[str, Any], str]]:
        return (
            ({"maximum_number_of_leaves_per_tree": 1}, "maximum_number_of_leaves_per_tree: 1 must be at least 2"),
            ({"learning_rate": 1.5}, "learning_rate: 1.5 must be at least"),
            ({self.trees: 0}, f"{self.trees}: 0 must be at least 1"),
        )


class Forest(LearnerSuite):
    given: ClassVar = {"resampling_method": "Replicate Resampling"}
    values: ClassVar = {
        "resampling_method": "Bagging Resampling",
        "number_of_decision_trees": 8,
        "maximum_depth_of_the_decision_trees": 32,
        "number_of_random_splits_per_node": 128,
        "minimum_number_of_samples_per_leaf_node": 1,
        "allow_unknown_values_for_categorical_features": True,
    }
    ranges: ClassVar = {
        "number_of_decision_trees": [1, 8, 32],
        "maximum_depth_of_the_decision_trees": [1, 16, 64],
        "minimum_number_of_samples_per_leaf_node": [1, 4, 16],
    }
    wrong: ClassVar = (
        ({"number_of_decision_trees": 0}, "number_of_decision_trees: 0 must be at least 1"),
        ({"resampling_method": "Boot"}, "is not one of Bagging Resampling"),
    )


class Logistic(LearnerSuite):
    given: ClassVar = {"l2_regularization_weight": 0.0001}
    values: ClassVar = {
        "optimization_tolerance": 1e-7,
        "l1_regularization_weight": 1.0,
        "l2_regularization_weight": 1.0,
        "memory_size_for_l_bfgs": 20,
        "allow_unknown_categorical_levels": True,
    }
    ranges: ClassVar = {"optimization_tolerance": [0.00001, 0.00000001], "l2_regularization_weight": [0.01, 0.1, 1]}
    wrong: ClassVar = (
        ({"memory_size_for_l_bfgs": 0}, "memory_size_for_l_bfgs: 0 must be at least 1"),
        ({"optimization_tolerance": -1}, "optimization_tolerance: -1 must be at least"),
    )


def _two_classes(found: Mapping[str, list[Any]]) -> None:
    assert found["Scored Labels"] == ANSWERS["binary"]
    assert all((share > 0.5) == (label == "sick") for share, label in zip(found["Scored Probabilities"], found["y"], strict=True))


def _classes(found: Mapping[str, list[Any]]) -> None:
    assert found["Scored Labels"] == ANSWERS["multiclass"]
    shares = [[found[f"Scored Probabilities_{one}"][row] for one in "abc"] for row in range(len(X))]
    assert all(sum(one) == pytest.approx(1) for one in shares)
    assert ["abc"[one.index(max(one))] for one in shares] == ANSWERS["multiclass"]


def _numbers(found: Mapping[str, list[Any]]) -> None:
    assert found["Scored Labels"] == pytest.approx(ANSWERS["regression"], abs=0.01)


_CHECKS = {"binary": _two_classes, "multiclass": _classes, "regression": _numbers}
