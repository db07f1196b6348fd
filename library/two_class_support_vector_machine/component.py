"""Two-Class Support Vector Machine: a learner. A linear machine with an L1 penalty, C = 1 / (2 lambda).

It knows on which side of its border a row is, and how far from it; `Scored Probabilities` is the logistic function of that distance.
"""

from collections.abc import Mapping
from typing import Any

from azurine.designer.bench import Bench
from azurine.designer.components import Outputs
from azurine.designer.learning import learners, libraries
from azurine.designer.parameters import Parameters
from azurine.designer.ports import Port


def run(inputs: Mapping[str, Port], parameters: Parameters, bench: Bench) -> Outputs:
    return {"untrained_model": learners.untrained("two_class_support_vector_machine", "binary", parameters)}


def build(said: Mapping[str, Any], rows: Any, answers: Any) -> Any:
    machine = libraries.load("sklearn.svm").LinearSVC(
        penalty="l1", dual=False, C=1 / (2 * said["lambda"]), max_iter=said["number_of_iterations"], random_state=learners.seed(said)
    )
    if not said["project_to_the_unit_sphere"]:
        return machine
    return libraries.load("sklearn.pipeline").make_pipeline(libraries.load("sklearn.preprocessing").Normalizer(), machine)
