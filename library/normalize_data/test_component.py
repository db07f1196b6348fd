import math

import pytest

from azurine.designer import trying
from azurine.model.errors import Invalid


def rescaled(values, method, **given):
    given = {"columns_to_transform": "x", "transformation_method": method, **given}
    return trying.rows(trying.outputs("normalize_data", {"dataset": trying.table({"x": values})}, given)["transformed_dataset"])["x"]


@pytest.mark.parametrize(
    ("method", "values", "expected"),
    [
        ("ZScore", [1, 2, 3, None], [-math.sqrt(1.5), 0, math.sqrt(1.5), None]),
        ("MinMax", [10, 15, 20], [0, 0.5, 1]),
        ("Logistic", [0, 2], [0.5, 1 / (1 + math.exp(-2))]),
        ("Tanh", [0.0, 1.0], [0, math.tanh(1)]),
        # ln 1 = 0, ln e² = 2: mean 1, deviation 1; the values lie one deviation below and above.
        ("LogNormal", [1, math.exp(2)], [0.15865525393145707, 0.8413447460685429]),
    ],
)
def test_methods(method, values, expected):
    found = rescaled(values, method)
    assert [None if one is None else pytest.approx(one) for one in expected] == found


@pytest.mark.parametrize(("switch", "expected"), [("true", [0, 0]), ("false", [None, None])])
@pytest.mark.parametrize("method", ["ZScore", "MinMax", "LogNormal"])
def test_constant_columns(method, switch, expected):
    assert rescaled([7, 7], method, use_0_for_constant_columns_when_checked=switch) == expected


def test_what_was_learned_is_done_to_another_table():
    learned = trying.outputs(
        "normalize_data", {"dataset": trying.table({"x": [0, 10]})}, {"columns_to_transform": "x", "transformation_method": "MinMax"}
    )
    found = trying.outputs("apply_transformation", {"transformation": learned["transformation_function"], "dataset": trying.table({"x": [5, 20]})})
    assert trying.rows(found["transformed_dataset"]) == {"x": [0.5, 2.0]}


def test_wrong_columns_are_named():
    with pytest.raises(Invalid, match="Normalize Data: columns_to_transform: column 'x' is String; only numbers can be rescaled"):
        rescaled(["a"], "ZScore")
    with pytest.raises(Invalid, match="LogNormal needs values above 0, and column 'x' has -1"):
        rescaled([-1, 2], "LogNormal")
    with pytest.raises(Invalid, match="there is no numeric column 'x'; there are 'y'"):
        learned = trying.outputs("normalize_data", {"dataset": trying.table({"x": [0, 10]})}, {"columns_to_transform": "x"})
        trying.outputs("apply_transformation", {"transformation": learned["transformation_function"], "dataset": trying.table({"y": [5]})})


def test_no_rows_stay_no_rows():
    assert trying.rows(
        trying.outputs("normalize_data", {"dataset": trying.table({"x": []}, schema={"x": float})}, {"columns_to_transform": "x"})[
            "transformed_dataset"
        ]
    ) == {"x": []}
