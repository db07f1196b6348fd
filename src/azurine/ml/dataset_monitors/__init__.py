"""Dataset monitors: has what comes in (the target) drifted away from what a model was trained on (the baseline)?

A monitor compares one period of the target at a time (a day, a week, a month) with all of the baseline. It runs when somebody asks for a period
(`run`) or for several (`backfill`), and by itself while it is enabled: when a period is over and its latency too, for that period, and for those
before it that were missed, up to `LOOK_BACK`. Each run is a resource below the monitor (`monitor_runs`) with a job of the same name in the
experiment `<monitor>-Monitor-Runs`.

Baseline and target are data assets, or addresses of data. The target has a column of timestamps: the monitor names it (`target.timestampColumn`),
else the asset does, by its property `timestampColumn`. A label such as `@latest` means the latest of when the monitor runs.

What it does not do: read anything. https://learn.microsoft.com/azure/machine-learning/v1/how-to-monitor-datasets
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from azurine.drift import periods
from azurine.drift.periods import Period
from azurine.ml import assets, monitor_runs, names
from azurine.ml.alerting import recipients
from azurine.ml.dataset_monitors import definition, requests
from azurine.ml.dataset_monitors.requests import Asked
from azurine.ml.names import Rule
from azurine.ml.reading import Reader
from azurine.model import ids
from azurine.model.decisions import Create, Decision
from azurine.model.errors import AzurineError
from azurine.model.kinds import Admission, Kind, Look
from azurine.model.resources import Json, Resource
from azurine.recurrence import reading

NAME = "workspaces/datasetMonitors"
RUNS = f"{NAME}/runs"
MONITOR = Rule(re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_\-]{0,35}"), "1 to 36 letters, digits, - and _, beginning with a letter or digit")
ENABLED, DISABLED = "Enabled", "Disabled"
STATES = (ENABLED, DISABLED)
MOST_LATENCY, LOOK_BACK = 1000, 10
THRESHOLD = 0.2
ANSWERED = ("lastRun", "lastError")
"""What answers have beside what was said."""
_HOUR = 3600.0


def admit(request: Admission) -> Json:
    names.check(ids.name(request.id), MONITOR)
    body, properties = assets.begin(request)
    workspace = ids.up_to(request.id, ids.WORKSPACES)
    definition.sides(properties, request.references, workspace)
    definition.features(properties)
    frequency, state = properties.choice("frequency", periods.FREQUENCIES), properties.choice("state", STATES)
    properties.whole("latency", least=0, most=MOST_LATENCY)
    definition.threshold(properties)
    definition.compute(properties, request.references, workspace)
    definition.moment(properties, "scheduleStart", required=False)
    recipients.check_configuration(properties.mapping("alertConfiguration"))
    body.finish()
    kept = assets.keep(request, {"latency": 0, "driftThreshold": THRESHOLD, "featureList": [], "alertConfiguration": {}})
    given = {**kept["properties"], "frequency": frequency or periods.DAY, "state": state or DISABLED}
    return {**kept, "properties": assets.without(given, ANSWERED)}


def decide(look: Look) -> Decision:
    """What has become due since the last look is one run. status: until = the end of the last period that was looked at."""
    monitor, given = look.resource, look.resource.spec["properties"]
    status: dict[str, Any] = {key: value for key, value in monitor.status.items() if key in ("until", "lastRun")}
    if monitor.deleting or given["state"] == DISABLED:
        return Decision(status, settled=True)
    begin = reading.moment(given.get("scheduleStart")) or 0.0
    if look.now < begin:
        return Decision(status, wake_at=begin)
    frequency, latency = str(given["frequency"]), float(given["latency"]) * _HOUR
    last = periods.floor(definition.at(look.now - latency), frequency)
    earliest = periods.moved(last, frequency, -LOOK_BACK)
    until = datetime.fromisoformat(status["until"]) if status.get("until") else definition.at(begin)
    first = max(periods.floor(until, frequency), earliest)
    wake_at = periods.moved(last, frequency, 1).timestamp() + latency
    if first >= last:
        return Decision({**status, "until": status.get("until") or last.isoformat()}, wake_at=wake_at)
    windows = periods.through(first, periods.moved(last, frequency, -1), frequency, LOOK_BACK)
    name = _scheduled(monitor, windows)
    try:
        body = requests.requested(monitor, Asked(monitor_runs.SCHEDULED, windows), name, look.references)
    except AzurineError as error:
        # Nothing is given up: the next look, a period later or when the monitor is changed, begins where this one should have.
        return Decision({**status, "lastError": error.message}, wake_at=wake_at)
    made = Create(run_id(monitor, name), RUNS, body, owned=False)
    return Decision({"until": last.isoformat(), "lastRun": name}, (made,), wake_at=wake_at)


def show(monitor: Resource) -> Json:
    shown = dict(assets.show(monitor)["properties"])
    told = {key: monitor.status[key] for key in ANSWERED if monitor.status.get(key)}
    return {"properties": {"tags": {}, "properties": {}, **shown, **told, "provisioningState": "Succeeded"}}


def enable(monitor: Resource, body: Json) -> Json:
    """scheduleStart: no run by itself before then."""
    given = Reader(body)
    begin = definition.moment(given, "scheduleStart", required=False)
    given.finish()
    return _changed(monitor, {"state": ENABLED, **({"scheduleStart": body["scheduleStart"]} if begin else {})})


def disable(monitor: Resource, body: Json) -> Json:
    return _changed(monitor, {"state": DISABLED})


def run_id(monitor: Resource, name: str) -> str:
    return ids.child(monitor.id, "runs", name)


def _scheduled(monitor: Resource, windows: Sequence[Period]) -> str:
    """The same periods of the same monitor are the same run; a monitor that was deleted and made again is another one."""
    span = f"{windows[0].start:%Y%m%d}-{windows[-1].end:%Y%m%d}"
    return f"{monitor.name}-scheduled-{span}-{int(monitor.created_at) % 0xFFFFFF:06x}"


def _changed(monitor: Resource, changes: Json) -> Json:
    return {**monitor.spec, "properties": {**monitor.spec["properties"], **changes}}


KIND = Kind(
    name=NAME,
    admit=admit,
    show=show,
    decide=decide,
    wishes={"enable": enable, "disable": disable},
    without_operations=True,
)
KINDS = (KIND, monitor_runs.kind(NAME))
