"""Of which type each column is, and how its values become keys that can be counted.

Whole numbers and texts are keys themselves. Numbers with very many values become places on a grid whose step suits the spread of a sample; texts of
which nearly each is another become buckets. Both are what `azurine.drift` would have made of the values. A column that is to be of another type
than the file says (the baseline's, usually) is cast, and what cannot be cast is counted as wrong.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from azurine.drift import categories, numbers
from azurine.guest.drift.sources import named

TYPES = {"integer": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN", "date": "DATE", "timestamp": "TIMESTAMP", "text": "VARCHAR"}
INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT")
SAMPLE = 2_000
SHORT = 64
FEW = SAMPLE // 2
"""Different values in a sample: fewer, and the column is counted by value."""


@dataclass(frozen=True, slots=True)
class Column:
    """type: one of TYPES. stored: the engine's type of it in the files. exponent: of the grid, or None for keys that are values.
    buckets: texts are counted by bucket."""

    name: str
    type: str
    stored: str
    exponent: int | None = None
    buckets: bool = False

    @property
    def numeric(self) -> bool:
        return self.type in ("integer", "number")

    @property
    def cast(self) -> bool:
        """The values are not of the type yet, and some may not become it."""
        return type_of(self.stored) != self.type and not (self.type == "number" and type_of(self.stored) == "integer")

    def value(self) -> str:
        name = named(self.name)
        if self.type == "integer" and type_of(self.stored) in ("text", "number"):
            # A whole number may be written 3.0; 3.5 is none, and must not become 4.
            whole = f"TRY_CAST({name} AS DOUBLE)"
            return f"CASE WHEN {whole} = floor({whole}) THEN TRY_CAST({whole} AS BIGINT) END"
        return f"TRY_CAST({name} AS {TYPES[self.type]})" if self.cast else name

    def key(self) -> str:
        if self.buckets:
            return f"left(md5({self.value()}), {categories.DIGITS})"
        if self.exponent is None:
            return self.value()
        return f"floor({self.value()}::DOUBLE * {math.ldexp(1.0, -self.exponent)!r}::DOUBLE)"

    def wrong(self) -> str:
        """NaN is how many tools write a missing whole number."""
        name = named(self.name)
        number = f" AND NOT isnan({name})" if self.stored.upper() in ("FLOAT", "DOUBLE") else ""
        return f"({name} IS NOT NULL{number} AND {self.value()} IS NULL)"


def type_of(stored: str) -> str:
    stored = stored.upper()
    if stored in INTEGERS:
        return "integer"
    if stored in ("FLOAT", "DOUBLE") or stored.startswith("DECIMAL"):
        return "number"
    return {"BOOLEAN": "boolean", "DATE": "date"}.get(stored, "timestamp" if stored.startswith("TIMESTAMP") else "text")


def looked_at(engine: Any, relation: str, stored: Mapping[str, str], wanted: Sequence[str], types: Mapping[str, str], large: bool) -> list[Column]:
    """The wanted columns that there are, with keys that suit a sample of the rows. large: of few rows, texts are counted whatever they are."""
    plain = [Column(name, types.get(name) or type_of(stored[name]), stored[name]) for name in wanted if name in stored]
    if not plain:
        return []
    with ordered(engine):
        looked = engine.execute(f"SELECT {', '.join(map(_shortened, plain))} FROM {relation} LIMIT {SAMPLE}").fetchall()
    return [_fitted(column, values, large) for column, values in zip(plain, zip(*looked, strict=True), strict=True)] if looked else plain


@contextmanager
def ordered(engine: Any) -> Iterator[None]:
    """The first rows come first, not the soonest: so that the same table is counted on the same grid every time."""
    ((before,),) = engine.execute("SELECT current_setting('preserve_insertion_order')").fetchall()
    engine.execute("SET preserve_insertion_order = true")
    try:
        yield
    finally:
        engine.execute(f"SET preserve_insertion_order = {str(before).lower()}")


def _shortened(column: Column) -> str:
    """Texts as long as they may be would not fit into memory."""
    return column.value() if column.numeric else f"left({column.value()}::VARCHAR, {SHORT})"


def _fitted(column: Column, sample: Sequence[Any], large: bool) -> Column:
    different = {value for value in sample if value is not None}
    if len(different) <= FEW:
        return column
    if not column.numeric:
        return replace(column, buckets=large and column.type == "text" and len(different) * 2 > len(sample))
    values = sorted(float(value) for value in sample if value is not None and math.isfinite(value))
    exponent = numbers.finest((values[-1 - len(values) // 100] - values[len(values) // 100]) or math.inf)
    return column if column.type == "integer" and exponent <= 0 else replace(column, exponent=exponent)
