import pytest

from azurine.designer import trying
from azurine.model.errors import Invalid


def test_the_same_columns_are_chosen_from_another_table():
    learned = trying.outputs("select_columns_transform", {"dataset_with_desired_columns": trying.table({"b": [1], "a": [2]})})
    transformation = learned["columns_selection_transformation"]
    found = trying.outputs("apply_transformation", {"transformation": transformation, "dataset": trying.table({"a": [3], "c": [4], "b": [5]})})
    assert trying.rows(found["transformed_dataset"]) == {"b": [5], "a": [3]}
    with pytest.raises(Invalid, match="Apply Transformation: dataset: column not found: 'b'; there are 'a'"):
        trying.outputs("apply_transformation", {"transformation": transformation, "dataset": trying.table({"a": [3]})})
