"""What a tumbling window trigger says: its windows, how late and how many at once, what is tried again, and which other windows it needs.

A rerun trigger speaks of some of the windows of another one, its parent. The number of a window is the same in both.
https://learn.microsoft.com/azure/data-factory/how-to-create-tumbling-window-trigger
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from azurine.factory import definitions, kinds
from azurine.factory.triggers import firing
from azurine.model import ids
from azurine.model.kinds import References
from azurine.model.resources import Json, Resource
from azurine.recurrence import reading
from azurine.recurrence.rules import Frequency
from azurine.recurrence.windows import Windows

TYPE, RERUN = "TumblingWindowTrigger", "RerunTumblingWindowTrigger"
SELF = "selfdependencytumblingwindowtriggerreference"
PATH = "properties.typeProperties"
MOST_NEEDS, MOST_AT_ONCE, MOST_RETRIES, SHORTEST = 5, 50, 1000, 5
_FREQUENCIES = {one.value: one for one in (Frequency.MINUTE, Frequency.HOUR, Frequency.MONTH)}
Note = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Need:
    """trigger: name of the trigger whose windows are needed, "" for its own. offset, size: seconds; None: as long as the window itself."""

    trigger: str
    offset: float = 0.0
    size: float | None = None


@dataclass(frozen=True, slots=True)
class Tumbling:
    """first: number of the first window. delay, pause (between two tries): seconds. retries: how often a window is tried again."""

    windows: Windows
    first: int = 0
    delay: float = 0.0
    concurrency: int = MOST_AT_ONCE
    retries: int = 0
    pause: float = 30.0
    needs: tuple[Need, ...] = ()


def of(trigger: Resource, known: References) -> Tumbling | None:
    """None for one of another type, or whose parent is not there any more."""
    properties = trigger.spec["properties"]
    if str(properties.get("type")).lower() == TYPE.lower():
        return read(properties, _ignore)
    if str(properties.get("type")).lower() != RERUN.lower():
        return None
    above = parent(trigger, known)
    whole = read(above.spec["properties"], _ignore) if above is not None else None
    return _part(whole, properties["typeProperties"]) if whole is not None else None


def pipelines(trigger: Resource, known: References) -> list[Json]:
    above = parent(trigger, known)
    return firing.only((above or trigger).spec["properties"])


def parent(trigger: Resource, known: References) -> Resource | None:
    """The trigger of whose windows a rerun trigger speaks; None for any other trigger."""
    reference = (trigger.spec["properties"].get("typeProperties") or {}).get("parentTrigger")
    name = reference.get("referenceName") if isinstance(reference, Mapping) else reference
    return known.get(kinds.of(trigger.id, kinds.TRIGGERS, name)) if isinstance(name, str) and name else None


def read(properties: Mapping[str, Any], note: Note) -> Tumbling | None:
    """None: something was noted."""
    given = properties.get("typeProperties")
    if not isinstance(given, Mapping):
        note(PATH, "'typeProperties' must be an object.")
        return None
    reader = _Reader(given, note)
    frequency = _FREQUENCIES.get(str(given.get("frequency")).lower())
    if frequency is None:
        reader.note("frequency", f"'{given.get('frequency')}' is no frequency of windows; Minute, Hour and Month are.")
    interval = reader.number(given, "interval", SHORTEST if frequency is Frequency.MINUTE else 1, 100_000, required=True)
    start = reader.moment("startTime", required=True)
    end = reader.moment("endTime")
    retry = given.get("retryPolicy")
    retry = {} if retry is None else retry
    if not isinstance(retry, Mapping):
        reader.note("retryPolicy", "'retryPolicy' must be an object.")
        retry = {}
    made = Tumbling(
        Windows(frequency or Frequency.HOUR, interval, start or 0.0, end),
        0,
        reader.span(given, "delay"),
        reader.number(given, "maxConcurrency", 1, MOST_AT_ONCE, MOST_AT_ONCE),
        reader.number(retry, "count", 0, MOST_RETRIES, 0, "retryPolicy."),
        reader.number(retry, "intervalInSeconds", 30, 86_400, 30, "retryPolicy."),
        reader.needs(),
    )
    if start is not None and not reader.faulty and made.windows.window(0) is None:
        reader.note("endTime", "'endTime' comes before the end of the first window.")
    return None if reader.faulty else made


def read_part(properties: Mapping[str, Any], note: Note) -> None:
    """Notes what is wrong with a rerun trigger."""
    given = properties.get("typeProperties")
    reader = _Reader(given if isinstance(given, Mapping) else {}, note)
    if not reader.given.get("parentTrigger"):
        reader.note("parentTrigger", "'parentTrigger' is required.")
    start, end = reader.moment("requestedStartTime", required=True), reader.moment("requestedEndTime", required=True)
    if start is not None and end is not None and end <= start:
        reader.note("requestedEndTime", "'requestedEndTime' must be after 'requestedStartTime'.")
    reader.number(reader.given, "rerunConcurrency", 1, MOST_AT_ONCE, required=True)


def ticket_id(run: Resource) -> str:
    return ids.child(ids.parent(run.id), "openwindows", run.name)


def _part(whole: Tumbling, given: Mapping[str, Any]) -> Tumbling | None:
    begin, end = reading.moment(given.get("requestedStartTime")), reading.moment(given.get("requestedEndTime"))
    if begin is None or end is None:
        return None
    numbers = whole.windows.overlapping(begin, end)
    last = whole.windows.window(numbers[-1]) if numbers else None
    windows = Windows(whole.windows.frequency, whole.windows.interval, whole.windows.start, last[1] if last else whole.windows.start)
    return Tumbling(windows, numbers.start, whole.delay, int(given["rerunConcurrency"]), whole.retries, whole.pause)


def _ignore(path: str, message: str) -> None:
    """What stands was checked when it was admitted."""


@dataclass(slots=True)
class _Reader:
    given: Mapping[str, Any]
    tell: Note
    faulty: bool = False

    def note(self, key: str, message: str) -> None:
        self.faulty = True
        self.tell(f"{PATH}.{key}", message)

    def number(self, holder: Mapping[str, Any], key: str, low: int, high: int, usual: int = 1, path: str = "", required: bool = False) -> int:
        found = holder.get(key)
        if found is None and not required:
            return usual
        if isinstance(found, str) and found.isascii() and found.isdigit() and len(found) < 9:
            found = int(found)
        if isinstance(found, bool) or not isinstance(found, int) or not low <= found <= high:
            self.note(path + key, f"'{key}' must be a whole number from {low} to {high}.")
            return usual
        return found

    def moment(self, key: str, required: bool = False) -> float | None:
        text = self.given.get(key)
        found = reading.moment(text)
        if found is None and (text or required):
            self.note(key, f"'{key}' must be a time such as 2024-01-31T08:00:00Z.")
        return found

    def span(self, holder: Mapping[str, Any], key: str, path: str = "") -> float:
        found = holder.get(key)
        seconds = timespan(found) if found is not None else 0.0
        if seconds is None or (seconds < 0 and key != "offset"):
            self.note(path + key, f"'{key}' must be a length of time such as 01:30:00 or 1.00:00:00.")
        return seconds or 0.0

    def needs(self) -> tuple[Need, ...]:
        found = self.given.get("dependsOn") or []
        if not isinstance(found, list) or len(found) > MOST_NEEDS:
            self.note("dependsOn", f"'dependsOn' must be an array of at most {MOST_NEEDS} dependencies.")
            return ()
        return tuple(need for place, one in enumerate(found) if (need := self._need(one, f"dependsOn[{place}]")) is not None)

    def _need(self, one: Any, path: str) -> Need | None:
        if not isinstance(one, Mapping):
            self.note(path, "A dependency must be an object.")
            return None
        offset = self.span(one, "offset", f"{path}.")
        size = self.span(one, "size", f"{path}.") if one.get("size") is not None else None
        if size == 0:
            self.note(f"{path}.size", "'size' must be more than nothing.")
        if str(one.get("type")).lower() == SELF:
            if offset >= 0 or offset + (size or 0.0) > 0:
                self.note(f"{path}.offset", "'offset' must be negative, and lead to windows before this one only.")
            return Need("", offset, size)
        reference = one.get("referenceTrigger")
        name = reference.get("referenceName") if isinstance(reference, Mapping) else None
        if not isinstance(name, str) or not name:
            self.note(
                f"{path}.referenceTrigger", "A dependency needs a 'referenceTrigger', or the type SelfDependencyTumblingWindowTriggerReference."
            )
            return None
        return Need(name, offset, size)


def timespan(text: Any) -> float | None:
    """Seconds of `[-][d.]hh:mm[:ss]`; None for what is none."""
    if not isinstance(text, str) or len(text) > 40:
        return None
    found = definitions.seconds(text.strip().removeprefix("-"))
    return -found if found is not None and text.strip().startswith("-") else found
