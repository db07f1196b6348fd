"""What an input is cut into."""

import json
from pathlib import Path
from typing import Any

import pytest

from azurine.guest.batch import cutting
from azurine.guest.batch.ledger import LIST
from azurine.guest.batching.tables import Table
from azurine.model.errors import AzurineError


def cut(tmp_path: Path, files: dict[str, str], **told: Any) -> list[dict[str, Any]]:
    source = tmp_path / "source"
    for name, text in files.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(text)
    cutting.cut(tmp_path, source, {"batch_size": 0, "keys": [], **told}, "data")
    return [json.loads(line) for line in (tmp_path / LIST).read_text().splitlines()]


def test_files_in_order_folders_included_hidden_ones_not(tmp_path: Path) -> None:
    files = {"b.csv": "", "a.csv": "", "in/c.csv": "", ".amlignore": "", ".git/x": ""}
    assert cut(tmp_path, files, batch_size=2) == [{"items": ["a.csv", "b.csv"]}, {"items": ["in/c.csv"]}]
    assert (cutting.head(tmp_path) or {})["count"] == 2


@pytest.mark.parametrize("size", [1, 7, 30, 1000])
def test_every_row_of_a_text_table_is_in_one_part(tmp_path: Path, size: int) -> None:
    rows = "".join(f"{number},{'x' * (number % 13)}\n" for number in range(40))
    table = "paths: [{pattern: ./*.csv}]\ntransformations: [{read_delimited: {delimiter: ','}}, {keep_columns: [n]}]\n"
    batches = cut(tmp_path, {"MLTable": table, "t.csv": f"n,text\n{rows}"}, batch_size=size)
    reading = Table(cutting.head(tmp_path) or {})
    found = [int(number) for one in batches for number in reading.part(one).n]
    assert found == list(range(40))


def test_parquet_is_cut_by_rows(tmp_path: Path) -> None:
    import pandas

    (tmp_path / "source").mkdir()
    pandas.DataFrame({"n": range(1000)}).to_parquet(tmp_path / "source" / "t.parquet", row_group_size=300)
    batches = cut(tmp_path, {"MLTable": "paths: [{file: ./t.parquet}]\ntransformations: [read_parquet]\n"}, batch_size=1500)
    reading = Table(cutting.head(tmp_path) or {})
    assert len(batches) > 2
    assert [int(number) for one in batches for number in reading.part(one).n] == list(range(1000))


def test_partitions_by_the_names_in_paths(tmp_path: Path) -> None:
    table = "paths: [{pattern: '*.csv'}]\ntransformations: [{extract_columns_from_partition_format: {partition_format: '/{store}/{brand}.csv'}}]\n"
    files = {"MLTable": table, "s1/a.csv": "", "s1/b.csv": "", "s2/a.csv": ""}
    assert cut(tmp_path, files, keys=["store"]) == [
        {"items": ["s1/a.csv", "s1/b.csv"], "key": {"store": "s1"}},
        {"items": ["s2/a.csv"], "key": {"store": "s2"}},
    ]


@pytest.mark.parametrize(
    ("files", "told", "words"),
    [
        ({".hidden": ""}, {}, "there is nothing in"),
        ({"a.csv": ""}, {"keys": ["store"]}, "partition keys need a table"),
        ({"MLTable": "paths: [{file: gone.csv}]"}, {}, "gone.csv is not there"),
        ({"MLTable": "paths: {"}, {}, "not YAML"),
        ({"MLTable": "paths: [{file: azureml://x}]"}, {}, "no path beside"),
        ({"MLTable": "paths: [{pattern: '*'}]\ntransformations: [read_delta_lake]"}, {}, "not a way to read"),
        ({"MLTable": "paths: [{pattern: '*'}]\ntransformations: [read_parquet, {take: 3}]"}, {}, "cannot be done to parts"),
    ],
)
def test_what_cannot_be_cut_is_told(tmp_path: Path, files: dict[str, str], told: dict[str, Any], words: str) -> None:
    with pytest.raises(AzurineError, match=words):
        cut(tmp_path, files, **told)
