"""The job that a call of a batch endpoint becomes: a pipeline job, whose only step `batchscoring` is the deployment's component.

What is sent, in either spelling (`inputData`, `InputData`):

    {"properties": {"inputData": {name: {"jobInputType", "uri" or "value"}}, "outputData": {name: {"jobOutputType", "uri"}},
                    "miniBatchSize", "errorThreshold", "retrySettings", "outputFileName", "compute", "properties": {"experimentName"}, "name"}}

A deployment of a model takes one input and makes one output, `score`, whatever the caller calls them.
https://learn.microsoft.com/azure/machine-learning/how-to-access-data-batch-endpoints-jobs
"""

from collections.abc import Mapping
from typing import Any

from azurine.ml import assets
from azurine.ml.endpoints import batch_deployments as deployments
from azurine.ml.jobs import words
from azurine.ml.reading import Reader, as_number, clipped, duration
from azurine.model.resources import Json, Resource

ENDPOINT_NOTE, DEPLOYMENT_NOTE = "azureml.batchEndpoint", "azureml.batchDeployment"
_MODES = {
    "mlflowmodel": "mlflow_model",
    "custommodel": "custom_model",
    "tritonmodel": "triton_model",
    "urifolder": "uri_folder",
    "urifile": "uri_file",
}


def body(endpoint: Resource, deployment: Resource, asked: Json) -> tuple[str, Json]:
    """The name the job should have ("": any) and what to PUT. Raises errors.Invalid for what is wrong with what was asked."""
    given = Reader(_lowered(asked), "").mapping("properties", required=True)
    plan = deployment.spec[assets.PRIVATE]
    more = given.mapping("properties").value
    taken = {name: _input(below) for name, below in given.entries("inputData")}
    made = {name: _output(below) for name, below in given.entries("outputData")}
    if plan["type"] == "pipeline":
        properties = _of_pipeline(plan, taken, made)
    else:
        properties = _of_model(given, plan, taken, made)
    given.finish()
    notes = {ENDPOINT_NOTE: endpoint.name, DEPLOYMENT_NOTE: deployment.name}
    experiment = str(more.get("experimentName") or endpoint.name)
    shown = {"displayName": given.text("displayName") or f"{endpoint.name}-{deployment.name}", "experimentName": experiment}
    return given.text("name"), {"properties": {**shown, **properties, "jobType": "Pipeline", "properties": notes}}


def _of_pipeline(plan: Json, taken: Json, made: Json) -> dict[str, Any]:
    settings = plan["settings"]
    return {"componentId": words.address(plan["component"]), "inputs": taken, "outputs": made, "settings": _plain_settings(settings)}


def _plain_settings(settings: Json) -> dict[str, Any]:
    """parity: some clients write them as `ComponentDeployment.Settings.force_rerun`."""
    return {str(name).rpartition(".")[2]: value for name, value in settings.items() if value is not None}


def _of_model(given: Reader, plan: Json, taken: Mapping[str, Json], made: Mapping[str, Json]) -> dict[str, Any]:
    if len(taken) != 1:
        given.fault("inputData", f"a deployment of a model takes one input, not {len(taken)}", "InvalidInput")
    if len(made) > 1:
        given.fault("outputData", f"a deployment of a model makes one output, {deployments.OUTPUT}, not {len(made)}", "InvalidOutput")
    name, one = next(iter(taken.items()), ("", {}))
    if taken and one["jobInputType"] not in ("uri_folder", "uri_file"):
        given.mapping("inputData").fault(
            name, f"the input of a deployment of a model is a file or a folder, not {one['jobInputType']}", "InvalidInput"
        )
    file = deployments.file_name(given, "outputFileName")
    where = next(iter(made.values()), {})
    if where.get("jobOutputType") == "uri_file" and where.get("uri"):
        folder, _, last = str(where["uri"]).rpartition("/")
        where, file = {"jobOutputType": "uri_folder", "uri": f"{folder}/"}, file or last
    retries = given.mapping("retrySettings")
    task: dict[str, Any] = {}
    if plan["action"] == deployments.APPEND:
        task = {"append_row_to": f"${{{{outputs.{deployments.OUTPUT}}}}}", "append_row_file_name": file or plan["file"]}
    node = {
        "type": "parallel",
        "componentId": words.address(plan["component"]),
        "computeId": _compute(given) or words_of(plan["compute"]),
        "inputs": {deployments.INPUT: {"jobInputType": "literal", "value": f"${{{{parent.inputs.{name}}}}}"}},
        "outputs": {deployments.OUTPUT: {"type": "literal", "value": f"${{{{parent.outputs.{deployments.OUTPUT}}}}}"}},
        "task": task,
        "mini_batch_size": given.whole("miniBatchSize", least=1) or plan["size"],
        "error_threshold": _or(given.whole("errorThreshold", least=-1), plan["error_threshold"]),
        "max_concurrency_per_instance": plan["concurrency"],
        "retry_settings": {
            "max_retries": _or(retries.whole("maxRetries", least=0), plan["retries"]),
            "timeout": _seconds(retries, plan["timeout"]),
        },
        "logging_level": plan["level"],
        "resources": {
            "instance_count": given.mapping("compute").whole("instanceCount", least=1, most=deployments.MOST_INSTANCES) or plan["instances"]
        },
        "environment_variables": plan["variables"],
    }
    return {
        "inputs": taken,
        "outputs": {deployments.OUTPUT: {"jobOutputType": "uri_folder", **where}},
        "jobs": {deployments.STEP: {key: value for key, value in node.items() if value not in (None, {}, "")}},
        "settings": {"force_rerun": True, "continue_on_step_failure": False},
    }


def words_of(compute: str) -> str:
    return compute if compute == "local" else words.address(compute)


def _compute(given: Reader) -> str:
    return given.mapping("compute").text("target")


def _seconds(retries: Reader, default: int) -> int:
    said = retries.value.get("timeout")
    if said is None:
        return default
    seconds = duration(said) if isinstance(said, str) else as_number(said)
    if seconds is None or seconds < 1:
        retries.fault("timeout", f"{clipped(said)} is not a duration; write it like PT30S")
        return default
    return int(seconds)


def _or(number: int | None, default: int) -> int:
    return default if number is None else number


def _input(one: Reader) -> dict[str, Any]:
    sort = _sort(one.text("jobInputType"))
    if sort == "literal":
        return {"jobInputType": "literal", "value": one.value.get("value")}
    if sort == "mltable":
        one.fault("jobInputType", "tables (mltable) are not taken by batch endpoints; a folder (UriFolder) is", "InvalidInput")
    return {"jobInputType": sort, "uri": one.text("uri", required=True)}


def _output(one: Reader) -> dict[str, Any]:
    found = {"jobOutputType": _sort(one.text("jobOutputType")), "uri": one.text("uri"), "mode": one.text("mode")}
    return {name: value for name, value in found.items() if value}


def _sort(said: str) -> str:
    """UriFolder and uri_folder are the same."""
    plain = said.lower().replace("_", "")
    return _MODES.get(plain, plain) or "uri_folder"


def _lowered(value: Any) -> Any:
    """With the first letter of every key small; names that the caller has chosen stay as they are."""
    if not isinstance(value, Mapping):
        return value
    small = {_small(str(key)): one for key, one in value.items()}
    return {key: _named(one) if key in ("inputData", "outputData") else _lowered(one) for key, one in small.items()}


def _named(value: Any) -> Any:
    return {str(name): _lowered(one) for name, one in value.items()} if isinstance(value, Mapping) else value


def _small(key: str) -> str:
    return key[:1].lower() + key[1:]


def of_endpoint(job: Resource, endpoint: str, deployment: str = "") -> bool:
    """Is it a job that came of a call of this endpoint (and deployment)?"""
    notes = job.spec.get("properties", {}).get("properties") or {}
    return str(notes.get(ENDPOINT_NOTE, "")).lower() == endpoint.lower() and deployment.lower() in ("", str(notes.get(DEPLOYMENT_NOTE, "")).lower())
