import pytest

from azurine.designer import trying
from azurine.model.errors import Invalid

AGES = {"Id": [1, 2, 3, None], "PatientID": [10, 20, 30, 40], "Age": [21, 22, 23, 24]}
LEVELS = {"Id": [3, 1, 1, None, 9], "PatientID": [30, 10, 11, 40, 90], "BMI": [3.0, 1.0, 1.5, 4.0, 9.0]}


def joined(left=AGES, right=LEVELS, on="Id", other="Id", **given):
    inputs = {"left_dataset": trying.table(left), "right_dataset": trying.table(right)}
    found = trying.outputs("join_data", inputs, {"join_key_columns_for_left_dataset": on, "join_key_columns_for_right_dataset": other, **given})
    return trying.rows(found["results_dataset"])


def test_inner_join_names_what_is_taken_and_matches_no_missing_key():
    assert joined() == {
        "Id": [1, 1, 3],
        "PatientID": [10, 10, 30],
        "Age": [21, 21, 23],
        "Id_R": [1, 1, 3],
        "PatientID_R": [10, 11, 30],
        "BMI": [1.0, 1.5, 3.0],
    }


def test_right_keys_may_be_left_out():
    assert list(joined(keep_right_key_columns_in_joined_table="false")) == ["Id", "PatientID", "Age", "PatientID_R", "BMI"]


def test_left_outer_join_keeps_every_left_row():
    found = joined(join_type="Left Outer Join")
    assert found["Id"] == [1, 1, 2, 3, None]
    assert found["BMI"] == [1.0, 1.5, None, 3.0, None]
    assert found["Id_R"] == [1, 1, None, 3, None]


def test_full_outer_join_keeps_every_row_of_both():
    found = joined(join_type="Full Outer Join")
    assert found["Id"] == [1, 1, 2, 3, None, None, None]
    assert found["Id_R"] == [1, 1, None, 3, None, None, 9]
    assert found["BMI"] == [1.0, 1.5, None, 3.0, None, 4.0, 9.0]


def test_left_semi_join_answers_left_rows_once_and_left_columns_only():
    assert joined(join_type="Left Semi-Join") == {"Id": [1, 3], "PatientID": [10, 30], "Age": [21, 23]}


def test_the_first_suffix_that_makes_all_names_distinct_is_taken():
    found = joined({"Id": [1], "A": [1], "A_R": [2]}, {"Id": [1], "A": [3]})
    assert list(found) == ["Id", "A", "A_R", "Id_R1", "A_R1"]


@pytest.mark.parametrize(("match_case", "expected"), [("true", ["b"]), ("false", ["A", "b"])])
def test_case_matters_when_wanted(match_case, expected):
    left, right = {"Key": ["A", "b"]}, {"Key": ["a", "b"], "V": [1, 2]}
    assert joined(left, right, "Key", "Key", match_case=match_case)["Key"] == expected


def test_whole_and_broken_numbers_compare():
    assert joined({"k": [1, 2]}, {"k": [2.0, 2.5], "v": ["x", "y"]}, "k", "k")["v"] == ["x"]


def test_no_rows_join_to_no_rows():
    assert joined({"Id": [], "A": []}, {"Id": [], "B": []}) == {"Id": [], "A": [], "Id_R": [], "B": []}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"on": "Nope"}, "Join Data: join_key_columns_for_left_dataset: column not found: 'Nope'"),
        ({"on": "Id, Age"}, "choose as many keys as for the left table: 2, not 1"),
        ({"right": {"Id": ["1"]}}, "'Id' is String and cannot be compared with 'Id', which is Integer"),
    ],
)
def test_wrong_keys_are_named(given, message):
    with pytest.raises(Invalid, match=message):
        joined(**given)
