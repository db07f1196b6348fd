"""A recurrence: every so many minutes, hours, days, weeks or months from a start, at the slots that its schedule names.

How it works. Time is cut into buckets of `interval` units, numbered from the start; each bucket has its slots. The bucket of a moment is
computed, not counted to, so the first time after it costs the same however long ago the start is.

Minutes and hours are counted in elapsed time. Days, weeks and months are counted on the calendar of the zone, so that 08:00 stays 08:00
when clocks are set. Slots finer than the unit multiply (hours × minutes); coarser ones leave out what they do not name.

parity: weeks begin on Sunday, as .NET's calendar does; without `month_days`, the last day stands for one that a month does not have.
https://learn.microsoft.com/azure/data-factory/concepts-pipeline-execution-triggers#recurrence-schedule
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Protocol
from zoneinfo import ZoneInfo

from azurine.recurrence import calendar

UTC = ZoneInfo("UTC")
_MOST = 20_000
"""Buckets of minutes or hours that are looked through: more than two years of hours."""
_FAR = 3 * 86_400.0


class Frequency(StrEnum):
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


_ELAPSED = {Frequency.MINUTE: 60.0, Frequency.HOUR: 3600.0}


@dataclass(frozen=True, slots=True)
class Rule:
    """start, end: instants; both belong to it. week_days: 0 is Monday. month_days: -1 is the last. occurrences: (week day, which of the month)."""

    frequency: Frequency
    interval: int
    start: float
    end: float | None = None
    zone: ZoneInfo = UTC
    minutes: tuple[int, ...] = ()
    hours: tuple[int, ...] = ()
    week_days: tuple[int, ...] = ()
    month_days: tuple[int, ...] = ()
    occurrences: tuple[tuple[int, int], ...] = ()

    def after(self, moment: float) -> float | None:
        """The first time that is later than the moment; None when there is none."""
        try:
            found = self._first(moment)
        except (OverflowError, ValueError):  # the calendar ends with the year 9999
            return None
        return found if found is not None and (self.end is None or found <= self.end) else None

    def _first(self, moment: float) -> float | None:
        # The one before too: where clocks are set at midnight, its slots may come after those of the next.
        bucket = max(0, self._bucket_of(max(moment, self.start)) - 1)
        for place in range(bucket, bucket + self._most()):
            found = self._within(place, moment)
            if found is not None:
                return min(found, self._within(place + 1, moment) or found) if self._is_calendar else found
            if self.end is not None and self._begin(place) > self.end + _FAR:
                return None
        return None

    def _within(self, bucket: int, moment: float) -> float | None:
        return min((one for one in self._slots(bucket) if one > moment and one >= self.start), default=None)

    @property
    def _is_calendar(self) -> bool:
        return self.frequency not in _ELAPSED

    def _most(self) -> int:
        if not self._is_calendar:
            return _MOST
        return calendar.MOST_MONTHS + 2 if self.frequency is Frequency.MONTH else 5

    def _bucket_of(self, moment: float) -> int:
        if self.frequency in _ELAPSED:
            return int((moment - self.start) // (_ELAPSED[self.frequency] * self.interval))
        first, day = self._first_day(), calendar.local(moment, self.zone).date()
        if self.frequency is Frequency.MONTH:
            return calendar.months_between(first, day) // self.interval
        return (day - first).days // self._days()

    def _begin(self, bucket: int) -> float:
        if self.frequency in _ELAPSED:
            return self.start + bucket * _ELAPSED[self.frequency] * self.interval
        return calendar.instant(datetime.combine(self._day(bucket), time()), self.zone)

    def _slots(self, bucket: int) -> Iterator[float]:
        if self.frequency in _ELAPSED:
            yield from self._elapsed(self._begin(bucket))
            return
        began = calendar.local(self.start, self.zone)
        spread = timedelta(seconds=began.second, microseconds=began.microsecond)
        hourly = len(set(self.hours)) == 24
        for day in self._dates(bucket, began.date()):
            for hour in self.hours or (began.hour,):
                for minute in self.minutes or (began.minute,):
                    wall = datetime.combine(day, time(hour, minute)) + spread
                    yield from calendar.instants(wall, self.zone) if hourly else (calendar.instant(wall, self.zone),)

    def _elapsed(self, begin: float) -> Iterator[float]:
        if not (self.minutes or self.hours):
            yield begin
            return
        wall = calendar.local(begin, self.zone)
        if self.hours and wall.hour not in self.hours:
            return
        if self.frequency is Frequency.MINUTE or not self.minutes:
            if not self.minutes or wall.minute in self.minutes:
                yield begin
            return
        for minute in self.minutes:
            yield begin + (minute - wall.minute) * 60.0

    def _first_day(self) -> date:
        """The day with which the first bucket begins."""
        day = calendar.local(self.start, self.zone).date()
        if self.frequency is Frequency.WEEK:
            return day - timedelta(days=day.isoweekday() % 7)
        return day.replace(day=1) if self.frequency is Frequency.MONTH else day

    def _days(self) -> int:
        return self.interval * (7 if self.frequency is Frequency.WEEK else 1)

    def _day(self, bucket: int) -> date:
        if self.frequency is Frequency.MONTH:
            return calendar.month(self._first_day(), bucket * self.interval)
        return self._first_day() + timedelta(days=bucket * self._days())

    def _dates(self, bucket: int, began: date) -> Sequence[date]:
        first = self._day(bucket)
        if self.frequency is Frequency.DAY:
            return (first,)
        if self.frequency is Frequency.WEEK:
            return [first + timedelta(days=(day + 1) % 7) for day in self.week_days or (began.weekday(),)]
        last = calendar.days_in(first)
        if not (self.month_days or self.occurrences):
            return (first.replace(day=min(began.day, last)),)
        named = [day if day > 0 else last + 1 + day for day in self.month_days]
        named += [_occurrence(first, last, day, which) for day, which in self.occurrences]
        return [first.replace(day=day) for day in named if 1 <= day <= last]


def _occurrence(first: date, last: int, day: int, which: int) -> int:
    """The day of the month that is the so-manieth of a week day; 0 or less, or more than the month has, when there is none."""
    if which > 0:
        return 1 + (day - first.weekday()) % 7 + (which - 1) * 7
    return last - (first.weekday() + last - 1 - day) % 7 + (which + 1) * 7


class Times(Protocol):
    """Whatever has times: a rule, a cron expression."""

    def after(self, moment: float) -> float | None: ...


def missed(rule: Times, due: float, now: float, horizon: float) -> list[float]:
    """The times from `due` (one of them) to now, in order: those of the last `horizon` seconds, and in any case the last one."""
    if due > now:
        return []
    back, begin = horizon, due
    while now - back > due:
        found = rule.after(now - back)
        if found is not None and found <= now:
            begin = found
            break
        back *= 2
    times = [begin]
    while (later := rule.after(times[-1])) is not None and later <= now:
        times.append(later)
    return [one for one in times if one > now - horizon] or times[-1:]
