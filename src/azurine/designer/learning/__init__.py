"""What the machine-learning components share: learners, trained models, scores and their measures.

    learners   a component's parameters → an untrained learner; its values, its ranges, the grid of a sweep
    examples   a table → the rows to train on: which column is the label, which are features, what is wrong with them
    features   columns → numbers: rescaled, one column per category; learned once, repeated when scoring
    models     learner + examples → model; model + rows → predictions
    scoring    model + table → the table with score columns, as a lazy plan
    metrics    what was true + what was predicted → numbers
    recording  numbers → the run's metrics
    folds      rows in parts, each measured by a model that learned from the others
    families   the estimators behind several learners
    custom     models that are a class of the user's own
    libraries  scikit-learn and numpy, found when needed

A learner is a component folder whose component.py has `run`, which answers an untrained learner (`learners.untrained`), and

    def build(said, rows, answers): ...     # values by parameter name, the matrix, what is to be learned → a scikit-learn estimator

scikit-learn and numpy are imported inside functions: they belong to the extra `ml`, and tables need none of them.
"""
