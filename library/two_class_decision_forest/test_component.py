from learner_suite import Forest


class TestTwoClassDecisionForest(Forest):
    name, task = "two_class_decision_forest", "binary"
