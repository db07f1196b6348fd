"""Two-Class Decision Forest: a learner; see azurine.designer.learning.families."""

from collections.abc import Mapping
from typing import Any

from azurine.designer.bench import Bench
from azurine.designer.components import Outputs
from azurine.designer.learning import families, learners
from azurine.designer.parameters import Parameters
from azurine.designer.ports import Port


def run(inputs: Mapping[str, Port], parameters: Parameters, bench: Bench) -> Outputs:
    return {"untrained_model": learners.untrained("two_class_decision_forest", "binary", parameters, families.FOREST_IDLE)}


def build(said: Mapping[str, Any], rows: Any, answers: Any) -> Any:
    return families.forest(said, "RandomForestClassifier")
