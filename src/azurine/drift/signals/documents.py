"""The files that a run of a model monitor leaves, as plain values.

    manifest.json                              which signals there are, and where their numbers are
    signals/<signal>.json                      the numbers of one
    signals/<signal>/<feature>.histogram.json  both sides of a feature in the contract's bins
    drift.json                                 the result document, as every monitor writes it

The first three are in the layout of the open components of Azure's model monitoring. Measures have their names there (JensenShannonDistance).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from azurine.drift.bins import Filled
from azurine.drift.comparing import Row
from azurine.drift.signals import evaluating
from azurine.drift.signals.evaluating import Evaluated

VERSION = "1.0.0"
MOST = 100
"""Categories of a feature in the result document; the others are counted together."""
OTHERS, WHOLE = "(others)", "(all features)"
DAY = 86_400
BREACHED = "has failed due to one or more features violating metric thresholds"
"""parity: what people filter events by."""


def manifest(signals: Iterable[str]) -> dict[str, Any]:
    return {"version": VERSION, "metricsFiles": {name: f"signals/{name}.json" for name in signals}}


def signal(one: Evaluated) -> dict[str, Any]:
    found: dict[str, dict[str, Any]] = {}
    whole: dict[str, Any] = {}
    for row in one.rows:
        into = found.setdefault(row.feature, {}) if row.feature != evaluating.AGGREGATE else whole
        if row.measure:
            into[pascal(row.measure)] = _numbers(row)
    for name, metrics in found.items():
        if name in one.importance:
            metrics["BaselineFeatureImportance"] = {"value": one.importance[name]}
        if evaluating.histogram(one.plan, name, one.baseline, one.target) is not None:
            metrics["histogram"] = histogram_path(one.plan.name, name)
    return {
        "signalName": one.plan.name,
        "signalType": pascal(one.plan.type),
        "version": VERSION,
        "metrics": {"rowCount": {"baselineCount": one.baseline.rows, "targetCount": one.target.rows}, **whole, "features": found},
        **({"sentence": one.sentence} if one.sentence else {}),
    }


def histogram_path(signal: str, feature: str) -> str:
    # A column may be called anything, a file may not.
    return f"signals/{signal}/{re.sub(r'[^A-Za-z0-9 ._()+-]', '_', feature)[:150]}.histogram.json"


def histogram(feature: str, filled: Filled) -> dict[str, Any]:
    if filled.edges:
        places: list[dict[str, Any]] = [{"lowerBound": low, "upperBound": high} for low, high in zip(filled.edges, filled.edges[1:], strict=False)]
    else:
        places = [{"category": name} for name in filled.names]
    counts = zip(places, filled.baseline, filled.target, strict=True)
    return {"featureName": feature, "histogram": [{**place, "baselineCount": mine, "targetCount": other} for place, mine, other in counts]}


def tags(found: Sequence[Evaluated]) -> dict[str, str]:
    """What the run is marked with."""
    breached = [one.plan.name for one in found if one.breaches]
    wrong = [f"{one.plan.name}: {one.sentence}" for one in found if one.sentence]
    names = ", ".join(f"'{name}'" for name in breached)
    said = {"azureml_modelmonitor_threshold_breached": f"The signal {names} {BREACHED}."} if breached else {}
    return said | ({"azureml_modelmonitor_error": "; ".join(wrong)[:4000]} if wrong else {})


def metrics(found: Sequence[Evaluated]) -> dict[str, float]:
    """By `<signal>/<feature>/<measure>`, as metrics of the run."""
    return {key(one.plan.name, row.feature, row.measure): row.value for one in found for row in one.rows if row.value is not None} | {
        key(one.plan.name, side): float(table.rows) for one in found for side, table in (("baseline_rows", one.baseline), ("target_rows", one.target))
    }


def key(*parts: str) -> str:
    return "/".join(re.sub(r"[^A-Za-z0-9_. -]", "_", part) for part in parts if part)[:250]


def result(monitor: str, run: str, frequency: str | None, at: datetime, found: Sequence[Evaluated]) -> dict[str, Any]:
    """The result document. Signals that look at the same stretch of time share a window."""
    windows: dict[tuple[str, str], list[Evaluated]] = {}
    stretches = [(one.plan.production[0].start, one.plan.production[0].end) for one in found if one.plan.production]
    newest = max(stretches, key=lambda stretch: stretch[1], default=("", ""))
    for one in found:
        first = one.plan.production[0] if one.plan.production else None
        windows.setdefault((first.start, first.end) if first is not None else newest, []).append(one)
    sides = {side: next((data for one in found for data in _data(one, side)), {}) for side in ("baseline", "target")}
    return {
        "monitor": monitor,
        "kind": "ModelMonitor",
        "run": run,
        "frequency": frequency,
        "threshold": None,
        **sides,
        "windows": [_window(start, end, at, some) for (start, end), some in sorted(windows.items(), key=lambda item: item[0])],
    }


def summary(document: Mapping[str, Any], found: Sequence[Evaluated]) -> dict[str, Any]:
    """What the server hears of the run: verdicts and breaches, without the distributions."""
    kept = ("start", "end", "daysFromStart", "rows", "driftPercentage", "hasDrift", "sentence", "signals")
    windows = [{**{name: window[name] for name in kept}, "breaches": _breaches(window)} for window in document["windows"]]
    return {"windows": windows, "metrics": {}, "warnings": [note for one in found for note in one.notes], "tags": tags(found)}


def _breaches(window: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The most telling first, and not so many that nobody reads them; those of signals that wanted no alert are left out."""
    silent = {one["name"] for one in window["signals"] if not one["alert"]}
    rows = [
        {"feature": feature["name"], "measure": row["name"], "value": row["value"], "threshold": row["threshold"], "signal": feature["signal"]}
        for feature in window["features"]
        if feature["signal"] not in silent
        for row in feature["measures"]
        if row["breached"]
    ]
    return rows[:MOST]


def _window(start: str, end: str, at: datetime, some: Sequence[Evaluated]) -> dict[str, Any]:
    breached = [one for one in some if one.breaches]
    said = [f"{one.plan.name}: {one.sentence}" for one in some if one.sentence]
    measured = any(row.value is not None for one in some for row in one.rows)
    return {
        "start": start or at.isoformat(),
        "end": end or at.isoformat(),
        "daysFromStart": 0,
        "rows": max((one.target.rows for one in some), default=0),
        "driftPercentage": None,
        "hasDrift": bool(breached) if measured else None,
        "sentence": "; ".join(said) or None,
        "signals": [
            {"name": one.plan.name, "type": one.plan.type, "breached": bool(one.breaches), "alert": one.plan.alert, "sentence": one.sentence or None}
            for one in some
        ],
        "features": [feature for one in some for feature in _features(one)],
    }


def _features(one: Evaluated) -> Iterable[dict[str, Any]]:
    by_feature: dict[str, list[Row]] = {}
    for row in one.rows:
        by_feature.setdefault(row.feature, []).append(row)
    for name, rows in by_feature.items():
        filled = evaluating.histogram(one.plan, name, one.baseline, one.target)
        yield {
            "name": name or WHOLE,
            "signal": one.plan.name,
            "role": rows[0].role or "other",
            "contribution": one.importance.get(name),
            "measures": [
                {
                    "name": row.measure,
                    "value": row.value,
                    "threshold": row.threshold,
                    "breached": row.breached if row.value is not None else None,
                    "sentence": row.why or None,
                }
                for row in rows
            ],
            "baseline": evaluating.profile(one.baseline, name),
            "target": evaluating.profile(one.target, name),
            "histogram": _compact(filled) if filled is not None else None,
        }


def _compact(filled: Filled) -> dict[str, Any]:
    if filled.edges:
        return {"edges": list(filled.edges), "baseline": list(filled.baseline), "target": list(filled.target)}
    often = sorted(zip(filled.names, filled.baseline, filled.target, strict=True), key=lambda one: (-one[1] - one[2], one[0]))
    kept, rest = often[:MOST], often[MOST:]
    if rest:
        kept.append((OTHERS, sum(one[1] for one in rest), sum(one[2] for one in rest)))
    return {"categories": [one[0] for one in kept], "baseline": [one[1] for one in kept], "target": [one[2] for one in kept]}


def _data(one: Evaluated, side: str) -> Iterable[dict[str, Any]]:
    sides = one.plan.production if side == "target" else [one.plan.reference] if one.plan.reference else []
    table = one.target if side == "target" else one.baseline
    for data in sides:
        yield {"name": data.uri, "version": None, "uri": data.uri, "rows": table.rows}


def _numbers(row: Row) -> dict[str, Any]:
    return {"value": row.value, "threshold": row.threshold, **({"sentence": row.why} if row.why else {})}


def pascal(name: str) -> str:
    """two_sample_kolmogorov_smirnov_test → TwoSampleKolmogorovSmirnovTest"""
    return "".join(word[:1].upper() + word[1:] for word in name.split("_"))
