import inspect

import numpy
import pandas
import polars as pl
import pytest

from azurine.designer import script_host, tables, trying
from azurine.designer.script_host import Refused


def first(returned, folder):
    """The first table of what azureml_main returned, through its file."""
    frames = script_host.tables(returned)
    assert len(frames) == 2
    said = script_host.write(frames[0], folder / "result.parquet")
    assert said["columns"] == frames[0].shape[1]
    return tables.of(pl.scan_parquet(folder / "result.parquet") if said["columns"] else pl.DataFrame())


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("None", {}),
        ("pandas.DataFrame()", {}),
        ("pandas.DataFrame({'a': [1, 2]}, index=[7, 8]),", {"a": [1, 2]}),
        ("[pandas.DataFrame({'a': [1]})]", {"a": [1]}),
        ("{'a': [1, 2], 'b': ['x', None]}", {"a": [1, 2], "b": ["x", None]}),
        ("{'a': 1, 'b': 'x'}", {"a": [1], "b": ["x"]}),
        ("[1, 2]", {"column_0": [1, 2]}),
        ("[{'a': 1}, {'a': 2}]", {"a": [1, 2]}),
        ("numpy.array([[1, 2], [3, 4]])", {"column_0": [1, 3], "column_1": [2, 4]}),
        ("pandas.Series([1.5, numpy.nan])", {"column_0": [1.5, None]}),
        ("pandas.Series([1.5], name='s')", {"s": [1.5]}),
        ("3", {"column_0": [3]}),
        ("numpy.float64(2.5)", {"column_0": [2.5]}),
        ("'text'", {"column_0": ["text"]}),
        ("pandas.DataFrame([[1, 2, 3, 4]], columns=['a', 'a', None, 7])", {"a": [1], "a (2)": [2], "column_2": [3], "7": [4]}),
        ("pandas.DataFrame({'a': [1, 'x', None]})", {"a": ["1", "x", None]}),
        ("pandas.DataFrame({'a': [[1], {'b': 2}]})", {"a": ["[1]", "{'b': 2}"]}),
        ("pandas.DataFrame({'a': [1+2j], 'b': numpy.array([1.5], 'float16')})", {"a": ["(1+2j)"], "b": [1.5]}),
    ],
)
def test_what_is_returned_becomes_a_table(text, rows, tmp_path):
    assert trying.rows(first(eval(text, {"numpy": numpy, "pandas": pandas}), tmp_path)) == rows


def test_times_are_times(tmp_path):
    found = first(pandas.DataFrame({"t": pandas.to_datetime(["2024-01-02"]), "s": pandas.to_timedelta([1], "h")}), tmp_path)
    assert [found[name].kind for name in ("t", "s")] == ["DateTime", "TimeSpan"]


def test_categories_are_their_values_and_known_as_such(tmp_path):
    frame = pandas.DataFrame({"a": pandas.Series([1, 2, None], dtype="category"), "b": pandas.Series(["x", "y", None], dtype="category")})
    assert script_host.write(frame, tmp_path / "r.parquet") == {"columns": 2, "categorical": ["a", "b"]}
    assert pl.read_parquet(tmp_path / "r.parquet").to_dict(as_series=False) == {"a": [1, 2, None], "b": ["x", "y", None]}


@pytest.mark.parametrize(
    ("signature", "tables"),
    [("", 0), ("one", 1), ("one=None", 1), ("one, two", 2), ("one, two=None, three=None", 2), ("*tables", 2), ("one, *rest", 2)],
)
def test_the_function_takes_as_many_tables_as_it_likes(signature, tables):
    assert script_host.arity(eval(f"lambda {signature}: None")) == tables


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ((1, 2, 3), "azureml_main returned 3 tables; there are two outputs"),
        (object(), "it returned object; a pandas DataFrame is wanted"),
        (pandas.DataFrame().to_numpy().reshape(0, 0, 1), "an array of 3 dimensions; a table has two"),
    ],
)
def test_what_is_no_table_is_refused(value, message):
    with pytest.raises(Refused, match=message):
        script_host.tables(value)


def test_a_function_that_needs_more_is_refused():
    with pytest.raises(Refused, match="azureml_main takes 3 tables; it is given two at most"):
        script_host.arity(lambda a, b, c: None)


def test_the_program_needs_only_what_the_users_environment_has():
    """It imports nothing of ours: what it knows comes in its folder."""
    assert "azurine" not in {
        line.split()[1].split(".")[0] for line in inspect.getsource(script_host).splitlines() if line.startswith(("import ", "from "))
    }
