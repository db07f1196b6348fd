import math
from datetime import date, datetime, timedelta

import polars as pl
import pytest

from azurine.designer import trying
from azurine.designer.learning import features
from azurine.designer.tables import Column
from azurine.model.errors import Invalid


def learned(values, known=(), schema=None, scaled=True):
    table = trying.table(values, known=known, schema=schema)
    frame = table.frame.select(features.plain(table.columns)).collect()
    return frame, features.learn(frame, table.columns, scaled, Invalid)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([2, 4, 6], [0.0, 0.5, 1.0]),
        ([2.0, None, 6.0], [0.0, 0.0, 1.0]),
        ([2.0, math.nan, 6.0], [0.0, 0.0, 1.0]),
        ([3, 3, None], [0.0, 0.0, 0.0]),
        ([None, None, None], [0.0, 0.0, 0.0]),
        ([True, False, None], [1.0, 0.0, 0.0]),
        ([date(2024, 1, 1), date(2024, 1, 2), date(2024, 1, 5)], [0.0, 0.25, 1.0]),
        ([timedelta(1), timedelta(2), None], [0.0, 1.0, 0.0]),
    ],
)
def test_numbers_are_rescaled(values, expected):
    frame, found = learned({"x": values})
    assert features.matrix(frame, found)[:, 0].tolist() == expected


def test_numbers_may_be_left_as_they_are_times_being_nanoseconds():
    frame, found = learned({"x": [2.0, None], "t": [datetime(1970, 1, 1, 0, 0, 1), None]}, scaled=False)
    assert features.matrix(frame, found).tolist() == [[2.0, 1e9], [0.0, 0.0]]


def test_a_category_is_a_column():
    frame, found = learned({"x": ["b", "a", None], "n": [7, 8, 7]}, known=[Column("n", None, categorical=True)])
    assert [one["levels"] for one in found] == [["a", "b"], ["7", "8"]]
    assert features.matrix(frame, found).tolist() == [[0, 1, 1, 0], [1, 0, 0, 1], [0, 0, 1, 0]]
    assert features.matrix(pl.DataFrame({"x": ["z"], "n": [9]}), found).tolist() == [[0, 0, 0, 0]]
    counts = pl.DataFrame({"x": ["z", "a", None], "n": [9, 9, 7]}).select(features.unknown(found))
    assert counts.row(0) == (1, 2)


def test_infinite_values_are_refused_when_learning_and_missing_when_repeating():
    with pytest.raises(Invalid, match="column 'x' holds infinite values"):
        learned({"x": [1.0, math.inf]})
    _, found = learned({"x": [1.0, 3.0]})
    assert features.matrix(pl.DataFrame({"x": [math.inf, -math.inf, 2.0, 5.0]}), found)[:, 0].tolist() == [0.0, 0.0, 0.5, 2.0]


def test_a_column_of_names_is_too_many_columns(monkeypatch):
    monkeypatch.setattr(features, "MOST_CELLS", 100)
    with pytest.raises(Invalid, match=r"20 rows with 21 features are too many numbers; columns with many categories: 'name' \(20\)"):
        learned({"name": [f"n{i}" for i in range(20)], "x": [1] * 20})
