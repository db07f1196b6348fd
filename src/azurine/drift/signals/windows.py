"""How far a monitor looks back. A window ends at the time of the run less its offset, and is as long as its size; both are ISO 8601 durations.

Years and months are counted on the calendar (a day that a month does not have is its last one), all else in elapsed time, in UTC.
"""

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_NUMBER = r"(\d{1,9}(?:[.,]\d{1,9})?)"
_FORM = re.compile(rf"P(?:(\d{{1,4}})Y)?(?:(\d{{1,5}})M)?(?:{_NUMBER}W)?(?:{_NUMBER}D)?(T(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}S)?)?")
_UNITS = (7 * 86_400, 86_400, 3_600, 60, 1)
LONGEST = 100 * 366 * 86_400.0
"""Seconds: no monitor looks back further, and no calendar ends within."""


@dataclass(frozen=True, slots=True)
class Duration:
    months: int
    seconds: float

    @property
    def empty(self) -> bool:
        return self.months == 0 and self.seconds == 0

    def before(self, moment: datetime) -> datetime:
        year, month = divmod(moment.year * 12 + moment.month - 1 - self.months, 12)
        day = min(moment.day, calendar.monthrange(year, month + 1)[1])
        return moment.replace(year=year, month=month + 1, day=day) - timedelta(seconds=self.seconds)


def duration(text: object) -> Duration | None:
    """None for what is none, or is longer than anybody looks back."""
    found = _FORM.fullmatch(text.strip()) if isinstance(text, str) and len(text) <= 60 else None
    if found is None or text == "P" or found[5] == "T" or not any(found.groups()):
        return None
    months = int(found[1] or 0) * 12 + int(found[2] or 0)
    parts = (found[3], found[4], found[6], found[7], found[8])
    seconds = sum(float(part.replace(",", ".")) * unit for part, unit in zip(parts, _UNITS, strict=True) if part)
    return Duration(months, seconds) if months * 31 * 86_400 + seconds <= LONGEST else None


def trailing(at: datetime, size: Duration, offset: Duration) -> tuple[datetime, datetime]:
    """From the start on, before the end."""
    end = offset.before(at.astimezone(UTC))
    return size.before(end), end
