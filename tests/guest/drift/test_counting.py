"""Columns of Parquet counted each by itself, and all at once: the same is found."""

import datetime

import polars as pl
import pytest

from azurine.guest.drift import counting
from azurine.guest.drift.reading import read

ROWS = {
    "whole": [1, 2, 2, None, 70_000, -3] * 50,
    "real": [0.5, None, float("nan"), 2.25, 0.5, 1e9] * 50,
    "text": ["a", "b", None, "a", "", "c"] * 50,
    "flag": [True, False, None, True, True, False] * 50,
    "day": [datetime.date(2026, 1, 1 + number % 9) for number in range(300)],
}


@pytest.fixture
def both_ways(monkeypatch):
    def read_twice(path, names, **said):
        asked = []
        alone = counting._each_alone
        with monkeypatch.context() as patched:
            patched.setattr(counting, "_each_alone", lambda *given: asked.append(given) or alone(*given))
            first = read(str(path), names, **said)
        with monkeypatch.context() as patched:
            patched.setattr(counting, "_each_alone", lambda relation, columns: counting._counting(relation, columns, None))
            second = read(str(path), names, **said)
        assert asked
        return first, second

    return read_twice


@pytest.mark.parametrize("names", [tuple(ROWS), ("whole", "real"), ("text", "flag"), ("day", "text", "whole")], ids=lambda names: "-".join(names))
def test_it_makes_no_difference_how_columns_are_counted(both_ways, names, tmp_path):
    pl.DataFrame(ROWS).write_parquet(tmp_path / "rows.parquet")
    first, second = both_ways(tmp_path / "rows.parquet", names)
    assert first.table == second.table


def test_more_columns_than_are_counted_at_once(both_ways, tmp_path):
    pl.DataFrame({f"c{number}": [value * number for value in range(40)] for number in range(40)}).write_parquet(tmp_path / "rows.parquet")
    first, second = both_ways(tmp_path / "rows.parquet", tuple(f"c{number}" for number in range(40)))
    assert first.table == second.table


def test_values_that_are_not_of_the_type_that_is_wanted(both_ways, tmp_path):
    pl.DataFrame({"x": [1, 2, 3], "y": [1.5, 2.5, 3.5]}).write_parquet(tmp_path / "before.parquet")
    pl.DataFrame({"x": ["1", "two", None], "y": ["2.5", "", "x"]}).write_parquet(tmp_path / "after.parquet")
    types = read(str(tmp_path / "before.parquet"), ("x", "y")).types
    first, second = both_ways(tmp_path / "after.parquet", ("x", "y"), types=types)
    assert first.table == second.table
