"""Reads the dates that .NET reads under the culture en-US: ISO 8601, 1/2/2024 3:04 PM, Jan 2, 2024, 2 January 2024, RFC 1123.

Not read, as there: a year alone, 20240102, day before month in numbers, 24:00, a comma before the fraction, numbers of seconds.
Not read, unlike there: times without a date and dates without a year, which would mean another moment every day.
"""

import re
from datetime import date

from azurine.expressions.dates.moments import DAY, HOUR, LOCAL, MINUTE, OPEN, SECOND, UTC, Moment, OutOfRange, made

_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december")
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTH = "(?P<word>" + "|".join(f"{one}|{one[:3]}" for one in _MONTHS) + r")\.?"
_WEEKDAY = "(?:(?P<weekday>" + "|".join(f"{one}|{one[:3]}" for one in _DAYS) + r")\s*,?\s+)?"
_TIME = (
    r"(?P<hour>[0-9]{1,2})(?::(?P<minute>[0-9]{1,2})(?::(?P<second>[0-9]{1,2})(?:\.(?P<fraction>[0-9]{1,30}))?)?)?"
    r"\s*(?P<half>[AaPp][Mm])?"
)
_ZONE = r"\s*(?P<zone>Z|GMT|[+-][0-9]{1,2}(?::?[0-9]{2})?)?"
_FORMS = [
    # After a T, all numbers have two digits.
    re.compile(form + rf"(?:(?:T(?=[0-9]{{2}}:[0-9]{{2}}(?!:[0-9](?![0-9])))|\s+){_TIME})?{_ZONE}", re.I)
    for form in (
        r"(?P<year>[0-9]{4})(?P<sep>[-/.])(?P<month>[0-9]{1,2})(?:(?P=sep)(?P<day>[0-9]{1,2}))?",
        r"(?P<month>[0-9]{1,2})(?P<sep>[-/.])(?P<day>[0-9]{1,2})(?P=sep)(?P<year>[0-9]{4}|[0-9]{2})",
        rf"{_WEEKDAY}{_MONTH}\s+(?P<day>[0-9]{{1,2}})\s*,?\s+(?P<year>[0-9]{{4}})",
        rf"{_WEEKDAY}(?P<day>[0-9]{{1,2}})[\s-]+{_MONTH}[\s,-]+(?P<year>[0-9]{{4}}|[0-9]{{2}})",
        rf"(?P<year>[0-9]{{4}})[\s-]+{_MONTH}[\s-]+(?P<day>[0-9]{{1,2}})",
        rf"{_MONTH}[\s,]+(?P<year>[0-9]{{4}})",
    )
]
_LONGEST = 100


def read(text: str) -> Moment | None:
    """None for what is no date."""
    written = text.strip()
    if len(written) > _LONGEST:
        return None
    for form in _FORMS:
        found = form.fullmatch(written)
        if found:
            return _moment(found.groupdict())
    return None


def _moment(parts: dict[str, str | None]) -> Moment | None:
    try:
        day = date(_year(str(parts["year"])), _month(parts), int(parts.get("day") or 1))
        time = _time(parts)
        if time is None or not _weekday_fits(parts, day):
            return None
        offset, suffix = _zone(parts["zone"] or "")
        return made((day.toordinal() - 1) * DAY + time - offset, suffix)
    except (ValueError, OutOfRange):
        return None


def _year(digits: str) -> int:
    # Two digits: up to 29 of this century, as .NET does.
    return int(digits) if len(digits) == 4 else int(digits) + (2000 if int(digits) < 30 else 1900)


def _month(parts: dict[str, str | None]) -> int:
    word = (parts.get("word") or "").lower()
    if not word:
        return int(parts["month"] or 0)
    return next(place for place, name in enumerate(_MONTHS, 1) if name.startswith(word[:3]))


def _weekday_fits(parts: dict[str, str | None], day: date) -> bool:
    word = (parts.get("weekday") or "").lower()
    return not word or _DAYS[day.weekday()].startswith(word[:3])


def _time(parts: dict[str, str | None]) -> int | None:
    """Ticks since midnight; None for what no clock shows."""
    if parts["hour"] is None:
        return 0
    if parts["minute"] is None and parts["half"] is None:
        return None  # an hour alone is none
    hour, minute, second = (int(parts[name] or 0) for name in ("hour", "minute", "second"))
    if parts["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if parts["half"].lower() == "pm" else 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    return hour * HOUR + minute * MINUTE + second * SECOND + _fraction(parts["fraction"] or "")


def _fraction(digits: str) -> int:
    """In ticks; what is smaller is rounded."""
    kept = int(digits[:7].ljust(7, "0"))
    return kept + (len(digits) > 7 and digits[7] >= "5")


def _zone(written: str) -> tuple[int, str]:
    """(ticks ahead of UTC, suffix)"""
    if not written:
        return 0, OPEN
    if written[0] not in "+-":
        return 0, UTC
    digits = written[1:].replace(":", "")
    hours, minutes = (int(digits[:-2]), int(digits[-2:])) if len(digits) > 2 else (int(digits), 0)
    if hours > 14 or minutes > 59:
        raise ValueError(written)
    ahead = hours * HOUR + minutes * MINUTE
    return (-ahead if written[0] == "-" else ahead), LOCAL
