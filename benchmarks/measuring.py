"""A measurement as a row: several runs of it, the floor or peer beside it in the same run, and the goal."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RUNS = 5
REPOSITORY = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Row:
    """what: was measured. values: of each run, in `unit`. beside: of what it is compared with, in the same runs, in the same unit.

    goal: the most (or with `at_least`, the least) that the median may be: of the ratio when there is something beside it, else of the value.
    """

    what: str
    unit: str
    values: Sequence[float]
    beside: Sequence[float] = ()
    name: str = ""
    goal: float | None = None
    at_least: bool = False
    note: str = ""

    def ratios(self) -> list[float]:
        return [one / other for one, other in zip(self.values, self.beside, strict=True)]

    def judged(self) -> list[float]:
        return self.ratios() if self.beside else list(self.values)

    def met(self) -> bool | None:
        if self.goal is None:
            return None
        middle = statistics.median(self.judged())
        return middle >= self.goal if self.at_least else middle <= self.goal


def spread(values: Sequence[float]) -> str:
    """`median (least–most)`, with as many digits as say something."""
    middle = statistics.median(values)
    return f"{digits(middle)} ({digits(min(values))}–{digits(max(values))})" if len(values) > 1 else digits(middle)


def digits(value: float) -> str:
    size = abs(value)
    return f"{value:,.0f}" if size >= 100 else f"{value:.1f}" if size >= 10 else f"{value:.2f}" if size >= 1 else f"{value:.3f}"


def in_turn(runs: int, *calls: Callable[[], float]) -> list[list[float]]:
    """The calls take turns, so that what the machine does meanwhile falls on all of them. Answers the values of each call."""
    values: list[list[float]] = [[] for _ in calls]
    for _ in range(runs):
        for call, taken in zip(calls, values, strict=True):
            taken.append(call())
    return values


def table(rows: Sequence[Row]) -> str:
    """Markdown."""
    lines = ["| what | measured | beside it | ratio | goal | met |", "|---|---|---|---|---|---|"]
    for row in rows:
        beside = f"{row.name}: {spread(row.beside)} {row.unit}" if row.beside else ""
        ratio = spread(row.ratios()) if row.beside else ""
        sign = "≥" if row.at_least else "≤"
        goal = "" if row.goal is None else f"{sign} {row.goal:g}" + ("×" if row.beside else f" {row.unit}")
        met = {True: "yes", False: "**no**", None: ""}[row.met()]
        note = f" ({row.note})" if row.note else ""
        lines.append(f"| {row.what}{note} | {spread(row.values)} {row.unit} | {beside} | {ratio} | {goal} | {met} |")
    return "\n".join(lines)


def as_dict(row: Row) -> dict[str, Any]:
    judged = row.judged()
    return {"what": row.what, "unit": row.unit, "values": list(row.values), "beside": list(row.beside), "name": row.name} | {
        "judged": statistics.median(judged),
        "goal": row.goal,
        "met": row.met(),
    }
