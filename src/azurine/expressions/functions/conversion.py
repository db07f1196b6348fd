"""From one type to another."""

import json
import math
import re
from typing import Any

from azurine.expressions import lenient
from azurine.expressions.formulas.faults import Refused
from azurine.expressions.functions import documents
from azurine.expressions.signatures import ANY, TEXT_OR_XML, Family, invalid
from azurine.expressions.values import sized, text

FAMILY = Family("Conversion")

_NUMBER = re.compile(r"\s*[+-]?(?:[0-9][0-9,]*+(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][+-]?[0-9]{1,6})?\s*")
_LONGEST = 400


@FAMILY.plain("array", ANY)
def array(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@FAMILY.plain("createArray", ANY, least=1, most=None)
def create_array(*values: Any) -> list[Any]:
    return list(values)


@FAMILY.plain("bool", ANY)
def boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value != 0
    word = value.strip().lower() if isinstance(value, str) else ""
    if word not in ("true", "false"):
        raise invalid("bool")
    return word == "true"


@FAMILY.plain("float", ANY)
def decimal(value: Any) -> float:
    if isinstance(value, bool | float | int):
        found = _double(value)
    else:
        found = _read(value)
    if found is None:
        raise invalid("float")
    return found


@FAMILY.plain("int", ANY)
def integer(value: Any) -> int:
    """Text and large integers go through a double (parity), so it is exact to 2^53 only."""
    if isinstance(value, bool) or (isinstance(value, int) and abs(value) < 2**53):
        return int(value)
    found = _double(value) if isinstance(value, int | float) else _read(value)
    if found is None or not math.isfinite(found) or found != int(found) or not -(2.0**63) <= found < 2.0**63:
        raise invalid("int")
    return int(found)


@FAMILY.plain("string", ANY)
def string(value: Any) -> str:
    return sized(text(value))


@FAMILY.plain("json", TEXT_OR_XML)
def parsed(value: Any) -> Any:
    if isinstance(value, dict):
        found = documents.as_json(value)
        if found is None:
            raise FAMILY.functions["json"].wrong_type(value, TEXT_OR_XML.words, 0)
        return found
    if not value.strip():
        return None
    try:
        return lenient.loads(value)
    except json.JSONDecodeError as error:
        shown = value if len(value) <= 200 else f"{value[:200]}…"
        raise Refused(
            f"The template language function 'json' parameter is not valid. The provided value '{shown}' cannot be parsed: "
            f"'{error.msg}. Line {error.lineno}, position {error.colno}.'. Please see https://aka.ms/logicexpressions#json for usage details.",
            0,
        ) from None


def _read(value: Any) -> float | None:
    """The number that a text writes, thousands separated by commas or not."""
    if not isinstance(value, str) or len(value) > _LONGEST or not _NUMBER.fullmatch(value):
        return None
    return _double(value.replace(",", ""))


def _double(value: Any) -> float | None:
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None
