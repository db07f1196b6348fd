"""What is kept of a numeric feature: how often each value came, or, of a feature with very many values, each bin of a fine grid.

While there are at most `LIMIT` different values, the keys are the values. Beyond, they are the places of a grid whose step is a power of two, and
whose bins begin at multiples of it: the finest grid with at most `LIMIT` bins that anything fell into. An empty bin is not kept, so a few values far
away do not coarsen the rest. Grids of different steps lie in each other, so merging is exact: whatever the order in which sketches are
merged, the step and the counts are the same. Least, greatest and sum (as exact as the reader could say) are kept beside; a number that is not finite is no value (`wrong`).

What it does not do: reading. A reader may hand in counts on a grid that it chose itself; a coarser one than necessary is never refined.
"""

import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

LIMIT = 4096

Number = int | float


@dataclass(frozen=True, slots=True)
class Numbers:
    """type: integer or number. rows: all of them, also the `missing` and the `wrong` (a text where a number should be). exponent: of the step 2^exponent,
    or None when the keys are the values themselves. keys: ascending. low, high: None without values."""

    type: str = "number"
    rows: int = 0
    missing: int = 0
    wrong: int = 0
    low: Number | None = None
    high: Number | None = None
    total: Number = 0
    exponent: int | None = None
    keys: tuple[Number, ...] = ()
    counts: tuple[int, ...] = ()

    @property
    def values(self) -> int:
        return self.rows - self.missing - self.wrong

    @property
    def exact(self) -> bool:
        return self.exponent is None

    @property
    def step(self) -> float:
        return 0.0 if self.exponent is None else math.ldexp(1.0, self.exponent)

    def points(self) -> list[float]:
        """Where each key stands: the value, or the middle of its bin, no further out than any value was."""
        if self.exponent is None or self.low is None or self.high is None:
            return [float(key) for key in self.keys]
        step, low, high = self.step, float(self.low), float(self.high)
        return [min(max((key + 0.5) * step, low), high) for key in self.keys]


def of(values: Iterable[Number | None], type: str = "number") -> Numbers:
    """Of values in memory. None and NaN are missing."""
    counts: dict[Number, int] = {}
    rows = missing = wrong = 0
    for value in values:
        rows += 1
        if value is None or value != value:
            missing += 1
        elif math.isinf(value):
            wrong += 1
        else:
            counts[value] = counts.get(value, 0) + 1
    total = sum(value * count for value, count in counts.items())
    return counted(type, counts, rows=rows, missing=missing, wrong=wrong, low=min(counts, default=None), high=max(counts, default=None), total=total)


def counted(
    type: str,
    counts: Mapping[Number, int],
    *,
    rows: int,
    missing: int,
    wrong: int,
    low: Number | None,
    high: Number | None,
    total: Number,
    exponent: int | None = None,
) -> Numbers:
    """Of counts by value, or by place on the grid of that exponent; any number of them."""
    kept, exponent = _limited(dict(counts), exponent)
    keys = tuple(sorted(kept))
    return Numbers(type, rows, missing, wrong, low, high, total, exponent, keys, tuple(kept[key] for key in keys))


def merged(one: Numbers, other: Numbers) -> Numbers:
    exponent, first, second = aligned(one, other)
    counts = dict(first)
    for key, count in second.items():
        counts[key] = counts.get(key, 0) + count
    return counted(
        one.type if one.type == other.type else "number",
        counts,
        rows=one.rows + other.rows,
        missing=one.missing + other.missing,
        wrong=one.wrong + other.wrong,
        low=_outer(min, one.low, other.low),
        high=_outer(max, one.high, other.high),
        total=one.total + other.total,
        exponent=exponent,
    )


def aligned(one: Numbers, other: Numbers) -> tuple[int | None, dict[Number, int], dict[Number, int]]:
    """The counts of both on one grid (the coarser of the two), or by value when both are."""
    exponents = [sketch.exponent for sketch in (one, other) if sketch.exponent is not None]
    if not exponents:
        return None, dict(zip(one.keys, one.counts, strict=True)), dict(zip(other.keys, other.counts, strict=True))
    exponent = max(exponents)
    return exponent, _on_grid(one, exponent), _on_grid(other, exponent)


def below(sketch: Numbers, edges: Sequence[float], low: float, high: float) -> list[float]:
    """How many values are less than each edge. In a bin that an edge cuts, they are taken to lie evenly, between `low` and `high`, where all are."""
    sums = [0, *accumulate(sketch.counts)]
    if sketch.exponent is None:
        return [float(sums[bisect_left(sketch.keys, edge)]) for edge in edges]
    step = sketch.step
    answers = []
    for edge in edges:
        key = place(edge, sketch.exponent)
        index = bisect_left(sketch.keys, key)
        answer = float(sums[index])
        if index < len(sketch.keys) and sketch.keys[index] == key:
            begin, end = max(key * step, low), min((key + 1) * step, high)
            answer += sketch.counts[index] * (min(max((edge - begin) / (end - begin), 0.0), 1.0) if end > begin else float(edge > begin))
        answers.append(answer)
    return answers


def place(value: Number, exponent: int) -> int:
    """On the grid of steps of 2^exponent."""
    if isinstance(value, int):
        return value >> exponent if exponent >= 0 else value << -exponent
    mantissa, power = math.frexp(value)
    whole, shift = int(math.ldexp(mantissa, 53)), power - 53 - exponent
    return whole << shift if shift >= 0 else whole >> -shift


def finest(spread: float) -> int:
    """The exponent of a grid that has between LIMIT / 2 and LIMIT bins over a spread."""
    return math.frexp(spread / (LIMIT / 2))[1] - 1


def as_dict(sketch: Numbers) -> dict[str, Any]:
    return {name: list(value) if isinstance(value := getattr(sketch, name), tuple) else value for name in Numbers.__slots__}


def from_dict(words: Mapping[str, Any]) -> Numbers:
    return Numbers(**{**words, "keys": tuple(words["keys"]), "counts": tuple(words["counts"])})


def _limited(counts: dict[Number, int], exponent: int | None) -> tuple[dict[Number, int], int | None]:
    """On the finest grid, not finer than `exponent`, that has at most LIMIT bins."""
    if len(counts) <= LIMIT:
        return counts, exponent
    if exponent is None:
        # Nothing is finer than the least double, nothing coarser than two bins that hold the greatest.
        finest, coarsest = -1075, max(abs(int(key)).bit_length() for key in counts) + 1
        while finest + 1 < coarsest:
            middle = (finest + coarsest) // 2
            finest, coarsest = (finest, middle) if len({place(key, middle) for key in counts}) <= LIMIT else (middle, coarsest)
        return _placed(counts, coarsest), coarsest
    shift = 0
    while len(counts) > LIMIT:
        shift += 1
        counts = _shifted(counts, 1)
    return counts, exponent + shift


def _on_grid(sketch: Numbers, exponent: int) -> dict[Number, int]:
    counts = dict(zip(sketch.keys, sketch.counts, strict=True))
    if sketch.exponent is None:
        return _placed(counts, exponent)
    return _shifted(counts, exponent - sketch.exponent) if exponent > sketch.exponent else counts


def _placed(counts: Mapping[Number, int], exponent: int) -> dict[Number, int]:
    answer: dict[Number, int] = {}
    for value, count in counts.items():
        key = place(value, exponent)
        answer[key] = answer.get(key, 0) + count
    return answer


def _shifted(counts: Mapping[Number, int], shift: int) -> dict[Number, int]:
    answer: dict[Number, int] = {}
    for place, count in counts.items():
        key = int(place) >> shift
        answer[key] = answer.get(key, 0) + count
    return answer


def _outer(choose: Any, one: Number | None, other: Number | None) -> Number | None:
    return other if one is None else one if other is None else choose(one, other)
