import pytest

from azurine.designer import trying
from azurine.model.errors import Invalid


def added(first, second):
    found = trying.outputs("add_rows", {"dataset1": trying.table(first), "dataset2": trying.table(second)})
    return trying.rows(found["results_dataset"])


def test_rows_of_the_second_come_below():
    assert added({"a": [1], "b": ["x"]}, {"a": [2], "b": ["y"]}) == {"a": [1, 2], "b": ["x", "y"]}


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ({"a": [1]}, "it must have as many columns as dataset1: 2, and has 1"),
        ({"b": ["x"], "a": [1]}, "column 1 must be named 'a' as in dataset1, not 'b'"),
        ({"a": ["1"], "b": ["x"]}, "column 'a' must be Integer as in dataset1, not String"),
    ],
)
def test_columns_must_agree(second, message):
    with pytest.raises(Invalid, match=message):
        added({"a": [1], "b": ["x"]}, second)
