"""A moment: ticks of 100 nanoseconds since the year 1, and whether it is said to be UTC; and the arithmetic of the calendar.

A moment that was written with an offset is kept as UTC and shown with `+00:00`, one without any stays without (parity).
"""

from calendar import monthrange
from datetime import date, datetime, timedelta
from typing import NamedTuple

SECOND = 10_000_000
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86_400 * SECOND
EPOCH = (date(1970, 1, 1).toordinal() - 1) * DAY
END = date.max.toordinal() * DAY
UTC, LOCAL, OPEN = "Z", "+00:00", ""


class OutOfRange(Exception):
    """There is no such moment between the years 1 and 9999."""


class Moment(NamedTuple):
    """suffix: what says the zone: UTC, LOCAL (it was written with an offset), or OPEN (nothing does)."""

    ticks: int
    suffix: str = OPEN

    @property
    def date(self) -> date:
        return date.fromordinal(self.ticks // DAY + 1)

    @property
    def time(self) -> int:
        """Ticks since midnight."""
        return self.ticks % DAY

    def plus(self, ticks: int) -> "Moment":
        """Raises OutOfRange."""
        return made(self.ticks + ticks, self.suffix)

    def plus_months(self, months: int) -> "Moment":
        """The same day of another month, or its last one. Raises OutOfRange."""
        today = self.date
        year, month = divmod(today.year * 12 + today.month - 1 + months, 12)
        if not 1 <= year <= 9999:
            raise OutOfRange
        day = min(today.day, monthrange(year, month + 1)[1])
        return Moment((date(year, month + 1, day).toordinal() - 1) * DAY + self.time, self.suffix)


def made(ticks: int, suffix: str) -> Moment:
    """Raises OutOfRange."""
    if not 0 <= ticks < END:
        raise OutOfRange
    return Moment(ticks, suffix)


def of_seconds(seconds: float) -> Moment:
    """Seconds since 1970, UTC, as clocks tell them. Raises OutOfRange."""
    return made(EPOCH + round(seconds * SECOND), UTC)


def as_datetime(ticks: int) -> datetime:
    """Without what is smaller than a microsecond."""
    return datetime.min + timedelta(microseconds=ticks // 10)
