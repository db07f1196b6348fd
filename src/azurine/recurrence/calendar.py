"""Local times and the instants they mean, where clocks are set forward and back.

A local time that a zone skips means the instant that it would have been had the clock not been set forward (02:30 is then called 03:30),
so that nothing that is due is left out. One that a zone has twice means the first of the two; whoever is due at every hour asks
for both.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

MOST_MONTHS = 400 * 12
"""After so many months the calendar repeats."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def local(moment: float, zone: ZoneInfo) -> datetime:
    """The local time of an instant. Raises OverflowError or ValueError outside of the years 1 to 9999."""
    return datetime.fromtimestamp(moment, zone)


def instant(wall: datetime, zone: ZoneInfo) -> float:
    """The instant that a local time means: the first one when it comes twice."""
    return _seconds(wall.replace(tzinfo=zone, fold=0))


def instants(wall: datetime, zone: ZoneInfo) -> Sequence[float]:
    """All instants at which clocks show this local time, in order; of a skipped one, the one that it means."""
    first, second = (_seconds(wall.replace(tzinfo=zone, fold=fold)) for fold in (0, 1))
    return (first, second) if second > first else (first,)


def month(first: date, months: int) -> date:
    """The first day of the month so many months later. Raises ValueError after the year 9999."""
    years, place = divmod(first.month - 1 + months, 12)
    return date(first.year + years, place + 1, 1)


def days_in(first: date) -> int:
    """How many days the month has that begins then."""
    return 31 if first.month == 12 else (month(first, 1) - first).days


def months_between(one: date, other: date) -> int:
    return (other.year - one.year) * 12 + other.month - one.month


def _seconds(moment: datetime) -> float:
    # Not `timestamp()`, whose way over floats would not give the same number for the same instant everywhere.
    return ((moment.astimezone(UTC) - _EPOCH) // _MICROSECOND) / 1_000_000
