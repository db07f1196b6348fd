import math

import pytest

from azurine.designer import ports, trying
from azurine.designer.ports import Model
from azurine.designer.tables import Column
from azurine.model.errors import Invalid

ROWS = {"age": [20, 30, None, 50, 60, 70], "sex": ["m", "f", "f", None, "m", "f"], "sick": ["no", "no", "no", "yes", "yes", None]}


def learner(name="two_class_logistic_regression", **given):
    return trying.outputs(name, {}, given)["untrained_model"]


def trained(rows=ROWS, label="sick", of="two_class_logistic_regression", known=(), schema=None):
    table = trying.table(rows, known=known, schema=schema)
    return trying.outputs("train_model", {"untrained_model": learner(of), "dataset": table}, {"label_column": label})["trained_model"]


def test_a_model_knows_what_it_has_learned():
    model = trained()
    assert isinstance(model, Model)
    assert (model.settings["task"], model.settings["label"], model.settings["classes"]) == ("binary", "sick", ["no", "yes"])
    assert model.settings["features"] == [
        # The row without a label does not count: 70 is not the greatest age.
        {"name": "age", "sort": "number", "low": 20.0, "high": 60.0, "scaled": True},
        {"name": "sex", "sort": "category", "levels": ["f", "m"]},
    ]


def test_a_model_is_kept_in_a_folder_and_read_again(tmp_path):
    model = trained()
    ports.write(model, tmp_path / "model")
    assert ports.read(tmp_path / "model", ports.MODEL) == model


def test_labels_weights_scores_and_cleared_columns_are_no_features():
    known = (
        Column("age", None, feature=False),
        Column("w", None, weight=True),
        Column("s", None, score="Scored Labels"),
        Column("l", None, label=True),
    )
    rows = {"age": [1, 2, 3, 4], "w": [1, 1, 1, 1], "s": [0, 1, 0, 1], "l": [0, 1, 1, 0], "x": [1, 2, 3, 4], "sick": [0, 0, 1, 1]}
    assert [one["name"] for one in trained(rows, known=known).settings["features"]] == ["x"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"label": "gone"}, r"Train Model: label_column: column not found: 'gone'; there are 'age', 'sex', 'sick' \(given: 'gone'\)"),
        ({"label": ""}, "label_column: choose at least one column"),
        ({"label": "age, sex"}, "label_column: choose one column; chosen are 'age', 'sex'"),
        ({"rows": {"x": [1, 2], "sick": [1, 1]}}, "label_column: a two-class learner needs exactly two values in the label 'sick', which has 1: 1"),
        ({"rows": {"x": [1, 2, 3], "sick": list("abc")}}, "exactly two values in the label 'sick', which has 3: 'a', 'b', 'c'"),
        (
            {"rows": {"x": [1, 2], "sick": [1, 1]}, "of": "multiclass_logistic_regression"},
            "needs at least two values in the label 'sick', which has only 1",
        ),
        ({"rows": {"x": [1, 2], "sick": [None, None]}}, "there is no row with a value in the label 'sick'"),
        ({"rows": {"x": [], "sick": []}}, "there is no row with a value in the label 'sick'"),
        ({"rows": {"x": [1.0, 2.0], "sick": [math.nan, math.inf]}}, "there is no row with a value in the label 'sick'"),
        ({"of": "linear_regression"}, "column 'sick' is String; a regression learns numbers"),
        ({"rows": {"sick": [0, 1]}}, "besides the label 'sick' there is no column to learn from"),
        ({"rows": {"x": [1.0, math.inf], "sick": [0, 1]}}, "Train Model: column 'x' holds infinite values"),
        ({"rows": {"x": range(1001), "sick": range(1001)}, "of": "multiclass_logistic_regression"}, "1001 different values, more than 1000 classes"),
        ({"of": "k_means_clustering"}, "a learner for .* is wanted here; k_means_clustering is one for clustering"),
    ],
)
def test_what_cannot_be_learned_is_told(given, message):
    with pytest.raises(Invalid, match=message):
        trained(**given)


def test_something_else_at_the_learners_port_is_told():
    table = trying.table(ROWS)
    with pytest.raises(Invalid, match="untrained_model: an untrained model is wanted here"):
        trying.outputs("train_model", {"untrained_model": table, "dataset": table}, {"label_column": "sick"})
