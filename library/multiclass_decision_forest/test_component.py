from learner_suite import Forest


class TestMulticlassDecisionForest(Forest):
    name, task = "multiclass_decision_forest", "multiclass"
