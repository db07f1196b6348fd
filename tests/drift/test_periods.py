"""Days, weeks and months: where they begin, and which of them lie between two dates."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from azurine.drift import periods


def at(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "frequency", "start", "end"),
    [
        ("2026-03-17T13:05:00", "Day", "2026-03-17", "2026-03-18"),
        ("2026-03-17", "Week", "2026-03-15", "2026-03-22"),
        ("2026-03-15", "Week", "2026-03-15", "2026-03-22"),
        ("2026-03-14T23:59:59.999999", "Week", "2026-03-08", "2026-03-15"),
        ("2026-01-01", "Week", "2025-12-28", "2026-01-04"),
        ("2026-12-31", "Month", "2026-12-01", "2027-01-01"),
        ("2024-02-29", "Month", "2024-02-01", "2024-03-01"),
        # Another zone's evening is the next day in UTC.
        ("2026-03-14T22:00:00-05:00", "Week", "2026-03-15", "2026-03-22"),
    ],
)
def test_the_period_of_a_moment(moment: str, frequency: str, start: str, end: str) -> None:
    assert periods.of(at(moment), frequency) == periods.Period(at(start), at(end))


@pytest.mark.parametrize(
    ("first", "last", "frequency", "starts"),
    [
        ("2026-03-01", "2026-03-01", "Day", ["2026-03-01"]),
        ("2026-03-03", "2026-03-15", "Week", ["2026-03-01", "2026-03-08", "2026-03-15"]),
        ("2026-03-03", "2026-03-14T23:00:00", "Week", ["2026-03-01", "2026-03-08"]),
        ("2025-11-30", "2026-01-01", "Month", ["2025-11-01", "2025-12-01", "2026-01-01"]),
    ],
)
def test_both_ends_are_included(first: str, last: str, frequency: str, starts: list[str]) -> None:
    assert [one.start for one in periods.through(at(first), at(last), frequency, 31)] == [at(one) for one in starts]


def test_too_many_are_not_counted_to_their_end() -> None:
    assert len(periods.through(at("1970-01-01"), at("9000-01-01"), "Day", 31)) == 32


@pytest.mark.parametrize(("frequency", "count", "moved"), [("Day", -3, "2026-02-26"), ("Month", -3, "2025-12-01"), ("Month", 11, "2027-02-01")])
def test_moved_by_periods(frequency: str, count: int, moved: str) -> None:
    assert periods.moved(at("2026-03-01"), frequency, count) == at(moved)


def test_a_moment_of_another_zone() -> None:
    east = datetime(2026, 3, 1, 1, tzinfo=timezone(timedelta(hours=2)))
    assert periods.floor(east, "Month") == at("2026-02-01")
