"""One side of a signal: which data, which of its columns are not features, and which stretch of time.

Trailing (also called Rolling): a window that ends at the time of the run less an offset. Static: between two days. Fixed: all of it.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from azurine.drift.signals import plans, windows
from azurine.drift.signals.plans import Data
from azurine.ml.reading import Reader, clipped
from azurine.recurrence import reading

TYPES = ("uri_folder", "uri_file", "mltable")
FIXED, TRAILING, STATIC = "Fixed", "Trailing", "Static"
CONTEXTS = ("model_inputs", "model_outputs", "model_inputs_outputs", "training", "test", "validation", "ground_truth")


@dataclass(slots=True)
class Room:
    """at: the time of the run. period: how long a window is that does not say. inputs: of the job, by name; what two signals look at is one input."""

    at: datetime
    period: str
    inputs: dict[str, dict[str, Any]] = field(default_factory=dict)

    def input(self, type: str, uri: str) -> str:
        wanted = {"jobInputType": type, "uri": uri}
        for name, one in self.inputs.items():
            if one == wanted:
                return name
        name = f"data_{len(self.inputs)}"
        self.inputs[name] = wanted
        return name


def read(given: Reader, room: Room, trailing: bool = False) -> Data:
    """trailing: it may be nothing else, as production data."""
    sort = given.choice("inputDataType", (FIXED, TRAILING, "Rolling", STATIC)) or (TRAILING if trailing else FIXED)
    if trailing and sort in (FIXED, STATIC):
        given.fault("inputDataType", f"production data looks back from the time of the run: {TRAILING} would be right, not {sort}")
    type = given.choice("jobInputType", TYPES) or TYPES[0]
    uri = given.text("uri", required=True)
    start, end = _static(given) if sort == STATIC else ("", "") if sort == FIXED else _trailing(given, room)
    return Data(room.input(type, uri), uri, _context(given), start, end, columns(given.mapping("columns")))


def columns(given: Reader) -> dict[str, str]:
    """By role. parity: `target_column_name` and `target_column` are the same, `prediction` and `prediction_column` too."""
    found = {}
    for name in given.value:
        value = given.text(str(name))
        plain = str(name).lower().removesuffix("_name")
        role = next((one for one in plans.ROLES if plain in (one, one.removesuffix("_column"))), "")
        if value and role:
            found[role] = value
    return found


def component(given: Reader) -> str:
    """The pre-processing component; "" for none."""
    return given.text("preprocessingComponentId")


def _context(given: Reader) -> str:
    said = given.text("dataContext")
    plain = "".join(f"_{one.lower()}" if one.isupper() else one for one in said).lstrip("_")
    if said and plain not in CONTEXTS:
        given.fault("dataContext", f"{clipped(said)} is not one of {', '.join(CONTEXTS)}")
    return plain


def _trailing(given: Reader, room: Room) -> tuple[str, str]:
    size, offset = (_duration(given, key, default) for key, default in (("windowSize", room.period), ("windowOffset", "P0D")))
    if size is None or offset is None:
        return "", ""
    if size.empty:
        given.fault("windowSize", "a look-back window has a length; write it like P7D")
        return "", ""
    start, end = windows.trailing(room.at, size, offset)
    return start.isoformat(), end.isoformat()


def _duration(given: Reader, key: str, default: str) -> windows.Duration | None:
    said = given.text(key)
    text = default if said.lower() in ("", "default") else said
    found = windows.duration(text)
    if found is None:
        given.fault(key, f"{clipped(text)} is not a duration; write it like P7D, P1M or PT12H")
    return found


def _static(given: Reader) -> tuple[str, str]:
    moments = []
    for key in ("windowStart", "windowEnd"):
        text = given.text(key, required=True)
        found = reading.moment(text) if text else None
        if text and found is None:
            given.fault(key, f"{key} must be a time such as 2024-01-31T00:00:00Z, not {clipped(text)}")
        moments.append(found)
    start, end = moments
    if start is None or end is None:
        return "", ""
    if end <= start:
        given.fault("windowEnd", "the window ends before it has begun")
    return datetime.fromtimestamp(start, UTC).isoformat(), datetime.fromtimestamp(end, UTC).isoformat()
