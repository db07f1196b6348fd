"""Tables and what else passes between components, written into folders and read again."""

import datetime
import json

import polars as pl
import pytest
import yaml

from azurine.designer import ports, tables, trying
from azurine.designer.ports import File, Learner, Model, Transformation
from azurine.designer.tables import Column
from azurine.model.errors import Invalid

VALUES = {
    "n": [1, None],
    "f": [1.5, None],
    "t": ["a", None],
    "b": [True, None],
    "d": [datetime.datetime(2020, 1, 2, 3, 4, 5, 6), None],
    "s": [datetime.timedelta(seconds=1), None],
}
KNOWN = [Column("t", pl.String(), categorical=True, label=True), Column("f", pl.Float64(), feature=False, score="Scored Probabilities")]


def test_a_table_comes_back_as_it_was(tmp_path):
    table = trying.table(VALUES, KNOWN)
    ports.write(table, tmp_path)
    found = ports.read(tmp_path)
    assert trying.rows(found) == VALUES
    assert found.columns == table.columns
    assert [column.kind for column in found.columns] == ["Numeric", "Numeric", "Categorical", "Boolean", "DateTime", "TimeSpan"]


def test_the_schema_says_what_is_known_of_columns(tmp_path):
    ports.write(trying.table(VALUES, KNOWN), tmp_path)
    assert yaml.safe_load((tmp_path / "_meta.yaml").read_text()) == {
        "type": "DataFrameDirectory",
        "format": "Parquet",
        "data": "_data.parquet",
        "schema": "schema/_schema.json",
    }
    schema = json.loads((tmp_path / "schema/_schema.json").read_text())
    assert schema["columnAttributes"][2]["type"] == "Categorical"
    assert schema["columnAttributes"][2]["elementType"] == {"typeName": "String", "rawType": "String"}
    assert (schema["labelColumns"], schema["scoreColumns"]) == ({"True Labels": "t"}, {"Scored Probabilities": "f"})


def test_folds_are_kept_and_not_seen(tmp_path):
    given = {"partition_or_sample_mode": "Assign to Folds", "specify_number_of_folds_to_split_evenly_into": 2, "randomized_split": "false"}
    table = trying.outputs("partition_and_sample", {"dataset": trying.table({"a": [1, 2, 3]})}, given)["results_dataset"]
    ports.write(table, tmp_path)
    found = ports.read(tmp_path)
    assert (found.names, found.fold) == (("a",), "Fold")
    assert found.frame.collect()["Fold"].to_list() == [1, 2, 1]


@pytest.mark.parametrize(
    "port",
    [
        Transformation("normalize_data", {"a": 1}),
        Learner("linear_regression", {"b": [1.5]}),
        Model("train_model", {"c": None}, {"weights/x.bin": b"\0\1"}),
    ],
)
def test_what_is_not_a_table_comes_back_as_it_was(tmp_path, port):
    ports.write(port, tmp_path)
    assert ports.read(tmp_path, ports.sort_of(port)) == port
    with pytest.raises(Invalid, match=f"a table is wanted here, and a {ports.sort_of(port)} was found"):
        ports.read(tmp_path)


def test_foreign_files_are_tables(tmp_path):
    frame = pl.DataFrame({"c": ["x", "y"], "f": [1.0, float("nan")]}, schema_overrides={"c": pl.Categorical})
    frame.write_parquet(tmp_path / "x.parquet")
    found = ports.read(tmp_path / "x.parquet")
    assert trying.rows(found) == {"c": ["x", "y"], "f": [1.0, None]}
    assert found["c"].kind == "Categorical"


def test_a_single_file_is_a_file(tmp_path):
    (tmp_path / "bundle.zip").write_bytes(b"PK")
    assert ports.read(tmp_path, ports.FILE) == File(tmp_path / "bundle.zip")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: None, "has no files; a table needs CSV, TSV or Parquet"),
        (lambda folder: (folder / "x.csv").write_text(""), "'x.csv' is empty"),
        (lambda folder: [(folder / "x.csv").write_text("a\n1\n"), pl.DataFrame({"a": [1]}).write_parquet(folder / "y")], "Parquet and other files"),
        (lambda folder: pl.DataFrame({"a": [[1]]}).write_parquet(folder / "y"), "column 'a' holds List"),
    ],
)
def test_what_is_no_table_is_named(tmp_path, make, message):
    make(tmp_path)
    with pytest.raises(Invalid, match=message):
        ports.read(tmp_path)


@pytest.mark.parametrize(
    ("names", "expected"), [(["a", "a", "a"], ["a", "a (2)", "a (3)"]), (["a", "a (2)", "a"], ["a", "a (2)", "a (3)"]), ([], [])]
)
def test_names_are_made_distinct(names, expected):
    assert tables.unique_names(names) == expected
