"""The arguments of one call, from the query or the JSON body, read with their types.

MLflow's messages are protobuf written as JSON: a 64-bit number may come as text, a number may be "NaN", a field set to null is
a field left out. A wrong one is an `errors.Invalid` that names it.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from azurine.model import errors

INT64 = 2**63
DEEPEST = 100
_SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")


class Arguments:
    def __init__(self, fields: Mapping[str, Any], path: str = "") -> None:
        """path: where these fields are in the body, for messages; such as `metrics[3].`."""
        self._fields = fields
        self._path = path

    def __contains__(self, name: str) -> bool:
        return self._fields.get(name) is not None

    def text(self, name: str, default: str | None = None) -> str:
        """A text that is there and not empty; or the default."""
        value = self._fields.get(name)
        if type(value) is str and value and value.isascii() and "\0" not in value:
            return value
        if value is None or (value == "" and default is not None):
            if default is None:
                raise missing(self._path + name)
            return default
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str):
            raise invalid(self._path + name, value, "Expected a string.")
        if not value and default is None:
            raise missing(self._path + name)
        return self._storable(name, value)

    def anything(self, name: str, default: str = "") -> str:
        """A text that may be empty."""
        value = self._fields.get(name)
        if value is None:
            return default
        if not isinstance(value, str):
            value = json.dumps(value) if isinstance(value, dict | list | bool) else str(value)
        return self._storable(name, value)

    def _storable(self, name: str, value: str) -> str:
        if _NO_TEXT.search(value):
            raise errors.Invalid(f"The parameter '{self._path}{name}' holds a NUL or half of a surrogate pair.", path=self._path + name)
        return value

    def whole(self, name: str, default: int | None = None) -> int:
        """A 64-bit whole number."""
        value = self._fields.get(name)
        if type(value) is int and -INT64 <= value < INT64:
            return value
        if value is None or value == "":
            if default is None:
                raise missing(self._path + name)
            return default
        if isinstance(value, str) and re.fullmatch(r"[-+]?[0-9]{1,20}", value):
            value = int(value)
        if isinstance(value, float) and value.is_integer() and abs(value) < INT64:
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not -INT64 <= value < INT64:
            raise invalid(self._path + name, value, "Expected a 64-bit integer.")
        return value

    def limit(self, name: str, default: int, most: int) -> int:
        """How many results are wanted: from 1 to `most`."""
        value = self.whole(name, default)
        if not 1 <= value <= most:
            raise invalid(self._path + name, value, f"It must be at least 1 and at most {most}.")
        return value

    def number(self, name: str) -> float:
        """A double, NaN and the infinities included."""
        value = self._fields.get(name)
        if type(value) is float:
            return value
        if value is None:
            raise missing(self._path + name)
        if isinstance(value, str):
            try:
                value = _SPECIAL[value] if value in _SPECIAL else float(value)
            except ValueError:
                value = None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise invalid(self._path + name, self._fields[name], "Please specify value as a valid double (64-bit floating point).")
        try:
            return float(value)
        except OverflowError as problem:
            raise invalid(self._path + name, value, "It is out of the range of a double.") from problem

    def flag(self, name: str, default: bool = False) -> bool:
        value = self._fields.get(name)
        if value is None:
            return default
        if isinstance(value, bool):
            return value
        if str(value).lower() in ("true", "false"):
            return str(value).lower() == "true"
        raise invalid(self._path + name, value, "Expected true or false.")

    def texts(self, name: str) -> list[str]:
        """A list of texts; one alone counts as a list of one."""
        value = self._fields.get(name)
        values = [] if value is None else value if isinstance(value, list) else [value]
        return [Arguments({name: one}, self._path).text(name) for one in values if one is not None]

    def objects(self, name: str) -> "list[Arguments]":
        """A list of messages, each with its own path."""
        value = self._fields.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise invalid(self._path + name, value, "Expected a list.")
        return [Arguments(_mapping(one, f"{self._path}{name}[{place}]"), f"{self._path}{name}[{place}].") for place, one in enumerate(value)]

    def object(self, name: str) -> "Arguments":
        value = self._fields.get(name)
        return Arguments(_mapping({} if value is None else value, self._path + name), f"{self._path}{name}.")

    def path(self, name: str) -> str:
        return self._path + name


def from_query(pairs: Sequence[tuple[str, str]]) -> Arguments:
    """A name given several times is a list, as the client sends one."""
    fields: dict[str, Any] = {}
    for name, value in pairs:
        name = name.removesuffix("[]")
        if name in fields:
            before = fields[name]
            fields[name] = [*before, value] if isinstance(before, list) else [before, value]
        else:
            fields[name] = value
    return Arguments(fields)


def from_body(raw: bytes) -> Arguments:
    if not raw.strip():
        return Arguments({})
    try:
        value = json.loads(raw)
        _check_depth(value)
    except (ValueError, RecursionError) as problem:
        raise errors.Invalid(f"The request body is not JSON that can be read: {str(problem)[:200]}", code="BAD_REQUEST") from problem
    return Arguments(_mapping(value, "the request body"))


def invalid(path: str, value: object, why: str) -> errors.Invalid:
    shown = json.dumps(value, default=str)
    shown = shown if len(shown) <= 200 else shown[:200] + "…"
    return errors.Invalid(f"Invalid value {shown} for parameter '{path}' supplied: {why}", path=path)


def missing(path: str) -> errors.Invalid:
    return errors.Invalid(f"Missing value for required parameter '{path}'.", path=path)


def _mapping(value: object, path: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise invalid(path, value, "Expected an object.")
    return value


def _check_depth(value: Any) -> None:
    level: list[Any] = [value]
    for _ in range(DEEPEST):
        level = [inner for one in level for inner in _inside(one)]
        if not level:
            return
    raise ValueError(f"it is nested more than {DEEPEST} deep")


def _inside(value: Any) -> Iterator[Any]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return (one for one in inner if isinstance(one, dict | list))
