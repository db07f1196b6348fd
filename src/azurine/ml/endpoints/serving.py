"""What will be served by a deployment: model, code, environment and limits, every reference pinned when it is admitted.

A deployment has a scoring script (`codeConfiguration` and an environment), or an MLflow model, which needs neither.
"""

from typing import Any

from azurine.ml import environments
from azurine.ml import references as assets
from azurine.ml.jobs import words
from azurine.ml.reading import Reader
from azurine.model import ids
from azurine.model.errors import AzurineError
from azurine.model.kinds import References
from azurine.model.resources import Json, Resource

MLFLOW = "mlflow_model"
TIMEOUT, CONCURRENT = 5.0, 1
LONGEST = 180.0
"""Seconds; Azure allows no longer request timeout."""
PROBE = {"initialDelay": 10.0, "period": 10.0, "timeout": 2.0, "successThreshold": 1, "failureThreshold": 30}


def plan(properties: Reader, references: References, workspace: str) -> Json:
    """Everything that the serving processes depend on; what is wrong is noted on the reader."""
    model = _model(properties, references, workspace)
    code = _code(properties, references, workspace)
    environment = _environment(properties, references, workspace)
    is_mlflow = bool(model) and model["type"] == MLFLOW
    if code and environment is None:
        properties.fault("environmentId", "a scoring script needs an environment", "MissingField")
    if not code and not is_mlflow:
        message = "a deployment needs a scoring script (code_configuration), or a model of the type mlflow_model"
        properties.fault("codeConfiguration", message, "MissingField")
    return {
        "workspace": workspace,
        "model": model,
        "code": code,
        "environment": environment,
        "variables": {name: str(value) for name, value in properties.mapping("environmentVariables").value.items() if value is not None},
    }


def limits(properties: Reader) -> Json:
    """timeout, queue: seconds (queue: None when it was not given). concurrent: requests that one instance works on at once."""
    given = properties.mapping("requestSettings")
    timeout = given.seconds("requestTimeout", TIMEOUT)
    if not 0 < timeout <= LONGEST:
        given.fault("requestTimeout", f"the request timeout is {timeout:g} s; it must be above 0 and at most {LONGEST:g} s")
    queue = given.seconds("maxQueueWait") if given.has("maxQueueWait") else None
    concurrent = given.whole("maxConcurrentRequestsPerInstance", least=1, most=100_000)
    return {"timeout": timeout, "queue": queue, "concurrent": concurrent or CONCURRENT}


def probe(properties: Reader, name: str) -> Json:
    """Of liveness or readiness, in seconds and counts."""
    given = properties.mapping(name)
    found: dict[str, Any] = {field: given.seconds(field, float(PROBE[field])) for field in ("initialDelay", "period", "timeout")}
    for field in ("successThreshold", "failureThreshold"):
        found[field] = given.whole(field, least=1, most=10_000) or int(PROBE[field])
    for field in ("period", "timeout"):
        if found[field] <= 0:
            given.fault(field, f"the {field} of a probe must be longer than 0 s")
    return found


def _model(properties: Reader, references: References, workspace: str) -> Json:
    text = _reference(properties, "model")
    if not text:
        return {}
    found = _looked_up(properties, "model", references, workspace, "models", text)
    if found is None:
        return {}
    given = found.spec["properties"]
    return {
        "uri": _pinned(str(given.get("modelUri") or ""), references, workspace),
        "type": str(given.get("modelType") or "custom_model"),
        "name": ids.name(ids.parent(found.id)),
        "version": found.name,
    }


def _code(properties: Reader, references: References, workspace: str) -> Json:
    given = properties.mapping("codeConfiguration")
    if not given.value:
        return {}
    script = given.text("scoringScript", required=True)
    text = given.text("codeId")
    if script and (script.startswith("/") or ".." in script.split("/") or "\\" in script or "\x00" in script):
        given.fault("scoringScript", f"{script[:80]!r} is not a path inside the code folder")
    if not text:
        given.fault("codeId", "a scoring script lies in a code folder; codeId is required", "MissingField")
        return {}
    found = _looked_up(given, "codeId", references, workspace, "codes", text)
    return {"uri": str(found.spec["properties"].get("codeUri", "")), "script": script} if found is not None else {}


def _environment(properties: Reader, references: References, workspace: str) -> Json | None:
    text = properties.text("environmentId")
    if not text:
        return None
    found = _looked_up(properties, "environmentId", references, workspace, "environments", text)
    if found is None:
        return {}
    given = found.spec["properties"]
    if given.get("inferenceConfig") and not given.get("condaFile"):
        message = "an environment with an inference_config is a container with a server of its own, and there are no containers here"
        properties.fault("environmentId", f"{message}; give a conda_file and a scoring script instead", "NotSupported")
    if environments.on_host(found):
        return {"host": True}
    return {name: given[name] for name in ("image", "condaFile", "build") if given.get(name)}


def _reference(properties: Reader, key: str) -> str:
    """A model is named by a text, or (as older API versions write it) by {"referenceType": "Id", "assetId": …}."""
    found = properties.value.get(key)
    if isinstance(found, dict):
        return properties.mapping(key).text("assetId", required=True)
    return properties.text(key)


def _looked_up(reader: Reader, key: str, references: References, workspace: str, type_name: str, text: str) -> Resource | None:
    try:
        return assets.find_version(references, workspace, type_name, text)
    except AzurineError as problem:
        reader.fault(key, problem.message, problem.code)
        return None


def _pinned(uri: str, references: References, workspace: str) -> str:
    """A model that is an artifact of a run, as an address in a datastore."""
    if uri.startswith("runs:/"):
        run, _, rest = uri.removeprefix("runs:/").lstrip("/").partition("/")
        return words.artifacts_uri(run) + rest
    if not uri.startswith("azureml://jobs/"):
        return uri
    name, _, rest = uri.removeprefix("azureml://jobs/").partition("/outputs/")
    output, _, tail = rest.partition("/paths/")
    job = references.get(ids.child(workspace, "jobs", name))
    made = (job.status.get("outputs") or {}).get(output) if job is not None else None
    if made is None:
        return words.artifacts_uri((job.status.get("reused") if job is not None else None) or name) + tail
    return f"{str(made['uri']).rstrip('/')}/{tail}" if tail else str(made["uri"])
