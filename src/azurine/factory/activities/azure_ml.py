"""AzureMLExecutePipeline: runs a published pipeline of a workspace of this server, and waits for its end.
https://learn.microsoft.com/azure/data-factory/transform-data-machine-learning-service

The linked service (AzureMLService) says which workspace; however it signs in, the server is its own. What is wished for is the job that anybody
would submit by the pipeline's id or its endpoint's; it has an id made from the attempt, and it stays when the factory's run goes. Its output
(Azure's documentation names no fields) is

    {"runId", "experimentName", "status": "Completed", "pipelineId", "startTime", "endTime",
     "metrics": {name: value}, "outputs": {name: {"uri", "jobOutputType", …}},
     "steps": {step: {"runId", "status", "metrics", "outputs"}}}

where `metrics` has the latest values of the run itself and of its steps; when several steps measured the same name, it is that of the step that
ended last, and `steps` tells them apart.
"""

from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from azurine.factory import connections
from azurine.factory.sight import Checking, Progress, Sight, Sort, end, failed, over, succeeded
from azurine.factory.variables import text
from azurine.model import errors, ids, states
from azurine.model.decisions import Create, Effect, Perform, Update
from azurine.model.resources import Json
from azurine.model.states import State

WORK = "factory.ml"
JOBS = "workspaces/jobs"
SERVICE = "azuremlservice"
WORDS = {"succeeded": "Completed", "failed": "Failed", "cancelled": "Canceled"}
INVALID, NO_SERVICE, WRONG_SERVICE, BAD_PARAMETERS, NO_PIPELINE, REFUSED, RUN_FAILED = "4101", "4110", "4111", "4123", "4124", "4125", "4126"
_MISSING = ("PipelineNotFound", "PipelineEndpointNotFound", "UnknownVersion", "PipelineDisabled", "PipelineEndpointDisabled")
_OPERATION = "SubmitPipelineRun"


def check(checking: Checking) -> None:
    given = checking.properties
    if given.get("mlPipelineId") is None and given.get("mlPipelineEndpointId") is None:
        checking.note("mlPipelineId", f"Activity '{checking.activity.get('name')}': 'mlPipelineId' or 'mlPipelineEndpointId' is required.")


def step(sight: Sight) -> Progress:
    outcome = sight.outcome()
    if sight.ending:
        return ended(sight)
    if sight.memory is None:
        return _begun(sight)
    job = str(sight.memory["job"])
    refused = sight.outcomes.get(f"create:{job}")
    if refused is not None:
        return _refused(refused.get("error") or {})
    if outcome is not None and states.is_final(outcome["state"]):
        return over_with(outcome)
    return Progress(effects=_effects(sight, job, sight.memory["body"]))


def _begun(sight: Sight) -> Progress:
    workspace = _workspace(sight)
    shown = sight.properties()
    body = {"properties": {**_asked(shown), "properties": _notes(sight, shown)}}
    job = ids.child(workspace, "jobs", str(uuid5(NAMESPACE_URL, sight.key)))
    return Progress(input=shown, output={"runId": ids.name(job)}, memory={"job": job, "body": body}, effects=_effects(sight, job, body))


def _effects(sight: Sight, job: str, body: Json) -> tuple[Effect, ...]:
    return Create(job, JOBS, body, owned=False), Perform(sight.key, WORK, {"job": job})


def _workspace(sight: Sight) -> str:
    """The id of the workspace. Raises errors.Invalid with Azure's codes."""
    name = sight.activity.name
    reference = sight.activity.written.get("linkedServiceName")
    if reference is None:
        raise errors.Invalid(f"The activity '{name}' has no linked service; one of type AzureMLService is needed.", code=NO_SERVICE)
    connection = connections.resolve(sight, reference)
    if connection["kind"] != connections.WORKSPACE:
        message = (
            f"The linked service '{connection['name']}' of the activity '{name}' is of the wrong type."
            f" Expected: AzureMLService; current: {connection['type']}."
        )
        raise errors.Invalid(message, code=WRONG_SERVICE)
    return str(connection["id"])


def _asked(given: Mapping[str, Any]) -> dict[str, Any]:
    """The properties of the job. Raises errors.Invalid for a value that cannot be."""
    pipeline, endpoint = _text(given, "mlPipelineId"), _text(given, "mlPipelineEndpointId")
    if bool(pipeline) == bool(endpoint):
        message = "One of 'mlPipelineId' and 'mlPipelineEndpointId' is needed, with the id of a published pipeline or of a pipeline endpoint."
        raise errors.Invalid(message, code=INVALID)
    version = _text(given, "version")
    asked: dict[str, Any] = {"jobType": "Pipeline", **({"pipelineId": pipeline} if pipeline else {"pipelineEndpointId": endpoint})}
    if endpoint and version:
        asked["pipelineVersion"] = version
    if experiment := _text(given, "experimentName"):
        asked["experimentName"] = experiment
    asked["parameterAssignments"] = _object(given, "mlPipelineParameters")
    asked["dataPathAssignments"] = _object(given, "dataPathAssignments")
    going_on = str(given.get("continueOnStepFailure") if given.get("continueOnStepFailure") is not None else "").lower()
    if going_on not in ("", "true", "false"):
        raise errors.Invalid("The value of 'continueOnStepFailure' must be true or false.", code=INVALID)
    return {**asked, "continueOnStepFailure": going_on == "true"} if going_on else asked


def _notes(sight: Sight, given: Mapping[str, Any]) -> dict[str, str]:
    """What the run remembers of who asked for it."""
    notes = {
        "azureml.runsource": "DataFactory",
        "azureml.parentrunid": _text(given, "mlParentRunId"),
        "azurine.factory": ids.name(sight.run.factory),
        "azurine.pipelinerun": ids.name(sight.run.id),
        "azurine.activity": sight.activity.name,
    }
    return {key: value for key, value in notes.items() if value}


def over_with(outcome: Json) -> Progress:
    """The end of an activity whose job has come to rest."""
    if outcome["state"] != State.SUCCEEDED:
        error = outcome.get("error") or {}
        return failed(REFUSED, _request_failed("InternalServerError", str(error.get("message") or "")), "SystemError")
    output: dict[str, Any] = {key: value for key, value in outcome["output"].items() if key != "message"}
    if output["status"] == WORDS["succeeded"]:
        return succeeded(output)
    message = f"Azure ML pipeline run failed with status: '{output['status']}'. Azure ML pipeline run Id: '{output['runId']}'."
    said = str(outcome["output"].get("message") or "")
    return failed(RUN_FAILED, f"{message} {said}".rstrip(), output=output)


def _refused(error: Json) -> Progress:
    """The run could not begin. Data Factory tells what the service answered."""
    word = str(error.get("code"))
    code = NO_PIPELINE if word in _MISSING else BAD_PARAMETERS
    return failed(code, _request_failed("NotFound" if code == NO_PIPELINE else "BadRequest", str(error.get("message") or "")))


def _request_failed(status: str, message: str) -> str:
    return (
        f"Request sent to Azure Machine Learning for operation '{_OPERATION}' failed with http status code '{status}'."
        f" Error message from Azure Machine Learning: '{message}'."
    )


def ended(sight: Sight) -> Progress:
    """Out of time, or cancelled: so is the run, and its end is waited for."""
    job = sight.references.get(str(sight.memory["job"])) if sight.memory is not None else None
    if job is None:
        return end(sight, WORK)
    outcome = sight.outcome()
    if states.is_final(job.status.get("state", "")) or (outcome is not None and states.is_final(outcome["state"])):
        return over()
    return Progress(effects=(Update(job.id, {"cancel": True}), Perform(sight.key, WORK, {"job": job.id})))


def _text(given: Mapping[str, Any], key: str) -> str:
    found = given.get(key)
    if isinstance(found, Mapping | list):
        raise errors.Invalid(f"The value of '{key}' must be a text.", code=INVALID, path=key)
    return text(found) or ""


def _object(given: Mapping[str, Any], key: str) -> dict[str, Any]:
    found = given.get(key)
    if found is None or found == "":
        return {}
    if not isinstance(found, Mapping):
        raise errors.Invalid(f"The value of '{key}' must be an object of names and values.", code=INVALID, path=key)
    return dict(found)


SORT = Sort("AzureMLExecutePipeline", step, check, works=True)
