"""The result of a run, as a document: what the report is written from, what is kept in the lake, and the little of it that the server is told.

    {"monitor", "kind", "run", "frequency", "threshold", "baseline": {…}, "target": {…}, "schema": [{"column", "change"}], "warnings": […],
     "windows": [{"start", "end", "daysFromStart", "rows", "driftPercentage", "hasDrift", "sentence",
                  "features": [{"name", "role", "contribution", "sentence", "measures": […], "baseline": {…}, "target": {…}, "histogram": {…}}]}]}

Where there is no number there is null, and a sentence that says why. A profile is what `profiles` says of one side.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from azurine.drift import profiles, roles
from azurine.drift.comparing import Row
from azurine.drift.measures import NotEnough, Pair
from azurine.drift.tables import Feature, Table

OTHER = "other"
"""The role of what is only described: free texts, dates."""
MOST_BREACHES = 200
"""Of all windows together, that the server is told."""
Json = Mapping[str, Any]


def feature(name: str, role: str, sides: tuple[Feature | None, Feature | None], rows: Iterable[Row], note: str = "", **more: Any) -> dict[str, Any]:
    """sides: baseline and target, None for one that has no such column. note: why the model was not shown it. more: such as its contribution."""
    baseline, target = sides
    told = {"name": name, "role": role, "contribution": None, **more, "sentence": note or None}
    measured = [_measure(row) for row in rows if row.measure]
    described = {side: dict(profiles.profile(one)) if one is not None else None for side, one in (("baseline", baseline), ("target", target))}
    counts = _histogram(baseline, target, role)
    return {**told, "measures": measured, **described, **({"histogram": counts} if counts else {})}


def window(start: datetime, end: datetime, first: datetime, rows: int, **more: Any) -> dict[str, Any]:
    """first: where the run's first window begins."""
    nothing: dict[str, Any] = {"driftPercentage": None, "hasDrift": None, "sentence": None, "features": []}
    return {"start": start.isoformat(), "end": end.isoformat(), "daysFromStart": (start - first).days, "rows": rows, **nothing, **more}


def changes(baseline: Mapping[str, str], target: Mapping[str, str]) -> list[dict[str, str]]:
    """How the columns of the two differ. baseline, target: types by name."""
    removed = [{"column": name, "change": "removed"} for name in baseline if name not in target]
    added = [{"column": name, "change": "added"} for name in target if name not in baseline]
    changed = [
        {"column": name, "change": f"{baseline[name]} became {target[name]}"}
        for name in baseline
        if name in target and baseline[name] != target[name]
    ]
    return removed + added + changed


def misfits(target: Table) -> dict[str, str]:
    """What is to be said of features of which some values in the target are of another type than in the baseline."""
    return {
        name: f"{one.wrong} of its {one.rows} values in the target cannot be read as {one.type}, as in the baseline"
        for name, one in target.features.items()
        if one.wrong
    }


def summary(document: Json, metrics: Json) -> dict[str, Any]:
    """What the server is told: no profiles and no histograms, and the breaches only as far as there is room."""
    windows: Sequence[Json] = document["windows"]
    room = max(1, MOST_BREACHES // max(1, len(windows)))
    told = [{**{key: value for key, value in one.items() if key not in ("features", "signals")}, "breaches": breaches(one)[:room]} for one in windows]
    return {"windows": told, "metrics": metrics, "warnings": list(document.get("warnings") or ())[:50], "tags": _tags(windows)}


def breaches(window: Json) -> list[dict[str, Any]]:
    """The measures beyond their thresholds; where the drift as a whole is beyond its, what each feature contributes to it. The worst first."""
    found = [
        {"feature": one["name"], "measure": measure["name"], "value": measure["value"], "threshold": measure["threshold"]}
        for one in window["features"]
        for measure in one["measures"]
        if measure["breached"]
    ]
    shares = [(one["contribution"], one["name"]) for one in window["features"] if one.get("contribution")] if window.get("hasDrift") else []
    told = [{"feature": name, "measure": "drift_contribution", "value": share, "threshold": None} for share, name in sorted(shares, reverse=True)]
    return found + told


def _tags(windows: Sequence[Json]) -> dict[str, str]:
    """What the job is marked with: the drift of its last window that has one, and whether any is over the threshold."""
    much = [one["driftPercentage"] for one in windows if one["driftPercentage"] is not None]
    return {"drift_percentage": str(much[-1]), "has_drift": str(any(one["hasDrift"] for one in windows)).lower()} if much else {}


def _measure(row: Row) -> dict[str, Any]:
    breached = row.breached if row.threshold is not None and row.value is not None else None
    return {"name": row.measure, "value": row.value, "threshold": row.threshold, "breached": breached, "sentence": row.why or None}


def _histogram(baseline: Feature | None, target: Feature | None, role: str) -> dict[str, Any]:
    if baseline is None or target is None or roles.hindrance(baseline, target):
        return {}
    try:
        filled = Pair(baseline, target, role != roles.NUMERICAL).filled
    except NotEnough:
        return {}
    if filled.edges:
        return {"edges": list(filled.edges), "baseline": list(filled.baseline), "target": list(filled.target)}
    return _categories(filled.names, filled.baseline, filled.target)


def _categories(names: Sequence[str], baseline: Sequence[float], target: Sequence[float], most: int = 30) -> dict[str, Any]:
    """The most frequent ones by name, all others together as the last."""
    if len(names) > most:
        order = sorted(range(len(names)), key=lambda place: (-baseline[place] - target[place], names[place]))
        kept, rest = sorted(order[: most - 1]), order[most - 1 :]
        names = [*(names[place] for place in kept), "(others)"]
        baseline, target = ([*(side[place] for place in kept), sum(side[place] for place in rest)] for side in (baseline, target))
    return {"categories": list(names), "baseline": list(baseline), "target": list(target)}
