"""The run of one time of a monitor, and its job: a process of its own, which is told the plans of the signals and given their data.

The order is a variable, as JSON. A name in it that reads like an expression (`${{…}}`) stays what it is.

Whom a breach is told: the addresses of the monitor's alert notification; and what the schedule's property `azurine.alerts` names, as JSON in the shape of
a dataset monitor's `alertConfiguration` (webhooks, a topic, silence): Azure's own definition has a place for addresses only.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from azurine.drift.signals import plans
from azurine.drift.signals.plans import Plan
from azurine.ml import monitor_runs
from azurine.ml.alerting import recipients
from azurine.ml.model_monitors import definitions
from azurine.ml.reading import Reader
from azurine.model.resources import Json

ENVIRONMENT = "azureml://registries/azureml/environments/azurine-host/labels/latest"
COMMAND = "python -m azurine.guest.drift.model_monitoring"
ORDER = "DRIFT_ORDER"
NOTE, ALERTS = "azurine.monitor", "azurine.alerts"
"""The property of a job that names its monitor; that of a schedule that says whom else to tell."""


def run(monitor: str, name: str, properties: Json, at: float) -> dict[str, Any]:
    """The run's body. monitor: the schedule's name. properties: its own. What is wrong with them was said when they were written."""
    moment, trigger = datetime.fromtimestamp(at, UTC), properties["trigger"]
    found = definitions.read(Reader(properties["action"].get("monitorDefinition")), moment, definitions.period(trigger))
    order = {
        "monitor": monitor,
        "run": name,
        "at": moment.isoformat(),
        "frequency": _frequency(trigger),
        "inputs": list(found.inputs),
        "signals": [plans.as_dict(one) for one in found.plans],
    }
    job = {
        "jobType": "Command",
        "displayName": name,
        "experimentName": monitor,
        "command": COMMAND,
        "environmentId": ENVIRONMENT,
        "inputs": dict(found.inputs),
        "outputs": {monitor_runs.RESULT: {"jobOutputType": "uri_folder"}, monitor_runs.SUMMARY: {"jobOutputType": "string"}},
        "environmentVariables": {ORDER: json.dumps(order).replace("$", "\\u0024")},
        "properties": {NOTE: monitor},
    }
    shown = {"monitor": monitor, "type": monitor_runs.SCHEDULED, "frequency": order["frequency"], "threshold": None, **_span(found.plans, moment)}
    return {**shown, "alert": {**_alerts(properties), "emailAddresses": found.emails}, "job": job}


def check_alerts(properties: Reader) -> None:
    given = properties.mapping("properties")
    try:
        said = json.loads(given.text(ALERTS) or "{}")
    except ValueError:
        given.fault(ALERTS, 'is not JSON; {"webhooks": ["https://…"]} would be right')
        return
    recipients.check_configuration(Reader(said, given.at(ALERTS), given.faults))


def _alerts(properties: Json) -> dict[str, Any]:
    said = json.loads((properties.get("properties") or {}).get(ALERTS) or "{}")
    return {key: said[key] for key in ("webhooks", "topic", "silence", "reAlert") if said.get(key)}


def _span(some: Sequence[Plan], at: datetime) -> dict[str, str]:
    """From the first production window's start to the last one's end."""
    windows = [(one.start, one.end) for plan in some for one in plan.production if one.start]
    return {"start": min((start for start, _ in windows), default=at.isoformat()), "end": max((end for _, end in windows), default=at.isoformat())}


def _frequency(trigger: Json) -> str | None:
    word = str(trigger.get("frequency") or "").capitalize()
    return word if word in ("Day", "Week", "Month") else None
