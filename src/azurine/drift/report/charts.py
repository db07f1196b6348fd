"""Pictures as SVG: the course of the drift with its threshold, and two distributions side by side. Each says in words what it shows, for who cannot see it."""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from azurine.drift.report.markup import Html, joined, tag
from azurine.drift.report.readings import PERCENT, Bars
from azurine.drift.report.sentences import figure, percent

WIDE, HIGH = 960, 260
NARROW, LOW = 440, 210
MOST_LABELS, MOST_TICKS = 12, 6
MOST_CATEGORIES = 12
OTHERS = "(others)"
"""What a document calls the categories that it has counted together."""
LONGEST = 20
"""Characters of a category that is named in a picture."""


@dataclass(frozen=True, slots=True)
class Point:
    """value: None where there is none. over: beyond the threshold. said: what the reader is told who points at it."""

    label: str
    value: float | None
    over: bool
    said: str


def trend(points: Sequence[Point], threshold: float | None, unit: str, about: str) -> Html:
    """The course of a number; a gap where there is none. Percentages end at 100."""
    left, top, right, bottom = 56, 28, WIDE - 16, HIGH - 34
    values = [one.value for one in points if one.value is not None]
    ticks = _ticks(max([*values, threshold or 0.0, 1e-9]))
    if unit and max([*values, threshold or 0.0]) <= PERCENT < ticks[-1]:
        ticks = [tick for tick in ticks if tick < PERCENT] + [PERCENT]
    if not unit:  # counts
        ticks = sorted({float(math.ceil(tick)) for tick in ticks})
    step = (right - left) / max(1, len(points))
    spots = [(left + step * (place + 0.5), point) for place, point in enumerate(points)]

    def height(value: float) -> float:
        return bottom - (bottom - top) * value / ticks[-1]

    parts = [*_scale(ticks, height, left, right, unit)]
    for place, (x, point) in enumerate(spots):
        if place % math.ceil(len(spots) / MOST_LABELS) == 0:
            parts.append(tag("text", point.label, x=_at(x), y=bottom + 22, class_="label middle"))
    for (x, before), (following, after) in pairwise(spots):
        if before.value is not None and after.value is not None:
            parts.append(tag("line", x1=_at(x), y1=_at(height(before.value)), x2=_at(following), y2=_at(height(after.value)), class_="course"))
    if threshold is not None:
        y = height(threshold)
        parts.append(tag("line", x1=left, y1=_at(y), x2=right, y2=_at(y), class_="threshold"))
        parts.append(tag("text", f"threshold {figure(threshold)}{unit}", x=right, y=_at(y - 6), class_="label end strong"))
    for x, point in spots:
        if point.value is None:
            parts.append(tag("g", tag("title", point.said), tag("text", "×", x=_at(x), y=bottom - 4, class_="label middle"), class_="none"))
            continue
        mark = tag("circle", cx=_at(x), cy=_at(height(point.value)), r=5, class_="over" if point.over else "under")
        value = tag(
            "text", f"{point.value:.1f}" if unit else figure(point.value), x=_at(x), y=_at(height(point.value) - 11), class_="label middle strong"
        )
        parts.append(tag("g", tag("title", point.said), mark, value if len(points) <= 2 * MOST_LABELS else None))
    return _picture(WIDE, HIGH, about, parts)


def distributions(bars: Bars, about: str) -> Html:
    return _histogram(bars, about) if bars.edges else _categories(bars, about)


def share(value: float) -> Html:
    """A bar as long as a share of 1."""
    wide = 100 * min(1.0, max(0.0, value))
    return _picture(
        100, 8, f"{percent(value * PERCENT)}", [tag("rect", x=0, y=0, width=_at(wide), height=8, class_="share")], "share-bar", stretched=True
    )


def _histogram(bars: Bars, about: str) -> Html:
    left, top, right, bottom = 46, 12, NARROW - 10, LOW - 28
    ticks = _ticks(max(*bars.baseline, *bars.target, 1e-9) * PERCENT, 4)
    slot = (right - left) / len(bars.baseline)

    def height(value: float) -> float:
        return bottom - (bottom - top) * value / ticks[-1]

    parts = [*_scale(ticks, height, left, right, " %")]
    last = len(bars.baseline) - 1
    for place, (mine, other) in enumerate(zip(bars.baseline, bars.target, strict=True)):
        x = left + place * slot
        between = f"[{figure(bars.edges[place])}, {figure(bars.edges[place + 1])}{']' if place == last else ')'}"
        parts.append(tag("g", tag("title", _both(between, mine, other)), *_pair(x, slot, bottom, height(mine * PERCENT), height(other * PERCENT))))
    each = math.ceil((last + 1) / MOST_TICKS)
    for place in range(0, last + 2, each):
        x = left + place * slot
        anchor = "start" if place == 0 else "end" if place == last + 1 else "middle"
        parts.append(tag("text", figure(bars.edges[place], 3), x=_at(x), y=bottom + 16, class_=f"label {anchor}"))
    return _picture(NARROW, LOW, about, parts)


def _pair(x: float, slot: float, bottom: float, mine: float, other: float) -> Iterator[Html]:
    """Two bars side by side in their slot."""
    gap = min(3.0, slot * 0.15)
    wide = max(0.5, (slot - 2 * gap) / 2)
    for place, (y, side) in enumerate(((mine, "baseline"), (other, "target"))):
        yield tag("rect", x=_at(x + gap + place * wide), y=_at(y), width=_at(wide), height=_at(max(0.0, bottom - y)), class_=side)


def _categories(bars: Bars, about: str) -> Html:
    """The most frequent ones by name, in their order when they are numbers; the others together."""
    rows = list(zip(bars.categories, bars.baseline, bars.target, strict=True))
    often = sorted((one for one in rows if one[0] != OTHERS), key=lambda one: -max(one[1], one[2]))
    shown = often[:MOST_CATEGORIES]
    if all(re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,15})?", one[0]) for one in shown):
        shown.sort(key=lambda one: float(one[0]))
    others = [*often[MOST_CATEGORIES:], *(one for one in rows if one[0] == OTHERS)]
    if others:
        shown.append(("others", math.fsum(one[1] for one in others), math.fsum(one[2] for one in others)))
    left, right, row = 158, NARROW - 60, 30
    most = max(max(mine, other) for _, mine, other in shown) or 1.0
    parts: list[Html] = []
    for place, (name, mine, other) in enumerate(shown):
        y = 6 + place * row
        label = tag("text", _clipped(name) or "(empty)", x=left - 8, y=y + 16, class_="label end")
        marks = []
        for below, (value, side) in enumerate(((mine, "baseline"), (other, "target"))):
            long = (right - left) * value / most
            marks.append(tag("rect", x=left, y=y + 11 * below, width=_at(long), height=10, class_=side))
            marks.append(tag("text", percent(value * PERCENT), x=_at(left + long + 4), y=y + 9 + 11 * below, class_="label small"))
        parts.append(tag("g", tag("title", _both(name, mine, other)), label, *marks))
    return _picture(NARROW, 10 + row * len(shown), about, parts)


def _scale(ticks: Sequence[float], height: Callable[[float], float], left: float, right: float, unit: str) -> Iterator[Html]:
    for tick in ticks:
        y = height(tick)
        yield tag("line", x1=left, y1=_at(y), x2=right, y2=_at(y), class_="grid")
        yield tag("text", f"{figure(tick, 3)}{unit}", x=left - 8, y=_at(y + 4), class_="label end")


def _ticks(most: float, count: int = 5) -> list[float]:
    """Round numbers from 0 to just over the greatest value."""
    rough = most * 1.08 / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next((power * one for one in (1, 2, 2.5, 5, 10) if power * one >= rough), power * 10)
    return [step * place for place in range(math.ceil(most * 1.08 / step) + 1)]


def _picture(wide: float, high: float, about: str, parts: Sequence[Html], kind: str = "chart", stretched: bool = False) -> Html:
    said = tag("title", about) if not stretched else None
    ratio = "none" if stretched else None
    return tag("svg", joined(said, *parts), viewBox=f"0 0 {wide} {high}", role="img", aria_label=about, class_=kind, preserveAspectRatio=ratio)


def _both(name: str, mine: float, other: float) -> str:
    return f"{name}: baseline {percent(mine * PERCENT)}, target {percent(other * PERCENT)}"


def _clipped(name: str) -> str:
    return name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"


def _at(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
