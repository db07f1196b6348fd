import math

import pytest

from azurine.designer import components, trying
from azurine.model.errors import Invalid

VALUES = {"x": [-8.0, 0.0, 3.5, None], "y": [2.0, 4.0, 0.5, 1.0]}
_PARAMETER = {
    "Basic": "basic_math_function",
    "Compare": "compare_function",
    "Operations": "arithmetic_operation",
    "Rounding": "rounding_function",
    "Special": "special_function",
    "Trigonometric": "trigonometric_function",
}


def computed(category, function, second="1", values=VALUES, **given):
    given = {"category": category, _PARAMETER[category]: function, "second_argument": second, "column_set": "x", "output_mode": "ResultOnly", **given}
    (found,) = trying.rows(trying.outputs("apply_math_operation", {"dataset": trying.table(values)}, given)["results_dataset"]).values()
    return found


@pytest.mark.parametrize(
    ("category", "function", "second", "expected"),
    [
        ("Basic", "Abs", "0", [8, 0, 3.5, None]),
        ("Basic", "CubeRoot", "0", [-2, 0, 3.5 ** (1 / 3), None]),
        ("Basic", "Sqrt", "0", [None, 0, 3.5**0.5, None]),
        ("Basic", "Ln", "0", [None, None, math.log(3.5), None]),
        ("Basic", "NthRoot", "3", [-2, 0, 3.5 ** (1 / 3), None]),
        ("Basic", "Pow", "2", [64, 0, 12.25, None]),
        ("Basic", "Log", "2", [None, None, math.log2(3.5), None]),
        ("Basic", "Hypotenuse", "6", [10, 6, math.hypot(3.5, 6), None]),
        ("Compare", "GreaterThan", "0", [False, False, True, None]),
        ("Compare", "PairMax", "1", [1, 1, 3.5, None]),
        ("Operations", "Add", "1", [-7, 1, 4.5, None]),
        ("Operations", "Divide", "0", [None, None, None, None]),
        ("Operations", "Multiply", "2", [-16, 0, 7, None]),
        ("Rounding", "Mod", "3", [1, 0, 0.5, None]),
        ("Rounding", "Remainder", "3", [-2, 0, 0.5, None]),
        ("Rounding", "Quotient", "3", [-2, 0, 1, None]),
        ("Rounding", "ToEven", "0", [-8, 0, 4, None]),
        ("Rounding", "ToOdd", "0", [-9, 1, 5, None]),
        ("Rounding", "ToMultiple", "3", [-9, 0, 3, None]),
        ("Rounding", "RoundDigits", "0", [-8, 0, 4, None]),
        ("Rounding", "Truncate", "0", [-8, 0, 3, None]),
        ("Special", "Erf", "0", [math.erf(-8), 0, math.erf(3.5), None]),
        ("Special", "Gamma", "0", [None, None, math.gamma(3.5), None]),
        ("Trigonometric", "Cos", "0", [math.cos(-8), 1, math.cos(3.5), None]),
        ("Trigonometric", "AtanDegrees", "0", [math.degrees(math.atan(-8)), 0, math.degrees(math.atan(3.5)), None]),
    ],
)
def test_functions(category, function, second, expected):
    found = computed(category, function, second)
    assert found == [None if one is None else pytest.approx(one, abs=1e-12) for one in expected]


def every_function():
    declared = components.find("apply_math_operation").parameters
    return [(category, function) for category, name in _PARAMETER.items() for function in declared[name]["enum"]]


@pytest.mark.parametrize(("category", "function"), every_function())
def test_every_function_that_is_offered_computes(category, function):
    found = computed(category, function, "2", {"x": [0.5, 1.5, 1.0, None]})
    assert len(found) == 4
    assert found[3] is None
    assert any(one is not None for one in found)


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({"output_mode": "Append"}, ["x", "y", "Add(x_$1)"]),
        ({"output_mode": "Inplace"}, ["x", "y"]),
        (
            {"output_mode": "ResultOnly", "column_set": "x, y", "second_argument_type": "ColumnSet", "second_argument_columns": "y"},
            ["Add(x_y)", "Add(y_y)"],
        ),
    ],
)
def test_output_modes_and_names(given, names):
    given = {"category": "Operations", "column_set": "x", **given}
    assert list(trying.outputs("apply_math_operation", {"dataset": trying.table(VALUES)}, given)["results_dataset"].names) == names


def test_wrong_parameters_are_named():
    with pytest.raises(Invalid, match="Apply Math Operation: column_set: column 'x' is String; only numbers"):
        computed("Basic", "Abs", values={"x": ["a"]})
    with pytest.raises(Invalid, match="second_argument_columns: choose at least one column"):
        computed("Operations", "Add", second_argument_type="ColumnSet")
    with pytest.raises(Invalid, match="basic_math_function: 'Sine' is not one of Abs"):
        computed("Basic", "Sine")
