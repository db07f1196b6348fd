"""One mini-batch on its way: tried, tried again, and in the end file by file, so that one that cannot be read does not spoil the others.

    run ──▶ done                                  every item without a result counts as failed
     └── failed (raised, took too long) ──▶ again, `retries` times ──▶ each file by itself ──▶ done
     └── its process died ──▶ again, `DEATHS` times; then as if it had failed for the last time

A mini-batch that had to be taken apart counts as failed, however many of its files were fine by themselves. The rows of a table are
not taken apart.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from azurine.guest.batch.ledger import Batch, Done

DEATHS = 3
"""Times that a process may die under a mini-batch before it is held against the mini-batch."""


@dataclass(slots=True)
class Course:
    batch: Batch
    retries: int
    failures: int = 0
    deaths: int = 0
    alone: deque[str] | None = None
    """The files that are still to be tried by themselves."""
    outcome: Done = field(init=False)

    def __post_init__(self) -> None:
        self.outcome = Done(self.batch.number)

    def what(self) -> Mapping[str, Any]:
        """What a process is to run now."""
        return {**self.batch.what, "items": [self.alone[0]]} if self.alone else self.batch.what

    def shown(self) -> str:
        """What is run now, as logs name it."""
        found = self.what()
        if "items" in found:
            return ", ".join(found["items"])
        part = found["table"]
        return (
            f"{part['file']} rows {part['rows'][0]} to {part['rows'][1]}"
            if "rows" in part
            else f"{part['file']} bytes {part['begin']} to {part['end']}"
        )

    def succeeded(self, given: int, items: int, rows: Sequence[tuple[str, int, int]] = ()) -> bool:
        """given: the items there were. items: those that have a result. Is the mini-batch done with?"""
        lacking = max(0, given - items)
        self.outcome.items += given
        self.outcome.failed += lacking
        if lacking and not self.alone:
            self.outcome.bad.append(f"{lacking} of {self.shown()}" if given > 1 else self.shown())
        elif lacking and self.alone:
            self.outcome.bad.append(self.alone[0])
        for one in rows:
            if one[1] < one[2]:
                self._add(one)
        return self._next()

    def failed(self, *, died: bool = False) -> bool:
        """Is the mini-batch done with?"""
        if died:
            self.deaths += 1
            if self.deaths <= DEATHS:
                return False
        else:
            self.failures += 1
            if self.alone is None and self.failures <= self.retries:
                return False
        self.deaths = 0
        items = self.batch.what.get("items")
        if self.alone is None and items is not None and len(items) > 1 and "key" not in self.batch.what:
            self.outcome.is_bad = True
            self.alone = deque(items)
            return False
        lost = 1 if self.alone else len(items) if items is not None else 1
        self.outcome.is_bad = True
        self.outcome.items += lost
        self.outcome.failed += lost
        self.outcome.bad.append(self.shown())
        return self._next()

    def _next(self) -> bool:
        if self.alone:
            self.alone.popleft()
        return not self.alone

    def _add(self, rows: tuple[str, int, int]) -> None:
        kept = self.outcome.rows
        if kept and kept[-1][0] == rows[0] and kept[-1][2] == rows[1]:
            kept[-1] = (rows[0], kept[-1][1], rows[2])
        else:
            kept.append(rows)
