"""Where one document of a factory names another: {"referenceName": …, "type": "DatasetReference", …}, anywhere in its body."""

from collections.abc import Iterator, Mapping
from typing import Any

from azurine.factory import kinds
from azurine.factory.faults import Faults
from azurine.model import ids
from azurine.model.errors import Invalid
from azurine.model.kinds import References
from azurine.model.resources import Resource

KINDS: Mapping[str, str] = {
    "pipelinereference": kinds.PIPELINES,
    "datasetreference": kinds.DATASETS,
    "linkedservicereference": kinds.LINKED_SERVICES,
    "dataflowreference": kinds.DATA_FLOWS,
    "integrationruntimereference": kinds.INTEGRATION_RUNTIMES,
    "triggerreference": kinds.TRIGGERS,
    "credentialreference": kinds.CREDENTIALS,
    "managedvirtualnetworkreference": kinds.NETWORKS,
}
IMPLIED = ("AutoResolveIntegrationRuntime",)
"""What is there without being made."""


def found(body: Any, path: str) -> Iterator[tuple[str, str, str]]:
    """(path, kind, name) of each reference; names that are computed are left out."""
    for where, one in kinds.objects(body, path):
        name, kind = one.get("referenceName"), KINDS.get(str(one.get("type")).lower())
        if kind is not None and isinstance(name, str) and not name.startswith("@") and name not in IMPLIED:
            yield where, kind, name


def check(identifier: str, body: Any, path: str, known: References, faults: Faults) -> None:
    """Notes every reference to a document that does not exist."""
    for where, kind, name in found(body, path):
        other = kinds.of(identifier, kind, name)
        if other != identifier and known.get(other) is None:
            faults.note(f"{where}.referenceName", f"The document creation or update failed because of invalid reference '{name}'.")


def release(resource: Resource, known: References) -> None:
    """Raises errors.Invalid when another document of the factory refers to this one."""
    factory = kinds.factory_of(resource.id)
    for kind in (*KINDS.values(),):
        for one in known.children(factory, kind):
            if one.id != resource.id and not one.deleting and _speaks(one, resource):
                raise Invalid(f"The document cannot be deleted since it is referenced by {one.name}.", code="BadRequest", path=resource.id)


def _speaks(one: Resource, of: Resource) -> bool:
    return any(kind == of.kind and name == ids.name(of.id) for _, kind, name in found(one.spec, ""))
