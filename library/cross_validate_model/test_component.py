import numpy
import pytest
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold

from azurine.designer import trying
from azurine.model.errors import Invalid

CHANCE = numpy.random.default_rng(1)
X = CHANCE.random(43).round(3)
NUMBERS = {"x": X.tolist(), "y": (3 * X + CHANCE.normal(0, 0.1, 43)).tolist()}
CLASSES = {"x": [float(i % 10) for i in range(40)], "sick": [int(i % 10 > 4) for i in range(40)]}


def validated(rows, learner="linear_regression", label="y", dataset=None, given=None, **parameters):
    inputs = {**trying.outputs(learner, {}, given or {}), "dataset": dataset or trying.table(rows)}
    found = trying.outputs("cross_validate_model", inputs, {"label_column": label, **parameters})
    return found["scored_results"], trying.rows(found["evaluation_results_by_fold"])


def test_every_row_is_predicted_by_a_model_that_did_not_learn_from_it():
    scored, _ = validated(NUMBERS, random_seed=5)
    found = trying.rows(scored)
    expected, numbers = numpy.zeros(43), numpy.zeros(43)
    for number, (rest, part) in enumerate(KFold(10, shuffle=True, random_state=5).split(X)):
        low, high = X[rest].min(), X[rest].max()
        line = Ridge(alpha=0.001).fit((X[rest, None] - low) / (high - low), numpy.array(NUMBERS["y"])[rest])
        expected[part], numbers[part] = line.predict((X[part, None] - low) / (high - low)), number
    assert list(found) == ["x", "y", "Fold Assignments", "Scored Labels"]
    assert found["Fold Assignments"] == numbers.tolist()
    assert found["Scored Labels"] == pytest.approx(expected.tolist())
    assert scored.label.name == "y" and scored["Scored Labels"].score == "Scored Labels"


def test_the_report_has_each_fold_their_mean_and_deviation():
    scored, report = validated(NUMBERS)
    assert report["Fold Number"] == [*map(str, range(10)), "Mean", "Standard Deviation"]
    assert report["Number of Examples in Fold"] == [5, 5, 5, *[4] * 7, 43, 43]
    errors = report["Mean_Absolute_Error"]
    assert errors[10] == pytest.approx(numpy.mean(errors[:10])) and errors[11] == pytest.approx(numpy.std(errors[:10], ddof=1))
    found = trying.rows(scored)
    first = [row for row, fold in enumerate(found["Fold Assignments"]) if fold == 0]
    assert errors[0] == pytest.approx(numpy.mean([abs(found["y"][row] - found["Scored Labels"][row]) for row in first]))


def test_what_comes_out_can_be_evaluated():
    scored, report = validated(CLASSES, "two_class_decision_forest", "sick")
    found = trying.rows(trying.outputs("evaluate_model", {"scored_dataset": scored})["evaluation_results"])
    assert found["Accuracy"] == [pytest.approx(sum(report["Accuracy"][:10]) / 10)] == [1.0]


def test_the_folds_of_partition_and_sample_are_used():
    split = {"partition_or_sample_mode": "Assign to Folds", "specify_number_of_folds_to_split_evenly_into": 4}
    dataset = trying.outputs("partition_and_sample", {"dataset": trying.table(CLASSES)}, split)["results_dataset"]
    scored, report = validated(None, "two_class_decision_forest", "sick", dataset)
    assert report["Fold Number"] == ["0", "1", "2", "3", "Mean", "Standard Deviation"]
    assert report["Number of Examples in Fold"][:4] == [10] * 4
    assert list(trying.rows(scored)) == ["x", "sick", "Fold Assignments", "Scored Labels", "Scored Probabilities"]


def test_rows_without_a_label_are_left_out():
    rows = {"x": [*CLASSES["x"], 1.0], "sick": [*CLASSES["sick"], None]}
    scored, report = validated(rows, "two_class_decision_forest", "sick")
    assert len(trying.rows(scored)["x"]) == report["Number of Examples in Fold"][10] == 40


def test_a_class_that_is_rare_may_be_absent_from_a_part():
    rows = {"x": [float(i % 10) for i in range(40)], "kind": ["rare", *("ab"[i % 10 > 4] for i in range(1, 40))]}
    scored, _ = validated(rows, "multiclass_decision_forest", "kind")
    assert [name for name in trying.rows(scored) if "_" in name] == ["Scored Probabilities_a", "Scored Probabilities_b", "Scored Probabilities_rare"]


@pytest.mark.parametrize(
    ("rows", "learner", "message"),
    [
        ({"x": [1] * 9, "y": [1] * 9}, "linear_regression", "Cross Validate Model: dataset: there are 9 rows with a label, too few for 10 folds"),
        ({"x": [], "y": []}, "linear_regression", "label_column: there is no row with a value in the label 'y'"),
        ({"x": range(20), "y": [1] * 20}, "two_class_decision_forest", "label_column: a two-class learner needs exactly two values"),
        (
            {"x": range(20), "y": [0] * 19 + [1]},
            "two_class_logistic_regression",
            "label_column: one of the parts to learn from has only one value of 'y'",
        ),
        ({"x": range(20), "z": [1] * 20}, "linear_regression", "label_column: column not found: 'y'"),
        ({"x": [1], "y": [1]}, "k_means_clustering", "untrained_model: a learner for binary or multiclass or regression is wanted here"),
    ],
)
def test_what_cannot_be_validated_is_told(rows, learner, message):
    with pytest.raises(Invalid, match=message):
        validated(rows, learner)
