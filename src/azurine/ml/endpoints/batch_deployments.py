"""Batch deployments: what runs when a batch endpoint is called.

    of a model       a script with init() and run(mini_batch), or an MLflow model without one, on a compute, in mini-batches
    of a pipeline    a pipeline component; its inputs and outputs are those of the endpoint

What does not differ from call to call (script, model, environment) becomes a parallel component, which is made when the deployment
is; a call is a pipeline job with that component as its only step (`batch_jobs`).

https://learn.microsoft.com/azure/machine-learning/reference-yaml-deployment-batch
"""

import hashlib
import json
from typing import Any

from azurine.ml import assets, parallel, references
from azurine.ml.endpoints import batch, bodies
from azurine.ml.jobs import parts, words
from azurine.ml.reading import Reader
from azurine.model import ids
from azurine.model.decisions import Create, Decision
from azurine.model.errors import AzurineError
from azurine.model.kinds import Admission, Kind, Look, References
from azurine.model.resources import Json, Resource

COMPONENTS = "workspaces/components/versions"
INPUT, OUTPUT, STEP = "input_data", "score", "batchscoring"
APPEND, SUMMARY = "AppendRow", "SummaryOnly"
MLFLOW = "mlflow_model"
MOST_INSTANCES = 64
_LEVELS = ("Info", "Warning", "Debug", "Error")
_ANSWERED = ("provisioningState", "provisioningErrors")


def admit(admission: Admission) -> Json:
    body, properties = bodies.begin(admission)
    workspace = ids.up_to(admission.id, ids.WORKSPACES)
    configured = properties.mapping("deploymentConfiguration")
    if configured.value:
        plan = _of_pipeline(configured, admission.references, workspace)
    else:
        plan = {**_of_model(properties, admission.references, workspace), **_settings(properties)}
    body.finish()
    return {**bodies.keep(admission, properties.value, _ANSWERED), assets.PRIVATE: plan}


def decide(look: Look) -> Decision:
    """The component is made, once; when it cannot be, the deployment has failed."""
    deployment = look.resource
    plan = deployment.spec[assets.PRIVATE]
    component = str(plan["component"])
    if deployment.deleting or plan["type"] == "pipeline" or look.references.get(component) is not None:
        return Decision({"state": "Succeeded"}, settled=True)
    refused = look.outcome(f"create:{component}")
    if refused is not None:
        return Decision({"state": "Failed", "error": refused.get("error")}, settled=True)
    container = ids.parent(component)
    made = (
        Create(container, "workspaces/components", {"properties": {}}, owned=False),
        Create(component, COMPONENTS, {"properties": {"componentSpec": plan["definition"], "isAnonymous": True}}, owned=False),
    )
    return Decision({"state": "Creating"}, made, wake_at=look.now)


def show(resource: Resource) -> Json:
    plan = resource.spec[assets.PRIVATE]
    known: dict[str, Any] = {"provisioningState": resource.status.get("state") or "Creating"}
    if resource.status.get("error"):
        known["provisioningErrors"] = [{"error": resource.status["error"]}]
    return bodies.show(resource, _defaults(plan) if plan["type"] == "model" else {}, known)


def _of_pipeline(configured: Reader, known: References, workspace: str) -> Json:
    configured.choice("deploymentConfigurationType", ("PipelineComponent",), required=True)
    settings = configured.mapping("settings").value
    given = configured.mapping("componentId", required=True)
    text = given.text("assetId", required=True)
    if not text:
        return {}
    try:
        found = references.find_version(known, workspace, "components", text, given.at("assetId"))
    except AzurineError as error:
        given.include(error)
        return {}
    sort = str(found.spec["properties"]["componentSpec"].get("type") or "command")
    if sort != "pipeline":
        given.fault(
            "assetId", f"{ids.name(ids.parent(found.id))}:{found.name} is a {sort} component; a pipeline component would be right", "InvalidType"
        )
    return {"type": "pipeline", "component": found.id, "settings": {name: value for name, value in settings.items() if value is not None}}


def _of_model(properties: Reader, known: References, workspace: str) -> Json:
    """The parallel component of the deployment: its definition, and the id that follows from it."""
    model = _model(properties, known, workspace)
    code = properties.mapping("codeConfiguration")
    script = code.text("scoringScript", required=bool(code.value))
    is_mlflow = model.get("type") == MLFLOW
    if not script and not is_mlflow and not properties.faults:
        message = "a deployment needs a scoring script (code_configuration), or a model of the type mlflow_model"
        properties.fault("codeConfiguration", message, "MissingField")
    environment = properties.text("environmentId")
    if script and not environment and not is_mlflow:
        properties.fault("environmentId", "a scoring script needs an environment", "MissingField")
    for reader, key, collection in ((properties, "environmentId", "environments"), (code, "codeId", "codes")):
        _check(reader, key, collection, known, workspace, required=key == "codeId" and bool(script))
    compute = parts.compute(properties, "compute", known, workspace)
    if not properties.has("compute"):
        properties.fault("compute", "a batch deployment of a model needs a compute", "MissingField")
    task = {
        "type": parallel.FUNCTION if script else parallel.MODEL,
        "code": code.text("codeId") if script else None,
        "entry_script": script or None,
        "environment": environment or None,
        "model": words.address(model["asset"]) if model else None,
    }
    definition = {
        "name": "azureml_anonymous",
        "type": "parallel",
        "display_name": STEP,
        "is_deterministic": False,
        "inputs": {INPUT: {"type": "path"}},
        "outputs": {OUTPUT: {"type": "uri_folder"}},
        "input_data": f"${{{{inputs.{INPUT}}}}}",
        "task": {name: value for name, value in task.items() if value is not None},
    }
    version = hashlib.sha256(json.dumps(definition, sort_keys=True).encode()).hexdigest()[:32]
    component = ids.child(ids.child(workspace, "components", "azureml_anonymous"), "versions", version)
    return {"type": "model", "component": component, "definition": {**definition, "version": version}, "compute": compute}


def _settings(properties: Reader) -> Json:
    """What a call may say otherwise."""
    properties.labels("environmentVariables")
    retries = properties.mapping("retrySettings")
    return {
        "action": properties.choice("outputAction", (APPEND, SUMMARY)) or APPEND,
        "file": file_name(properties, "outputFileName") or "predictions.csv",
        "size": properties.whole("miniBatchSize", least=1) or 10,
        "error_threshold": _or(properties.whole("errorThreshold", least=-1), -1),
        "concurrency": properties.whole("maxConcurrencyPerInstance", least=1, most=parallel.MOST_PROCESSES) or 1,
        "retries": _or(retries.whole("maxRetries", least=0, most=1000), 3),
        "timeout": _timeout(retries),
        "level": (properties.choice("loggingLevel", _LEVELS) or "Info").upper(),
        "instances": properties.mapping("resources").whole("instanceCount", least=1, most=MOST_INSTANCES) or 1,
        "variables": {name: str(value) for name, value in properties.mapping("environmentVariables").value.items() if value is not None},
    }


def file_name(reader: Reader, key: str) -> str:
    """The name of the file that rows are appended to."""
    name = reader.text(key, longest=255)
    if name and ("/" in name or "\\" in name or name.startswith(".") or not name.isprintable()):
        reader.fault(key, f"{name!r} is no name of a file; predictions.csv would be one")
    return name


def _timeout(retries: Reader) -> int:
    seconds = retries.seconds("timeout", 30.0)
    if not 1 <= seconds <= parallel.LONGEST:
        retries.fault("timeout", f"a mini-batch may take from 1 to {parallel.LONGEST} s, not {seconds:g} s")
    return int(seconds)


def _or(number: int | None, default: int) -> int:
    return default if number is None else number


def _model(properties: Reader, known: References, workspace: str) -> Json:
    """A model is named by {"referenceType": "Id", "assetId": …}, or by a text."""
    if isinstance(properties.value.get("model"), dict):
        return parts.model(properties.mapping("model"), "assetId", known, workspace)
    return parts.model(properties, "model", known, workspace)


def _check(reader: Reader, key: str, collection: str, known: References, workspace: str, *, required: bool) -> None:
    text = reader.text(key, required=required)
    if text:
        try:
            references.find_version(known, workspace, collection, text, reader.at(key))
        except AzurineError as error:
            reader.include(error)


def _defaults(plan: Json) -> Json:
    return {
        "outputAction": plan["action"],
        "outputFileName": plan["file"],
        "miniBatchSize": plan["size"],
        "errorThreshold": plan["error_threshold"],
        "maxConcurrencyPerInstance": plan["concurrency"],
        "retrySettings": {"maxRetries": plan["retries"], "timeout": f"PT{plan['timeout']}S"},
        "loggingLevel": plan["level"].title(),
        "resources": {"instanceCount": plan["instances"], "properties": {}},
        "environmentVariables": {},
    }


KIND = Kind(name=batch.DEPLOYMENTS, admit=admit, show=show, decide=decide, long_running=True)
