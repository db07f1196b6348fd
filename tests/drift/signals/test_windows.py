"""How far a monitor looks back: durations as they are written, and the windows that they make."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from azurine.drift.signals.windows import duration, trailing

AT = datetime(2026, 3, 31, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("size", "offset", "start", "end"),
    [
        ("P7D", "P0D", "2026-03-24T12:30", "2026-03-31T12:30"),
        ("P1D", "P7D", "2026-03-23T12:30", "2026-03-24T12:30"),
        ("P1W", "PT0S", "2026-03-24T12:30", "2026-03-31T12:30"),
        ("PT12H", "PT30M", "2026-03-31T00:00", "2026-03-31T12:00"),
        ("P1DT1H30M", "P0D", "2026-03-30T11:00", "2026-03-31T12:30"),
        ("P0.5D", "P0D", "2026-03-31T00:30", "2026-03-31T12:30"),
        ("P1M", "P0D", "2026-02-28T12:30", "2026-03-31T12:30"),
        ("P1Y", "P1M", "2025-02-28T12:30", "2026-02-28T12:30"),
        ("P1M1D", "P0D", "2026-02-27T12:30", "2026-03-31T12:30"),
    ],
)
def test_a_window_ends_at_the_time_of_the_run_less_its_offset(size, offset, start, end):
    lengths = duration(size), duration(offset)
    assert None not in lengths
    assert trailing(AT, *lengths) == tuple(datetime.fromisoformat(one).replace(tzinfo=UTC) for one in (start, end))


def test_the_time_of_the_run_is_taken_in_utc():
    there = timezone(timedelta(hours=2))
    assert trailing(AT.astimezone(there), duration("P1D"), duration("P0D")) == trailing(AT, duration("P1D"), duration("P0D"))


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "7D", "P7", "P-1D", "p7d", "P1DT", "P1H", "P7D ago", "P99999999D", "P9999Y", "one week", 7, None, "P" + "1" * 70 + "D"]
)
def test_what_is_no_duration(text):
    assert duration(text) is None


def test_nothing_is_a_duration_of_its_own():
    found = duration("P0D")
    assert found is not None
    assert found.empty
    assert not duration("PT1S").empty
