"""Which data of the requests and answers of a deployment is kept, how much of it, and where.

A collection is a folder of JSON lines, one folder an hour: `<path>/YYYY/MM/DD/HH/<file>.jsonl`. The path is that of a data asset, or
`modelDataCollector/<endpoint>/<deployment>/<collection>` on the workspace's blob store.
https://learn.microsoft.com/azure/machine-learning/how-to-collect-production-data
"""

from azurine.ml import references as assets
from azurine.ml.reading import Reader, as_number
from azurine.model import ids
from azurine.model.errors import AzurineError
from azurine.model.kinds import References
from azurine.model.resources import Json

STORE = "workspaceblobstore"


def plan(properties: Reader, references: References, deployment: str) -> Json:
    """{"collections": {name: {"rate", "uri"}}, "rolling", "headers"}; an empty one when nothing is collected."""
    given = properties.mapping("dataCollector")
    rolling = (given.choice("rollingRate", ("Year", "Month", "Day", "Hour", "Minute")) or "Hour").lower()
    collections = {}
    for name, one in given.entries("collections"):
        mode = one.choice("dataCollectionMode", ("Enabled", "Disabled"))
        share = as_number(one.value.get("samplingRate")) if one.has("samplingRate") else 1.0
        if share is None or not 0 <= share <= 1:
            one.fault("samplingRate", "the sampling rate must be a number between 0 and 1")
        if mode == "Enabled":
            collections[name] = {"rate": share, "uri": _uri(one, references, deployment, name)}
    headers = [str(one) for one in given.mapping("requestLogging").items("captureHeaders")]
    return {"collections": collections, "rolling": rolling, "headers": headers} if collections else {}


def shown(given: Json) -> Json:
    """As it is answered. parity: the official client writes `enabled`, and takes only `Enabled` for it when it reads."""
    collections = given.get("collections") or {}
    spelled = {
        name: {**one, "dataCollectionMode": str(one.get("dataCollectionMode") or "Disabled").capitalize()} for name, one in collections.items()
    }
    return {**given, "collections": spelled}


def _uri(one: Reader, references: References, deployment: str, name: str) -> str:
    text = one.text("dataId")
    if text:
        try:
            found = assets.find_version(references, ids.up_to(deployment, ids.WORKSPACES), "data", text)
            return str(found.spec["properties"]["dataUri"])
        except AzurineError as problem:
            one.fault("dataId", problem.message, problem.code)
    endpoint = ids.name(ids.parent(deployment))
    return f"azureml://datastores/{STORE}/paths/modelDataCollector/{endpoint}/{ids.name(deployment)}/{name}"
