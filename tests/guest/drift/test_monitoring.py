"""A monitor's run: two tables and an order in, the result document out; also from tables that are not as they should be."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars
import pytest

from azurine.drift import documents
from azurine.guest.drift import monitoring
from azurine.model.errors import AzurineError, Invalid
from drift_samples import sample

SUNDAY = datetime(2026, 3, 1, tzinfo=UTC)
ROWS = 400


def table(shift: float = 0.0, start: datetime | None = SUNDAY, rows: int = ROWS) -> polars.DataFrame:
    """A week of rows, when it begins some day; `shift` moves BMI."""
    bmi = sample({"law": ["normal", 30 + shift, 5, rows]})
    columns: dict[str, Any] = {
        "BMI": [bmi[place * 997 % rows] for place in range(rows)],
        "Age": [21 + place * 31 % 50 for place in range(rows)],
        "City": [["Oslo", "Rome"][place * 7 % 2] for place in range(rows)],
    }
    if start is not None:
        columns["when"] = [(start + timedelta(minutes=place * 10)).replace(tzinfo=None).isoformat() for place in range(rows)]
    return polars.DataFrame(columns)


class Files:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def csv(self, name: str, *frames: polars.DataFrame) -> str:
        path = self._folder / f"{name}.csv"
        polars.concat(frames, how="diagonal_relaxed").write_csv(path)
        return str(path)

    def text(self, name: str, text: str) -> str:
        path = self._folder / f"{name}.csv"
        path.write_text(text)
        return str(path)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def order(weeks: int = 1, **more: Any) -> dict[str, Any]:
    starts = [SUNDAY + timedelta(weeks=week) for week in range(weeks)]
    return {
        "monitor": "watch",
        "run": "r1",
        "frequency": "Week",
        "threshold": 0.2,
        "features": None,
        "timestamp": "when",
        "baseline": {"name": "b", "version": "1", "uri": "b"},
        "target": {"name": "t", "version": "1", "uri": "t"},
        "windows": [[start.isoformat(), (start + timedelta(weeks=1)).isoformat()] for start in starts],
        **more,
    }


def feature(document: dict[str, Any], name: str, place: int = 0) -> dict[str, Any]:
    [found] = [one for one in document["windows"][place]["features"] if one["name"] == name]
    return found


def whole(document: dict[str, Any]) -> dict[str, Any]:
    """As it is written: no number in it that is none."""
    found: dict[str, Any] = json.loads(json.dumps(document, allow_nan=False))
    return found


def test_weeks_that_drift_more_and_more(files: Files) -> None:
    baseline = files.csv("baseline", table(start=None))
    target = files.csv("target", *(table(shift, SUNDAY + timedelta(weeks=week)) for week, shift in enumerate((0, 8, 40))))
    said: list[str] = []
    found = whole(monitoring.run(order(4), baseline, target, said.append))
    much = [one["driftPercentage"] for one in found["windows"]]
    assert (much[0], much[3]) == (0.0, None)
    assert 20 < much[1] < much[2]
    assert much[2] > 95
    assert [one["hasDrift"] for one in found["windows"]] == [False, True, True, None]
    assert [one["daysFromStart"] for one in found["windows"]] == [0, 7, 14, 21]
    assert [one["rows"] for one in found["windows"]] == [ROWS, ROWS, ROWS, 0]
    assert found["windows"][3]["sentence"] == "no rows; this window is skipped"
    assert found["windows"][2]["features"][0]["name"] == "BMI"
    bmi = feature(found, "BMI", 2)
    assert bmi["role"] == "numerical"
    assert sum(one["contribution"] for one in found["windows"][2]["features"]) == pytest.approx(1)
    assert {one["name"]: one["threshold"] for one in bmi["measures"]} == {"wasserstein_distance": None, "energy_distance": None}
    assert bmi["measures"][0]["value"] == pytest.approx(40, rel=0.01)
    assert sum(bmi["histogram"]["baseline"]) == sum(bmi["histogram"]["target"]) == ROWS
    city = feature(found, "City", 2)
    assert ([one["name"] for one in city["measures"]], city["histogram"]["categories"]) == (["euclidean_distance"], ["Oslo", "Rome"])
    assert (found["baseline"]["rows"], found["schema"], len(said)) == (ROWS, [], 5)


def test_the_numbers_as_the_run_gives_them_back(files: Files) -> None:
    baseline = files.csv("baseline", table(start=None))
    target = files.csv("target", table(), table(40, SUNDAY + timedelta(weeks=1)))
    several = monitoring.metrics(monitoring.run(order(3), baseline, target))
    lists = several["Datadrift percentage"]
    assert (lists["days_from_start"], lists["drift_percentage"][0], len(lists["drift_percentage"])) == ([0, 7], 0.0, 2)
    assert (several["start_date"], several["frequency"]) == (SUNDAY.isoformat(), "Week")
    one = monitoring.metrics(monitoring.run(order(1), baseline, target))
    assert one["Datadrift percentage"] == {"days_from_start": 0, "drift_percentage": 0.0}
    assert "Datadrift percentage" not in monitoring.metrics(monitoring.run(order(1, timestamp="when"), baseline, files.csv("none", table(rows=10))))


def test_the_baseline_against_itself_is_no_drift_at_all(files: Files) -> None:
    same = files.csv("same", table())
    found = monitoring.run(order(), same, same)
    assert (found["windows"][0]["driftPercentage"], found["windows"][0]["hasDrift"]) == (0.0, False)
    assert all(measure["value"] == 0 for one in found["windows"][0]["features"] for measure in one["measures"])


def test_a_threshold_of_zero_is_not_breached_by_no_drift(files: Files) -> None:
    same = files.csv("same", table())
    assert monitoring.run(order(threshold=0.0), same, same)["windows"][0]["hasDrift"] is False


def test_a_column_that_went_one_that_came_and_one_that_changed(files: Files) -> None:
    baseline = files.csv("baseline", table(start=None).with_columns(polars.Series("Gone", range(ROWS))))
    other = table().drop("Age").with_columns(polars.Series("Age", [f"about {place}" for place in range(ROWS)]), polars.Series("New", range(ROWS)))
    found = whole(monitoring.run(order(), baseline, files.csv("target", other)))
    assert {one["column"]: one["change"] for one in found["schema"]} == {"Gone": "removed", "New": "added", "Age": "integer became text"}
    assert "the target has no feature 'Gone'" in found["warnings"]
    gone, age = feature(found, "Gone"), feature(found, "Age")
    assert (gone["sentence"], gone["measures"], gone["target"]) == ("the target has no such feature", [], None)
    assert age["sentence"] == "400 of its 400 values in the target cannot be read as integer, as in the baseline"
    assert all(one["value"] is None and one["sentence"] for one in age["measures"])
    assert found["windows"][0]["driftPercentage"] is not None


@pytest.mark.parametrize(
    ("rows", "sentence"), [(49, "not enough rows: 49 of 50; this window is skipped"), (1, "not enough rows: 1 of 50; this window is skipped")]
)
def test_too_few_rows_are_no_number(files: Files, rows: int, sentence: str) -> None:
    found = whole(monitoring.run(order(), files.csv("baseline", table(start=None)), files.csv("target", table(rows=rows))))
    [window] = found["windows"]
    assert (window["driftPercentage"], window["hasDrift"], window["sentence"], window["features"]) == (None, None, sentence, [])
    assert found["warnings"] == [f"2026-03-01: {sentence}"]


def test_fifty_rows_are_enough(files: Files) -> None:
    found = monitoring.run(order(), files.csv("baseline", table(start=None)), files.csv("target", table(40, rows=50)))
    assert found["windows"][0]["driftPercentage"] > 80


def test_a_baseline_that_is_too_small_or_empty(files: Files) -> None:
    target = files.csv("target", table())
    small = whole(monitoring.run(order(), files.csv("small", table(start=None, rows=10)), target))
    assert small["windows"][0]["sentence"] == "not enough rows: the baseline has 10, and 50 would be needed"
    empty = whole(monitoring.run(order(features=["BMI"]), files.text("empty", "BMI,Age\n"), target))
    assert "the baseline has no rows" in empty["warnings"]
    assert (empty["windows"][0]["driftPercentage"], bool(empty["windows"][0]["sentence"])) == (None, True)


def test_timestamps_that_are_none_and_those_of_several_zones(files: Files) -> None:
    frame = table()
    stamps = frame["when"].to_list()
    stamps[:10] = ["yesterday"] * 5 + [None] * 5
    # The last moment of the week in UTC; an hour later it is the next week; in New York it is still Saturday.
    stamps[10], stamps[11], stamps[12] = "2026-03-07T23:59:59Z", "2026-03-08T00:30:00", "2026-03-07T23:59:59-05:00"
    target = files.csv("target", frame.with_columns(polars.Series("when", stamps)))
    found = monitoring.run(order(), files.csv("baseline", table(start=None)), target)
    assert found["windows"][0]["rows"] == ROWS - 12
    assert found["warnings"] == ["10 rows of the target are left out: their 'when' is missing or is no timestamp"]


def test_a_constant_a_free_text_and_much_that_is_missing(files: Files) -> None:
    def more(frame: polars.DataFrame) -> polars.DataFrame:
        holes = [None if place % 5 == 0 else float(place) for place in range(ROWS)]
        return frame.with_columns(
            polars.lit(7).alias("Constant"), polars.Series("Note", [f"note {place}" for place in range(ROWS)]), polars.Series("Holes", holes)
        )

    found = whole(monitoring.run(order(), files.csv("baseline", more(table(start=None))), files.csv("target", more(table(40)))))
    assert {name: feature(found, name)["role"] for name in ("Constant", "Note", "Holes")} == {
        "Constant": "categorical",
        "Note": "other",
        "Holes": "other",
    }
    assert feature(found, "Note")["sentence"] == "it is text with 400 different values"
    assert feature(found, "Holes")["sentence"] == "80 of its 400 values are missing in the baseline"
    assert feature(found, "Constant")["measures"][0]["value"] == 0


def test_a_category_nobody_has_seen(files: Files) -> None:
    baseline = files.csv("baseline", table(start=None).select("City"))
    target = files.csv("target", table().select("when").with_columns(polars.lit("Lima").alias("City")))
    found = whole(monitoring.run(order(), baseline, target))
    city = feature(found, "City")
    assert found["windows"][0]["driftPercentage"] > 95
    assert city["histogram"]["categories"] == ["Lima", "Oslo", "Rome"]
    assert city["measures"][0]["value"] == pytest.approx(1.5**0.5)


def test_features_that_neither_has(files: Files) -> None:
    found = whole(monitoring.run(order(features=["BMI", "Mood"]), files.csv("baseline", table(start=None)), files.csv("target", table(40))))
    assert found["warnings"] == ["neither side has a feature 'Mood'"]
    assert feature(found, "Mood")["sentence"] == "the baseline has no such feature"
    assert found["windows"][0]["driftPercentage"] > 95


def test_no_feature_that_could_be_compared(files: Files) -> None:
    baseline = files.csv("baseline", table(start=None).select("Age"))
    found = whole(monitoring.run(order(features=["Mood"]), baseline, files.csv("target", table())))
    assert (found["windows"][0]["driftPercentage"], found["windows"][0]["sentence"]) == (None, "there is no feature that both sides have")


@pytest.mark.parametrize(
    ("stamp", "target", "message"),
    [
        ("date", "when,BMI\n2026-03-01,1\n", "there is no column 'date'"),
        ("BMI", "when,BMI\n2026-03-01,1\n", "not timestamps"),
    ],
)
def test_a_target_without_such_a_timestamp(files: Files, stamp: str, target: str, message: str) -> None:
    with pytest.raises(Invalid) as caught:
        monitoring.run(order(timestamp=stamp, features=["Age"]), files.csv("baseline", table(start=None)), files.text("target", target))
    assert message in caught.value.message


def test_what_is_not_there_or_no_table(files: Files, tmp_path: Path) -> None:
    baseline = files.csv("baseline", table(start=None))
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    for path in (str(tmp_path / "nothing.csv"), str(tmp_path / "picture.png")):
        with pytest.raises(AzurineError) as caught:
            monitoring.run(order(), baseline, path)
        assert path in (caught.value.path or caught.value.message)


def test_a_target_that_has_no_file_yet(files: Files, tmp_path: Path) -> None:
    (tmp_path / "coming").mkdir()
    baseline, coming = files.csv("baseline", table(start=None)), str(tmp_path / "coming")
    found = whole(monitoring.run(order(2), baseline, coming))
    assert [one["sentence"] for one in found["windows"]] == ["no rows; this window is skipped"] * 2
    advice = "check the path, or wait until something has been written or collected there"
    assert f"the target has no rows: there are no files in t (data asset t:1); {advice}" in found["warnings"]
    place = {"name": "visits", "version": None, "uri": "azureml://datastores/d/paths/visits"}
    neither = whole(monitoring.run(order(baseline=place), coming, coming))["warnings"]
    assert f"the baseline has no rows: there are no files in azureml://datastores/d/paths/visits; {advice}" in neither


def test_what_the_server_is_told_is_small(files: Files) -> None:
    document = monitoring.run(order(2), files.csv("baseline", table(start=None)), files.csv("target", table(40)))
    told = documents.summary(document, monitoring.metrics(document))
    first, second = told["windows"]
    assert "features" not in first
    worst = first["breaches"][0]
    assert (worst["feature"], worst["measure"], worst["threshold"]) == ("BMI", "drift_contribution", None)
    assert second["breaches"] == []
    many = [{**document["windows"][0], "features": document["windows"][0]["features"] * 100}] * 31
    assert len(json.dumps(documents.summary({**document, "windows": many}, {}))) < 64 * 1024


def test_the_program_writes_its_files_and_what_the_server_is_told(files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = {
        "DRIFT_ORDER": json.dumps(order()),
        "AZURE_ML_INPUT_baseline": files.csv("baseline", table(start=None)),
        "AZURE_ML_INPUT_target": files.csv("target", table(40)),
        "AZURE_ML_OUTPUT_result": str(tmp_path / "result"),
        "AZURE_ML_OUTPUT_summary": str(tmp_path / "summary"),
    }
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("MLFLOW_RUN_ID", raising=False)
    assert monitoring.main() == 0
    assert sorted(path.name for path in (tmp_path / "result").iterdir()) == ["drift.json", "measures.parquet", "report.html"]
    assert json.loads((tmp_path / "summary").read_text())["windows"][0]["driftPercentage"] > 95


def test_the_program_says_in_one_sentence_what_it_cannot_do(
    files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DRIFT_ORDER", json.dumps(order(timestamp="date")))
    monkeypatch.setenv("AZURE_ML_INPUT_baseline", files.csv("baseline", table(start=None)))
    monkeypatch.setenv("AZURE_ML_INPUT_target", files.csv("target", table()))
    monkeypatch.setenv("AZURE_ML_OUTPUT_result", str(tmp_path / "result"))
    assert monitoring.main() == 1
    _, err = capsys.readouterr()
    assert "there is no column 'date'; there are: BMI, Age, City, when" in err
    assert "Traceback" not in err
    assert not (tmp_path / "result").exists()
