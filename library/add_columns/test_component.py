import pytest

from azurine.designer import trying


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ({"a": [1, 2]}, {"b": [3, 4]}, {"a": [1, 2], "b": [3, 4]}),
        ({"a": [1, 2]}, {"b": [3]}, {"a": [1, 2], "b": [3, None]}),
        ({"a": [1]}, {"a": [3, 4]}, {"a_1": [1, None], "a_2": [3, 4]}),
        ({"a": [1], "a_1": [2]}, {"a": [3]}, {"a_1": [1], "a_1 (2)": [2], "a_2": [3]}),
    ],
)
def test_columns_side_by_side(left, right, expected):
    found = trying.outputs("add_columns", {"left_dataset": trying.table(left), "right_dataset": trying.table(right)})
    assert trying.rows(found["combined_dataset"]) == expected
