"""A target written as Parquet for the model gives the numbers of the files themselves, window by window."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars
import pytest

from azurine.guest.drift import magnitude, rewriting
from azurine.guest.drift.windows import Window

START = datetime(2026, 3, 1, tzinfo=UTC)
SPANS = [Window(START + timedelta(weeks=week), START + timedelta(weeks=week + 1)) for week in range(3)]
NAMES = ["Age", "City", "Score"]
ROWS = 900


def table(shift: int = 0) -> polars.DataFrame:
    places = [place * 7919 % ROWS for place in range(ROWS)]
    return polars.DataFrame(
        {
            "Age": [20 + place % 50 + shift * (place % 3) for place in places],
            "City": [["Oslo", "Rome", None][place % 3] for place in places],
            "Score": [None if place % 11 == 0 else place / 7 for place in places],
            "Other": places,
            "when": [(START + timedelta(minutes=30 * place)).isoformat() for place in range(ROWS)],
        }
    )


def both(folder: Path, target: Path) -> tuple[list[magnitude.Magnitude], list[magnitude.Magnitude]]:
    baseline = folder / "baseline.csv"
    table().write_csv(baseline)
    straight = [magnitude.measure(str(baseline), str(target), NAMES, ("when", span)) for span in SPANS]
    with rewriting.quick(str(target), NAMES, "when", SPANS, least=0) as rows:
        assert rows != str(target)
        return straight, [magnitude.measure(str(baseline), rows, NAMES, ("when", span)) for span in SPANS]


def test_the_numbers_stay_the_same(tmp_path: Path) -> None:
    target = tmp_path / "target.csv"
    table(20).write_csv(target)
    straight, rewritten = both(tmp_path, target)
    assert straight == rewritten
    assert straight[0].coefficient is not None


def test_also_with_a_value_of_another_type_and_a_time_that_is_none(tmp_path: Path) -> None:
    target = tmp_path / "target.csv"
    table(20).write_csv(target)
    text = target.read_text().splitlines()
    text.insert(300, "about,Oslo,1.5,3,2026-03-03T00:00:00")
    text.insert(301, "31,Oslo,1.5,3,yesterday")
    target.write_text("\n".join(text) + "\n")
    straight, rewritten = both(tmp_path, target)
    assert straight == rewritten


@pytest.mark.parametrize(("suffix", "spans"), [("parquet", SPANS), ("csv", SPANS[:1])])
def test_what_is_quick_already_is_left_alone(tmp_path: Path, suffix: str, spans: list[Window]) -> None:
    target = tmp_path / f"target.{suffix}"
    table().write_parquet(target) if suffix == "parquet" else table().write_csv(target)
    with rewriting.quick(str(target), NAMES, "when", spans, least=0) as rows:
        assert rows == str(target)
