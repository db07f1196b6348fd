import pytest

from azurine.designer import trying
from azurine.model.errors import Invalid


def clipped(values=(0, 5, 10, 100), **given):
    given = {"list_of_columns": "x", "constant_value_for_upper_threshold": 10, "constant_value_for_lower_threshold": 2, **given}
    return trying.rows(trying.outputs("clip_values", {"dataset": trying.table({"x": list(values)})}, given)["results_dataset"])


BOTH = {"set_of_thresholds": "ClipPeaksAndSubpeaks"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, [0, 5, 10, 10]),
        ({"set_of_thresholds": "ClipSubpeaks"}, [2, 5, 10, 100]),
        (BOTH, [2, 5, 10, 10]),
        (BOTH | {"substitute_value_for_peaks": "Missing", "substitute_value_for_subpeaks": "Mean"}, [28.75, 5, 10, None]),
        ({"substitute_value_for_peaks": "Median"}, [0, 5, 10, 7.5]),
        ({"threshold": "Percentile", "percentile_number_of_upper_threshold": 50}, [0, 5, 7.5, 7.5]),
    ],
)
def test_values_beyond_are_replaced(given, expected):
    assert clipped(**given)["x"] == expected


def test_columns_are_added_when_wanted():
    found = clipped(**BOTH, overwrite_flag="false", add_indicator_columns="true")
    assert found == {"x": [0, 5, 10, 100], "x_clipped": [2, 5, 10, 10], "x_IsClipped": [True, False, False, True]}


def test_wrong_parameters_are_named():
    with pytest.raises(Invalid, match="constant_value_for_lower_threshold: it must not be above the upper threshold, 1"):
        clipped(**BOTH, constant_value_for_upper_threshold=1)
    with pytest.raises(Invalid, match="list_of_columns: column 'x' is String"):
        clipped(["a"])
