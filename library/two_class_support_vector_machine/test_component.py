from typing import ClassVar

from learner_suite import LearnerSuite


class TestTwoClassSupportVectorMachine(LearnerSuite):
    name, task = "two_class_support_vector_machine", "binary"
    given: ClassVar = {"number_of_iterations": 100}
    values: ClassVar = {
        "number_of_iterations": 10,
        "lambda": 0.001,
        "normalize_features": True,
        "project_to_the_unit_sphere": False,
        "allow_unknown_categorical_levels": True,
    }
    ranges: ClassVar = {"number_of_iterations": [1, 10, 100], "lambda": [0.00001, 0.0001, 0.001, 0.01, 0.1]}
    wrong: ClassVar = (
        ({"lambda": 0}, "lambda: 0 must be at least"),
        ({"number_of_iterations": 0}, "number_of_iterations: 0 must be at least 1"),
    )
