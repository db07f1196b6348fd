"""Windows of time, cut into stretches that do not overlap: each row is counted once, in its stretch, and a window is the sum of its stretches.

A timestamp without a zone is taken as UTC, one with a zone is what it says; both may stand in one column. What is no timestamp is in no window.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from azurine.guest.drift.columns import type_of
from azurine.guest.drift.sources import named, quoted
from azurine.model.errors import Invalid

UNPLACED = -1
"""The stretch of the rows whose timestamp is missing or is none."""


@dataclass(frozen=True, slots=True)
class Window:
    """From `start` on, before `end`."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Stretches:
    """column: of the timestamp. borders: ascending; the stretch n lies between the borders n and n + 1."""

    column: str
    borders: tuple[datetime, ...]

    def of(self, window: Window) -> range:
        return range(self.borders.index(_utc(window.start)), self.borders.index(_utc(window.end)))

    def moment(self, stored: str) -> str:
        """The timestamp of a row, by a session whose zone is UTC."""
        name = named(self.column)
        if type_of(stored) in ("timestamp", "date"):
            return f"{name}::TIMESTAMPTZ"
        if type_of(stored) == "text":
            return f"TRY_CAST({name} AS TIMESTAMPTZ)"
        raise Invalid(f"holds {type_of(stored)} values, not timestamps", path=self.column)

    def place(self, stored: str) -> str:
        """The stretch of a row; NULL outside of all of them."""
        moment = self.moment(stored)
        cases = [f"WHEN {moment} IS NULL THEN {UNPLACED}", f"WHEN {moment} < {_moment(self.borders[0])} THEN NULL"]
        cases += [f"WHEN {moment} < {_moment(border)} THEN {place}" for place, border in enumerate(self.borders[1:])]
        return f"CASE {' '.join(cases)} END"


def cut(column: str, windows: Sequence[Window]) -> Stretches:
    for window in windows:
        if _utc(window.end) <= _utc(window.start):
            raise Invalid(f"the window from {window.start} ends at {window.end}, before it has begun", path="windows")
    return Stretches(column, tuple(sorted({_utc(border) for window in windows for border in (window.start, window.end)})))


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _moment(border: datetime) -> str:
    return f"TIMESTAMPTZ {quoted(border.isoformat())}"
