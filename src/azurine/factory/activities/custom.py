"""Custom: runs a command on a compute. https://learn.microsoft.com/azure/data-factory/transform-data-using-custom-activity

The linked service (AzureBatch) is mapped to a workspace of this server, and the command is a job there, in the interpreter of the server. It runs in
the folder of `folderPath` (below `resourceLinkedService`) when there is one; what stands in `extendedProperties` are its environment variables. What
Azure Batch puts beside it (activity.json, linkedServices.json, datasets.json) is not there: linked services hold secrets. Its output has
`exitcode`, and what a job's output has (`azure_ml`). A command that does not end with 0 fails.
"""

from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from azurine.factory import connections, moving, refusals
from azurine.factory.activities import azure_ml
from azurine.factory.sight import Progress, Sight, Sort, failed, succeeded
from azurine.factory.variables import text
from azurine.model import errors, ids, states
from azurine.model.decisions import Create, Effect, Perform
from azurine.model.resources import Json
from azurine.model.states import State

FAILED, REFUSED, NO_FOLDER = "2500", "2501", "2507"
ENVIRONMENT = "azureml://registries/azureml/environments/azurine-host/labels/latest"
FOLDER = "folder"


def step(sight: Sight) -> Progress:
    if sight.ending:
        return azure_ml.ended(sight)
    if sight.memory is None:
        return _begun(sight)
    job = str(sight.memory["job"])
    refused = sight.outcomes.get(f"create:{job}")
    if refused is not None:
        return failed(REFUSED, f"Cannot create the job: {(refused.get('error') or {}).get('message') or 'it was refused.'}")
    outcome = sight.outcome()
    if outcome is not None and states.is_final(outcome["state"]):
        return _over(outcome)
    return Progress(effects=_effects(sight, job, sight.memory["body"]))


def _begun(sight: Sight) -> Progress:
    shown = sight.properties()
    refusals.check("Custom", shown)
    connection = connections.resolve(sight, sight.activity.written.get("linkedServiceName"))
    if connection["kind"] != connections.WORKSPACE:
        message = f"The linked service '{connection['name']}' of the activity '{sight.activity.name}' must be mapped to a workspace, whose compute runs commands."
        raise errors.Invalid(message, code=connections.UNMAPPED)
    job = ids.child(str(connection["id"]), "jobs", str(uuid5(NAMESPACE_URL, sight.key)))
    body = {"properties": _job(sight, shown)}
    return Progress(input=shown, output={"runId": ids.name(job)}, memory={"job": job, "body": body}, effects=_effects(sight, job, body))


def _job(sight: Sight, shown: Mapping[str, Any]) -> dict[str, Any]:
    command = shown.get("command")
    if not isinstance(command, str) or not command.strip():
        raise errors.Invalid(f"The command of the activity '{sight.activity.name}' must be a text.", code=FAILED)
    place = _folder(sight, shown)
    # What looks like an input of a job is the user's own text here.
    plain = command.replace("${{", "$ {{")
    return {
        "jobType": "Command",
        "command": f'cd "${{{{inputs.{FOLDER}}}}}" && {plain}' if place else plain,
        "environmentId": ENVIRONMENT,
        "environmentVariables": {str(name): text(value) for name, value in moving.mapping(shown.get("extendedProperties")).items()},
        "inputs": {FOLDER: {"jobInputType": "uri_folder", "uri": place}} if place else {},
        "displayName": sight.activity.name,
        "properties": {"azureml.runsource": "DataFactory", "azurine.activity": sight.activity.name},
    }


def _folder(sight: Sight, shown: Mapping[str, Any]) -> str:
    """The address of the folder that the command runs in; "" when there is none."""
    path, service = shown.get("folderPath"), shown.get("resourceLinkedService")
    if not path or not service:
        return ""
    place = connections.below(connections.resolve(sight, service), str(path))
    if place["store"] == "folder":
        return str(place["path"])
    if place["store"] != "lake":
        raise errors.Invalid(f"The folder '{path}' must lie on this server.", code=NO_FOLDER)
    return f"wasbs://{place['container']}@{place['account']}.blob.localhost/{place['path']}"


def _effects(sight: Sight, job: str, body: Json) -> tuple[Effect, ...]:
    return Create(job, azure_ml.JOBS, body, owned=False), Perform(sight.key, azure_ml.WORK, {"job": job})


def _over(outcome: Json) -> Progress:
    if outcome["state"] != State.SUCCEEDED:
        return failed(FAILED, str((outcome.get("error") or {}).get("message") or "The job could not be followed."), "SystemError")
    told = {key: value for key, value in outcome["output"].items() if key != "message"}
    if told["status"] == azure_ml.WORDS["succeeded"]:
        return succeeded({"exitcode": 0, **told, "effectiveIntegrationRuntime": moving.RUNTIME})
    message = f"The command ended with status '{told['status']}' (job '{told['runId']}'). {outcome['output'].get('message') or ''}"
    return failed(FAILED, message.rstrip(), output=told)


SORT = Sort("Custom", step, moving.with_service("command"), works=True)
