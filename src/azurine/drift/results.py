"""The numbers of several slices in the shape in which a run of a dataset monitor gives them back (`run.get_metrics()`).

A table of one row comes back as scalars, of several as lists: so does everything that is logged as a table there, and scripts rely on it (parity).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

TABLE = "Datadrift percentage"
DAY = 86_400


@dataclass(frozen=True, slots=True)
class Slice:
    """coefficient: of `magnitude`. contributions: by feature, shares of 1."""

    start: datetime
    coefficient: float
    contributions: Mapping[str, float] = field(default_factory=dict)


def metrics(start: datetime, end: datetime, frequency: str, slices: Sequence[Slice]) -> dict[str, Any]:
    """The percentage of nothing is no number: without slices there is no table."""
    rows = [{"days_from_start": int((one.start - start).total_seconds() // DAY), "drift_percentage": percentage(one.coefficient)} for one in slices]
    scalars = {"start_date": start.isoformat(), "end_date": end.isoformat(), "frequency": frequency}
    return scalars | ({TABLE: collapsed(rows)} if rows else {})


def percentage(coefficient: float) -> float:
    """Of equal tables a model may do a little worse than chance: that is no drift."""
    return max(0.0, 100 * coefficient)


def collapsed(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A table by its columns; the only row of one as scalars."""
    if len(rows) == 1:
        return dict(rows[0])
    return {name: [row[name] for row in rows] for name in rows[0]}
