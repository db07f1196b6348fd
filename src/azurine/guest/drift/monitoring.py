"""The run of a dataset monitor: an order in, the result document out (`azurine.drift.documents`). This is the program of the monitor's jobs.

    DRIFT_ORDER    {"monitor", "run", "frequency", "threshold", "features": [names] or null, "timestamp": column,
                    "baseline": {"name", "version", "uri"}, "target": {…}, "windows": [[start, end], …]}
    inputs         baseline, target                    a file or folder each
    outputs        result, a folder (drift.json and what is published beside it); summary, the value that the server is told

Each table is read once into sketches, the target's by windows; beside them the model is fitted for each window that has rows enough. A window that
has too few is skipped, and says so. What cannot be done at all ends the process with one sentence.

On a cluster of several nodes there may be several such processes of one run (`guest.instances`), which do it `together`; one of them then does what is left.
"""

import json
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from azurine.drift import comparing, documents, magnitude, results, roles
from azurine.drift.comparing import Asked, Row
from azurine.drift.tables import Table
from azurine.guest import instances
from azurine.guest.drift import publishing, reading, sources, telling, together
from azurine.guest.drift.magnitude import Magnitude
from azurine.guest.drift.reading import Reading
from azurine.guest.drift.together import Found, Question
from azurine.guest.drift.windows import Window
from azurine.guest.instances import Instance
from azurine.model.errors import AzurineError

ORDER = "DRIFT_ORDER"
_PORT = "AZURE_ML_{side}_{name}"
_MEASURES = {
    roles.NUMERICAL: {"wasserstein_distance": 0.0, "energy_distance": 0.0},
    roles.CATEGORICAL: {"euclidean_distance": 0.0},
}
Json = Mapping[str, Any]
Say = Callable[[str], None]


def run(order: Json, baseline: str, target: str, say: Say = lambda text: None) -> dict[str, Any]:
    """The result document. baseline, target: paths. say: how far it is. Raises errors.AzurineError for data that cannot be looked at."""
    asked = _asked(order, baseline, target)
    with ExitStack() as stack:
        return written(order, asked, together.by_one(asked, stack), say)


def written(order: Json, asked: Question, found: Found, say: Say) -> dict[str, Any]:
    """The result document of what was found."""
    mine, other = found.baseline, found.target
    say(f"baseline: {mine.table.rows} rows, {len(mine.types)} features")
    stored = reading.types_of(asked.target)
    shown, made = _Looked(order, mine, other), []
    for place, window in enumerate(asked.windows):
        made.append(_window(shown, window, asked.windows[0].start, other.tables[place], partial(found.magnitude, place)))
        say(_line(made[-1]))
    chosen = {name: type for name, type in stored.items() if name != asked.stamp and (not asked.features or name in asked.features)}
    head = {key: order.get(key) for key in ("monitor", "run", "frequency", "threshold")}
    sides = {"baseline": {**order["baseline"], "rows": mine.table.rows}, "target": dict(order["target"])}
    schema, warnings = documents.changes(mine.types, chosen), _warnings(order, mine, other, made)
    return {**head, "kind": "DatasetMonitor", **sides, "schema": schema, "warnings": warnings, "windows": made}


def metrics(document: Json) -> dict[str, Any]:
    """As the run gives them back (`results`)."""
    windows = document["windows"]
    begin, end = (datetime.fromisoformat(moment) for moment in (windows[0]["start"], windows[-1]["end"]))
    slices = [
        results.Slice(datetime.fromisoformat(one["start"]), one["driftPercentage"] / 100) for one in windows if one["driftPercentage"] is not None
    ]
    return results.metrics(begin, end, str(document["frequency"]), slices)


def main() -> int:
    instance = instances.told(os.environ)
    try:
        order = json.loads(os.environ[ORDER])
        finish = _looked(order, _place("INPUT", "baseline"), _place("INPUT", "target"), instance)
        if finish is None:
            _say("there is nothing left to do for this node")
            return 0
        summary = instance.once(finish) if instance is not None else finish()
    except AzurineError as problem:
        at = f"{problem.path}: " if problem.path else ""
        sys.stderr.write(f"{at}{problem.message}\n")
        return 1
    Path(_place("OUTPUT", "summary")).write_text(summary, encoding="utf-8")
    if instance is not None:
        instance.complete()
    return 0


def _looked(order: Json, baseline: str, target: str, instance: Instance | None) -> Callable[[], str] | None:
    """What is left to be done when all pieces are; None when that is for another instance."""
    asked = _asked(order, baseline, target)
    if instance is None or not together.is_worth_it(asked):
        if instance is not None:
            _say(f"on 1 node: the tables have fewer than {together.LEAST >> 20} MiB")
        return lambda: _published(run(order, baseline, target, _say))
    found = together.by_many(asked, instance, _say)
    if found is None:
        return None
    _say(found.how)
    return lambda: _published(written(order, asked, found, _say))


def _published(document: Json) -> str:
    """The result is laid down and the metrics are told; what the server is told."""
    publishing.publish(document, Path(_place("OUTPUT", "result")))
    told = metrics(document)
    record(document, told)
    return json.dumps(documents.summary(document, told))


def record(document: Json, told: Json) -> None:
    """The run's metrics, each window a step (the days from the first window on); what is no number, as parameters."""
    numbers = []
    for one in document["windows"]:
        step = one["daysFromStart"]
        if one["driftPercentage"] is not None:
            numbers += [("drift_percentage", one["driftPercentage"], step), ("days_from_start", float(step), step)]
        for feature in one["features"]:
            measured = [(measure["name"], measure["value"]) for measure in feature["measures"]]
            for name, value in [("drift_contribution", feature["contribution"]), *measured]:
                if value is not None:
                    numbers.append((f"{name}/{telling.fitting(feature['name'])}", value, step))
    telling.tell(numbers, {"params": {key: str(told[key]) for key in ("start_date", "end_date", "frequency")}}, os.environ, _say)


class _Looked:
    """What stays the same from window to window: the baseline, and what each feature is."""

    def __init__(self, order: Json, mine: Reading, other: Reading) -> None:
        self.mine = mine.table
        self.threshold = float(order["threshold"])
        self.absent = set(other.absent)
        self.names = list(dict.fromkeys([*(order.get("features") or mine.table.features)]))
        self.roles, self.left = magnitude.shown({name: _column(one) for name, one in mine.table.features.items()})


def _window(shown: _Looked, window: Window, first: datetime, table: Table, measured: Callable[[], Magnitude]) -> dict[str, Any]:
    if table.rows < magnitude.LEAST:
        why = "no rows" if table.rows == 0 else f"not enough rows: {table.rows} of {magnitude.LEAST}"
        return documents.window(window.start, window.end, first, table.rows, sentence=f"{why}; this window is skipped")
    present = Table(table.rows, {name: one for name, one in table.features.items() if name not in shown.absent})
    if not shown.mine.features.keys() & present.features.keys():
        return documents.window(window.start, window.end, first, table.rows, sentence="there is no feature that both sides have")
    found = measured()
    rows = comparing.compare(shown.mine, present, Asked(shown.names, _MEASURES, shown.roles))
    notes = {**shown.left, **found.left, **documents.misfits(present)}
    features = [_feature(shown, name, present, [row for row in rows if row.feature == name], found, notes.get(name, "")) for name in shown.names]
    features.sort(key=lambda one: -(one["contribution"] or 0.0))
    if found.coefficient is None:
        return documents.window(window.start, window.end, first, table.rows, sentence=found.why, features=features)
    percentage = results.percentage(found.coefficient)
    drifted = {"driftPercentage": percentage, "hasDrift": found.coefficient > shown.threshold}
    return documents.window(window.start, window.end, first, table.rows, **drifted, features=features)


def _feature(shown: _Looked, name: str, table: Table, rows: list[Row], found: Magnitude, note: str) -> dict[str, Any]:
    sides = shown.mine.features.get(name), table.features.get(name)
    role = shown.roles.get(name, documents.OTHER)
    hindrance = roles.hindrance(*sides)
    free = [Row(row.feature, row.role, row.measure, row.value, None, False, row.why) for row in rows]
    measured = free if role != documents.OTHER and not hindrance else []
    return documents.feature(name, role, sides, measured, hindrance or note, contribution=found.contributions.get(name))


def _column(feature: Any) -> magnitude.Column:
    """Of a feature with more different values than are kept apart it is known that there are too many for categories."""
    different = len(feature.counts) if feature.exact else feature.rows
    return magnitude.Column(feature.type, feature.rows, feature.missing, different)


def _asked(order: Json, baseline: str, target: str) -> Question:
    windows = [Window(datetime.fromisoformat(start), datetime.fromisoformat(end)) for start, end in order["windows"]]
    return Question(baseline, target, order.get("features") or None, str(order["timestamp"]), windows)


def _warnings(order: Json, mine: Reading, other: Reading, windows: list[dict[str, Any]]) -> list[str]:
    both = [name for name in mine.absent if name in other.absent]
    found = [f"neither side has a feature {name!r}" for name in both]
    found += [f"the baseline has no feature {name!r}" for name in mine.absent if name not in both]
    found += [f"the target has no feature {name!r}" for name in other.absent if name not in both]
    if other.unplaced:
        found.append(f"{other.unplaced} rows of the target are left out: their {order['timestamp']!r} is missing or is no timestamp")
    empty = [(side, order[side]) for side, one in (("baseline", mine), ("target", other)) if not one.files]
    found += [f"the {side} has no rows: {sources.lacking(data['uri'], _asset(data))}" for side, data in empty]
    if mine.files and mine.table.rows == 0:
        found.append("the baseline has no rows")
    return found + [f"{one['start'][:10]}: {one['sentence']}" for one in windows if one["sentence"]]


def _asset(data: Json) -> str:
    return f"{data['name']}:{data['version']}" if data.get("version") else ""


def _line(window: Json) -> str:
    said = window["sentence"] or f"drift {window['driftPercentage']:.2f} % of {window['rows']} rows" + (" (drift)" if window["hasDrift"] else "")
    return f"{window['start'][:10]} to {window['end'][:10]}: {said}"


def _place(side: str, name: str) -> str:
    return os.environ[_PORT.format(side=side, name=name)]


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
