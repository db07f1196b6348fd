from learner_suite import Boosted


class TestTwoClassBoostedDecisionTree(Boosted):
    name, task = "two_class_boosted_decision_tree", "binary"
