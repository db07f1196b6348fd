"""Cron expressions: rows of cases, and what is none."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from azurine.recurrence import crons, reading

CASES = json.loads((Path(__file__).parents[1] / "cases" / "recurrence" / "crons.json").read_text(encoding="utf-8"))
BOUND = 1.0


@pytest.mark.parametrize("case", CASES, ids=[f"{case['cron']} {case['zone']}" for case in CASES])
def test_the_next_times(case: dict[str, Any]) -> None:
    cron = crons.read(case["cron"], ZoneInfo(case["zone"]))
    moment = reading.moment(case["after"])
    found = []
    for _ in case["next"]:
        assert moment is not None
        moment = cron.after(moment)
        assert moment is not None
        found.append(datetime.fromtimestamp(moment, UTC).isoformat()[:16])
    assert found == case["next"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "five fields"),
        ("* * * *", "five fields"),
        ("* * * * * *", "five fields"),
        ("60 * * * *", "minute"),
        ("* 24 * * *", "hour"),
        ("* * 0 * *", "day of the month"),
        ("* * * 13 *", "month"),
        ("* * * Mon *", "month"),
        ("* * * * 8", "day of the week"),
        ("5-1 * * * *", "ends before it begins"),
        ("*/0 * * * *", "step"),
        ("1,,2 * * * *", "minute"),
        ("-1 * * * *", "minute"),
        ("0 0 30 2 *", "no day that fits"),
        ("0 0 31 4,6,9,11 *", "no day that fits"),
        ("*" * 400, "five fields"),
    ],
)
def test_what_is_none(text: str, said: str) -> None:
    began = time.perf_counter()
    with pytest.raises(crons.NoCron, match=said):
        crons.read(text)
    assert time.perf_counter() - began < BOUND


def test_it_begins_and_ends() -> None:
    start, end = reading.moment("2024-01-10T08:00:00Z"), reading.moment("2024-01-11T08:00:00Z")
    cron = crons.read("0 8 * * *", start=start, end=end)
    assert cron.after(0.0) == start
    assert cron.after(start or 0.0) == end
    assert cron.after(end or 0.0) is None


FIELD = st.one_of(st.just("*"), st.integers(1, 12).map(lambda one: f"*/{one}"), st.integers(1, 6).map(str))


@settings(max_examples=80, deadline=None)
@given(
    st.tuples(FIELD, FIELD, FIELD, FIELD, FIELD),
    st.integers(0, 4_000_000_000),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Pacific/Apia"]),
)
def test_times_increase_strictly(fields: tuple[str, ...], moment: int, zone: str) -> None:
    cron = crons.read(" ".join(fields), ZoneInfo(zone))
    began = time.perf_counter()
    first = cron.after(float(moment))
    assert time.perf_counter() - began < BOUND
    assert first is not None
    assert first > moment
    assert cron.after(first - 0.5) == first
    second = cron.after(first)
    assert second is not None
    assert second > first
