"""Dates and times. Timestamps come and go as text; `dates` reads and writes them as .NET does."""

import time
from collections.abc import Callable
from typing import Any

from azurine.expressions.dates import reading, writing, zones
from azurine.expressions.dates.moments import DAY, HOUR, MINUTE, OPEN, SECOND, UTC, Moment, OutOfRange, made, of_seconds
from azurine.expressions.formulas.faults import Refused
from azurine.expressions.scope import Scope
from azurine.expressions.signatures import INTEGER, TEXT, Family

FAMILY = Family("Date and time")

_TICKS = {"second": SECOND, "minute": MINUTE, "hour": HOUR, "day": DAY, "week": 7 * DAY}
_MONTHS = {"month": 1, "year": 12}
_MOST = 10**12
"""No count of any unit beyond it leads to a moment; it keeps the arithmetic small."""


@FAMILY.seeing("utcNow", TEXT, least=0)
def utc_now(scope: Scope, form: str = "o") -> str:
    return _written("utcNow", _now(scope), form)


@FAMILY.plain("formatDateTime", TEXT, TEXT, TEXT, least=1)
def format_date_time(stamp: str, form: str = "o", language: str = writing.ENGLISH) -> str:
    return _written("formatDateTime", _read("formatDateTime", stamp), form, language)


def _adding(name: str, unit: int) -> Callable[..., str]:
    def adding(stamp: str, count: int, form: str = "o") -> str:
        moment = _read(name, stamp)
        return _written(name, _moved(name, lambda: moment.plus(_count(count) * unit)), form)

    return adding


for _name, _unit in (("addSeconds", SECOND), ("addMinutes", MINUTE), ("addHours", HOUR), ("addDays", DAY)):
    FAMILY.plain(_name, TEXT, INTEGER, TEXT, least=2)(_adding(_name, _unit))


@FAMILY.plain("addToTime", TEXT, INTEGER, TEXT, TEXT, least=3)
def add_to_time(stamp: str, count: int, unit: str, form: str = "o") -> str:
    return _written("addToTime", _shifted("addToTime", _read("addToTime", stamp), count, unit), form)


@FAMILY.plain("subtractFromTime", TEXT, INTEGER, TEXT, TEXT, least=3)
def subtract_from_time(stamp: str, count: int, unit: str, form: str = "o") -> str:
    return _written("subtractFromTime", _shifted("subtractFromTime", _read("subtractFromTime", stamp), -count, unit), form)


@FAMILY.seeing("getFutureTime", INTEGER, TEXT, TEXT, least=2)
def get_future_time(scope: Scope, count: int, unit: str, form: str = "o") -> str:
    return _written("getFutureTime", _shifted("getFutureTime", _now(scope), count, unit), form)


@FAMILY.seeing("getPastTime", INTEGER, TEXT, TEXT, least=2)
def get_past_time(scope: Scope, count: int, unit: str, form: str = "o") -> str:
    return _written("getPastTime", _shifted("getPastTime", _now(scope), -count, unit), form)


@FAMILY.plain("startOfHour", TEXT, TEXT, least=1)
def start_of_hour(stamp: str, form: str = "o") -> str:
    moment = _read("startOfHour", stamp)
    return _written("startOfHour", moment.plus(-(moment.time % HOUR)), form)


@FAMILY.plain("startOfDay", TEXT, TEXT, least=1)
def start_of_day(stamp: str, form: str = "o") -> str:
    moment = _read("startOfDay", stamp)
    return _written("startOfDay", moment.plus(-moment.time), form)


@FAMILY.plain("startOfMonth", TEXT, TEXT, least=1)
def start_of_month(stamp: str, form: str = "o") -> str:
    moment = _read("startOfMonth", stamp)
    return _written("startOfMonth", moment.plus(-moment.time - (moment.date.day - 1) * DAY), form)


@FAMILY.plain("dayOfMonth", TEXT)
def day_of_month(stamp: str) -> int:
    return _read("dayOfMonth", stamp).date.day


@FAMILY.plain("dayOfWeek", TEXT)
def day_of_week(stamp: str) -> int:
    """Sunday is 0."""
    return _read("dayOfWeek", stamp).date.isoweekday() % 7


@FAMILY.plain("dayOfYear", TEXT)
def day_of_year(stamp: str) -> int:
    return _read("dayOfYear", stamp).date.timetuple().tm_yday


@FAMILY.plain("ticks", TEXT)
def ticks(stamp: str) -> int:
    return _read("ticks", stamp).ticks


@FAMILY.plain("convertFromUtc", TEXT, TEXT, TEXT, least=2)
def convert_from_utc(stamp: str, zone: str, form: str = "o") -> str:
    # Unlike Data Factory, which wants the Z: a stamp without any is taken as UTC.
    moment, there = _read("convertFromUtc", stamp), _zone("convertFromUtc", zone, 1)
    local = Moment(moment.ticks, UTC) if zones.is_utc(zone) else _moved("convertFromUtc", lambda: zones.from_utc(moment.ticks, there))
    return _written("convertFromUtc", local, form)


@FAMILY.plain("convertToUtc", TEXT, TEXT, TEXT, least=2)
def convert_to_utc(stamp: str, zone: str, form: str = "o") -> str:
    moment, there = _read("convertToUtc", stamp), _zone("convertToUtc", zone, 1)
    if moment.suffix == UTC and zones.is_utc(zone):
        return _written("convertToUtc", moment, form)
    if moment.suffix != OPEN:
        raise Refused(
            f"In function 'convertToUtc', the value provided for date time string '{_cut(stamp)}' was not valid: it must have no 'Z' and no offset.",
            0,
        )
    return _written("convertToUtc", made(_utc("convertToUtc", stamp, moment, there), UTC), form)


@FAMILY.plain("convertTimeZone", TEXT, TEXT, TEXT, TEXT, least=3)
def convert_time_zone(stamp: str, source: str, destination: str, form: str = "o") -> str:
    name = "convertTimeZone"
    moment, here, there = _read(name, stamp), _zone(name, source, 1), _zone(name, destination, 2)
    instant = moment.ticks if moment.suffix != OPEN else _utc(name, stamp, moment, here)
    moved = Moment(instant, UTC) if zones.is_utc(destination) else _moved(name, lambda: zones.from_utc(instant, there))
    return _written(name, moved, form)


def _now(scope: Scope) -> Moment:
    return of_seconds(time.time() if scope.now is None else scope.now)


def _read(name: str, stamp: str) -> Moment:
    found = reading.read(stamp)
    if found is None:
        raise Refused(
            f"In function '{name}', the value provided for date time string '{_cut(stamp)}' was not valid. The datetime string must match ISO 8601 format.",
            0,
        )
    return found


def _written(name: str, moment: Moment, form: str, language: str = writing.ENGLISH) -> str:
    try:
        return writing.write(moment, form, language)
    except writing.BadFormat:
        raise Refused(
            f"The template language function '{name}' format parameter '{_cut(form)}' is not supported. "
            "The format must be a single format character (such as 'd' or 'g') or a custom format pattern (such as 'MMMM dd, yyyy' or 'hh:mm:ss.ff')."
        ) from None


def _shifted(name: str, moment: Moment, count: int, unit: str) -> Moment:
    small = unit.lower()
    if small in _MONTHS:
        return _moved(name, lambda: moment.plus_months(_count(count) * _MONTHS[small]))
    if small in _TICKS:
        return _moved(name, lambda: moment.plus(_count(count) * _TICKS[small]))
    raise Refused(
        f"The template language function '{name}' expects a string that represents a valid time unit. The provided value '{_cut(unit)}' is not a valid "
        "time unit: it is one of Second, Minute, Hour, Day, Week, Month, Year."
    )


def _moved(name: str, move: Callable[[], Any]) -> Moment:
    try:
        found: Moment = move()
    except OutOfRange:
        raise Refused(
            f"The template language function '{name}' parameters are not valid. The added or subtracted value results in an unrepresentable DateTime."
        ) from None
    return found


def _count(count: int) -> int:
    if abs(count) > _MOST:
        raise OutOfRange
    return count


def _zone(name: str, zone: str, argument: int) -> Any:
    try:
        return zones.find(zone)
    except zones.Unknown:
        raise Refused(
            f"In the template language function '{name}', the value provided for the time zone id '{_cut(zone)}' was not valid.", argument
        ) from None


def _utc(name: str, stamp: str, moment: Moment, zone: Any) -> int:
    try:
        return zones.to_utc(moment.ticks, zone)
    except zones.NoSuchTime as error:
        why = "does not exist there: the clocks skip it" if str(error) == "skipped" else "exists twice there: the clocks go back over it"
        raise Refused(
            f"In function '{name}', the value provided for date time string '{_cut(stamp)}' was not valid for its time zone: it {why}.", 0
        ) from None
    except OutOfRange:
        raise Refused(
            f"In function '{name}', the value provided for date time string '{_cut(stamp)}' results in an un-representable DateTime.", 0
        ) from None


def _cut(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:200]}…"
