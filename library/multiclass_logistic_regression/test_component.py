from learner_suite import Logistic


class TestMulticlassLogisticRegression(Logistic):
    name, task = "multiclass_logistic_regression", "multiclass"
