"""Windows of time that follow each other without gaps, numbered from the start: window k is [start + k · interval, start + (k+1) · interval).

Windows of months are counted on the calendar of UTC; a day that a month does not have is its last.
https://learn.microsoft.com/azure/data-factory/how-to-create-tumbling-window-trigger
"""

from dataclasses import dataclass
from datetime import datetime

from azurine.recurrence import calendar
from azurine.recurrence.rules import UTC, Frequency

_SECONDS = {Frequency.MINUTE: 60.0, Frequency.HOUR: 3600.0}


@dataclass(frozen=True, slots=True)
class Windows:
    """end: no window reaches beyond it."""

    frequency: Frequency
    interval: int
    start: float
    end: float | None = None

    def window(self, number: int) -> tuple[float, float] | None:
        """Where a window begins and ends; None when there is none with this number."""
        if number < 0:
            return None
        try:
            begin, end = self._edge(number), self._edge(number + 1)
        except (OverflowError, ValueError):  # the calendar ends with the year 9999
            return None
        return (begin, end) if self.end is None or end <= self.end else None

    def number(self, moment: float) -> int:
        """Of the window in which a moment lies, there or not; negative before the start."""
        if self.frequency in _SECONDS:
            return int((moment - self.start) // (_SECONDS[self.frequency] * self.interval))
        first, day = calendar.local(self.start, UTC).date(), calendar.local(moment, UTC).date()
        found = calendar.months_between(first, day) // self.interval
        return found - 1 if self._edge(found) > moment else found

    def overlapping(self, begin: float, end: float) -> range:
        """The numbers of the windows that share some time with [begin, end)."""
        if end <= begin:
            return range(0)
        first, last = max(0, self.number(begin)), self.number(end)
        if self._edge(last) >= end:
            last -= 1
        if self.end is not None:
            last = min(last, self.number(self.end) - 1)
        return range(first, max(first, last + 1))

    def _edge(self, number: int) -> float:
        if self.frequency in _SECONDS:
            return self.start + number * _SECONDS[self.frequency] * self.interval
        began: datetime = calendar.local(self.start, UTC)
        first = calendar.month(began.date().replace(day=1), number * self.interval)
        day = min(began.day, calendar.days_in(first))
        return calendar.instant(datetime.combine(first.replace(day=day), began.time()), UTC)
