"""Writes a moment with .NET's format strings: one letter is a standard format, more are a custom one.

The names are those of a language (`languages.json`, made from Unicode's CLDR); en-US when none is asked for or it is not known.
Letters without a meaning stand for themselves, so the Z in `yyyy-MM-ddTHH:mm:ssZ` is just a letter (parity).

https://learn.microsoft.com/dotnet/standard/base-types/custom-date-and-time-format-strings
"""

import json
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from azurine.expressions.dates.moments import HOUR, MINUTE, SECOND, Moment

Language = Mapping[str, Any]
ENGLISH = "en-US"
ROUND_TRIP = "yyyy'-'MM'-'dd'T'HH':'mm':'ss'.'fffffffK"
_FIXED = {
    "o": ROUND_TRIP,
    "r": "ddd, dd MMM yyyy HH':'mm':'ss 'GMT'",
    "s": "yyyy'-'MM'-'dd'T'HH':'mm':'ss",
    "u": "yyyy'-'MM'-'dd HH':'mm':'ss'Z'",
}
_STANDARD = {"d": "d", "D": "D", "t": "t", "T": "T", "M": "M", "m": "M", "Y": "Y", "y": "Y"}
_JOINED = {"f": "D t", "F": "D T", "g": "d t", "G": "d T", "U": "D T"}


class BadFormat(Exception):
    """.NET has no such format."""


def write(moment: Moment, form: str = "o", language: str = ENGLISH) -> str:
    """Raises BadFormat."""
    if form == "o":
        return _round_trip(moment)
    names = languages().get(_known(language), {})
    if form in ("r", "R"):
        names = languages()[ENGLISH]
    return "".join([part if isinstance(part, str) else part(moment, names) for part in _parts(_pattern(form, names))])


def _round_trip(moment: Moment) -> str:
    seconds, fraction = divmod(moment.time, SECOND)
    return f"{moment.date.isoformat()}T{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{fraction:07d}{moment.suffix}"


def _pattern(form: str, names: Language) -> str:
    """The custom format that a format stands for."""
    if form == "":
        form = "G"
    if len(form) > 1:
        return form
    if form.lower() in _FIXED and form not in ("S", "U"):
        return _FIXED[form.lower()]
    if form in _STANDARD:
        return str(names[_STANDARD[form]])
    if form in _JOINED:
        one, other = _JOINED[form].split(" ")
        return f"{names[one]} {names[other]}"
    raise BadFormat(form)


Part = str | Callable[[Moment, Language], str]


@lru_cache(maxsize=256)
def _parts(pattern: str) -> tuple[Part, ...]:
    """A custom format, cut into texts and what writes a number or a name. Raises BadFormat."""
    parts: list[Part] = []
    at = 0
    while at < len(pattern):
        sign = pattern[at]
        if sign in "'\"":
            end = at + 1
            while end < len(pattern) and pattern[end] != sign:
                end += 2 if pattern[end] == "\\" else 1
            if end >= len(pattern):
                raise BadFormat(pattern)
            parts.append(_unescaped(pattern[at + 1 : end]))
            at = end + 1
        elif sign in "\\%":
            if at + 1 >= len(pattern) or (sign == "%" and pattern[at + 1] == "%"):
                raise BadFormat(pattern)
            parts.append(pattern[at + 1] if sign == "\\" else _letters(pattern[at + 1], 1))
            at += 2
        else:
            count = len(pattern) - at - len(pattern[at:].lstrip(sign))
            parts.append(_dropping_dot(parts, count) if sign == "F" else _letters(sign, count))
            at += count
    return tuple(parts)


def _unescaped(text: str) -> str:
    shown, at = [], 0
    while at < len(text):
        at += text[at] == "\\"
        shown.append(text[at : at + 1])
        at += 1
    return "".join(shown)


def _letters(letter: str, count: int) -> Part:
    """What a run of one letter stands for."""
    if letter in _NUMBERS:
        value = _NUMBERS[letter]
        width = min(count, 2)
        return lambda moment, names: str(value(moment)).zfill(width)
    if letter == "d":
        return _day(count)
    if letter == "M":
        return _month(count)
    if letter == "y":
        return _year(count)
    if letter in "fF":
        return _fraction(count, letter == "F")
    if letter == "t":
        return lambda moment, names: str(names["halves"][moment.time >= 12 * HOUR])[: 1 if count == 1 else None]
    if letter == "z":
        # This server's own zone is UTC, whatever the machine's is.
        return {1: "+0", 2: "+00"}.get(count, "+00:00")
    if letter == "K":
        return lambda moment, names: moment.suffix * count
    if letter in "/:":
        key = "date_separator" if letter == "/" else "time_separator"
        return lambda moment, names: str(names[key]) * count
    return "AD" if letter == "g" else letter * count


_NUMBERS: dict[str, Callable[[Moment], int]] = {
    "h": lambda moment: (moment.time // HOUR + 11) % 12 + 1,
    "H": lambda moment: moment.time // HOUR,
    "m": lambda moment: moment.time // MINUTE % 60,
    "s": lambda moment: moment.time // SECOND % 60,
}


def _day(count: int) -> Part:
    if count <= 2:
        return lambda moment, names: str(moment.date.day).zfill(count)
    key = "short_days" if count == 3 else "days"
    return lambda moment, names: str(names[key][moment.date.isoweekday() % 7])


def _month(count: int) -> Part:
    if count <= 2:
        return lambda moment, names: str(moment.date.month).zfill(count)
    key = "short_months" if count == 3 else "months"
    return lambda moment, names: str(names[key][moment.date.month - 1])


def _year(count: int) -> Part:
    if count <= 2:
        return lambda moment, names: str(moment.date.year % 100).zfill(count)
    return lambda moment, names: str(moment.date.year).zfill(count)


def _fraction(count: int, trimmed: bool) -> Part:
    if count > 7:
        raise BadFormat("f" * count)
    if trimmed:
        return lambda moment, names: f"{moment.time % SECOND:07d}"[:count].rstrip("0")
    return lambda moment, names: f"{moment.time % SECOND:07d}"[:count]


def _dropping_dot(parts: list[Part], count: int) -> Part:
    """`F` writes no zeros at the end, and takes a dot before it away when nothing is left."""
    fraction = _fraction(count, trimmed=True)
    if not parts or not isinstance(parts[-1], str) or not parts[-1].endswith(".") or isinstance(fraction, str):
        return fraction
    parts[-1] = parts[-1][:-1]

    def write_with_dot(moment: Moment, names: Language) -> str:
        written = fraction(moment, names)
        return f".{written}" if written else ""

    return write_with_dot


@cache
def languages() -> dict[str, Language]:
    found: dict[str, Language] = json.loads((files("azurine.expressions.dates") / "languages.json").read_text(encoding="utf-8"))
    return found


@lru_cache(maxsize=256)
def _known(language: str) -> str:
    """Its name in the table: `fr-fr` and `fr` are fr-FR."""
    small = language.strip().replace("_", "-").lower()
    exact = {name.lower(): name for name in languages()}
    if small in exact:
        return exact[small]
    first = small.partition("-")[0]
    return next((name for name in languages() if name.partition("-")[0] == first), ENGLISH)
