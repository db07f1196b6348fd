"""The registered things a job is made of: its component, code, environment, compute and datastore.

Each is found when the job is admitted, and what it is at that moment is kept: so `@latest` means the latest of then. What
cannot be found is noted at its path.
"""

from collections.abc import Mapping
from typing import Any

from azurine.ml import computes, environments, references, uris
from azurine.ml.jobs import inputs, words
from azurine.ml.reading import Reader
from azurine.model import ids
from azurine.model.errors import AzurineError, Invalid
from azurine.model.kinds import References
from azurine.model.resources import Json, Resource

HERE = "local"
"""The machine the server runs on, as a compute."""
_MEANING_HERE = ("", "local", "serverless")


def component(given: Reader, known: References, workspace: str, sort: str) -> dict[str, Any]:
    """The definition of the component that `componentId` names; {} when there is none. sort: "command" or "pipeline"."""
    found = _version(given, "componentId", known, workspace, "components")
    if found is None:
        return {}
    spec = definition(found)
    made = str(spec.get("type") or "command")
    if made != sort:
        given.fault("componentId", f"{_named(found)} is a {made} component; a {sort} component would be right here", "InvalidType")
        return {}
    return spec


def definition(component_version: Resource) -> dict[str, Any]:
    """A component's definition, inputs and outputs always there as objects."""
    spec = dict(component_version.spec.get("properties", {}).get("componentSpec") or {})
    return {**spec, "inputs": _declared(spec, "inputs"), "outputs": _declared(spec, "outputs")}


def code(given: Reader, known: References, workspace: str, of_component: str) -> Json:
    """{"code": address of the folder, "code_hash": what its content is known by, "code_id": the asset}; {} when there is no code."""
    text = given.text("codeId") or of_component
    if not text:
        return {}
    if not given.has("codeId") and isinstance(uris.read(text, workspace), uris.InDatastore | uris.Elsewhere):
        return {"code": text, "code_hash": ""}
    found = _find(given, "codeId", text, known, workspace, "codes")
    if found is None:
        return {}
    properties = found.spec.get("properties") or {}
    content = (properties.get("properties") or {}).get("hash_sha256")
    return {"code": str(properties.get("codeUri") or ""), "code_hash": str(content or ""), "code_id": found.id}


def environment(given: Reader, known: References, workspace: str, of_component: str) -> Json:
    """{"environment": {"host": true} or what it is made of, "environment_id": how it was named}."""
    text = given.text("environmentId") or of_component
    nothing: Json = {"environment": {}, "environment_id": ""}
    if not text:
        given.fault("environmentId", "a command needs an environment, such as azureml:AzureML-sklearn-1.5@latest", "MissingField")
        return nothing
    found = _find(given, "environmentId", text, known, workspace, "environments")
    if found is None:
        return nothing
    if environments.on_host(found):
        return {"environment": {"host": True}, "environment_id": text}
    properties = found.spec.get("properties") or {}
    wanted = {name: properties[name] for name in ("image", "condaFile", "build") if properties.get(name)}
    return {"environment": wanted, "environment_id": text}


def model(given: Reader, key: str, known: References, workspace: str) -> Json:
    """{"uri", "type", "name", "version", "asset"} of the registered model that is named there; {} when none is."""
    found = _version(given, key, known, workspace, "models")
    if found is None:
        return {}
    properties = found.spec.get("properties") or {}
    sort = str(properties.get("modelType") or "custom_model")
    try:
        uri = inputs.pin(str(properties.get("modelUri") or ""), sort, known, workspace)["uri"]
    except AzurineError as error:
        given.fault(key, error.message, error.code)
        return {}
    return {"uri": uri, "type": sort, "name": ids.name(ids.parent(found.id)), "version": found.name, "asset": found.id}


def pinned_environment(text: str, known: References, workspace: str) -> Json:
    """{"environment": the version that a label means now}; {} for one that is no label, or that will be told to be missing."""
    named = references.read(text, workspace, "environments")
    if named is None or not named.label:
        return {}
    try:
        return {"environment": words.address(references.find_version(known, workspace, "environments", text).id)}
    except AzurineError:
        return {}


def compute(given: Reader, key: str, known: References, workspace: str, default: str = HERE) -> str:
    """The id of the compute that is named there, or `local` (which `serverless` is, too)."""
    text = given.text(key)
    if not text:
        return default
    named = references.read(text, workspace, "computes")
    if named is not None and named.name.lower() in _MEANING_HERE:
        return HERE
    try:
        found = references.find(known, workspace, "computes", text, given.at(key))
    except Invalid as error:
        given.include(error)
        return HERE
    if not computes.started(found):
        given.fault(key, f"the compute {found.name} is stopped or being deleted; start it, or choose another", "ComputeNotRunning")
    return found.id


def datastore(given: Reader, key: str, known: References, workspace: str) -> str:
    """The name of the datastore that is named there; "" when none is."""
    text = given.text(key)
    if not text:
        return ""
    try:
        return references.find(known, workspace, "datastores", text, given.at(key)).name
    except Invalid as error:
        given.include(error)
        return ""


def _version(given: Reader, key: str, known: References, workspace: str, collection: str) -> Resource | None:
    text = given.text(key)
    return _find(given, key, text, known, workspace, collection) if text else None


def _find(given: Reader, key: str, text: str, known: References, workspace: str, collection: str) -> Resource | None:
    try:
        return references.find_version(known, workspace, collection, text)
    except AzurineError as error:
        # The path is put together only now: mostly nothing is wrong.
        given.fault(key, error.message, error.code)
        return None


def _declared(spec: Mapping[str, Any], side: str) -> dict[str, Json]:
    found = spec.get(side)
    if not isinstance(found, dict | Mapping):
        return {}
    return {name: dict(one) if isinstance(one, dict | Mapping) else {} for name, one in found.items()}


def _named(version: Resource) -> str:
    return f"{ids.name(ids.parent(version.id))}:{version.name}"
