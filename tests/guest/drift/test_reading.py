"""Files read into sketches: CSV and Parquet say the same, the odd is counted and told, and windows are counted in one pass."""

import math
import random
from datetime import UTC, datetime, timedelta, timezone

import polars
import pytest

from azurine.drift import categories, numbers, tables
from azurine.guest.drift import counting, sources
from azurine.guest.drift.reading import read
from azurine.guest.drift.windows import Window
from azurine.model.errors import Invalid, Missing
from drift_samples import sample

ROWS = 3_000
PATIENTS = {
    "Age": [21 + place * place % 57 for place in range(ROWS)],
    "BMI": [value if place % 7 else None for place, value in enumerate(sample({"law": ["normal", 31.5, 9.7, ROWS]}))],
    "City": [["Oslo", "Rome", "Århus, north", 'the "new" one', None][place % 5] for place in range(ROWS)],
    "Smoker": [place % 3 == 0 for place in range(ROWS)],
    "Born": [datetime(1990, 1, 1).date() + timedelta(days=place % 400) for place in range(ROWS)],
    "Constant": [7] * ROWS,
    "Patient": [f"patient {place}" for place in range(ROWS)],
}


def expected(name):
    values = PATIENTS[name]
    if isinstance(next(value for value in values if value is not None), int | float) and name != "Smoker":
        return numbers.of(values, "number" if name == "BMI" else "integer")
    texts = [None if value is None else {True: "true", False: "false"}.get(value, str(value)) if name != "City" else value for value in values]
    return categories.of(texts, {"Smoker": "boolean", "Born": "date"}.get(name, "text"))


@pytest.fixture(params=["csv", "parquet", "folder of csv", "folder of parquet"])
def path(request, tmp_path):
    frame = polars.DataFrame(PATIENTS)
    write = polars.DataFrame.write_parquet if "parquet" in request.param else polars.DataFrame.write_csv
    suffix = "parquet" if "parquet" in request.param else "csv"
    if "folder" not in request.param:
        write(frame, tmp_path / f"patients.{suffix}")
        return str(tmp_path / f"patients.{suffix}")
    for place in range(3):
        (tmp_path / f"year={place}").mkdir()
        write(frame[place * 1000 : place * 1000 + 1000], tmp_path / f"year={place}" / f"part.{suffix}")
    (tmp_path / "_SUCCESS").touch()
    (tmp_path / f"empty.{suffix}").touch()
    return str(tmp_path)


def test_every_format_says_what_the_values_say(path):
    reading = read(path, list(PATIENTS))
    assert reading.types == {name: expected(name).type for name in PATIENTS}
    assert (reading.table.rows, reading.absent, reading.unplaced) == (ROWS, (), 0)
    for name, feature in reading.table.features.items():
        wanted = expected(name)
        if isinstance(wanted, numbers.Numbers) and isinstance(feature, numbers.Numbers):
            assert (feature.rows, feature.missing, feature.wrong, feature.low, feature.high) == (ROWS, wanted.missing, 0, wanted.low, wanted.high)
            assert feature.total == pytest.approx(wanted.total, rel=1e-5)
            _, ours, theirs = numbers.aligned(feature, wanted)
            assert ours == theirs
        else:
            assert feature == wanted


def test_many_rows_are_counted_on_a_grid_of_the_finest_step_that_is_kept(tmp_path):
    values = sample({"law": ["lognormal", 3, 0.4, 60_000]})
    random.Random(5).shuffle(values)
    polars.DataFrame({"x": values}).write_parquet(tmp_path / "x.parquet")
    feature = read(str(tmp_path)).table.features["x"]
    assert len(feature.keys) <= numbers.LIMIT
    _, ours, theirs = numbers.aligned(feature, numbers.of(values))
    assert ours == theirs
    assert (feature.low, feature.high) == (min(values), max(values))


@pytest.mark.parametrize(
    "values", [[place * 1.5 for place in range(100_000)], [f"patient {place}" for place in range(100_000)]], ids=["numbers", "texts"]
)
def test_a_column_that_is_constant_at_first_and_crowded_later_is_folded_by_the_engine(tmp_path, values):
    rows = [values[0]] * 20_000 + values
    polars.DataFrame({"x": rows}).write_csv(tmp_path / "x.csv")
    assert len(values) > counting.CROWDED
    feature = read(str(tmp_path / "x.csv")).table.features["x"]
    if isinstance(feature, numbers.Numbers):
        _, ours, theirs = numbers.aligned(feature, numbers.of(rows))
        assert ours == theirs
    else:
        assert feature == categories.of(rows)


def test_what_is_not_a_number_is_missing_or_wrong(tmp_path):
    values = [1.5, math.nan, math.inf, -math.inf, None, 2.5]
    polars.DataFrame({"x": values}).write_parquet(tmp_path / "x.parquet")
    feature = read(str(tmp_path / "x.parquet")).table.features["x"]
    assert (feature.rows, feature.missing, feature.wrong, feature.keys) == (6, 2, 2, (1.5, 2.5))


def test_a_value_of_another_type_far_below_is_counted_as_wrong(tmp_path):
    lines = [f"{place % 90},{place / 8}" for place in range(60_000)]
    lines[55_000] = "old,1.5"
    lines[55_001] = "44,n/a"
    (tmp_path / "x.csv").write_text("Age,BMI\n" + "\n".join(lines) + "\n")
    reading = read(str(tmp_path / "x.csv"), types={"Age": "integer", "BMI": "number"})
    assert reading.types == {"Age": "integer", "BMI": "number"}
    assert [(one.rows, one.missing, one.wrong) for one in reading.table.features.values()] == [(60_000, 0, 1), (60_000, 0, 1)]


def test_the_types_of_the_baseline_rule_over_those_of_the_file(tmp_path):
    polars.DataFrame(
        {"Age": [30.0, 41.0, 41.5, None, math.nan], "Id": [1, 2, 3, 4, 5], "Born": ["1990-01-01", "x", None, "1991-02-02", ""]}
    ).write_parquet(tmp_path / "x.parquet")
    age, number, born = read(str(tmp_path), types={"Age": "integer", "Id": "text", "Born": "date"}).table.features.values()
    assert (age.type, age.keys, age.missing, age.wrong) == ("integer", (30, 41), 2, 1)
    assert (number.type, dict(number.counts)) == ("text", dict.fromkeys("12345", 1))
    assert (born.type, dict(born.counts), born.missing, born.wrong) == ("date", {"1990-01-01": 1, "1991-02-02": 1}, 1, 2)


def test_files_of_one_folder_may_lack_a_column(tmp_path):
    (tmp_path / "1.csv").write_text("Age,BMI\n30,20.5\n")
    (tmp_path / "2.csv").write_text("Age\n31\n")
    table = read(str(tmp_path), ["Age", "BMI", "Weight"])
    assert (table.table.features["BMI"].missing, table.absent) == (1, ("Weight",))


ZONED = (
    "when,Age\n2026-03-01T23:30:00Z,1\n2026-03-02T01:30:00+02:00,2\n2026-03-02 00:00:00,3\n2026-03-03T00:00:00-01:00,4\nsoon,5\n,6\n2026-04-01,7\n"
)


def day(number, zone=UTC):
    return datetime(2026, 3, number, tzinfo=zone)


@pytest.mark.parametrize("name", ["x.csv", "x.parquet"])
def test_windows_of_mixed_zones_are_counted_in_one_pass(tmp_path, name):
    lines = [line.split(",") for line in ZONED.splitlines()[1:]]
    frame = polars.DataFrame({"when": [line[0] or None for line in lines], "Age": [int(line[1]) for line in lines]})
    frame.write_csv(tmp_path / name) if name.endswith("csv") else frame.write_parquet(tmp_path / name)
    windows = [Window(day(1), day(2)), Window(day(2), day(4)), Window(day(1), day(4)), Window(day(20), day(21))]
    reading = read(str(tmp_path / name), time=("when", windows))
    assert [table.features["Age"].keys for table in reading.tables] == [(1, 2), (3, 4), (1, 2, 3, 4), ()]
    assert [table.rows for table in reading.tables] == [2, 2, 4, 0]
    assert reading.unplaced == 2
    assert reading.types == {"Age": "integer"}


def test_windows_of_timestamps_and_of_dates(tmp_path):
    stamps = [datetime(2026, 3, 1, 12) + timedelta(hours=12 * place) for place in range(6)]
    frame = polars.DataFrame(
        {"when": stamps, "zoned": [stamp.replace(tzinfo=UTC) for stamp in stamps], "day": [stamp.date() for stamp in stamps], "n": range(6)}
    )
    frame.write_parquet(tmp_path / "x.parquet")
    east = timezone(timedelta(hours=12))
    for column, windows, keys in (
        ("when", [Window(day(2), day(3))], [(1, 2)]),
        ("zoned", [Window(day(2, east), day(3, east))], [(0, 1)]),
        ("day", [Window(datetime(2026, 3, 2), datetime(2026, 3, 3))], [(1, 2)]),
    ):
        assert [table.features["n"].keys for table in read(str(tmp_path), ["n"], time=(column, windows)).tables] == keys


@pytest.mark.parametrize(
    ("files", "asked", "error", "says"),
    [
        ({}, {"path": "nothing"}, Missing, "there is no file or folder"),
        ({"x.docx": "a"}, {"path": "x.docx"}, Invalid, "neither CSV nor Parquet"),
        ({"f/x.csv": "a\n1\n", "f/y.parquet": "x"}, {"path": "f"}, Invalid, "has CSV and Parquet files"),
        ({"x.parquet": "no parquet"}, {"path": "x.parquet"}, Invalid, "(?i)parquet"),
        ({"x.csv": "a,b\n1,2\n"}, {"path": "x.csv", "time": ("c", [Window(day(1), day(2))])}, Invalid, "there is no column 'c'; there are: a, b"),
        ({"x.csv": "a,b\n1,2\n"}, {"path": "x.csv", "time": ("a", [Window(day(1), day(2))])}, Invalid, "holds integer values, not timestamps"),
        ({"x.csv": "a,b\n1,2\n"}, {"path": "x.csv", "time": ("a", [Window(day(2), day(2))])}, Invalid, "before it has begun"),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path, files, asked, error, says):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    with pytest.raises(error, match=says):
        read(**{**asked, "path": str(tmp_path / asked["path"])})


def test_nothing_to_read_is_no_error(tmp_path):
    (tmp_path / "empty").mkdir()
    assert read(str(tmp_path / "empty"), ["Age"]).table == tables.EMPTY
    (tmp_path / "x.csv").write_text("a,b\n")
    reading = read(str(tmp_path / "x.csv"))
    assert (reading.table.rows, set(reading.table.features)) == (0, {"a", "b"})


def test_names_are_taken_as_they_are(tmp_path):
    polars.DataFrame({'a "b"': [1, 2], "drop table; --": ["it's", "x"], "k0": [1.5, 2.5]}).write_parquet(tmp_path / "x.parquet")
    assert {name: feature.values for name, feature in read(str(tmp_path)).table.features.items()} == {'a "b"': 2, "drop table; --": 2, "k0": 2}


def test_a_missing_word_far_below_in_a_large_file_is_missing(tmp_path):
    lines = [f"{place % 90},{place / 8},{'x' * 150}" for place in range(60_000)]
    lines[55_000:55_003] = ["NA,1.5,y", "44,null,y", ",,"]
    (tmp_path / "x.csv").write_text("Age,BMI,Note\n" + "\n".join(lines) + "\n")
    assert (tmp_path / "x.csv").stat().st_size > sources.SMALL
    ages, masses = read(str(tmp_path / "x.csv"), ["Age", "BMI"]).table.features.values()
    assert [(one.type, one.rows, one.missing, one.wrong) for one in (ages, masses)] == [("integer", 60_000, 2, 0), ("number", 60_000, 2, 0)]
