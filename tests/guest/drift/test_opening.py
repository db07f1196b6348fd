"""Lines of JSON, collected data and MLTable folders are read as the table that they mean; what cannot be read so is refused by its name."""

import json
from datetime import UTC, datetime

import polars
import pytest

from azurine.drift import numbers
from azurine.guest.drift import magnitude
from azurine.guest.drift.reading import read
from azurine.guest.drift.windows import Window
from azurine.model.errors import AzurineError, Invalid


def written(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(folder)


def lines(*records):
    return "".join(json.dumps(record) + "\n" for record in records)


def counted(path, **asked):
    """By feature: keys and counts, missing, wrong."""
    table = read(path, **asked).table
    return {
        name: (
            dict(zip(one.keys, one.counts, strict=True)) if isinstance(one, numbers.Numbers) else dict(one.counts),
            one.missing,
            one.wrong,
        )
        for name, one in table.features.items()
    }


def test_lines_of_json(tmp_path):
    path = written(
        tmp_path, {"a/1.jsonl": lines({"Age": 30, "City": "Oslo"}, {"Age": 31, "Tags": [1, 2]}), "a/2.jsonl": lines({"Age": None, "BMI": 2.5})}
    )
    assert counted(path) == {
        "Age": ({30: 1, 31: 1}, 1, 0),
        "City": ({"Oslo": 1}, 2, 0),
        "Tags": ({"[1, 2]": 1}, 2, 0),
        "BMI": ({2.5: 1}, 2, 0),
    }


def test_a_value_of_another_type_far_below_in_lines_of_json_is_counted_as_wrong(tmp_path):
    path = written(tmp_path, {"x.jsonl": lines(*({"Age": place % 90, "City": "Oslo"} for place in range(25_000)), {"Age": "old", "City": 3})})
    ages, cities = read(path, types={"Age": "integer"}).table.features.values()
    assert (ages.rows, ages.missing, ages.wrong) == (25_001, 0, 1)
    assert dict(cities.counts) == {"3": 1, "Oslo": 25_000}


def collected(number, *rows, **more):
    return {
        "specversion": "1.0",
        "id": str(number),
        "time": f"2026-05-02T0{number}:00:00Z",
        "correlationid": f"c{number}",
        "data": list(rows),
        **more,
    }


def test_rows_of_collected_data_are_those_within_its_lines(tmp_path):
    first = lines(collected(1, {"Age": 30, "City": "Oslo"}, {"Age": 31, "City": "Rome"}), collected(2, {"Age": 32, "City": None}))
    path = written(tmp_path, {"2026/05/02/01/a.jsonl": first, "2026/05/02/03/b.jsonl": lines(collected(3, {"Age": 33}))})
    found = counted(path)
    assert found["Age"] == ({30: 1, 31: 1, 32: 1, 33: 1}, 0, 0)
    assert found["City"] == ({"Oslo": 1, "Rome": 1}, 2, 0)
    assert found["correlationid"][0] == dict.fromkeys(["c1_0", "c1_1", "c2_0", "c3_0"], 1)
    windows = [
        Window(datetime(2026, 5, 2, 0, tzinfo=UTC), datetime(2026, 5, 2, 2, tzinfo=UTC)),
        Window(*(datetime(2026, 5, day, tzinfo=UTC) for day in (2, 3))),
    ]
    assert [table.features["Age"].keys for table in read(path, ["Age"], time=("time", windows)).tables] == [(30, 31), (30, 31, 32, 33)]


def test_a_changed_type_within_collected_data_is_counted_as_wrong(tmp_path):
    path = written(tmp_path, {"x.jsonl": lines(*(collected(1, {"Age": place}) for place in range(25_000)), collected(2, {"Age": "old"}))})
    ages = read(path, ["Age"], types={"Age": "integer"}).table.features["Age"]
    assert (ages.rows, ages.wrong) == (25_001, 1)


PARTS = {"in/1.csv": "Age;City;BMI\n30;Oslo;20.5\n31;;x\n", "in/2.csv": "Age;City;BMI\n32;Rome;21.5\n", "in/notes.md": "no data"}
READ = "paths:\n  - pattern: ./in/*.csv\ntransformations:\n  - read_delimited:\n      delimiter: ';'\n"


@pytest.mark.parametrize(
    ("said", "files", "expected"),
    [
        ("paths:\n  - folder: ./in\n", {"in/1.csv": "Age\n30\n"}, {"Age": ({30: 1}, 0, 0)}),
        ("paths:\n  - file: in/1.csv\n  - file: ./in/1.csv\n", {"in/1.csv": "Age\n30\n"}, {"Age": ({30: 1}, 0, 0)}),
        (READ + "  - keep_columns: [Age]\n", PARTS, {"Age": ({30: 1, 31: 1, 32: 1}, 0, 0)}),
        (READ + "  - drop_columns: [City, BMI]\n", PARTS, {"Age": ({30: 1, 31: 1, 32: 1}, 0, 0)}),
        (
            READ + '  - drop_columns: City\n  - filter: \'col("Age") >= 31 and not (col("Age") == 32)\'\n  - keep_columns: Age\n',
            PARTS,
            {"Age": ({31: 1}, 0, 0)},
        ),
        (READ + "  - filter: 'col(\"City\") == None'\n  - keep_columns: Age\n", PARTS, {"Age": ({31: 1}, 0, 0)}),
        (
            READ
            + "  - convert_column_types:\n      - columns: [BMI]\n        column_type: float\n      - columns: Age\n        column_type: string\n",
            PARTS,
            {"Age": ({"30": 1, "31": 1, "32": 1}, 0, 0), "City": ({"Oslo": 1, "Rome": 1}, 1, 0), "BMI": ({20.5: 1, 21.5: 1}, 0, 1)},
        ),
        (
            "paths:\n  - file: x.csv\ntransformations:\n  - read_delimited:\n      header: no_header\n      infer_column_types: false\n",
            {"x.csv": "1,a\n2,b\n"},
            {"Column1": ({"1": 1, "2": 1}, 0, 0), "Column2": ({"a": 1, "b": 1}, 0, 0)},
        ),
        (
            "paths:\n  - file: x.csv\ntransformations:\n  - read_delimited:\n      encoding: latin1\n      empty_as_string: true\n",
            {"x.csv": "City,n\nÅrhus,1\n,2\n".encode("latin-1")},
            {"City": ({"Århus": 1, "": 1}, 0, 0), "n": ({1: 1, 2: 1}, 0, 0)},
        ),
        (
            "paths:\n  - pattern: '**/*.jsonl'\ntransformations:\n  - read_json_lines\n  - keep_columns: Age\n",
            {"2026/x.jsonl": '{"Age": 3}\n', "y.jsonl": '{"Age": 4}\n'},
            {"Age": ({3: 1, 4: 1}, 0, 0)},
        ),
        (
            "paths:\n  - file: x.csv\ntransformations:\n  - convert_column_types:\n      - columns: day\n        column_type:\n          datetime:\n"
            "            formats: ['%d.%m.%Y']\n",
            {"x.csv": "day\n03.04.2026\n"},
            {"day": ({"2026-04-03 00:00:00": 1}, 0, 0)},
        ),
    ],
)
def test_an_mltable_says_how_its_files_are_read(tmp_path, said, files, expected):
    path = written(tmp_path, {"MLTable": said, **files})
    assert counted(path) == expected


def test_an_mltable_of_parquet_files_is_read_by_the_file_as_well(tmp_path):
    polars.DataFrame({"Age": [1, 2], "City": ["Oslo", "Rome"]}).write_parquet(tmp_path / "x.dat")
    written(tmp_path, {"MLTable": "paths:\n  - file: x.dat\ntransformations:\n  - read_parquet\n  - keep_columns: Age\n"})
    assert counted(str(tmp_path / "MLTable")) == counted(str(tmp_path)) == {"Age": ({1: 1, 2: 1}, 0, 0)}


@pytest.mark.parametrize(
    ("said", "says", "at"),
    [
        ("paths: [", "is no YAML", "MLTable$"),
        ("type: mltable\n", "has no list of paths", "MLTable$"),
        ("paths:\n  - x.csv\n", "is a list of {file: …}", r"MLTable\.paths"),
        ("paths:\n  - file: ../x.csv\n", "does not lie in the folder", r"MLTable\.paths"),
        ("paths:\n  - file: https://elsewhere/x.csv\n", "does not lie in the folder", r"MLTable\.paths"),
        ("paths:\n  - file: y.csv\n", "'y.csv' is not there", r"MLTable\.paths"),
        ("paths:\n  - pattern: '*.parquet'\n", "name no file that is there", r"MLTable\.paths"),
        ("paths:\n  - file: x.csv\ntransformations:\n  - read_delta_lake\n", "is not done", "read_delta_lake$"),
        ("paths:\n  - file: x.csv\ntransformations:\n  - take: 5\n", "is not done", r"transformations\.take$"),
        ("paths:\n  - file: x.csv\ntransformations:\n  - keep_columns: a\n  - read_delimited\n", "comes first", "transformations$"),
        ("paths:\n  - file: x.csv\ntransformations:\n  - keep_columns: b\n", '(?s)"b"', ""),
        ("paths:\n  - file: x.csv\ntransformations:\n  - read_delimited:\n      encoding: ebcdic\n", "'ebcdic' is not read", "encoding$"),
        (
            "paths:\n  - file: x.csv\ntransformations:\n  - read_delimited:\n      header: from_first_file\n",
            "'from_first_file' is not read",
            "header$",
        ),
        ('paths:\n  - file: x.csv\ntransformations:\n  - filter: \'__import__("os").remove("x")\'\n', "is not understood", "filter$"),
        ("paths:\n  - file: x.csv\ntransformations:\n  - filter: 'col(\"a\") in [1]'\n", "no comparison that is known", "filter$"),
        (
            "paths:\n  - file: x.csv\ntransformations:\n  - convert_column_types:\n      - columns: a\n        column_type: stream_info\n",
            "stream_info",
            "types$",
        ),
    ],
)
def test_what_an_mltable_asks_and_is_not_done_is_told_by_its_name(tmp_path, said, says, at):
    path = written(tmp_path, {"MLTable": said, "x.csv": "a\n1\n"})
    with pytest.raises(AzurineError, match=says) as raised:
        read(path)
    assert at == "" or polars.Series([raised.value.path]).str.contains(at).item()


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"x.csv": "Age,Age,City\n1,2,3\n"}, "more than one column 'Age'"),
        ({"x.csv": "age,Age\n1,2\n"}, "more than one column 'Age' or 'age'"),
        ({"x.csv": b"City\n\xc5rhus\n"}, "not utf-8"),
        ({"x.jsonl": '{"a": 1}\n{no json}\n'}, "(?i)json"),
        ({"x.jsonl": lines(collected(1, 5, 6))}, "should be a list of rows"),
        ({"x.jsonl": lines(collected(1, data={"a": 1}))}, "is one object"),
        ({"x.csv": "a\n1\n", "y.jsonl": '{"a": 1}\n'}, "has CSV and JSON lines files"),
    ],
)
def test_files_that_are_no_table_are_refused(tmp_path, files, says):
    with pytest.raises(Invalid, match=says):
        read(written(tmp_path, files))


def test_a_truncated_parquet_file_is_told(tmp_path):
    polars.DataFrame({"a": range(10_000)}).write_parquet(tmp_path / "x.parquet")
    whole = (tmp_path / "x.parquet").read_bytes()
    (tmp_path / "x.parquet").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Invalid, match=r"(?i)parquet"):
        read(str(tmp_path))


def test_names_that_only_look_like_second_columns_are_taken(tmp_path):
    assert list(counted(written(tmp_path, {"x.csv": "Age,Age_1,City\n1,2,3\n"}))) == ["Age", "Age_1", "City"]


def test_thousands_of_columns_keep_their_order(tmp_path):
    names = [f"c{place}" for place in range(2_500)]
    path = written(tmp_path, {"x.csv": ",".join(names) + "\n" + "".join(",".join(map(str, range(row, row + 2_500))) + "\n" for row in range(3))})
    table = read(path).table
    assert list(table.features) == names
    assert table.features["c2499"].keys == (2499, 2500, 2501)


def test_columns_of_different_types_in_different_files_become_the_wider_one(tmp_path):
    path = written(tmp_path, {"1.csv": "Age,City\n30,1\n", "2.csv": "Age,City\n30.5,Oslo\n"})
    assert counted(path) == {"Age": ({30.0: 1, 30.5: 1}, 0, 0), "City": ({"1": 1, "Oslo": 1}, 0, 0)}


def test_the_magnitude_reads_the_same_kinds_of_tables(tmp_path):
    rows = [{"Age": place % 50, "City": "Oslo"} for place in range(200)]
    first = written(tmp_path / "lines", {"x.jsonl": lines(*rows)})
    second = written(tmp_path / "collected", {"2026/05/02/01/x.jsonl": lines(*(collected(1, {**row, "Age": row["Age"] + 50}) for row in rows))})
    found = magnitude.measure(first, second, ["Age", "City"])
    assert (found.baseline, found.target, found.coefficient) == (200, 200, 1.0)
