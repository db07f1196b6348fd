"""Looking at tables: what the schema, first rows and statistics say, and what is told of files that are none."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from azurine.designer import looking, ports, tables
from azurine.model.errors import Invalid

PATIENTS = pl.DataFrame(
    {
        "PatientID": [1, 2, 3, 4],
        "BMI": [20.5, None, 31.5, 42.0],
        "Doctor": ["Ann", "Bob", "Ann", None],
        "Diabetic": [True, False, True, True],
        "Seen": [date(2024, 1, 1) + timedelta(days=day) for day in (0, 10, 20, 30)],
    }
)


def as_csv(folder: Path) -> Path:
    PATIENTS.write_csv(folder / "patients.csv")
    return folder / "patients.csv"


def as_parquet(folder: Path) -> Path:
    PATIENTS.write_parquet(folder / "patients.parquet")
    return folder / "patients.parquet"


def as_folder(folder: Path) -> Path:
    """Two files, and what stands beside them."""
    PATIENTS.head(2).write_csv(folder / "a.csv")
    PATIENTS.tail(2).write_csv(folder / "b.csv")
    (folder / "readme.md").write_text("no table")
    (folder / "_SUCCESS").write_text("")
    return folder


def as_port(folder: Path) -> Path:
    ports.write(tables.of(PATIENTS), folder / "port")
    return folder / "port"


def as_mltable(folder: Path) -> Path:
    PATIENTS.write_csv(folder / "patients.txt", separator=";")
    (folder / "MLTable").write_text("paths:\n - file: ./patients.txt\ntransformations:\n - read_delimited: {delimiter: ';', encoding: utf8}\n")
    return folder


@pytest.mark.parametrize("written", [as_csv, as_parquet, as_folder, as_port, as_mltable])
def test_the_same_table_however_it_is_written(written: Any, tmp_path: Path) -> None:
    path = written(tmp_path)
    seen = looking.preview(path, rows=3)
    assert [(one["name"], one["type"]) for one in seen["columns"]] == [
        ("PatientID", "Integer"),
        ("BMI", "Double"),
        ("Doctor", "String"),
        ("Diabetic", "Boolean"),
        ("Seen", "DateTime"),
    ]
    assert seen["rows"][:2] == [[1, 20.5, "Ann", True, "2024-01-01"], [2, None, "Bob", False, "2024-01-11"]]
    assert (len(seen["rows"]), seen["rowCount"], seen["columnCount"]) == (3, 4, 5)

    told = {one["name"]: one for one in looking.profile(path, bins=3)["columns"]}
    identifier, bmi, doctor, diabetic, day = (told[name] for name in ("PatientID", "BMI", "Doctor", "Diabetic", "Seen"))
    assert (identifier["min"], identifier["max"], identifier["mean"], identifier["distinct"], identifier["missing"]) == (1, 4, 2.5, 4, 0)
    assert identifier["histogram"] == {"edges": [1.0, 2.0, 3.0, 4.0], "counts": [1, 1, 2]}
    assert (bmi["missing"], bmi["distinct"], bmi["min"], bmi["max"]) == (1, 3, 20.5, 42.0)
    assert bmi["mean"] == pytest.approx(94 / 3)
    assert sum(bmi["histogram"]["counts"]) == 3
    assert doctor["top"] == [{"value": "Ann", "count": 2}, {"value": "Bob", "count": 1}]
    assert (doctor["missing"], doctor["shortest"], doctor["longest"], diabetic["true"]) == (1, 3, 3, 3)
    assert (day["min"], day["max"], day["histogram"]["counts"]) == ("2024-01-01", "2024-01-31", [1, 1, 2])


def test_integers_of_few_values_have_a_bin_each(tmp_path: Path) -> None:
    pl.DataFrame({"n": [0, 1, 1, 3]}).write_csv(tmp_path / "n.csv")
    (column,) = looking.profile(tmp_path / "n.csv")["columns"]
    assert column["histogram"] == {"edges": [0.0, 1.0, 2.0, 3.0, 4.0], "counts": [1, 2, 0, 1]}


def test_a_row_that_does_not_fit_the_first_ones(tmp_path: Path) -> None:
    """A number for a million bytes, and then a word."""
    x = "x" * 60
    (tmp_path / "late.csv").write_text("a,b\n" + f"1,{x}\n" * 20_000 + f"one,{x}\n")
    told = {one["name"]: one for one in looking.profile(tmp_path / "late.csv")["columns"]}
    assert told["b"]["top"] == [{"value": x, "count": 20_001}]
    assert (told["a"]["type"], told["a"]["distinct"]) == ("String", 2)
    assert looking.preview(tmp_path / "late.csv", 1)["rows"] in ([["1", x]], [[1, x]])


def test_large_tables_are_gone_over_in_pieces(tmp_path: Path) -> None:
    rows = 400_000
    frame = pl.DataFrame({"i": range(rows)}).with_columns(wide=pl.lit("x" * 20) + (pl.col("i") % 5).cast(pl.String), half=pl.col("i") / 2)
    frame.write_csv(tmp_path / "large.csv")
    told = looking.profile(tmp_path / "large.csv", bins=4)
    by_name = {one["name"]: one for one in told["columns"]}
    assert told["rowCount"] == rows
    assert by_name["i"]["distinctIsEstimate"] and by_name["i"]["distinct"] == pytest.approx(rows, rel=0.05)
    assert by_name["half"]["histogram"]["counts"] == [rows // 4] * 4
    assert sorted(one["count"] for one in by_name["wide"]["top"]) == [rows // 5] * 5


def test_what_is_told_is_bounded_whatever_the_table(tmp_path: Path) -> None:
    wide = pl.DataFrame({f"c{number}": ["y" * 5000, None] for number in range(1000)})
    wide.write_parquet(tmp_path / "wide.parquet")
    seen = looking.preview(tmp_path / "wide.parquet", 1000)
    assert (seen["columnCount"], len(seen["columns"]), {len(cell) for cell in seen["rows"][0]}) == (1000, looking.MOST_COLUMNS, {looking.LONGEST})
    assert len(looking.profile(tmp_path / "wide.parquet")["columns"]) == looking.MOST_COLUMNS
    pl.DataFrame({"list": [[1, 2], None], "bytes": [b"abc", b""], "nothing": [None, None]}).write_parquet(tmp_path / "odd.parquet")
    assert looking.preview(tmp_path / "odd.parquet")["rows"] == [["[1, 2]", "<3 bytes>", None], [None, "<0 bytes>", None]]
    assert [one["missing"] for one in looking.profile(tmp_path / "odd.parquet")["columns"]] == [1, 0, 2]


def test_a_table_without_rows(tmp_path: Path) -> None:
    (tmp_path / "none.csv").write_text("a,b\n")
    assert looking.preview(tmp_path / "none.csv")["rows"] == []
    told = looking.profile(tmp_path / "none.csv")
    assert (told["rowCount"], [(one["missing"], one["distinct"]) for one in told["columns"]]) == (0, [(0, 0), (0, 0)])


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.csv", b"", "is empty"),
        ("noise.csv", bytes(range(256)) * 40, "neither text nor Parquet"),
        ("short.parquet", b"PAR1 and nothing more", "cannot be read"),
        ("model.pkl", b"\x80\x04\0\0", "neither text nor Parquet"),
        ("MLTable", b"paths: [{file: ../../secret.csv}]", "leads out"),
        ("MLTable", b"paths: nowhere", "no list of paths"),
        ("MLTable", b"paths: [{file: gone.csv}]", "is not there"),
        ("notes.md", b"words", "no CSV, TSV or Parquet file, but 'notes.md'"),
    ],
)  # fmt: skip
def test_what_is_no_table(name: str, content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    path = tmp_path if name in ("MLTable", "notes.md") else tmp_path / name
    for look in (looking.preview, looking.profile):
        with pytest.raises(Invalid, match=message):
            look(path)
    with pytest.raises(Invalid, match="nothing at"):
        looking.preview(tmp_path / "elsewhere")
