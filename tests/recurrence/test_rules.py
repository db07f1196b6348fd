"""Recurrences: rows of cases, what is refused with its path, and what holds for all of them."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from azurine.expressions.dates import zones
from azurine.recurrence import reading, rules
from azurine.recurrence.rules import Frequency, Rule

CASES = json.loads((Path(__file__).parents[1] / "cases" / "recurrence" / "rules.json").read_text(encoding="utf-8"))
BOUND = 1.0
"""Seconds in which any next time is found, on a busy machine too."""


def zone(name: str) -> ZoneInfo | None:
    try:
        return zones.find(name)
    except zones.Unknown:
        return None


def read(body: dict[str, Any]) -> tuple[Rule | None, dict[str, str]]:
    faults: dict[str, str] = {}
    return reading.rule(body, "r", zone, faults.__setitem__, 0.0), faults


def told(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat()[:16]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_next_times(case: dict[str, Any]) -> None:
    rule, faults = read(case["recurrence"])
    assert rule is not None, faults
    moment = reading.moment(case["after"])
    assert moment is not None
    found = []
    for _ in range(max(1, len(case["next"]))):
        later = rule.after(moment)
        if later is None:
            break
        found.append(told(later))
        moment = later
    assert found == case["next"]


START = {"startTime": "2024-02-01T00:00:00Z", "frequency": "Month"}
WRONG: list[tuple[dict[str, Any], str]] = [
    ({}, "r.frequency"),
    ({"frequency": "NotSpecified"}, "r.frequency"),
    ({**START, "interval": 1001}, "r.interval"),
    ({**START, "interval": True}, "r.interval"),
    ({**START, "interval": "1"}, "r.interval"),
    ({**START, "timeZone": "Nowhere Standard Time"}, "r.timeZone"),
    ({**START, "timeZone": 1}, "r.timeZone"),
    ({**START, "startTime": "yesterday"}, "r.startTime"),
    ({**START, "startTime": "9" * 50}, "r.startTime"),
    ({**START, "endTime": "2024-01-01T00:00:00Z"}, "r.endTime"),
    ({**START, "schedule": []}, "r.schedule"),
    ({**START, "schedule": {"minutes": [60]}}, "r.schedule.minutes[0]"),
    ({**START, "schedule": {"minutes": {"a": 1}}}, "r.schedule.minutes"),
    ({**START, "schedule": {"hours": list(range(24)) * 5}}, "r.schedule.hours"),
    ({**START, "schedule": {"monthDays": [0]}}, "r.schedule.monthDays[0]"),
    ({**START, "schedule": {"weekDays": ["Monday"]}}, "r.schedule.weekDays"),
    ({**START, "frequency": "Week", "schedule": {"weekDays": ["Moonday"]}}, "r.schedule.weekDays[0]"),
    ({**START, "frequency": "Day", "schedule": {"monthDays": [1]}}, "r.schedule.monthDays"),
    ({**START, "schedule": {"monthlyOccurrences": ["x"]}}, "r.schedule.monthlyOccurrences[0]"),
    ({**START, "schedule": {"monthlyOccurrences": [{"day": "Friday", "occurrence": 6}]}}, "r.schedule.monthlyOccurrences[0].occurrence"),
    ({**START, "schedule": {"monthlyOccurrences": [{"day": "Freeday", "occurrence": 1}]}}, "r.schedule.monthlyOccurrences[0].day"),
    ({**START, "interval": 12, "schedule": {"monthDays": [31]}}, "r.schedule"),
    ({**START, "interval": 12, "schedule": {"monthDays": [30, 31]}}, "r.schedule"),
    ({"frequency": "Minute", "interval": 2, "startTime": "2024-01-01T00:00:00Z", "schedule": {"minutes": [1]}}, "r.schedule"),
]


@pytest.mark.parametrize(("body", "path"), WRONG, ids=[f"{path}-{place}" for place, (_, path) in enumerate(WRONG)])
def test_what_is_wrong_is_said_with_its_path_and_soon(body: dict[str, Any], path: str) -> None:
    began = time.perf_counter()
    rule, faults = read(body)
    assert rule is None
    assert path in faults
    assert time.perf_counter() - began < BOUND


ZONES = st.sampled_from(
    [ZoneInfo(name) for name in ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Apia")]
)
MOMENTS = st.floats(-1e9, 4e9, allow_nan=False).map(lambda one: float(int(one)))


@st.composite
def any_rule(draw: Any) -> Rule:
    frequency = draw(st.sampled_from(list(Frequency)))
    slots: dict[str, Any] = {
        "minutes": tuple(draw(st.lists(st.integers(0, 59), max_size=3))),
        "hours": tuple(draw(st.one_of(st.lists(st.integers(0, 23), max_size=3), st.just(list(range(24)))))),
    }
    if frequency is Frequency.WEEK:
        slots["week_days"] = tuple(draw(st.lists(st.integers(0, 6), max_size=3)))
    if frequency is Frequency.MONTH:
        slots["month_days"] = tuple(draw(st.lists(st.integers(1, 31) | st.integers(-31, -1), max_size=3)))
        slots["occurrences"] = tuple(draw(st.lists(st.tuples(st.integers(0, 6), st.sampled_from([1, 2, 3, 4, 5, -1, -5])), max_size=2)))
    return Rule(frequency, draw(st.integers(1, 1000)), draw(MOMENTS), None, draw(ZONES), **slots)


@settings(max_examples=150, deadline=None)
@given(any_rule(), MOMENTS)
def test_times_increase_strictly_and_none_is_left_out(rule: Rule, moment: float) -> None:
    began = time.perf_counter()
    first = rule.after(moment)
    assert time.perf_counter() - began < BOUND
    if first is None:
        return
    assert first > moment
    assert first >= rule.start
    second = rule.after(first)
    assert second is None or second > first
    # From wherever in between one asks, it is the same time.
    between = max(moment, rule.start - 1) if first - max(moment, rule.start - 1) < 2 else (max(moment, rule.start - 1) + first) / 2
    assert rule.after(between) == first
    assert rule.after(first - 0.5) == first


@settings(max_examples=60, deadline=None)
@given(any_rule(), MOMENTS, st.floats(0, 4e6))
def test_missed_times_are_those_of_the_horizon_and_the_last_one(rule: Rule, moment: float, away: float) -> None:
    due = rule.after(moment)
    if due is None or rule.frequency is Frequency.MINUTE:
        return
    now = due + away
    found = rules.missed(rule, due, now, 86_400.0)
    all_of_them = [due]
    while (later := rule.after(all_of_them[-1])) is not None and later <= now:
        all_of_them.append(later)
    assert found == ([one for one in all_of_them if one > now - 86_400.0] or all_of_them[-1:])
    assert rules.missed(rule, due, due - 1, 86_400.0) == []
