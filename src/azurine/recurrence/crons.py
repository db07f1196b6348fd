"""Cron: minute, hour, day of the month, month, day of the week, in a zone.

Each field is `*`, a number, a range `a-b`, with a step `/n`, or several of these with commas; months and days have their English names
too, Sunday is 0 or 7. A day must fit both of its fields. An hour that clocks show twice counts once, unless every hour is named.

https://learn.microsoft.com/azure/machine-learning/how-to-schedule-pipeline-job
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from azurine.recurrence import calendar
from azurine.recurrence.rules import UTC

_LONGEST = 300


class NoCron(ValueError):
    """The text is no cron expression; the argument says why."""


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    first: int
    last: int
    words: tuple[str, ...] = ()


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of the month", 1, 31),
    _Field("month", 1, 12, ("", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")),
    _Field("day of the week", 0, 7, ("sun", "mon", "tue", "wed", "thu", "fri", "sat")),
)


@dataclass(frozen=True, slots=True)
class Cron:
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    week_days: frozenset[int]
    """0 is Sunday."""
    start: float | None = None
    end: float | None = None
    zone: ZoneInfo = UTC

    def after(self, moment: float) -> float | None:
        """The first time that is later than the moment; None when there is none."""
        if self.start is not None and moment < self.start:
            moment = self.start - 0.000001
        try:
            found = next(self._times(moment), None)
        except (OverflowError, ValueError):  # the calendar ends with the year 9999
            return None
        return found if found is not None and (self.end is None or found <= self.end) else None

    def _times(self, moment: float) -> Iterator[float]:
        """Day by day from the one before: where clocks are set at midnight, a time of it may still come."""
        hourly = len(self.hours) == 24
        for day in self._dates(calendar.local(moment, self.zone).date() - timedelta(days=1)):
            times: list[float] = []
            for hour in self.hours:
                for minute in self.minutes:
                    wall = datetime.combine(day, time(hour, minute))
                    times += calendar.instants(wall, self.zone) if hourly else [calendar.instant(wall, self.zone)]
            yield from sorted(one for one in times if one > moment)

    def _dates(self, begin: date) -> Iterator[date]:
        first = begin.replace(day=1)
        for _ in range(calendar.MOST_MONTHS + 2):
            if first.month in self.months:
                for number in range(1, calendar.days_in(first) + 1):
                    day = first.replace(day=number)
                    if day >= begin and number in self.days and day.isoweekday() % 7 in self.week_days:
                        yield day
            first = calendar.month(first, 1)


def read(text: str, zone: ZoneInfo = UTC, start: float | None = None, end: float | None = None) -> Cron:
    """Raises NoCron, also for one that is never due."""
    parts = text.split()
    if len(text) > _LONGEST or len(parts) != len(_FIELDS):
        raise NoCron("a cron expression has five fields: minute, hour, day of the month, month, day of the week")
    minutes, hours, days, months, week_days = (_values(part, field) for part, field in zip(parts, _FIELDS, strict=True))
    cron = Cron(
        tuple(sorted(minutes)), tuple(sorted(hours)), frozenset(days), frozenset(months), frozenset(one % 7 for one in week_days), start, end, zone
    )
    if next(cron._dates(date(2000, 1, 1)), None) is None:
        raise NoCron(f"there is no day that fits {parts[2]} {parts[3]} {parts[4]}")
    return cron


def _values(text: str, field: _Field) -> set[int]:
    found: set[int] = set()
    for one in text.split(","):
        spread, slash, step = one.partition("/")
        every = _number(step, field, _Field("step", 1, 1000)) if slash else 1
        if spread in ("*", "?"):
            low, high = field.first, field.last
        else:
            begin, dash, end = spread.partition("-")
            low = _number(begin, field)
            high = _number(end, field) if dash else field.last if slash else low
        if low > high:
            raise NoCron(f"{one!r} in the field {field.name} ends before it begins")
        found.update(range(low, high + 1, every))
    return found


def _number(text: str, field: _Field, bounds: _Field | None = None) -> int:
    limit = bounds or field
    if text and text.lower()[:3] in limit.words and text.isalpha():
        return limit.words.index(text.lower()[:3])
    if not (text.isascii() and text.isdigit() and len(text) < 5) or not limit.first <= int(text) <= limit.last:
        raise NoCron(f"{text[:20]!r} in the field {field.name} is no {limit.name}: a whole number from {limit.first} to {limit.last}")
    return int(text)
