"""Linear Regression: a learner.

Ordinary Least Squares is solved with a small penalty for large weights (alpha = L2 weight), Online Gradient Descent walks over the rows.
"""

from collections.abc import Mapping
from typing import Any

from azurine.designer.bench import Bench
from azurine.designer.components import Outputs
from azurine.designer.learning import learners, libraries
from azurine.designer.parameters import Parameters
from azurine.designer.ports import Port

_OF_DESCENT = ("learning_rate", "number_of_training_epochs")
_TOLERANCE = 1e-5


def run(inputs: Mapping[str, Port], parameters: Parameters, bench: Bench) -> Outputs:
    descent = parameters.text("solution_method") == "Online Gradient Descent"
    if descent and parameters.whole("number_of_training_epochs") == 0:
        raise parameters.wrong("number_of_training_epochs", "nothing is learned in no epoch; 1 is the least")
    return {"untrained_model": learners.untrained("linear_regression", "regression", parameters, () if descent else _OF_DESCENT)}


def build(said: Mapping[str, Any], rows: Any, answers: Any) -> Any:
    linear, weight, constant = libraries.load("sklearn.linear_model"), said["l2_regularization_weight"], said["include_intercept_term"]
    if said["solution_method"] == "Ordinary Least Squares":
        return linear.Ridge(alpha=weight, fit_intercept=constant, tol=_TOLERANCE)
    return linear.SGDRegressor(
        eta0=said["learning_rate"],
        learning_rate="invscaling" if said["decrease_learning_rate"] else "constant",
        max_iter=said["number_of_training_epochs"],
        tol=None,
        alpha=weight,
        average=said["average_final_hypothesis"],
        fit_intercept=constant,
        random_state=learners.seed(said),
    )
