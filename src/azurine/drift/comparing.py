"""All features of two tables, measured: one row for each feature and measure, with its threshold, or with the reason why there is no number.

Features are compared by name. Without a list of measures, a numerical feature gets the normalised Wasserstein distance and a categorical one that of
Jensen and Shannon. The threshold of a rate is what the target may have more than the baseline. Nothing here raises because of what is in the tables.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from azurine.drift import measures, roles
from azurine.drift.measures import MEASURES, NotEnough, Pair
from azurine.drift.tables import Table
from azurine.model.errors import Invalid

RATES = ("null_value_rate", "data_type_error_rate", "out_of_bounds_rate")


@dataclass(frozen=True, slots=True)
class Row:
    """value: None when `why` says why there is none. threshold: the one that counts. breached: never without a value."""

    feature: str
    role: str
    measure: str
    value: float | None
    threshold: float | None
    breached: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """features: all that either table has, when None. thresholds: by role, by measure; what is named is measured. least: rows that each side must have."""

    features: Sequence[str] | None = None
    thresholds: Mapping[str, Mapping[str, float]] | None = None
    overrides: Mapping[str, str] | None = None
    least: int = 1


def compare(baseline: Table, target: Table, asked: Asked | None = None) -> list[Row]:
    asked = asked or Asked()
    _check(asked)
    names = list(dict.fromkeys([*baseline.features, *target.features])) if asked.features is None else list(asked.features)
    few = [
        f"the {side} has {table.rows} of {asked.least}" for side, table in (("baseline", baseline), ("target", target)) if table.rows < asked.least
    ]
    return [row for name in names for row in _rows(name, baseline, target, asked, f"not enough rows: {', '.join(few)}" if few else "")]


def _rows(name: str, baseline: Table, target: Table, asked: Asked, few: str) -> Iterator[Row]:
    mine, other = baseline.features.get(name), target.features.get(name)
    why = roles.hindrance(mine, other) or few
    known = mine or other
    role = roles.role(name, known, asked.overrides) if known is not None else ""
    wanted = (asked.thresholds or {}).get(role) if asked.thresholds is not None else {measures.DEFAULTS[role]: 0.1} if role else {}
    if why or mine is None or other is None:
        # Said once for each measure that was wanted, so that nobody misses it; once, when nobody wanted one.
        yield from (Row(name, role, measure, None, threshold, False, why) for measure, threshold in (wanted or {"": 0.0}).items())
        return
    pair = Pair(mine, other, role == roles.CATEGORICAL)
    yield from (_row(name, role, pair, measure, threshold) for measure, threshold in (wanted or {}).items())


def _row(name: str, role: str, pair: Pair, measure: str, threshold: float) -> Row:
    if measure in RATES:
        threshold += MEASURES[measure].compute(Pair(pair.baseline, pair.baseline, pair.categorical)) if pair.baseline.rows else 0.0
    try:
        value = MEASURES[measure].compute(pair)
    except NotEnough as error:
        return Row(name, role, measure, None, threshold, False, str(error))
    return Row(name, role, measure, value, threshold, measures.breaches(measure, value, threshold))


def _check(asked: Asked) -> None:
    for role, wanted in (asked.thresholds or {}).items():
        for measure, threshold in wanted.items():
            path = f"{role}.{measure}"
            if measure not in MEASURES or role not in MEASURES[measure].roles:
                possible = ", ".join(name for name, one in MEASURES.items() if role in one.roles)
                raise Invalid(f"{measure} is no measure of {role} features; there are: {possible}", path=path)
            if not 0 <= threshold < float("inf"):
                raise Invalid(f"a threshold is a number from 0 on, not {threshold}", path=path)
