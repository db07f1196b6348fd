"""What is kept of a categorical feature (text, booleans, dates, times): how often each category came.

Beyond `LIMIT` categories (free text, identifiers) what is counted is `BUCKETS` buckets of them, by the first digits of the MD5 of the text. That is
exact to merge as well: a category always falls into the same bucket. Distances between buckets are at most those between the categories.

What it does not do: tell categories apart once they are in buckets. Who shows them says so (`exact`).
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

LIMIT = 4096
DIGITS = 3
BUCKETS = 16**DIGITS


@dataclass(frozen=True, slots=True)
class Categories:
    """type: text, boolean, date or timestamp. rows: all of them, also the `missing` and the `wrong` (a text where a date should be).
    counts: by category, or by bucket when not `exact`."""

    type: str
    rows: int
    missing: int
    wrong: int
    exact: bool
    counts: Mapping[str, int]

    @property
    def values(self) -> int:
        return self.rows - self.missing - self.wrong


def of(values: Iterable[str | None], type: str = "text") -> Categories:
    counts: dict[str, int] = {}
    rows = missing = 0
    for value in values:
        rows += 1
        if value is None:
            missing += 1
        else:
            counts[value] = counts.get(value, 0) + 1
    return counted(type, counts, rows=rows, missing=missing)


def counted(type: str, counts: Mapping[str, int], *, rows: int, missing: int, wrong: int = 0, exact: bool = True) -> Categories:
    if exact and len(counts) > LIMIT:
        return Categories(type, rows, missing, wrong, False, _ordered(_in_buckets(counts)))
    return Categories(type, rows, missing, wrong, exact, _ordered(counts))


def merged(one: Categories, other: Categories) -> Categories:
    exact, first, second = aligned(one, other)
    for name, count in second.items():
        first[name] = first.get(name, 0) + count
    rows, missing, wrong = one.rows + other.rows, one.missing + other.missing, one.wrong + other.wrong
    return counted(one.type, first, rows=rows, missing=missing, wrong=wrong, exact=exact)


def aligned(one: Categories, other: Categories) -> tuple[bool, dict[str, int], dict[str, int]]:
    """The counts of both by category, or by bucket when one of them has only those."""
    if one.exact == other.exact:
        return one.exact, dict(one.counts), dict(other.counts)
    first, second = (_in_buckets(sketch.counts) if sketch.exact else dict(sketch.counts) for sketch in (one, other))
    return False, first, second


def bucket(category: str) -> str:
    return hashlib.md5(category.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()[:DIGITS]


def as_dict(sketch: Categories) -> dict[str, Any]:
    return {name: getattr(sketch, name) for name in Categories.__slots__} | {"counts": dict(sketch.counts)}


def from_dict(words: Mapping[str, Any]) -> Categories:
    return Categories(**words)


def _in_buckets(counts: Mapping[str, int]) -> dict[str, int]:
    answer: dict[str, int] = {}
    for category, count in counts.items():
        name = bucket(category)
        answer[name] = answer.get(name, 0) + count
    return answer


def _ordered(counts: Mapping[str, int]) -> dict[str, int]:
    """So that the same counts are the same text, whoever was merged first."""
    return {name: counts[name] for name in sorted(counts)}
