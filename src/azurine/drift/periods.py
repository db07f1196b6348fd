"""The periods that a monitor looks at: days, weeks from Sunday to Sunday, months of the calendar; all in UTC.

A period begins at its start and ends before its end, which is the start of the next. (parity: weeks run from Sunday to Sunday, as in observed runs.)
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

DAY, WEEK, MONTH = "Day", "Week", "Month"
FREQUENCIES = (DAY, WEEK, MONTH)


@dataclass(frozen=True, slots=True)
class Period:
    start: datetime
    end: datetime


def floor(moment: datetime, frequency: str) -> datetime:
    """The start of the period that the moment lies in."""
    day = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if frequency == WEEK:
        return day - timedelta(days=day.isoweekday() % 7)
    return day.replace(day=1) if frequency == MONTH else day


def moved(start: datetime, frequency: str, count: int) -> datetime:
    """The start of the period so many later; earlier, when negative. start: of a period. Raises OverflowError or ValueError outside of the years 1 to 9999."""
    if frequency == MONTH:
        years, place = divmod(start.month - 1 + count, 12)
        return start.replace(year=start.year + years, month=place + 1)
    return start + timedelta(days=count * (7 if frequency == WEEK else 1))


def of(moment: datetime, frequency: str) -> Period:
    """The one that the moment lies in."""
    start = floor(moment, frequency)
    return Period(start, moved(start, frequency, 1))


def through(first: datetime, last: datetime, frequency: str, most: int) -> list[Period]:
    """From the one of `first` to the one of `last`, both included; `most` + 1 when there are more than `most`."""
    found = [of(first, frequency)]
    while found[-1].end <= last and len(found) <= most:
        found.append(of(found[-1].end, frequency))
    return found
