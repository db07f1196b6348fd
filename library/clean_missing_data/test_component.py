import datetime

import pytest

from azurine.designer import trying
from azurine.model.errors import Invalid

PATIENTS = {"Age": [20, None, 30, 40], "BMI": [20.0, 30.0, None, None], "Name": ["a", None, "a", "b"], "Full": [1, 2, 3, 4]}
MODE = "cleaning_mode"


def cleaned(columns, values=PATIENTS, **given):
    found = trying.outputs("clean_missing_data", {"dataset": trying.table(values)}, {"columns_to_be_cleaned": columns, **given})
    return trying.rows(found["cleaned_dataset"])


@pytest.mark.parametrize(
    ("given", "column", "expected"),
    [
        ({}, "Age", [20, 0, 30, 40]),
        ({"replacement_value": "2.5"}, "Age", [20.0, 2.5, 30.0, 40.0]),
        ({"replacement_value": "none"}, "Name", ["a", "none", "a", "b"]),
        ({MODE: "Replace with mean"}, "Age", [20, 30, 30, 40]),
        ({MODE: "Replace with mean"}, "BMI", [20.0, 30.0, 25.0, 25.0]),
        ({MODE: "Replace with median"}, "BMI", [20.0, 30.0, 25.0, 25.0]),
        ({MODE: "Replace with mode"}, "Name", ["a", "a", "a", "b"]),
        ({MODE: "Replace with mode"}, "Age", [20, 20, 30, 40]),
        ({MODE: "Replace with mean"}, "Full", [1, 2, 3, 4]),
        ({"maximum_missing_value_ratio": "0.3"}, "BMI", [20.0, 30.0, None, None]),
        ({"minimum_missing_value_ratio": "0.3"}, "Age", [20, None, 30, 40]),
    ],
)
def test_missing_values_are_filled(given, column, expected):
    assert cleaned(column, **given)[column] == expected


def test_rows_and_columns_are_removed():
    assert cleaned("Age, Name", **{MODE: "Remove entire row"})["Full"] == [1, 3, 4]
    assert list(cleaned("Age, Name, Full", **{MODE: "Remove entire column"})) == ["BMI", "Full"]


def test_an_indicator_says_what_was_missing():
    found = cleaned("Age, Full", generate_missing_value_indicator_column="true")
    assert found["Age_IsMissing"] == [False, True, False, False]
    assert found["Full_IsMissing"] == [False] * 4


@pytest.mark.parametrize(("what", "names"), [("Remove", ["b"]), ("Propagate", ["a", "b"])])
def test_columns_without_any_value(what, names):
    values = {"a": [None, None], "b": [1.0, None]}
    assert list(cleaned("a, b", values, cleaning_mode="Replace with mean", cols_with_all_missing_values=what)) == names


def test_dates_and_truths_are_filled():
    values = {"Day": [datetime.datetime(2020, 1, 1), None], "Sick": [True, None]}
    assert cleaned("Day", values, replacement_value="2021-02-03")["Day"][1] == datetime.datetime(2021, 2, 3)
    assert cleaned("Sick", values, replacement_value="false")["Sick"] == [True, False]


def test_what_was_learned_is_done_to_another_table():
    learned = trying.outputs(
        "clean_missing_data", {"dataset": trying.table(PATIENTS)}, {"columns_to_be_cleaned": "Age, Full", MODE: "Replace with mean"}
    )
    other = trying.table({"Age": [None, 1], "Full": [None, 1]})
    found = trying.outputs("apply_transformation", {"transformation": learned["cleaning_transformation"], "dataset": other})
    assert trying.rows(found["transformed_dataset"]) == {"Age": [30, 1], "Full": [2.5, 1.0]}


@pytest.mark.parametrize(
    ("columns", "given", "message"),
    [
        ("Name", {MODE: "Replace with mean"}, "a mean needs numbers, and column 'Name' is String"),
        ("Age", {"replacement_value": "old"}, "replacement_value: column 'Age' is Integer and cannot hold 'old'"),
        ("Age", {MODE: "Replace using MICE"}, "cleaning_mode: this mode is not available"),
        ("Weight", {}, "column not found: 'Weight'"),
        ("Age", {"minimum_missing_value_ratio": "0.9", "maximum_missing_value_ratio": "0.1"}, "must not be above the maximum"),
        ("Age", {"minimum_missing_value_ratio": "2"}, "must be at least 0.0 and at most 1.0"),
    ],
)
def test_wrong_parameters_are_named(columns, given, message):
    with pytest.raises(Invalid, match=message):
        cleaned(columns, **given)
