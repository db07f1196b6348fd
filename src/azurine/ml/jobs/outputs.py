"""What a job leaves behind: where each output goes, and the assets made of it.

An output without a path goes to `azureml://datastores/<default>/paths/azureml/<job>/<output>/`; a path may hold
`${{name}}`, `${{output_name}}` and `${{default_datastore}}`. An output with a name becomes a data asset (or a model)
of that name when the job succeeds.

https://learn.microsoft.com/azure/machine-learning/how-to-read-write-data-v2
"""

from collections.abc import Mapping
from typing import Any

from azurine.expressions import bindings
from azurine.model.decisions import Create, Effect
from azurine.model.errors import Detail
from azurine.model.kinds import References
from azurine.model.resources import Json, Resource

TYPES = ("uri_folder", "uri_file", "mltable", "custom_model", "mlflow_model", "triton_model")
_MODES = {
    "ReadWriteMount": "rw_mount",
    "Upload": "upload",
    "Direct": "direct",
    "rw_mount": "rw_mount",
    "mount": "rw_mount",
    "upload": "upload",
    "direct": "direct",
}
DEFAULT_STORE = "workspaceblobstore"


def plan(declared: Mapping[str, Any], job_name: str, datastore: str, path: str, wrong: list[Detail]) -> dict[str, Json]:
    """Declared outputs become {name: {type, mode, uri, path?, asset_name?, asset_version?}}; `path` is the one that was asked for.

    declared: as PUT. datastore: name of the default one. path: JSON path of `declared`, for what goes on the list `wrong`.
    """
    planned: dict[str, Json] = {}
    for name, given in declared.items():
        here = f"{path}.{name}"
        output = given if isinstance(given, Mapping) else {}
        kind = output.get("jobOutputType") or output.get("job_output_type") or output.get("type") or "uri_folder"
        if kind not in TYPES:
            wrong.append(Detail("InvalidOutputType", f"{kind!r} is not a type of output here; one of {', '.join(TYPES)} would be right", here))
            continue
        mode = output.get("mode") or "rw_mount"
        if mode not in _MODES:
            wrong.append(
                Detail("InvalidOutputMode", f"{mode!r} is not a mode of an output; rw_mount, upload or direct would be right", f"{here}.mode")
            )
            continue
        uri = output.get("uri") or output.get("path") or default_uri(datastore, job_name, name, kind)
        scope = {"name": job_name, "output_name": name, "default_datastore": datastore}
        one: dict[str, Any] = {"type": kind, "mode": _MODES[mode], "uri": bindings.substitute(str(uri), scope)}
        if (output.get("uri") or output.get("path")) and not output.get("bound"):
            one["path"] = str(uri)
        asset_name = output.get("assetName") or output.get("name")
        if asset_name:
            one["asset_name"] = str(asset_name)
            if output.get("assetVersion") or output.get("version"):
                one["asset_version"] = str(output.get("assetVersion") or output.get("version"))
        planned[name] = one
    return planned


def default_uri(datastore: str, job_name: str, output: str, kind: str) -> str:
    folder = f"azureml://datastores/{datastore}/paths/azureml/{job_name}/{output}"
    return folder if kind == "uri_file" else f"{folder}/"


def registrations(job: Resource, references: References, workspace: str) -> tuple[dict[str, str], list[Effect]]:
    """Which asset each named output is, or should be: ({output: asset id}, what must still be created).

    The version is the one asked for, else the next whole number that is free. An asset counts as made when this job owns it.
    """
    made: dict[str, str] = {}
    effects: list[Effect] = []
    for name, output in job.spec["plan"].get("outputs", {}).items():
        if "asset_name" not in output:
            continue
        collection = "models" if output["type"].endswith("_model") else "data"
        container = f"{workspace}/{collection}/{output['asset_name']}"
        kind = f"workspaces/{collection}/versions"
        family = list(references.children(container, kind))
        mine = next((one for one in family if one.owner == job.id), None)
        if mine is None and output.get("asset_version"):
            mine = next((one for one in family if one.name == output["asset_version"]), None)
        version = mine.name if mine else output.get("asset_version") or _next(family)
        made[name] = f"{container}/versions/{version}"
        if mine is None:
            if references.get(container) is None:
                effects.append(Create(container, f"workspaces/{collection}", {"properties": {}}))
            effects.append(Create(made[name], kind, {"properties": _asset(collection, output, job)}))
    return made, effects


def _asset(collection: str, output: Json, job: Resource) -> Json:
    if collection == "models":
        return {"modelType": output["type"], "modelUri": output["uri"], "jobName": job.name}
    return {"dataType": output["type"], "dataUri": output["uri"], "jobName": job.name}


def _next(family: list[Resource]) -> str:
    numbers = [int(one.name) for one in family if one.name.isdigit()]
    return str(max(numbers, default=0) + 1)
