"""The estimators behind learners that exist for two classes, several classes and numbers: one function per family.

Logistic regression penalises squares only (an L1 weight and a memory size are declared and change nothing): C = 1 / L2 weight. The problem
has one solution, so the solver is the one that finds it without chance (L-BFGS).

Boosted trees are scikit-learn's histogram gradient boosting, which follows LightGBM's method: leaves, rows per leaf, learning rate and
number of trees mean the same, and at every split 60 % of the columns are looked at.

Forests have no seed among their parameters; theirs is 0. The number of random splits per node changes nothing.
"""

from collections.abc import Mapping
from typing import Any

from azurine.designer.learning import learners, libraries

Said = Mapping[str, Any]
LOGISTIC_IDLE = ("l1_regularization_weight", "memory_size_for_l_bfgs")
FOREST_IDLE = ("number_of_random_splits_per_node",)
_FREE, _NEARLY_NOTHING = 1e22, 1e-9
_COLUMNS = 0.6
_STEPS = 10_000


def logistic(said: Said) -> Any:
    weight = said["l2_regularization_weight"]
    strength = _FREE if weight < _NEARLY_NOTHING else 1 / weight
    return libraries.load("sklearn.linear_model").LogisticRegression(C=strength, tol=said["optimization_tolerance"], max_iter=_STEPS)


def boosted(said: Said, estimator: str, trees: str) -> Any:
    """trees: the parameter that says how many."""
    return getattr(libraries.load("sklearn.ensemble"), estimator)(
        max_leaf_nodes=said["maximum_number_of_leaves_per_tree"],
        min_samples_leaf=said["minimum_number_of_samples_per_leaf_node"],
        learning_rate=said["learning_rate"],
        max_iter=said[trees],
        max_features=_COLUMNS,
        early_stopping=False,
        random_state=learners.seed(said),
    )


def forest(said: Said, estimator: str) -> Any:
    return getattr(libraries.load("sklearn.ensemble"), estimator)(
        n_estimators=said["number_of_decision_trees"],
        max_depth=said["maximum_depth_of_the_decision_trees"],
        min_samples_leaf=said["minimum_number_of_samples_per_leaf_node"],
        bootstrap=said["resampling_method"] == "Bagging Resampling",
        random_state=0,
    )
