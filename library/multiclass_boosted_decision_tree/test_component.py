from learner_suite import Boosted


class TestMulticlassBoostedDecisionTree(Boosted):
    name, task = "multiclass_boosted_decision_tree", "multiclass"
