from learner_suite import Forest


class TestDecisionForestRegression(Forest):
    name, task = "decision_forest_regression", "regression"
