"""Which columns a model is shown, what its answers are worth, and the shapes of results."""

import math
from datetime import datetime

import pytest

from azurine.drift import magnitude, results
from azurine.drift.magnitude import Column
from azurine.drift.results import Slice


@pytest.mark.parametrize(
    ("column", "role"),
    [
        (Column("integer", 2000, 0, 100), "categorical"),
        (Column("integer", 2000, 0, 101), "numerical"),
        (Column("integer", 1000, 0, 51), "numerical"),
        (Column("text", 1000, 990, 50), "categorical"),
        (Column("text", 1000, 0, 51), None),
        (Column("number", 1000, 149, 800), "numerical"),
        (Column("number", 1000, 150, 800), None),
        (Column("number", 1000, 1000, 0), "categorical"),
        (Column("boolean", 1000, 0, 2), "categorical"),
        (Column("date", 1000, 0, 2), None),
        (Column("timestamp", 1000, 0, 2), None),
    ],
)
def test_which_columns_a_model_is_shown(column, role):
    roles, left = magnitude.shown({"x": column})
    assert (roles.get("x"), "x" in left) == (role, role is None)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ((50, 50, 0, 0), 1),
        ((0, 0, 50, 50), -1),
        ((25, 25, 25, 25), 0),
        ((50, 0, 50, 0), 0),
        ((0, 0, 0, 0), 0),
        ((6, 3, 1, 2), 22 / math.sqrt(7 * 8 * 4 * 5) * 16 / 22),
    ],
)
def test_matthews_coefficient(answers, expected):
    assert magnitude.coefficient(*answers) == pytest.approx(expected)


def test_contributions_are_shares_of_the_splits():
    assert magnitude.contributions({"Age": 30, "BMI": 10}) == {"Age": 0.75, "BMI": 0.25}
    assert magnitude.contributions({"Age": 0, "BMI": 0}) == {"Age": 0, "BMI": 0}


START, END = datetime(2026, 1, 4), datetime(2026, 1, 18)


@pytest.mark.parametrize(
    ("slices", "table"),
    [
        ([Slice(START, 0.25)], {"days_from_start": 0, "drift_percentage": 25.0}),
        ([Slice(START, -0.01), Slice(datetime(2026, 1, 11), 0.5)], {"days_from_start": [0, 7], "drift_percentage": [0.0, 50.0]}),
        ([], None),
    ],
)
def test_one_row_is_scalars_and_several_are_lists(slices, table):
    said = results.metrics(START, END, "Week", slices)
    assert said.get("Datadrift percentage") == table
    assert (said["start_date"], said["end_date"], said["frequency"]) == ("2026-01-04T00:00:00", "2026-01-18T00:00:00", "Week")
