"""Time zones: Windows' names, through the table of Unicode's CLDR (`windows_zones.json`, territory 001), and IANA's.

The offsets come from the zone information of the system or of the package tzdata. A local time that a zone skips, or has twice,
is refused, as Data Factory does.

https://github.com/unicode-org/cldr/blob/main/common/supplemental/windowsZones.xml
"""

import json
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo, available_timezones

from azurine.expressions.dates.moments import OPEN, Moment, OutOfRange, as_datetime, made

_TICKS = 10


class Unknown(Exception):
    """There is no such zone."""


class NoSuchTime(Exception):
    """The zone has no such local time, or has it twice. The argument says which."""


@lru_cache(maxsize=512)
def find(name: str) -> ZoneInfo:
    """Raises Unknown."""
    small = name.strip().lower()
    iana = _windows().get(small) or _iana().get(small)
    if iana is None:
        raise Unknown(name)
    return ZoneInfo(iana)


def is_utc(name: str) -> bool:
    return find(name).key in ("Etc/UTC", "UTC", "Etc/GMT", "GMT", "Zulu", "Etc/Zulu", "Universal", "Etc/Universal", "UCT", "Etc/UCT")


def from_utc(ticks: int, zone: ZoneInfo) -> Moment:
    """The local time there. Raises OutOfRange."""
    try:
        offset = as_datetime(ticks).replace(tzinfo=UTC).astimezone(zone).utcoffset()
    except (OverflowError, ValueError):
        raise OutOfRange from None
    return made(ticks + _in_ticks(offset), OPEN)


def to_utc(ticks: int, zone: ZoneInfo) -> int:
    """Raises NoSuchTime, OutOfRange."""
    local = as_datetime(ticks)
    try:
        before, after = (datetime.replace(local, tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    except (OverflowError, ValueError):
        raise OutOfRange from None
    if before != after:
        raise NoSuchTime("skipped" if _in_ticks(before) < _in_ticks(after) else "ambiguous")
    return made(ticks - _in_ticks(before), OPEN).ticks


def _in_ticks(offset: timedelta | None) -> int:
    return (offset or timedelta()) // timedelta(microseconds=1) * _TICKS


@cache
def _iana() -> dict[str, str]:
    """The same for IANA's own names."""
    return {name.lower(): name for name in available_timezones()}


@cache
def _windows() -> dict[str, str]:
    """{name in small letters: IANA's name}"""
    table = json.loads((files("azurine.expressions.dates") / "windows_zones.json").read_text(encoding="utf-8"))
    return {name.lower(): iana for name, iana in table.items()}
