import os
import sqlite3

import polars as pl
import pytest

from azurine.designer import trying
from azurine.designer.bench import Bench
from azurine.model.errors import Invalid

PATIENTS = {"Id": [1, 2], "Name": ["a,b", None], "BMI": [20.5, None], "Sick": [True, False]}


def exported(tmp_path, values=PATIENTS, **given):
    scratch = tmp_path / "scratch"
    scratch.mkdir(exist_ok=True)
    said = []
    bench = Bench(scratch, say=said.append, locate=lambda address: tmp_path / address, failing=trying.failing("Export Data"))
    assert trying.outputs("export_data", {"dataset": trying.table(values)}, given, bench) == {}
    return said


@pytest.mark.parametrize(
    ("sort", "content"),
    [
        ("csv", 'Id,Name,BMI,Sick\n1,"a,b",20.5,true\n2,,,false\n'),
        ("tsv", "Id\tName\tBMI\tSick\n1\ta,b\t20.5\ttrue\n2\t\t\tfalse\n"),
    ],
)
def test_one_file_at_exactly_the_path(tmp_path, sort, content):
    said = exported(tmp_path, datastore_path="1-bronze/diabetes/me/diabetes.csv", file_format=sort)
    assert (tmp_path / "1-bronze/diabetes/me/diabetes.csv").read_text() == content
    assert os.listdir(tmp_path / "1-bronze/diabetes/me") == ["diabetes.csv"]
    assert said == ["exported 2 rows"]


@pytest.mark.parametrize("text", ["plain", 'with "quotes"'])
@pytest.mark.parametrize(("rows", "said"), [(1, "exported 12.0 MB"), (0, None)])
def test_of_a_large_file_the_size_is_told(tmp_path, text, rows, said):
    values = {text.ljust(3_000_000 if rows else 9_000_000, "."): [text.ljust(9_000_000, ".")] * rows}
    if said is None:
        with pytest.raises(Invalid, match="the table has no rows"):
            exported(tmp_path, values, datastore_path="x.csv")
    else:
        assert exported(tmp_path, values, datastore_path="x.csv") == [said]


def test_parquet_and_replacing(tmp_path):
    (tmp_path / "x").write_text("old")
    exported(tmp_path, datastore_path="x", file_format="parquet")
    assert pl.read_parquet(tmp_path / "x").to_dict(as_series=False) == PATIENTS


@pytest.mark.parametrize(("values", "message"), [({"a": []}, "the table has no rows"), ({}, "the table has no columns")])
def test_nothing_is_not_exported_and_what_was_there_stays(tmp_path, values, message):
    (tmp_path / "x.csv").write_text("old")
    with pytest.raises(Invalid, match=f"Export Data: dataset: {message}"):
        exported(tmp_path, values, datastore_path="x.csv")
    assert (tmp_path / "x.csv").read_text() == "old"
    assert sorted(os.listdir(tmp_path)) == ["scratch", "x.csv"]


@pytest.mark.parametrize(
    ("path", "message"),
    [("", "say which file"), ("folder/", "say which file"), ("scratch", "there is a folder of this name"), ("file/x.csv", "it cannot be written")],
)
def test_what_cannot_be_written_is_named(tmp_path, path, message):
    (tmp_path / "file").write_text("")
    with pytest.raises(Invalid, match=f"Export Data: datastore_path: {message}"):
        exported(tmp_path, datastore_path=path)


def test_rows_are_added_to_a_table_of_a_database(tmp_path):
    given = {"destination": "SQL database", "connection": f"sqlite:///{tmp_path}/x.db", "table_name": "p", "rows_per_operation": 1}
    exported(tmp_path, {"Id": [1, None], "BMI": [2.5, None]}, table_columns="ident, weight", **given)
    exported(tmp_path, {"Id": [3], "BMI": [4.5]}, columns_to_export="Id", table_columns="ident", **given)
    with sqlite3.connect(tmp_path / "x.db") as connection:
        assert connection.execute("select ident, weight from p").fetchall() == [(1, 2.5), (3, None)]
    connection.close()
    with pytest.raises(Invalid, match="table_columns: give 2 names"):
        exported(tmp_path, {"Id": [1], "BMI": [1]}, table_columns="one", **given)
    with pytest.raises(Invalid, match="the database answered"):
        exported(tmp_path, {"Other": [1]}, **given)
