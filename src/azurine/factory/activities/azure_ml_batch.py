"""AzureMLBatchExecution: scores files in a batch. https://learn.microsoft.com/azure/data-factory/transform-data-using-machine-learning

The web services of Machine Learning Studio (classic) that it was made for are gone. Where its linked service (AzureML) is, or is mapped to, the
address of a batch endpoint of this server (`https://…/batch-endpoints/NAME/jobs`), that is called: `webServiceInputs` and `webServiceOutputs`
become the inputs and outputs of the call, `globalParameters` further inputs that are values, and the job that comes of it is waited for. Its
output is that of `azure_ml`. Anything else fails by name.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from azurine.factory import connections, exchanges
from azurine.factory.activities import azure_ml
from azurine.factory.sight import Checking, Progress, Sight, Sort, end, failed, work
from azurine.factory.variables import text
from azurine.model import errors, ids, states
from azurine.model.decisions import Perform
from azurine.model.resources import Json

ENDPOINTS = "/batch-endpoints/"
GONE = "ActivityTypeNotSupported"
TAKEN = (409, 412)
"""The job is there already: the call was made before a restart."""


def check(checking: Checking) -> None:
    if checking.activity.get("linkedServiceName") is None:
        checking.faults.note(f"{checking.path}.linkedServiceName", f"Activity '{checking.activity.get('name')}': 'linkedServiceName' is required.")


def step(sight: Sight) -> Progress:
    memory = sight.memory or {}
    if memory.get("job"):
        return _followed(sight, str(memory["job"]))
    if sight.ending:
        return end(sight, exchanges.WORK)
    return work(sight, exchanges.WORK, lambda: _wish(sight), lambda answer: _called(sight, answer))


def _wish(sight: Sight) -> tuple[Json, Json]:
    given = sight.properties()
    connection = connections.resolve(sight, sight.activity.written.get("linkedServiceName"))
    url = connection.get("url")
    if connection["kind"] != connections.HTTP or not isinstance(url, str) or ENDPOINTS not in url:
        message = (
            f"The web services of Machine Learning Studio (classic) are gone: the linked service '{connection['name']}' of the activity"
            f" '{sight.activity.name}' must be, or be mapped to, a batch endpoint of this server, as in url: https://localhost:8443{ENDPOINTS}NAME/jobs."
        )
        raise errors.Invalid(message, code=GONE)
    values = _object(given, "globalParameters")
    properties = {
        "name": _name(sight),
        "inputData": {
            **{name: _place(sight, name, one, "Input") for name, one in _object(given, "webServiceInputs").items()},
            **{name: {"jobInputType": "literal", "value": text(value)} for name, value in values.items()},
        },
        "outputData": {name: _place(sight, name, one, "Output") for name, one in _object(given, "webServiceOutputs").items()},
    }
    asked = exchanges.request(sight, {"method": "POST", "body": {"properties": properties}}, url)
    return {**asked, "authentication": {"type": "MSI"}, "verify": connection["verify"]}, given


def _place(sight: Sight, name: str, given: Any, word: str) -> dict[str, str]:
    """{"filePath", "linkedServiceName"} as an input or output of the call; the documentation spells them with capitals."""
    spelled = {str(key).lower(): value for key, value in given.items()} if isinstance(given, Mapping) else {}
    path = spelled.get("filepath")
    if not isinstance(path, str) or not path:
        raise errors.Invalid(f"'{name}' needs a filePath and a linkedServiceName.", code="4101", path=name)
    place = connections.below(connections.resolve(sight, spelled.get("linkedservicename")), path)
    if place["store"] != "lake":
        raise errors.Invalid(
            f"'{name}' must lie in this server's storage; map its linked service to a lake: account/container.", code="4101", path=name
        )
    kind = "uri_file" if "." in path.rpartition("/")[2] else "uri_folder"
    return {f"job{word}Type": kind, "uri": f"wasbs://{place['container']}@{place['account']}.blob.localhost/{place['path']}"}


def _called(sight: Sight, answer: Json) -> Progress:
    if not exchanges.is_good(answer) and answer["status"] not in TAKEN:
        return exchanges.refused(answer)
    job = _job(sight, answer)
    if job is None:
        return failed("4125", "The batch endpoint answered without a job.")
    return Progress(memory={**(sight.memory or {}), "job": job}, effects=(_following(sight, job),))


def _following(sight: Sight, job: str) -> Perform:
    return Perform(f"{sight.key}/job", azure_ml.WORK, {"job": job})


def _followed(sight: Sight, job: str) -> Progress:
    """The job is on its way: what is left is as with any run of a pipeline."""
    later = replace(sight, key=f"{sight.key}/job")
    if sight.ending:
        return azure_ml.ended(later)
    outcome = later.outcome()
    if outcome is not None and states.is_final(outcome["state"]):
        return azure_ml.over_with(outcome)
    return Progress(effects=(_following(sight, job),))


def _job(sight: Sight, answer: Json) -> str | None:
    """The id of the job: it has the name that was asked for, in the workspace that the answer speaks of."""
    try:
        said = json.loads(str(answer["body"]))
    except ValueError:
        said = {}
    told = str(said.get("id") or "") if isinstance(said, Mapping) else ""
    place = connections.of(sight)
    if "/jobs/" in told:
        return ids.child(connections.workspace_id(place, told.partition("/jobs/")[0]), "jobs", _name(sight))
    beside = [ids.child(one.id, "jobs", _name(sight)) for one in sight.references.children(ids.parent(sight.run.factory), connections.WORKSPACES)]
    return next((one for one in beside if sight.references.get(one) is not None), None)


def _name(sight: Sight) -> str:
    return str(uuid5(NAMESPACE_URL, sight.key))


def _object(given: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = given.get(key)
    if found is None:
        return {}
    if not isinstance(found, Mapping):
        raise errors.Invalid(f"The value of '{key}' must be an object.", code="4101", path=key)
    return found


SORT = Sort("AzureMLBatchExecution", step, check, works=True)
