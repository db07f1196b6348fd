import numpy
import pytest
from sklearn import metrics
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold

from azurine.designer import trying
from azurine.model.errors import Invalid

CHANCE = numpy.random.default_rng(4)
X = CHANCE.random((60, 2)).round(3)
NUMBERS = {"a": X[:, 0].tolist(), "b": X[:, 1].tolist(), "y": (X @ [3, -1] + CHANCE.normal(0, 0.3, 60)).tolist()}
CLASSES = {"a": X[:, 0].tolist(), "b": X[:, 1].tolist(), "y": (X.sum(axis=1) + CHANCE.normal(0, 0.2, 60) > 1).astype(int).tolist()}
RIDGE = {"create_trainer_mode": "Parameter Range", "range_for_l2_regularization_weight": "0.001;1;10"}
FOREST = {
    "create_trainer_mode": "Parameter Range",
    "range_for_number_of_decision_trees": "2;8",
    "range_for_maximum_depth_of_the_decision_trees": "1;4",
    "range_for_minimum_number_of_samples_per_leaf_node": "1",
}
GRID = {"specify_parameter_sweeping_mode": "Entire grid"}


def tuned(rows, learner="linear_regression", given=RIDGE, validation=None, label="y", **parameters):
    inputs = {**trying.outputs(learner, {}, given), "training_dataset": trying.table(rows)}
    if validation is not None:
        inputs["optional_validation_dataset"] = trying.table(validation)
    found = trying.outputs("tune_model_hyperparameters", inputs, {"label_column": label, **parameters})
    return trying.rows(found["sweep_results"]), found["trained_best_model"]


def rescaled(rows, by):
    return (rows - by.min(axis=0)) / (by.max(axis=0) - by.min(axis=0))


def test_each_try_is_measured_on_three_folds_and_the_best_comes_first():
    table, model = tuned(NUMBERS, **GRID)
    answers, expected = numpy.array(NUMBERS["y"]), {}
    for weight in (0.001, 1, 10):
        predicted = numpy.zeros(60)
        for rest, part in KFold(3, shuffle=True, random_state=0).split(X):
            predicted[part] = Ridge(alpha=weight).fit(rescaled(X[rest], X[rest]), answers[rest]).predict(rescaled(X[part], X[rest]))
        expected[weight] = numpy.abs(predicted - answers).mean()
    order = sorted(expected, key=expected.get)
    assert table["l2_regularization_weight"] == order
    assert table["Mean_Absolute_Error"] == pytest.approx([expected[weight] for weight in order])
    assert model.settings["values"]["l2_regularization_weight"] == order[0]


def test_the_best_is_trained_on_all_rows():
    _, model = tuned(NUMBERS, **GRID)
    found = trying.rows(trying.outputs("score_model", {"trained_model": model, "dataset": trying.table(NUMBERS)})["scored_dataset"])
    by_hand = Ridge(alpha=model.settings["values"]["l2_regularization_weight"]).fit(rescaled(X, X), NUMBERS["y"])
    assert found["Scored Labels"] == pytest.approx(by_hand.predict(rescaled(X, X)).tolist())


def test_a_validation_table_measures():
    first, last = ({name: values[part] for name, values in CLASSES.items()} for part in (slice(0, 40), slice(40, 60)))
    table, _ = tuned(first, "two_class_decision_forest", FOREST, validation=last, **GRID)
    assert len(table["AUC"]) == 4
    for row in range(4):
        trees, depth = table["number_of_decision_trees"][row], table["maximum_depth_of_the_decision_trees"][row]
        forest = RandomForestClassifier(trees, max_depth=depth, random_state=0).fit(rescaled(X[:40], X[:40]), first["y"])
        shares = forest.predict_proba(rescaled(X[40:], X[:40]))[:, 1]
        assert table["Accuracy"][row] == pytest.approx(metrics.accuracy_score(last["y"], shares > 0.5))
        assert table["AUC"][row] == pytest.approx(metrics.roc_auc_score(last["y"], shares))


@pytest.mark.parametrize(
    ("metric", "column", "sign"),
    [
        ("Accuracy", "Accuracy", -1),
        ("Precision", "Precision", -1),
        ("Recall", "Recall", -1),
        ("F-score", "F1", -1),
        ("AUC", "AUC", -1),
        ("Average Log Loss", "Average_Log_Loss", 1),
        ("Train Log Loss", "Train_Log_Loss", -1),
    ],
)
def test_the_metric_decides(metric, column, sign):
    ranges = {**RIDGE, "range_for_optimization_tolerance": "0.0001"}
    table, _ = tuned(CLASSES, "two_class_logistic_regression", ranges, metric_for_measuring_performance_for_classification=metric, **GRID)
    assert table[column] == sorted(table[column], key=lambda value: sign * value)


def test_log_losses_are_those_of_the_definition():
    table, _ = tuned(CLASSES, "two_class_logistic_regression", {}, validation=CLASSES)
    model = trying.outputs(
        "train_model", {**trying.outputs("two_class_logistic_regression"), "dataset": trying.table(CLASSES)}, {"label_column": "y"}
    )
    shares = trying.rows(trying.outputs("score_model", {**model, "dataset": trying.table(CLASSES)})["scored_dataset"])["Scored Probabilities"]
    lost, guessed = metrics.log_loss(CLASSES["y"], shares), metrics.log_loss(CLASSES["y"], [sum(CLASSES["y"]) / 60] * 60)
    assert table["Average_Log_Loss"] == [pytest.approx(lost)]
    assert table["Train_Log_Loss"] == [pytest.approx(100 * (guessed - lost) / guessed)]


@pytest.mark.parametrize(("mode", "word"), [("Random sweep", "sweep"), ("Random grid", "grid")])
def test_some_combinations_are_drawn_none_twice(mode, word):
    def drawn(seed):
        seeds = {"random_seed" if word == "sweep" else "random_seed_for_random_grid": seed}
        given = {"specify_parameter_sweeping_mode": mode, f"maximum_number_of_runs_on_random_{word}": 3, **seeds}
        table, _ = tuned(CLASSES, "two_class_decision_forest", FOREST, validation=CLASSES, **given)
        return set(zip(table["number_of_decision_trees"], table["maximum_depth_of_the_decision_trees"], strict=True))

    assert len(drawn(1)) == 3 and drawn(1) == drawn(1)
    assert len({frozenset(drawn(seed)) for seed in range(4)}) > 1


def test_several_classes_are_measured_by_their_means():
    rows = {"a": CLASSES["a"], "b": CLASSES["b"], "y": ["low" if a < 0.3 else "mid" if a < 0.6 else "high" for a in CLASSES["a"]]}
    table, _ = tuned(rows, "multiclass_decision_forest", FOREST, **GRID)
    assert list(table)[-6:] == ["Accuracy", "Precision", "Recall", "F1", "Average_Log_Loss", "Train_Log_Loss"]
    assert table["Accuracy"][0] > 0.9


def test_a_single_parameter_is_one_try():
    table, model = tuned(NUMBERS, given={"l2_regularization_weight": 5})
    assert len(table["Mean_Absolute_Error"]) == 1 and model.settings["values"]["l2_regularization_weight"] == 5


AUC = {"metric_for_measuring_performance_for_classification": "AUC"}


@pytest.mark.parametrize(
    ("rows", "given", "message"),
    [
        ({"x": [], "y": []}, {}, "Tune Model Hyperparameters: label_column: there is no row with a value in the label 'y'"),
        ({"x": [1, 2], "y": [1, 2]}, {}, "training_dataset: there are 2 rows with a label, too few for 3 folds"),
        ({"x": [1, 2], "y": ["a", "b"]}, {}, "label_column: column 'y' is String; a regression learns numbers"),
        (NUMBERS, {"label": "gone"}, "label_column: column not found: 'gone'"),
        (NUMBERS, {"validation": {"a": [1.0], "y": [1.0]}}, "optional_validation_dataset: column not found: 'b'; there are 'a', 'y'"),
        (NUMBERS, {"validation": {"a": [1.0], "b": [1.0], "y": [None]}}, "optional_validation_dataset: there is no row with a label"),
        (NUMBERS, {"validation": {"a": ["x"], "b": [1.0], "y": [1.0]}}, "optional_validation_dataset: column 'a' is String, and was a number"),
        (CLASSES, {"learner": "multiclass_logistic_regression", "given": {}, **AUC}, "AUC is a measure of two classes"),
        (CLASSES, {"learner": "k_means_clustering", "given": {}}, "untrained_model: a learner for binary or multiclass or regression is wanted here"),
    ],
)
def test_what_cannot_be_tuned_is_told(rows, given, message):
    with pytest.raises(Invalid, match=message):
        tuned(rows, **given)
