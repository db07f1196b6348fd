import json

import pytest

from azurine.designer import trying
from azurine.model.errors import Invalid

PATIENTS = {"Id": [1, 2], "Name": ["a", "b"], "BMI": [20.5, 31.0], "Sick": [True, False]}


def selected(value):
    found = trying.outputs("select_columns_in_dataset", {"dataset": trying.table(PATIENTS)}, {"select_columns": value})
    return list(trying.rows(found["results_dataset"]))


def rules(*said, is_filter=True):
    return json.dumps({"isFilter": is_filter, "rules": list(said)})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("BMI, Id", ["BMI", "Id"]),
        ('["Sick", "Name"]', ["Sick", "Name"]),
        (rules({"ruleType": "ColumnNames", "columns": ["BMI", "Id"]}, is_filter=False), ["BMI", "Id"]),
        (rules({"ruleType": "ColumnNames", "columns": ["BMI", "Id"]}), ["Id", "BMI"]),
        (rules({"ruleType": "AllColumns"}, {"ruleType": "ColumnTypes", "columnTypes": ["Numeric"], "exclude": True}), ["Name", "Sick"]),
        (rules({"ruleType": "ColumnIndexes", "columns": ["2-3"]}), ["Name", "BMI"]),
        (rules({"ruleType": "ColumnTypes", "columnTypes": ["Double", "Boolean"]}), ["BMI", "Sick"]),
    ],
)
def test_columns_are_chosen(value, expected):
    assert selected(value) == expected


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("Weight", r"Select Columns in Dataset: select_columns: column not found: 'Weight'; there are 'Id', 'Name', 'BMI', 'Sick'"),
        ("", "choose at least one column"),
        ("{", "this is not a column choice"),
        (rules({"ruleType": "AllColumns", "exclude": True}), "the first rule must include"),
        (rules({"ruleType": "ColumnIndexes", "columns": ["9"]}), "not between 1 and 4"),
    ],
)
def test_a_wrong_choice_says_what_is_wrong(value, message):
    with pytest.raises(Invalid, match=message):
        selected(value)
