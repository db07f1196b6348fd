"""Boosted Decision Tree Regression: a learner. Its trees are scikit-learn's and not LightGBM's; see azurine.designer.learning.families."""

from collections.abc import Mapping
from typing import Any

from azurine.designer.bench import Bench
from azurine.designer.components import Outputs
from azurine.designer.learning import families, learners
from azurine.designer.parameters import Parameters
from azurine.designer.ports import Port


def run(inputs: Mapping[str, Port], parameters: Parameters, bench: Bench) -> Outputs:
    return {"untrained_model": learners.untrained("boosted_decision_tree_regression", "regression", parameters)}


def build(said: Mapping[str, Any], rows: Any, answers: Any) -> Any:
    return families.boosted(said, "HistGradientBoostingRegressor", "total_number_of_trees_constructed")
