"""The job of one time of a monitor: a process of its own, which is told the plans of the signals and given their data.

Its order is a variable, as JSON. A name in it that reads like an expression (`${{…}}`) stays what it is.
"""

import json
from datetime import UTC, datetime
from typing import Any

from azurine.drift.signals import plans
from azurine.ml.model_monitors import definitions
from azurine.ml.reading import Reader
from azurine.model.resources import Json

ENVIRONMENT = "azureml://registries/azureml/environments/azurine-host/labels/latest"
COMMAND = "python -m azurine.guest.drift.model_monitoring"
ORDER = "DRIFT_ORDER"
RESULT, SUMMARY = "result", "summary"
NOTE = "azureml.modelMonitor"
"""The property of a job that names its monitor."""


def job(monitor: str, run: str, action: Json, trigger: Json, at: float) -> dict[str, Any]:
    """The job's properties, as a user would PUT them. monitor: the schedule's name. What is wrong with the definition was said when it was written."""
    moment = datetime.fromtimestamp(at, UTC)
    found = definitions.read(Reader(action.get("monitorDefinition")), moment, definitions.period(trigger))
    order = {
        "monitor": monitor,
        "run": run,
        "at": moment.isoformat(),
        "frequency": _frequency(trigger),
        "inputs": list(found.inputs),
        "signals": [plans.as_dict(one) for one in found.plans],
    }
    return {
        "jobType": "Command",
        "displayName": run,
        "experimentName": monitor,
        "command": COMMAND,
        "environmentId": ENVIRONMENT,
        "inputs": dict(found.inputs),
        "outputs": {RESULT: {"jobOutputType": "uri_folder"}, SUMMARY: {"jobOutputType": "string"}},
        "environmentVariables": {ORDER: json.dumps(order).replace("$", "\\u0024")},
        "properties": {NOTE: monitor},
    }


def _frequency(trigger: Json) -> str | None:
    word = str(trigger.get("frequency") or "").capitalize()
    return word if word in ("Day", "Week", "Month") else None
