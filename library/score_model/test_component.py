from datetime import date, datetime

import polars as pl
import pytest

from azurine.designer import trying
from azurine.designer.bench import Bench
from azurine.model.errors import Invalid

ROWS = {
    "age": [20, 30, 40, 50, 60, 70, 65, 25],
    "sex": ["m", "f", "f", "f", "m", "f", "m", "f"],
    "smokes": [False, False, True, True, True, True, False, False],
    "seen": [date(2024, 1, day) for day in (1, 2, 3, 4, 5, 6, 7, 8)],
    "sick": ["no", "no", "no", "yes", "yes", "yes", "yes", "no"],
}
FEATURES = {name: values for name, values in ROWS.items() if name != "sick"}


def model(of="two_class_logistic_regression", rows=ROWS, label="sick", **given):
    learner = trying.outputs(of, {}, given)
    return trying.outputs("train_model", {**learner, "dataset": trying.table(rows)}, {"label_column": label})


def scored(rows, trained=None, append=True, schema=None):
    inputs = {**(trained or model()), "dataset": trying.table(rows, schema=schema)}
    return trying.outputs("score_model", inputs, {"append_score_columns_to_output": append})["scored_dataset"]


def test_two_classes_get_a_label_and_the_probability_of_the_second():
    table = scored(ROWS)
    found = trying.rows(table)
    assert list(found) == [*ROWS, "Scored Labels", "Scored Probabilities"]
    assert all((share > 0.5) == (label == "yes") for share, label in zip(found["Scored Probabilities"], found["Scored Labels"], strict=True))
    assert table.label.name == "sick"
    assert [one.score for one in table.columns if one.score] == ["Scored Labels", "Scored Probabilities"]
    assert [one.name for one in table.features] == list(FEATURES)


def test_only_the_scores_on_demand():
    assert list(trying.rows(scored(FEATURES, append=False))) == ["Scored Labels", "Scored Probabilities"]


def test_several_classes_get_a_probability_each():
    rows = {"x": [1, 2, 3, 4, 5, 6], "kind": [10, 10, 20, 20, 30, 30]}
    found = trying.rows(scored(rows, model("multiclass_logistic_regression", rows, "kind", l2_regularization_weight=0.0001)))
    assert list(found) == ["x", "kind", "Scored Labels", "Scored Probabilities_10", "Scored Probabilities_20", "Scored Probabilities_30"]
    assert found["Scored Labels"] == rows["kind"]


def test_numbers_get_a_number():
    rows = {"x": [1, 2, 3], "y": [2.0, 4.0, 6.0]}
    assert trying.rows(scored({"x": [10]}, model("linear_regression", rows, "y", l2_regularization_weight=0)))["Scored Labels"] == pytest.approx([20])


def test_missing_counts_as_the_least_and_an_unknown_category_as_none():
    given = {"age": [20, None, float("nan"), float("inf")], "sex": [None, "x", None, None], "smokes": [None] * 4, "seen": [None] * 4}
    found = trying.rows(scored(given, schema={"age": pl.Float64, "seen": pl.Date, "smokes": pl.Boolean}))["Scored Probabilities"]
    assert found == pytest.approx([found[0]] * 4)


def test_the_unit_of_a_time_does_not_matter():
    times = {**FEATURES, "seen": [datetime(2024, 1, day) for day in (1, 2, 3, 4, 5, 6, 7, 8)]}
    found = [trying.rows(scored({**times}, schema={"seen": type_})) for type_ in (pl.Datetime("ms"), pl.Datetime("ns"))]
    assert found[0]["Scored Probabilities"] == found[1]["Scored Probabilities"] == trying.rows(scored(FEATURES))["Scored Probabilities"]


def test_a_name_that_is_taken_gets_a_number():
    found = trying.rows(scored({**FEATURES, "Scored Labels": [0] * 8}))
    assert list(found)[-3:] == ["Scored Labels", "Scored Labels (2)", "Scored Probabilities"]


def test_no_rows_are_no_predictions():
    table = scored({name: [] for name in FEATURES}, schema={"age": pl.Int64, "smokes": pl.Boolean, "seen": pl.Date, "sex": pl.String})
    assert trying.rows(table)["Scored Probabilities"] == []


def test_a_table_is_predicted_piece_by_piece(tmp_path):
    from azurine.designer import asking, components

    rows = 300_000
    frame = pl.LazyFrame({"x": range(rows)}, schema={"x": pl.Int64})
    small = {"x": [1, 2, 3], "y": [2.0, 4.0, 6.0]}
    trained = model("linear_regression", small, "y", l2_regularization_weight=0)
    component, dataset = components.find("score_model"), trying.tables.of(frame)
    table = asking.run(component, {**trained, "dataset": dataset}, component.read({}), Bench(tmp_path))["scored_dataset"]
    answer = table.frame.select((pl.col("Scored Labels") - 2 * pl.col("x")).abs().max(), pl.len()).collect(engine="streaming")
    assert answer.row(0) == (pytest.approx(0, abs=1e-3), rows)


def without(name):
    return {one: values for one, values in FEATURES.items() if one != name}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (without("age"), "Score Model: dataset: column not found: 'age', which the model was trained on; there are 'sex', 'smokes', 'seen'"),
        ({**FEATURES, "age": ["old"] * 8}, "dataset: column 'age' is String, and was a number when the model was trained"),
        ({**FEATURES, "seen": [1] * 8}, "dataset: column 'seen' is Numeric, and was a date or time span when the model was trained"),
    ],
)
def test_a_table_that_does_not_fit_is_told(rows, message):
    with pytest.raises(Invalid, match=message):
        scored(rows)


def test_unknown_categories_may_be_forbidden():
    strict = model(allow_unknown_categorical_levels=False)
    assert trying.rows(scored({**FEATURES, "sex": [None] * 8}, strict))["Scored Labels"]
    with pytest.raises(Invalid, match="dataset: column 'sex' has categories that were not there while training"):
        scored({**FEATURES, "sex": ["x"] * 8}, strict)


def test_something_else_at_the_models_port_is_told():
    with pytest.raises(Invalid, match="trained_model: a trained model is wanted here"):
        trying.outputs("score_model", {"trained_model": trying.table(ROWS), "dataset": trying.table(ROWS)})
