from learner_suite import Boosted


class TestBoostedDecisionTreeRegression(Boosted):
    name, task = "boosted_decision_tree_regression", "regression"
    trees = "total_number_of_trees_constructed"
