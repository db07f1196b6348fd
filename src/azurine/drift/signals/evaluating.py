"""The tables of both sides of a signal → a row for each feature and measure, and whether the signal breaches.

Data drift looks at the features, prediction drift at the columns that are named as predictions, or at all when none is; data quality at rates of the
production data, whose types are the baseline's. Columns that are named as something else (the target, correlation ids, timestamps) are no features.
A feature that only one side has is told, not left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from azurine.drift import bins, comparing, profiles, roles
from azurine.drift.comparing import Asked, Row
from azurine.drift.signals import plans
from azurine.drift.signals.plans import Plan
from azurine.drift.tables import EMPTY, Feature, Table

AGGREGATE = ""
"""The feature of a row that is about the whole signal."""
HOUSE = ("correlationid",)
"""Columns that the reading of collected data adds."""


@dataclass(frozen=True, slots=True)
class Evaluated:
    """rows: what was measured. importance: of features by attribution, when that was asked for. sentence: why there are no rows. failed: because something
    is wrong, and not just for want of data."""

    plan: Plan
    rows: Sequence[Row] = ()
    baseline: Table = EMPTY
    target: Table = EMPTY
    importance: Mapping[str, float] = field(default_factory=dict)
    sentence: str = ""
    failed: bool = False
    notes: Sequence[str] = ()

    @property
    def breaches(self) -> list[Row]:
        return [row for row in self.rows if row.breached]


def features(plan: Plan, baseline: Mapping[str, str], target: Mapping[str, str]) -> list[str]:
    """Which columns the signal looks at, before any attribution. baseline, target: type by column."""
    if plan.features is not None:
        return list(plan.features)
    sides = [one for one in (*plan.production, plan.reference) if one is not None]
    predicted = _named(sides, (plans.PREDICTION, plans.PROBABILITY))
    known = list(dict.fromkeys([*baseline, *target]))
    if plan.type == plans.PREDICTION_DRIFT and predicted:
        return [name for name in dict.fromkeys(predicted) if name in known] or predicted
    apart = {*_named(sides, plans.ROLES), *HOUSE}
    return [name for name in known if name not in apart]


def evaluate(plan: Plan, baseline: Table, target: Table, chosen: Sequence[str]) -> list[Row]:
    return comparing.compare(baseline, target, Asked(chosen, plan.thresholds, plan.overrides))


def role(plan: Plan, name: str, baseline: Feature | None, target: Feature | None) -> str:
    known = baseline or target
    return roles.role(name, known, plan.overrides) if known is not None else ""


def histogram(plan: Plan, name: str, baseline: Table, target: Table) -> bins.Filled | None:
    """None when the two sides have no bins in common."""
    mine, other = baseline.features.get(name), target.features.get(name)
    if mine is None or other is None or roles.hindrance(mine, other) or not mine.values or not other.values:
        return None
    return bins.filled(mine, other, role(plan, name, mine, other) == roles.CATEGORICAL)


def profile(table: Table, name: str) -> Mapping[str, object] | None:
    feature = table.features.get(name)
    return profiles.profile(feature) if feature is not None else None


def _named(sides: Sequence[plans.Data], wanted: Sequence[str]) -> list[str]:
    return [side.columns[one] for side in sides for one in wanted if side.columns.get(one)]
