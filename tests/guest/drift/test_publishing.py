"""What a run leaves behind: three files that say the same, each whole."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from azurine.guest.drift import publishing
from drift_documents import HOSTILE, document, feature, window

NAN = float("nan")


def measured(folder: Path) -> list[dict[str, Any]]:
    with duckdb.connect() as engine:
        engine.execute("SET TimeZone = 'UTC'")
        found = engine.execute(
            f"SELECT * REPLACE (window_start::VARCHAR AS window_start, window_end::VARCHAR AS window_end) FROM '{folder}/measures.parquet'"
        )
        names = [one[0] for one in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def test_json_parquet_and_page_say_the_same(tmp_path: Path) -> None:
    given = document(window(1, 74.25, feature("BMI", 0.75, value=1 / 3, threshold=0.1)), window(8, None, sentence="not enough rows"))
    publishing.publish(given, tmp_path / "out")
    assert sorted(one.name for one in (tmp_path / "out").iterdir()) == ["drift.json", "measures.parquet", "report.html"]
    assert json.loads((tmp_path / "out" / "drift.json").read_text()) == given
    assert "74.2 %" in (tmp_path / "out" / "report.html").read_text()
    whole, part, one = measured(tmp_path / "out")
    assert whole == {
        "monitor": "watch",
        "run": "watch-1",
        "window_start": "2026-03-01 00:00:00+00",
        "window_end": "2026-03-08 00:00:00+00",
        "feature": None,
        "role": None,
        "measure": "drift_percentage",
        "value": 74.25,
        "threshold": 20.0,
        "breached": True,
    }
    assert (part["feature"], part["measure"], part["value"]) == ("BMI", "drift_contribution", 0.75)
    assert (one["measure"], one["value"], one["threshold"], one["breached"]) == ("wasserstein_distance", 1 / 3, 0.1, True)


def test_what_is_no_number_becomes_nothing(tmp_path: Path) -> None:
    publishing.publish(document(window(1, NAN, feature("A", float("inf"), value=NAN))), tmp_path)
    read = json.loads((tmp_path / "drift.json").read_text())["windows"][0]
    assert (read["driftPercentage"], read["features"][0]["contribution"], read["features"][0]["measures"][0]["value"]) == (None, None, None)
    assert [(one["feature"], one["value"]) for one in measured(tmp_path)] == [("A", None)]


def test_hostile_names_and_no_windows_are_written_as_well(tmp_path: Path) -> None:
    publishing.publish(document(window(1, 50.0, feature(HOSTILE, 0.5))), tmp_path)
    assert "script" in measured(tmp_path)[-1]["feature"]
    publishing.publish(document(), tmp_path)
    assert measured(tmp_path) == []


def test_a_run_that_is_done_again_replaces_what_is_there_and_one_that_fails_leaves_it(tmp_path: Path) -> None:
    publishing.publish(document(window(1, 50.0)), tmp_path)
    publishing.publish(document(window(1, 60.0)), tmp_path)
    assert json.loads((tmp_path / "drift.json").read_text())["windows"][0]["driftPercentage"] == 60
    with pytest.raises(KeyError):
        publishing.publish({"windows": [{}]}, tmp_path)
    assert json.loads((tmp_path / "drift.json").read_text())["windows"][0]["driftPercentage"] == 60
    assert sorted(one.name for one in tmp_path.iterdir()) == ["drift.json", "measures.parquet", "report.html"]
