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


PATHS = "paths: [{pattern: '*.csv'}]\ntransformations: [{extract_columns_from_partition_format: {partition_format: '/{store}/{brand}.csv'}}]\n"
KEYED = "paths: [{{pattern: '*.{0}'}}]\ntransformations: [{1}]\n"
FIRST = "store;brand;n\n1;b x;01\n2;a;2\n1;a;3\n;a;4\n"
SECOND = 'store;brand;n\n1;a;5\n2;"a;b";6\n'


def read(tmp_path: Path, batches: list[dict[str, Any]]) -> list[tuple[tuple[str, ...], list[Any]]]:
    """Each mini-batch's key, and the numbers of its rows."""
    reading = Table(cutting.head(tmp_path) or {})
    return [(tuple(one["key"].values()), reading.part(one).n.tolist()) for one in batches]


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        (["store"], [(("",), [4]), (("1",), [1, 3, 5]), (("2",), [2, 6])]),
        (["brand"], [(("a",), [2, 3, 4, 5]), (("a;b",), [6]), (("b x",), [1])]),
        (["brand", "store"], [(("a", ""), [4]), (("a", "1"), [3, 5]), (("a", "2"), [2]), (("a;b", "2"), [6]), (("b x", "1"), [1])]),
    ],
)
def test_partitions_by_columns_of_text(tmp_path: Path, keys: list[str], found: list[Any]) -> None:
    files = {"MLTable": KEYED.format("csv", "{read_delimited: {delimiter: ';'}}"), "one.csv": FIRST, "two.csv": SECOND}
    assert read(tmp_path, cut(tmp_path, files, keys=keys)) == found


def test_partitions_by_columns_without_names_and_in_another_alphabet(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "t.csv").write_bytes("Zürich,1\nBern,2\nZürich,3\n".encode("latin-1"))
    table = KEYED.format("csv", "{read_delimited: {header: no_header, encoding: latin1}}")
    batches = cut(tmp_path, {"MLTable": table}, keys=["Column1"])
    reading = Table(cutting.head(tmp_path) or {})
    assert [(one["key"]["Column1"], reading.part(one).to_numpy().tolist()) for one in batches] == [
        ("Bern", [["Bern", 2]]),
        ("Zürich", [["Zürich", 1], ["Zürich", 3]]),
    ]


def test_partitions_by_a_column_of_parquet_files_and_a_name_in_their_paths(tmp_path: Path) -> None:
    import pandas

    for store in ("s1", "s2"):
        (tmp_path / "source" / store).mkdir(parents=True)
        pandas.DataFrame({"year": [2025, 2026, 2025], "n": [1, 2, 3]}).to_parquet(tmp_path / "source" / store / "t.parquet")
    table = KEYED.format("parquet", "read_parquet, {extract_columns_from_partition_format: {partition_format: '/{store}/t.parquet'}}")
    batches = cut(tmp_path, {"MLTable": table}, keys=["store", "year"])
    assert read(tmp_path, batches) == [(("s1", "2025"), [1, 3]), (("s1", "2026"), [2]), (("s2", "2025"), [1, 3]), (("s2", "2026"), [2])]
    frame = Table(cutting.head(tmp_path) or {}).part(batches[0])
    assert (frame.year.tolist(), frame.store.tolist()) == ([2025, 2025], ["s1", "s1"])


def test_partitions_by_the_names_in_paths(tmp_path: Path) -> None:
    files = {"MLTable": PATHS, "s1/a.csv": "", "s1/b.csv": "", "s2/a.csv": ""}
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
        ({"MLTable": KEYED.format("csv", "read_delimited"), "t.csv": "a,b\n1,2\n"}, {"keys": ["c"]}, "no column 'c'"),
        ({"MLTable": KEYED.format("csv", "keep_columns: [a]"), "t.csv": "a,b\n1,2\n"}, {"keys": ["a"]}, "its files are not read"),
        ({"MLTable": KEYED.format("csv", "read_json_lines"), "t.csv": '{"a": 1}'}, {"keys": ["a"]}, "need read_delimited or read_parquet"),
        ({"MLTable": KEYED.format("csv", "{read_delimited: {include_path_column: true}}"), "t.csv": "a\n1\n"}, {"keys": ["a"]}, "have no path"),
        ({"MLTable": PATHS, "s/x.csv": "", "t.csv": ""}, {"keys": ["store"]}, "the path t.csv does not tell 'store'"),
        ({"MLTable": "paths: [{file: azureml://x}]"}, {}, "no path beside"),
        ({"MLTable": "paths: [{pattern: '*'}]\ntransformations: [read_delta_lake]"}, {}, "not a way to read"),
        ({"MLTable": "paths: [{pattern: '*'}]\ntransformations: [read_parquet, {take: 3}]"}, {}, "cannot be done to parts"),
    ],
)
def test_what_cannot_be_cut_is_told(tmp_path: Path, files: dict[str, str], told: dict[str, Any], words: str) -> None:
    with pytest.raises(AzurineError, match=words):
        cut(tmp_path, files, **told)
