"""Reading a request body, and saying everything that is wrong with it at once.

A `Reader` stands at a place in the body and knows its path. Asking it for a field answers the field's value, or a harmless
nothing after noting what is wrong; `finish` then raises one errors.Invalid that lists it all. Readers of places below share the
list. "Not given" and null are the same here (parity: the official clients send either). Nothing is changed or dropped: what
the reader does not ask for stays in the body as it was.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from azurine.model import errors
from azurine.model.resources import Json

MOST_DETAILS = 50
_DURATION = re.compile(r"P(?:(\d+(?:\.\d+)?)D)?(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?")


class Reader:
    __slots__ = ("_above", "_path", "faults", "value")

    def __init__(self, value: object, path: str = "", faults: list[errors.Detail] | None = None, above: "Reader | None" = None) -> None:
        """path: of this place; of this place below that of `above`, when there is such a one."""
        # Nothing and a dict first: asking an abstract class takes longer, and there are many questions.
        self.value: Json = {} if value is None else value if isinstance(value, dict | Mapping) else {}
        self._path = path
        self._above = above
        self.faults: list[errors.Detail] = [] if faults is None else faults

    @property
    def path(self) -> str:
        # Put together only when it is asked for, which is when something is wrong.
        return self._path if self._above is None else self._above.at(self._path)

    def at(self, key: str) -> str:
        """The path of a field below this place."""
        shown = key if len(key) <= 80 else key[:79] + "…"
        path = self.path
        return f"{path}.{shown}" if path else shown

    def fault(self, key: str, message: str, code: str = "InvalidValue") -> None:
        """Notes that something is wrong with a field ("": with this place itself)."""
        self.faults.append(errors.Detail(code, message, self.at(key) if key else self.path))

    def include(self, error: errors.AzurineError) -> None:
        """Notes what another room found wrong."""
        self.faults.extend(error.details or [errors.Detail(error.code, error.message, error.path or self.path)])

    def has(self, key: str) -> bool:
        return self.value.get(key) is not None

    def mapping(self, key: str, required: bool = False) -> "Reader":
        """A reader of the mapping below; an empty one when it is missing or no mapping."""
        found = self._typed(key, (dict, Mapping), "an object", required)
        return Reader(found, key, self.faults, self)

    def entries(self, key: str) -> Iterator[tuple[str, "Reader"]]:
        """(name, reader) for each entry of a mapping of mappings."""
        below = self.mapping(key)
        for name in below.value:
            yield str(name), below.mapping(str(name))

    def items(self, key: str, required: bool = False) -> Sequence[Any]:
        found = self._typed(key, list, "a list", required)
        return found if isinstance(found, list) else ()

    def text(self, key: str, required: bool = False, longest: int = 32_768) -> str:
        """The text at a key; "" when there is none."""
        found = self.value.get(key)
        if found is None and not required:
            return ""
        found = self._typed(key, str, "a string", required)
        if not isinstance(found, str):
            return ""
        if required and not found.strip():
            self.fault(key, f"{key} must not be empty", "MissingField")
        if len(found) > longest:
            self.fault(key, f"{key} is {len(found)} characters long; at most {longest} are taken")
        return found

    def choice(self, key: str, allowed: Iterable[str], required: bool = False) -> str:
        """The one of `allowed` that is meant, in its own spelling (case does not count); "" when there is none."""
        found = self.text(key, required)
        if not found:
            return ""
        spelled = {one.lower(): one for one in allowed}
        if found.lower() not in spelled:
            self.fault(key, f"{clipped(found)} is not one of {', '.join(spelled.values())}")
            return ""
        return spelled[found.lower()]

    def whole(self, key: str, required: bool = False, least: int | None = None, most: int | None = None) -> int | None:
        """An integer between bounds, both included; text that reads as one will do."""
        found = self._present(key, required)
        if found is None:
            return None
        number = as_whole(found)
        if number is None:
            self.fault(key, f"{key} must be a whole number, not {clipped(found)}", "InvalidType")
        elif (least is not None and number < least) or (most is not None and number > most):
            self.fault(key, f"{key} is {number}; it must be {_between(least, most)}")
            return None
        return number

    def flag(self, key: str, default: bool = False) -> bool:
        found = self._present(key, required=False)
        if found is None:
            return default
        if not isinstance(found, bool):
            self.fault(key, f"{key} must be true or false, not {clipped(found)}", "InvalidType")
            return default
        return found

    def seconds(self, key: str, default: float = 0.0) -> float:
        """An ISO 8601 duration such as PT120S, in seconds."""
        found = self.text(key)
        if not found:
            return default
        length = duration(found)
        if length is None:
            self.fault(key, f"{clipped(found)} is not a duration; write it like PT120S, PT2M or P1DT1H")
            return default
        return length

    def labels(self, key: str) -> None:
        """A mapping from names to plain values, such as tags."""
        for name, one in self.mapping(key).value.items():
            if isinstance(one, Mapping | list):
                self.mapping(key).fault(str(name), "the value must be a string", "InvalidType")

    def finish(self) -> None:
        """Raises one errors.Invalid when anything was noted."""
        if not self.faults:
            return
        first = self.faults[0]
        more = f" (and {len(self.faults) - 1} more)" if len(self.faults) > 1 else ""
        raise errors.Invalid(f"{first.message}{more}", code=first.code, path=first.path, details=self.faults[:MOST_DETAILS])

    def _present(self, key: str, required: bool) -> object:
        found: object = self.value.get(key)
        if found is None and required:
            self.fault(key, f"{key} is required", "MissingField")
        return found

    def _typed(self, key: str, wanted: type | tuple[type, ...], noun: str, required: bool) -> object:
        found = self._present(key, required)
        if found is not None and not isinstance(found, wanted):
            self.fault(key, f"{key} must be {noun}, not {clipped(found)}", "InvalidType")
            return None
        return found


def clipped(found: object, longest: int = 80) -> str:
    """A value as it reads in a message, however long it is."""
    if isinstance(found, Mapping):
        return "an object"
    if isinstance(found, list):
        return "a list"
    shown = {None: "null", True: "true", False: "false"}.get(found) if found is None or isinstance(found, bool) else None
    if shown is None:
        shown = repr(found[: longest + 1]) if isinstance(found, str) else str(found)
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def as_whole(found: object) -> int | None:
    if isinstance(found, bool):
        return None
    if isinstance(found, int):
        return found
    if isinstance(found, float):
        return int(found) if found.is_integer() else None
    if isinstance(found, str) and len(found) <= 40 and re.fullmatch(r"\s*[+-]?\d+\s*", found, re.ASCII):
        return int(found)
    return None


def as_number(found: object) -> float | None:
    if isinstance(found, bool) or not isinstance(found, int | float | str) or (isinstance(found, str) and len(found) > 400):
        return None
    try:
        number = float(found)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def duration(text: str) -> float | None:
    """Seconds of an ISO 8601 duration (days and smaller); None when it is not one."""
    found = _DURATION.fullmatch(text) if len(text) <= 60 else None
    if not found or not any(found.groups()) or text.endswith("T"):
        return None
    return sum(float(part) * unit for part, unit in zip(found.groups(), (86400, 3600, 60, 1), strict=True) if part)


def _between(least: int | None, most: int | None) -> str:
    if least is None:
        return f"at most {most}"
    return f"at least {least}" if most is None else f"between {least} and {most}"
