"""The rows of a window and of a segment, cut out of data in whatever layout; read again to see what is there."""

import json

import pytest

from azurine.drift.signals.plans import Data
from azurine.guest.drift import staging
from azurine.guest.drift.reading import read
from azurine.model.errors import Invalid, Missing


def data(start="", end="", **columns):
    return Data("data_0", "azureml:requests:1", start=f"{start}+00:00" if start else "", end=f"{end}+00:00" if end else "", columns=columns)


def cut(given, path, folder, segment=None):
    staged = staging.stage(given, str(path), segment, folder / "cut.parquet")
    return staged, read(staged.path, types=staged.types) if staged.path else None


def values(reading, name):
    feature = reading.table.features[name]
    counts = dict(zip(feature.keys, feature.counts, strict=True)) if hasattr(feature, "keys") else dict(feature.counts)
    return {key: count for key, count in counts.items() if count}


def collected(root, folder, *lines):
    place = root / folder
    place.mkdir(parents=True, exist_ok=True)
    with (place / "a.jsonl").open("a") as file:
        for number, (time, rows) in enumerate(lines):
            line = {"specversion": "1.0", "id": str(number), "time": time, "data": rows, "correlationid": f"{folder}-{number}"}
            file.write(json.dumps(line) + "\n")


@pytest.fixture
def requests(tmp_path):
    root = tmp_path / "requests"
    collected(root, "2026/05/01/23", ("2026-05-01T23:10:00Z", [{"Age": 1, "City": "a"}]))
    collected(root, "2026/05/02/05", ("2026-05-02T05:59:59Z", [{"Age": 2, "City": "a"}, {"Age": 3, "City": "b"}]))
    collected(
        root,
        "2026/05/02/06",
        ("2026-05-02T06:10:00Z", [{"Age": 4, "City": "b"}]),
        ("2026-05-02T06:50:00Z", [{"Age": 5}]),
        ("", [{"Age": 6, "City": "a"}]),
    )
    (root / "2026/05/02/07").mkdir()
    (root / "2026/05/02/07/empty.jsonl").touch()
    return root


@pytest.mark.parametrize(
    ("start", "end", "ages"),
    [
        ("2026-05-02T00:00:00", "2026-05-03T00:00:00", {2, 3, 4, 5, 6}),
        ("2026-05-02T05:00:00", "2026-05-02T06:00:00", {2, 3}),
        # Within an hour the time of a line counts; one without a time is where its folder says.
        ("2026-05-02T06:30:00", "2026-05-02T07:00:00", {5, 6}),
        ("2026-05-01T00:00:00", "2026-05-02T00:00:00", {1}),
    ],
)
def test_collected_data_is_chosen_by_folder_and_time(requests, tmp_path, start, end, ages):
    staged, reading = cut(data(start, end), requests, tmp_path)
    assert reading is not None
    assert set(values(reading, "Age")) == ages
    assert reading.table.rows == len(ages)
    assert staged.note == ""


def test_each_row_of_a_request_has_an_id_of_its_own(requests, tmp_path):
    _, reading = cut(data("2026-05-02T05:00:00", "2026-05-02T06:00:00"), requests, tmp_path)
    assert set(values(reading, "correlationid")) == {"2026/05/02/05-0_0", "2026/05/02/05-0_1"}
    assert reading.types == {"Age": "integer", "City": "text", "correlationid": "text"}


def test_a_window_without_files_has_no_rows_and_no_columns(requests, tmp_path):
    staged, _ = cut(data("2026-06-01T00:00:00", "2026-06-02T00:00:00"), requests, tmp_path)
    assert (staged.path, staged.note) == ("", "")


def test_a_segment_is_of_text_or_of_numbers(requests, tmp_path):
    for segment, ages in (
        (("City", ["b"]), {3, 4}),
        (("Age", ["2", "5.0"]), {2, 5}),
        (("City", ["a", "b"]), {1, 2, 3, 4, 6}),
        (("City", ["o'x"]), set()),
    ):
        _, reading = cut(data(), requests, tmp_path, segment)
        assert set(values(reading, "Age")) == ages
    with pytest.raises(Invalid, match="there is no column 'Town'"):
        cut(data(), requests, tmp_path, ("Town", ["a"]))


def test_a_timestamp_column_makes_a_window(tmp_path):
    path = tmp_path / "visits.csv"
    path.write_text("at,Age\n2026-05-01,1\n2026-05-02 08:00:00,2\n2026-05-03,3\n,4\n")
    given = data("2026-05-02T00:00:00", "2026-05-03T00:00:00", timestamp_column="at")
    assert values(cut(given, path, tmp_path)[1], "Age") == {2: 1}
    with pytest.raises(Invalid, match="there is no column 'when'"):
        cut(data("2026-05-02T00:00:00", "2026-05-03T00:00:00", timestamp_column="when"), path, tmp_path)


def test_without_dates_everything_counts_and_that_is_told(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("Age\n1\n2\n")
    staged, reading = cut(data("2026-05-02T00:00:00", "2026-05-03T00:00:00"), path, tmp_path)
    assert (staged.path, reading.table.rows) == (str(path), 2)
    assert "neither folders of dates nor a timestamp_column" in staged.note


def test_tables_in_folders_of_days(tmp_path):
    for day in (1, 2, 3):
        folder = tmp_path / "lake" / f"2026/05/0{day}"
        folder.mkdir(parents=True)
        (folder / "part.csv").write_text(f"Age\n{day}\n")
    _, reading = cut(data("2026-05-02T12:00:00", "2026-05-03T12:00:00"), tmp_path / "lake", tmp_path)
    assert set(values(reading, "Age")) == {2, 3}


def test_a_value_that_does_not_fit_further_down_is_kept_to_be_counted(tmp_path):
    path = tmp_path / "long.csv"
    path.write_text("Age,City\n" + "1,a\n" * 30_000 + "many,b\n")
    _, reading = cut(data(), path, tmp_path, ("City", ["b"]))
    assert (reading.table.rows, reading.table.features["Age"].wrong) == (1, 1)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('{"specversion": "1.0", "data": 5, "correlationid": "x"}', "should be a list of rows"),
        ('{"specversion": "1.0", "data": {"Age": 5}, "correlationid": "x"}', "is one object"),
        ('{"specversion": "1.0", "data": [5, 6], "correlationid": "x"}', "should be a list of rows"),
        ('{"specversion": "1.0", "data": [', "(?i)malformed"),
    ],
)
def test_lines_that_are_none(tmp_path, line, says):
    (tmp_path / "odd.jsonl").write_text(line + "\n")
    with pytest.raises(Invalid, match=says):
        cut(data(), tmp_path / "odd.jsonl", tmp_path)


def test_plain_lines_are_a_table(tmp_path):
    (tmp_path / "plain.jsonl").write_text('{"Age": 1}\n{"Age": 2, "City": "a"}\n')
    _, reading = cut(data(), tmp_path / "plain.jsonl", tmp_path)
    assert (reading.table.rows, values(reading, "Age")) == (2, {1: 1, 2: 1})


def test_what_is_not_there_and_what_is_mixed(tmp_path):
    with pytest.raises(Missing):
        cut(data(), tmp_path / "nothing", tmp_path)
    (tmp_path / "mixed").mkdir()
    (tmp_path / "mixed" / "a.jsonl").write_text('{"Age": 1}\n')
    (tmp_path / "mixed" / "b.csv").write_text("Age\n1\n")
    with pytest.raises(Invalid, match="a table is of one format"):
        cut(data(), tmp_path / "mixed", tmp_path)


def test_collected_lines_that_lie_in_no_folder_of_dates_have_their_times(tmp_path):
    (tmp_path / "all.jsonl").write_text(
        "".join(json.dumps({"time": f"2026-05-0{day}T10:00:00Z", "data": [{"Age": day}], "correlationid": str(day)}) + "\n" for day in (1, 2, 3))
    )
    staged, reading = cut(data("2026-05-02T00:00:00", "2026-05-03T00:00:00"), tmp_path / "all.jsonl", tmp_path)
    assert (set(values(reading, "Age")), staged.note) == ({2}, "")


def test_a_request_of_another_type_is_counted_as_wrong(tmp_path):
    lines = [{"time": "2026-05-02T10:00:00Z", "data": [{"Age": place}], "correlationid": str(place)} for place in range(30_000)]
    lines.append({"time": "2026-05-02T10:00:00Z", "data": [{"Age": "many"}], "correlationid": "odd"})
    lines.append({"time": "2026-05-04T10:00:00Z", "data": [{"Age": 7}], "correlationid": "late"})
    (tmp_path / "all.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    staged = staging.stage(data("2026-05-02T00:00:00", "2026-05-03T00:00:00"), str(tmp_path / "all.jsonl"), None, tmp_path / "cut.parquet")
    reading = read(staged.path, types={**staged.types, "Age": "integer"})
    assert (reading.table.rows, reading.table.features["Age"].wrong) == (30_001, 1)


def test_an_mltable_says_how_it_is_read(tmp_path):
    table = tmp_path / "table"
    table.mkdir()
    (table / "MLTable").write_text("paths:\n  - file: ./a.txt\ntransformations:\n  - read_delimited: {delimiter: ';'}\n  - keep_columns: [at, Age]\n")
    (table / "a.txt").write_text("at;Age;City\n2026-05-01;1;a\n2026-05-02;2;b\n")
    staged, reading = cut(data(), table, tmp_path)
    assert (staged.path, reading.types) == (str(table), {"at": "date", "Age": "integer"})
    _, reading = cut(data("2026-05-02T00:00:00", "2026-05-03T00:00:00", timestamp_column="at"), table, tmp_path)
    assert (set(values(reading, "Age")), list(reading.types)) == ({2}, ["at", "Age"])
    _, reading = cut(data(), table, tmp_path, ("Age", ["1"]))
    assert set(values(reading, "Age")) == {1}
