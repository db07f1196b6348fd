"""Asking a dataset monitor to run: what a request means in periods, and the job that it becomes.

    run        {"targetDate": "2026-03-08", "featureList"?, "driftThreshold"?, "compute"?}      the period that the date lies in
    backfill   {"startDate": …, "endDate": …, …}                                               from the one period to the other, both included

The job is a command job of the server's own interpreter, with the two sides as inputs and the rest as an order (`guest.drift.monitoring`). On a
cluster of several nodes it may be spread over them: what comes in and how much it is is seen by the job, which asks for the other nodes itself.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from azurine.drift import periods
from azurine.drift.periods import Period
from azurine.ml import computes, monitor_runs, names
from azurine.ml.dataset_monitors import definition
from azurine.ml.jobs import command, parts
from azurine.ml.reading import Reader, as_number
from azurine.model import ids
from azurine.model.kinds import References
from azurine.model.resources import Json, Resource

MOST_PERIODS = 31
MOST_NODES = 16
"""That one run is spread over."""
COMMAND = "python -m azurine.guest.drift.monitoring"
ORDER = "DRIFT_ORDER"
ENVIRONMENT = "azureml:azurine-host@latest"
NOTE, TYPE_NOTE = "azurine.monitor", "azurine.monitorruntype"


@dataclass(frozen=True, slots=True)
class Asked:
    """What one run is to look at. features, threshold, compute: instead of the monitor's."""

    type: str
    windows: Sequence[Period]
    features: Sequence[str] | None = None
    threshold: float | None = None
    compute: str = ""


def body(monitor: Resource, type: str, said: Json, name: str, known: References) -> Json:
    """The body of the run that a request asks for. Raises errors.Invalid with all that is wrong."""
    names.check(name, names.JOB)
    return requested(monitor, asked(monitor, type, said), name, known)


def asked(monitor: Resource, type: str, said: Json) -> Asked:
    """What a request to run means. Raises errors.Invalid with all that is wrong."""
    given, frequency = Reader(said), str(monitor.spec["properties"]["frequency"])
    first, last = ("targetDate", "targetDate") if type == monitor_runs.ADHOC else ("startDate", "endDate")
    begin, end = definition.moment(given, first), definition.moment(given, last)
    definition.features(given)
    definition.threshold(given)
    windows: Sequence[Period] = ()
    if begin is not None and end is not None:
        windows = periods.through(begin, end, frequency, MOST_PERIODS) if begin <= end else ()
        if not windows:
            given.fault(last, f"{last} lies before {first}")
        elif len(windows) > MOST_PERIODS:
            given.fault(last, f"from {first} to {last} there are more than {MOST_PERIODS} periods ({frequency}); ask for them in parts")
    given.finish()
    features = [str(one) for one in given.items("featureList")] if given.has("featureList") else None
    threshold = as_number(said["driftThreshold"]) if given.has("driftThreshold") else None
    return Asked(type, windows, features, threshold, given.text("compute") or given.text("computeTarget"))


def requested(monitor: Resource, what: Asked, name: str, known: References) -> dict[str, Any]:
    """The body of a run of that name. Raises errors.Invalid when the data is not there any more."""
    given, workspace = monitor.spec["properties"], ids.up_to(monitor.id, ids.WORKSPACES)
    reader = Reader(given, "properties")
    sides = definition.sides(reader, known, workspace)
    reader.finish()
    stamp = str(sides["target"]["timestamp"])
    features = [str(one) for one in (given["featureList"] if what.features is None else what.features) if one != stamp]
    threshold = float(given["driftThreshold"] if what.threshold is None else what.threshold)
    span = {"start": what.windows[0].start.isoformat(), "end": what.windows[-1].end.isoformat()}
    order = {
        **{"monitor": monitor.name, "run": name, "frequency": given["frequency"], "threshold": threshold, "features": features or None},
        **{"timestamp": stamp, "windows": [[one.start.isoformat(), one.end.isoformat()] for one in what.windows]},
        **{side: {key: one[key] for key in ("name", "version", "uri")} for side, one in sides.items()},
    }
    job = _job(monitor, what, order, sides, known)
    shown = {"monitor": monitor.name, "type": what.type, "frequency": given["frequency"], "threshold": threshold, **span}
    return {**shown, "alert": given["alertConfiguration"], "job": job}


def _job(monitor: Resource, what: Asked, order: Json, sides: Mapping[str, Json], known: References) -> dict[str, Any]:
    compute = what.compute or str(monitor.spec["properties"].get("compute") or "")
    nodes = _nodes(compute, ids.up_to(monitor.id, ids.WORKSPACES), known)
    return {
        "jobType": "Command",
        "displayName": f"{monitor.name} {order['windows'][0][0][:10]}",
        "experimentName": f"{monitor.name}-Monitor-Runs",
        "command": COMMAND,
        "environmentId": ENVIRONMENT,
        **({"computeId": compute} if compute else {}),
        **({"resources": {"instanceCount": nodes, "properties": {command.SPREAD: True}}} if nodes > 1 else {}),
        "inputs": {side: {"jobInputType": one["type"], "uri": one["address"]} for side, one in sides.items()},
        "outputs": {monitor_runs.RESULT: {"jobOutputType": "uri_folder"}, monitor_runs.SUMMARY: {"jobOutputType": "string"}},
        # A name of a feature may look like an expression, and must not be taken for one.
        "environmentVariables": {ORDER: json.dumps(order).replace("$", "\\u0024")},
        "properties": {NOTE: monitor.name, TYPE_NOTE: what.type},
    }


def _nodes(compute: str, workspace: str, known: References) -> int:
    """What is wrong with the compute is told by the job."""
    identifier = parts.compute(Reader({"compute": compute}), "compute", known, workspace)
    found = known.get(identifier) if identifier != parts.HERE else None
    return min(computes.most(found), MOST_NODES) if found is not None else 1
