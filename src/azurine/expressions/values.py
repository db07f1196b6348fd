"""JSON values as the formulas see them: what type they are, how they read as text, when two are equal, which comes first.

Numbers are int (64 bits in arithmetic, any size when read) and float (double); nothing is converted silently but where said.
"""

import json
import math
import unicodedata
from base64 import b64decode
from collections.abc import Hashable, Mapping
from json.encoder import encode_basestring
from typing import Any

from azurine.expressions.formulas.faults import Refused

_NAMES: dict[type, str] = {
    type(None): "Null",
    str: "String",
    int: "Integer",
    float: "Float",
    bool: "Boolean",
    list: "Array",
    dict: "Object",
}
LARGEST_TEXT = 16 << 20
"""Characters a function may answer: some can make much of little, and nested they would fill any memory."""
CONTENT_TYPE, CONTENT = "$content-type", "$content"


def type_name(value: Any) -> str:
    return _NAMES.get(type(value)) or (
        "Object" if isinstance(value, Mapping) else "Array" if isinstance(value, list | tuple) else type(value).__name__
    )


def text(value: Any) -> str:
    """How a value reads in text: null as nothing, true as True, 1.0 as 1, arrays and objects as compact JSON."""
    kind = type(value)
    if kind is str:
        return str(value)
    if value is None:
        return ""
    if kind is bool or kind is int:
        return str(value)
    if kind is float:
        return float_text(value)
    held = content(value)
    if held is not None:
        return held.decode("utf-8", "replace")
    return json_text(value)


def float_text(value: float) -> str:
    """The shortest digits that read back as the same number; with an exponent from 1E+17 on and below 0.0001 (parity)."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    digits, _, power = f"{value!r}e0".partition("e")
    whole, _, rest = digits.lstrip("-").partition(".")
    sign = "-" if digits.startswith("-") else ""
    rest = "" if rest == "0" else rest
    all_digits = whole + rest
    significant = all_digits.lstrip("0")
    if not significant:
        return f"{sign}0"
    exponent = int(power.partition("e")[0]) + len(whole) - 1 - (len(all_digits) - len(significant))
    significant = significant.rstrip("0")
    if not -5 < exponent < 17:
        tail = f".{significant[1:]}" if len(significant) > 1 else ""
        return f"{sign}{significant[0]}{tail}E{'-' if exponent < 0 else '+'}{abs(exponent):02d}"
    if exponent < 0:
        return f"{sign}0.{'0' * (-exponent - 1)}{significant}"
    padded = significant.ljust(exponent + 1, "0")
    tail = f".{padded[exponent + 1 :]}" if len(padded) > exponent + 1 else ""
    return f"{sign}{padded[: exponent + 1]}{tail}"


def json_text(value: Any) -> str:
    """Compact JSON, letters as they are, floats always recognisable as floats (1.0 stays 1.0)."""
    written: list[str] = []
    _write(value, written)
    return "".join(written)


def _write(value: Any, written: list[str]) -> None:
    if isinstance(value, str):
        written.append(_quoted(value))
    elif value is None or isinstance(value, bool):
        written.append("null" if value is None else "true" if value else "false")
    elif isinstance(value, float):
        shown = float_text(value)
        written.append(shown if "E" in shown or "." in shown or not math.isfinite(value) else f"{shown}.0")
    elif isinstance(value, Mapping):
        opening = "{"
        for key, below in value.items():
            written.append(f"{opening}{_quoted(str(key))}:")
            _write(below, written)
            opening = ","
        written.append("}" if opening == "," else "{}")
    elif isinstance(value, list | tuple):
        opening = "["
        for below in value:
            written.append(opening)
            _write(below, written)
            opening = ","
        written.append("]" if opening == "," else "[]")
    else:
        written.append(json.dumps(value))


def _quoted(value: str) -> str:
    shown: str = encode_basestring(value)
    if not shown.isascii():
        shown = shown.replace("\x85", "\\u0085").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return shown


def content(value: Any) -> bytes | None:
    """The bytes of a content object {"$content-type": …, "$content": base64}; None when it is none."""
    if type(value) is not dict or len(value) != 2 or CONTENT not in value or CONTENT_TYPE not in value:
        return None
    try:
        return b64decode(str(value[CONTENT]), validate=True)
    except ValueError:
        return None


def sized(found: str) -> str:
    if len(found) > LARGEST_TEXT:
        raise too_long()
    return found


def too_long() -> Refused:
    return Refused(f"The text would be longer than the {LARGEST_TEXT} characters that an expression may have as its value.")


def equal(one: Any, other: Any) -> bool:
    """Deep and strict about types, 1 and 1.0 included; the order of keys does not count."""
    kind = type(one)
    if kind is str or kind is bool or one is None:
        return type(other) is kind and bool(one == other)
    return key(one) == key(other)


def key(value: Any) -> Hashable:
    """Equal values have equal keys, and only they."""
    if isinstance(value, bool | float):
        return (type(value), value)
    if isinstance(value, Mapping):
        return ("object", frozenset((name, key(below)) for name, below in value.items()))
    if isinstance(value, list | tuple):
        return ("array", tuple(key(below) for below in value))
    found: Hashable = value
    return found


_ORDER = "_-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$"


def collated(value: str) -> tuple[Any, ...]:
    """Sorts as people do: white space, punctuation, digits, letters; case and accents only count between otherwise equal texts, small letters first."""
    plain = unicodedata.normalize("NFD", value)
    letters = [one for one in plain if not unicodedata.combining(one)]
    accents = tuple(ord(one) for one in plain if unicodedata.combining(one))
    return [_weight(one) for one in letters], accents, [one.isupper() for one in letters]


def _weight(one: str) -> tuple[int, int]:
    small = one.lower()
    if small.isspace():
        return 0, ord(small[0])
    place = _ORDER.find(small)
    if place >= 0:
        return 1, place
    if small.isdigit():
        return 3, unicodedata.digit(small, 0)
    if small.isalpha():
        return 4, ord(small[0])
    return 2, ord(small[0])
