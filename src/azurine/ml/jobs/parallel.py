"""A parallel job: one script for the parts of one input, on several nodes and in several processes of each.

Here its body becomes a plan. What the guests on the nodes do with it: `guest.batch`; how it goes: `shares`.

https://learn.microsoft.com/azure/machine-learning/how-to-use-parallel-job-in-pipeline
"""

from typing import Any

from azurine.ml import parallel
from azurine.ml.jobs import command, inputs, outputs, parts
from azurine.ml.reading import Reader
from azurine.model import ids
from azurine.model.kinds import Admission, References
from azurine.model.resources import Json


def plan(request: Admission, given: Reader, common: Json) -> dict[str, Any]:
    """What will be run. What is wrong is noted at its path.

    given: at the body's `properties`. common: what is planned for any job (workspace, experiment, datastore, …).
    """
    known, workspace = request.references, str(common["workspace"])
    component = parts.component(given, known, workspace, "parallel")
    settings = Reader(parallel.merged(component, given.value), given.path, given.faults)
    if given.faults:
        return dict(common)
    task = settings.mapping("task")
    taken = inputs.plan(given.mapping("inputs"), component.get("inputs"), known, workspace)
    made = outputs.plan(
        given.mapping("outputs"), component.get("outputs") if component else None, ids.name(request.id), str(common["datastore"]), known, workspace
    )
    told = parallel.plan(settings, {**taken, **(component.get("inputs") or {})}, made) if not given.faults else {}
    model = parts.model(task, "model", known, workspace)
    planned = {
        **common,
        "type": "parallel",
        "command": f"parallel {told.get('script') or 'model'}",
        **parts.code(given, known, workspace, task.text("code")),
        **_environment(given, known, workspace, task.text("environment"), model),
        "compute": parts.compute(given, "computeId", known, workspace, str(common.get("compute") or parts.HERE)),
        "inputs": taken,
        "outputs": made,
        "instances": command.instances(given, component),
        "deterministic": bool(component) and str(component.get("is_deterministic", True)).lower() == "true",
        "variables": command.rendered({**(component.get("environment_variables") or {}), **command.variables(given.mapping("environmentVariables"))}),
        "model": model,
        "parallel": told,
    }
    _check_input(settings, planned)
    return planned


def _environment(given: Reader, known: References, workspace: str, of_task: str, model: Json) -> Json:
    """The one that is named; else the one that a model brings, which is known when its files are looked at."""
    if not of_task and not given.has("environmentId") and model:
        return {"environment": {"model": model["uri"]}, "environment_id": ""}
    return parts.environment(given, known, workspace, of_task)


def _check_input(settings: Reader, planned: Json) -> None:
    """The input that is split must be data, and be there."""
    name = planned["parallel"].get("input")
    found = planned["inputs"].get(name) if name else None
    if found is None or settings.faults:
        return
    if "value" in found:
        settings.fault("input_data", f"the input {name} is a plain value; data would be right here", "InvalidType")
    elif found["mode"] == "direct":
        # What the mini-batches are made of must be seen here.
        planned["inputs"][name] = {**found, "mode": "eval_mount" if found["type"] == "mltable" else "ro_mount"}
    if planned["parallel"]["keys"] and found.get("type") not in (None, "mltable"):
        settings.fault("partition_keys", f"partition keys are for tables (mltable); the input {name} is {found['type']}", "InvalidType")
    sort = planned["outputs"].get(planned["parallel"]["append_to"], {}).get("type")
    if sort is not None and sort != "uri_file" and not planned["parallel"]["append_name"]:
        settings.mapping("task").fault("append_row_to", f"rows are appended to a file; the output is {sort}, uri_file would be right", "InvalidType")
