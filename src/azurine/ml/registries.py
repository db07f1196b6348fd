"""The registry `azureml`: the components of the library and the curated environments, the same for every workspace, read only.

The server fills it at its start and nobody else can: its kinds are `shared`. So a version of the kind `registries/components/versions`,
whose id begins with `registries/azureml/components/`, is a component of the library with the library's own code, and may be trusted to be
one (`registry_ids.of_library`, `library_name`); nothing that a user registers is ever of that kind.
A version of a component is replaced when the library changes; jobs keep what they found when they were submitted.

https://learn.microsoft.com/azure/machine-learning/concept-machine-learning-registries-mlops
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from azurine.ml import assets, components, curated
from azurine.ml.registry_ids import ID, NAME, OWN, address, container, versions
from azurine.model import errors, ids
from azurine.model.kinds import Admission, Kind, Show
from azurine.model.resources import Json, Resource

_COLLECTIONS = ("components", "codes", "environments", "models", "data")
_TEXTS = ("default", "min", "max")


def contents(library: Iterable[tuple[Json, str]], fingerprint: str, location: str) -> Iterator[tuple[str, str, Json]]:
    """(id, kind, spec) of all that is in the registry, parents first.

    library: what a component.yaml says and the hash of the component's code, for each. fingerprint: what all of it is known by.
    """
    for name in curated.LISTED:
        found = curated.known(name) or {}
        yield from _version("environments", name, "1", {"properties": found["properties"], assets.PRIVATE: curated.plan(found)})
    for definition, content in library:
        name = str(definition["name"])
        code = address(ids.child(container("codes", name), "versions", content))
        hashes = {"hash_sha256": content, "hash_version": "202208"}
        yield from _version("codes", name, content, {"properties": {"codeUri": code, "properties": hashes}})
        said = {key: definition[key] for key in ("description", "tags") if definition.get(key)}
        yield from _version("components", name, str(definition["version"]), {"properties": {**said, "componentSpec": _spec(definition, code)}})
    # Last: that it stands there says that all the others do.
    yield ID, NAME, {"location": location, "tags": {}, "properties": {}, assets.PRIVATE: {"fingerprint": fingerprint}}


def fingerprint(registry: Resource | None) -> str:
    """What the contents of the registry are known by; "" when there are none yet."""
    return str(registry.spec.get(assets.PRIVATE, {}).get("fingerprint", "")) if registry is not None else ""


def admit(admission: Admission) -> Json:
    raise errors.Denied(
        f"The registry {OWN} can only be read: the server itself fills it. Create it in a workspace instead.", code="ReadOnlyRegistry"
    )


def show(resource: Resource) -> Json:
    body = assets.show(resource)
    properties = {"provisioningState": "Succeeded", "regionDetails": [{"location": body["location"]}], "publicNetworkAccess": "Enabled"}
    return {**body, "properties": {**properties, **body["properties"]}}


def _version(collection: str, name: str, version: str, spec: Json) -> Iterator[tuple[str, str, Json]]:
    above = container(collection, name)
    said = {key: one for key, one in spec["properties"].items() if key in ("description", "tags")}
    yield above, f"{NAME}/{collection}", {"properties": said}
    yield ids.child(above, "versions", version), versions(collection), spec


def _spec(definition: Json, code: str) -> dict[str, Any]:
    """As the official client would register it: bounds and defaults as text, code and environment by their addresses."""
    inputs = {name: _declared(one) for name, one in (definition.get("inputs") or {}).items()}
    environment = str(definition["environment"]).replace("/labels/latest", "/versions/1")
    return {**definition, "inputs": inputs, "outputs": dict(definition.get("outputs") or {}), "code": code, "environment": environment}


def _declared(one: Mapping[str, Any]) -> dict[str, Any]:
    found = {key: str(value) if key in _TEXTS else value for key, value in one.items()}
    return {**found, "enum": [str(each) for each in one["enum"]]} if "enum" in one else found


_SHOWN: Mapping[str, Show] = {
    "components": components.show,
    "environments": assets.show_version(environmentType="Curated", provisioningState="Succeeded"),
}
KINDS: tuple[Kind, ...] = (
    Kind(NAME, admit, show, shared=True),
    *(Kind(f"{NAME}/{one}", admit, assets.container(one).show, container=True, archivable=True, shared=True) for one in _COLLECTIONS),
    *(
        Kind(versions(one), admit, _SHOWN.get(one) or assets.show_version(provisioningState="Succeeded"), archivable=True, shared=True)
        for one in _COLLECTIONS
    ),
)
