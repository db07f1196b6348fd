"""Values that fit their declarations, and types that bind."""

import pytest

from azurine.ml import interfaces
from azurine.model import errors


@pytest.mark.parametrize(
    ("declared", "value", "written"),
    [
        ({"type": "number"}, "0.01", "0.01"),
        ({"type": "number"}, 1e-5, "1e-05"),
        ({"type": "number"}, 3, "3"),
        ({"type": "integer", "min": "1", "max": "3"}, "3", "3"),
        ({"type": "integer"}, 3.0, "3"),
        ({"type": "integer"}, "-7", "-7"),
        ({"type": "boolean"}, True, "True"),
        ({"type": "boolean"}, "false", "False"),
        ({"type": "string"}, 5, "5"),
        ({"type": "string", "enum": ["a", "b"]}, "b", "b"),
        ({}, "x", "x"),
    ],
)
def test_a_value_that_fits(declared, value, written):
    assert interfaces.literal(declared, value) == written


@pytest.mark.parametrize(
    ("declared", "value", "says"),
    [
        ({"type": "number"}, "nan", "'nan' is not a number"),
        ({"type": "number"}, "1e999", "is not a number"),
        ({"type": "number"}, "abc", "is not a number"),
        ({"type": "number"}, True, "true is not a number"),
        ({"type": "number"}, "9" * 100_000, "is not a number"),
        ({"type": "integer"}, "3.5", "is not an integer"),
        ({"type": "integer"}, "9" * 100_000, "is not an integer"),
        ({"type": "integer"}, None, "null is not an integer"),
        ({"type": "integer", "min": "1"}, "0", "0 is out of bounds; it must be at least 1"),
        ({"type": "number", "min": "1", "max": "2"}, "2.01", "it must be at least 1 and at most 2"),
        ({"type": "boolean"}, "yes", "is not a boolean"),
        ({"type": "string", "enum": ["a", "b"]}, "c", "'c' is not one of a, b"),
        ({"type": "string"}, {"a": 1}, "an object is not a string"),
    ],
)
def test_a_value_that_does_not(declared, value, says):
    with pytest.raises(errors.Invalid) as caught:
        interfaces.literal(declared, value, path="inputs.n")
    assert says in caught.value.message
    assert caught.value.path == "inputs.n"
    assert len(caught.value.message) < 300


@pytest.mark.parametrize(
    ("produced", "wanted", "binds"),
    [
        ("uri_folder", "uri_folder", True),
        ("mltable", "uri_folder", True),
        ("uri_folder", "mlflow_model", True),
        ("integer", "string", True),
        ("boolean", "string", True),
        ("integer", "number", True),
        ("number", "integer", False),
        ("string", "integer", False),
        ("uri_file", "string", False),
        ("string", "uri_file", False),
        ("", "integer", True),
    ],
)
def test_which_types_bind(produced, wanted, binds):
    assert interfaces.fits(produced, wanted) is binds


def test_which_inputs_must_still_be_given():
    declared = {
        "a": {"type": "string"},
        "b": {"type": "string", "default": "x"},
        "c": {"type": "string", "optional": True},
        "d": {"type": "uri_file"},
    }
    assert interfaces.missing(declared, {"d": {"uri": "x"}}) == ["a"]
    assert [name for name in declared if interfaces.may_be_absent(declared[name])] == ["c"]
