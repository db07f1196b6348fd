import pytest

from azurine.designer import trying
from azurine.model.errors import Invalid

TABLE = {"t": ["?", "obs", None], "n": [1, 999, None], "b": [True, None, False]}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, TABLE),
        ({"action": "SetMissingValues"}, TABLE | {"t": [None, "obs", None]}),
        ({"action": "SetMissingValues", "custom_missing_value": "999"}, TABLE | {"n": [1, None, None]}),
        ({"action": "ReplaceValues"}, {"t": ["?", "obs", "0"], "n": [1, 999, 0], "b": [True, False, False]}),
        ({"action": "ReplaceValues", "replace": "Custom", "new_value": "seen"}, TABLE | {"t": ["?", "seen", None]}),
        ({"action": "ReplaceValues", "replace": "Custom", "custom_value": "999", "new_value": "-1"}, TABLE | {"n": [1, -1, None]}),
    ],
)
def test_values_are_replaced(given, expected):
    assert trying.rows(trying.outputs("convert_to_dataset", {"dataset": trying.table(TABLE)}, given)["results_dataset"]) == expected


def test_a_value_that_does_not_fit_is_named():
    given = {"action": "ReplaceValues", "new_value": "none"}
    with pytest.raises(Invalid, match="Convert to Dataset: new_value: column 'n' is Integer and cannot hold 'none'"):
        trying.outputs("convert_to_dataset", {"dataset": trying.table({"n": [1, None]})}, given)
