"""A recurrence as JSON → a rule, as Data Factory and Azure ML write it.

    {"frequency": "Week", "interval": 1, "startTime": "2024-01-01T08:00:00", "endTime": …, "timeZone": "W. Europe Standard Time",
     "schedule": {"hours": [8], "minutes": [0, 30], "weekDays": ["Monday"], "monthDays": [-1], "monthlyOccurrences": [{"day": "Friday", "occurrence": -1}]}}

A time without `Z` or an offset is one of the zone. Which names zones have is known by whoever calls.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from azurine.recurrence import calendar
from azurine.recurrence.rules import UTC, Frequency, Rule

Note = Callable[[str, str], None]
"""(path, what is wrong)"""
Zones = Callable[[str], ZoneInfo | None]
"""name → zone; None for a name that nobody has."""

WEEK_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MOST = 1000
"""The largest interval."""
_MOST_SLOTS = 100
_MONTHS_IN_YEAR = 12
_FREQUENCIES = {one.value: one for one in Frequency} | {"year": Frequency.MONTH}


def rule(body: Mapping[str, Any], path: str, zones: Zones, note: Note, begin: float) -> Rule | None:
    """begin: where it starts when it does not say. None: something was noted."""
    reader = _Reader(body, path, note)
    word = str(body.get("frequency") or "").lower()
    if word not in _FREQUENCIES:
        reader.note("frequency", f"'{body.get('frequency')}' is no frequency; Minute, Hour, Day, Week and Month are.")
    interval = reader.interval()
    zone = reader.zone(zones)
    start, end = reader.moment("startTime", zone), reader.moment("endTime", zone)
    if start is not None and end is not None and end < start:
        reader.note("endTime", "'endTime' must not be before 'startTime'.")
    slots = reader.slots(word)
    if reader.faulty:
        return None
    made = Rule(_FREQUENCIES[word], interval * (_MONTHS_IN_YEAR if word == "year" else 1), begin if start is None else start, end, zone, **slots)
    if made.after(made.start - 1) is None:
        reader.note("schedule" if body.get("schedule") else "endTime", "There is no time at which it would be due, now or later.")
        return None
    return made


def moment(text: Any, zone: ZoneInfo = UTC) -> float | None:
    """The instant of a timestamp; None for what is none."""
    if not isinstance(text, str) or len(text) > 40:
        return None
    try:
        found = datetime.fromisoformat(text.strip().upper())
        return calendar.instant(found, zone) if found.tzinfo is None else calendar.instant(found.astimezone(UTC), UTC)
    except (ValueError, OverflowError):
        return None


@dataclass(slots=True)
class _Reader:
    body: Mapping[str, Any]
    path: str
    tell: Note
    faulty: bool = False

    def note(self, key: str, message: str) -> None:
        self.faulty = True
        self.tell(f"{self.path}.{key}", message)

    def interval(self) -> int:
        found = self.body.get("interval", 1)
        if isinstance(found, bool) or not isinstance(found, int) or not 1 <= found <= MOST:
            self.note("interval", f"'interval' must be a whole number from 1 to {MOST}.")
            return 1
        return found

    def zone(self, zones: Zones) -> ZoneInfo:
        name = self.body.get("timeZone") or "UTC"
        found = zones(name) if isinstance(name, str) else None
        if found is None:
            self.note("timeZone", f"'{name}' is no time zone, such as 'UTC' or 'W. Europe Standard Time'.")
        return found or UTC

    def moment(self, key: str, zone: ZoneInfo) -> float | None:
        given = self.body.get(key)
        if given is None or given == "":
            return None
        found = moment(given, zone)
        if found is None:
            self.note(key, f"'{key}' must be a time such as 2024-01-31T08:00:00Z, not '{str(given)[:40]}'.")
        return found

    def slots(self, word: str) -> dict[str, Any]:
        schedule = self.body.get("schedule")
        if schedule is None:
            return {}
        if not isinstance(schedule, Mapping):
            self.note("schedule", "'schedule' must be an object.")
            return {}
        made = {
            "minutes": self._numbers(schedule, "minutes", range(60)),
            "hours": self._numbers(schedule, "hours", range(24)),
            "week_days": tuple(self._day(one, f"weekDays[{place}]") for place, one in enumerate(self._listed(schedule, "weekDays"))),
            "month_days": self._numbers(schedule, "monthDays", (*range(-31, 0), *range(1, 32))),
            "occurrences": tuple(
                self._occurrence(one, f"monthlyOccurrences[{place}]") for place, one in enumerate(self._listed(schedule, "monthlyOccurrences"))
            ),
        }
        for key, needed in (("weekDays", "week"), ("monthDays", "month"), ("monthlyOccurrences", "month")):
            if schedule.get(key) and word in _FREQUENCIES and word != needed:
                self.note(f"schedule.{key}", f"'{key}' can only be given with the frequency {needed.capitalize()}.")
        return made

    def _listed(self, schedule: Mapping[str, Any], key: str) -> list[Any]:
        found = schedule.get(key)
        # One alone may stand without its list: Azure ML writes it so.
        found = [found] if isinstance(found, int | str) and not isinstance(found, bool) else found
        if found is not None and not isinstance(found, list):
            self.note(f"schedule.{key}", f"'{key}' must be an array.")
            return []
        if found and len(found) > _MOST_SLOTS:
            self.note(f"schedule.{key}", f"'{key}' has more than {_MOST_SLOTS} entries.")
            return []
        return found or []

    def _numbers(self, schedule: Mapping[str, Any], key: str, right: Iterable[int]) -> tuple[int, ...]:
        known, found = set(right), self._listed(schedule, key)
        for place, one in enumerate(found):
            if isinstance(one, bool) or not isinstance(one, int) or one not in known:
                said = f"{min(known)} to {max(known)}" + (", not 0" if min(known) < 0 else "")
                self.note(f"schedule.{key}[{place}]", f"'{key}' holds whole numbers from {said}.")
                return ()
        return tuple(sorted(set(found)))

    def _day(self, name: Any, where: str) -> int:
        if not isinstance(name, str) or name.lower() not in WEEK_DAYS:
            self.note(f"schedule.{where}", f"'{name}' is no day of the week.")
            return 0
        return WEEK_DAYS.index(name.lower())

    def _occurrence(self, one: Any, where: str) -> tuple[int, int]:
        if not isinstance(one, Mapping):
            self.note(f"schedule.{where}", 'An occurrence must be an object such as {"day": "Friday", "occurrence": -1}.')
            return 0, 1
        which = one.get("occurrence")
        if isinstance(which, bool) or not isinstance(which, int) or which == 0 or abs(which) > 5:
            self.note(f"schedule.{where}.occurrence", "'occurrence' must be a whole number from 1 to 5 or from -5 to -1.")
            return 0, 1
        return self._day(one.get("day"), f"{where}.day"), which
