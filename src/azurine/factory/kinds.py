"""The words of a factory's kinds, and what all of its documents do alike: keep the body, show it, go when nothing refers to them."""

from collections.abc import Iterator, Mapping
from typing import Any

from azurine.factory.faults import Faults
from azurine.model import ids
from azurine.model.kinds import Admission
from azurine.model.resources import Json, Resource

PROVIDER = "Microsoft.DataFactory"
FACTORIES = "factories"
PIPELINES = "factories/pipelines"
DATASETS = "factories/datasets"
LINKED_SERVICES = "factories/linkedservices"
DATA_FLOWS = "factories/dataflows"
TRIGGERS = "factories/triggers"
CREDENTIALS = "factories/credentials"
INTEGRATION_RUNTIMES = "factories/integrationRuntimes"
GLOBAL_PARAMETERS = "factories/globalParameters"
NETWORKS = "factories/managedVirtualNetworks"
RUNS = "factories/pipelineruns"
PAGES = "factories/pipelineruns/pages"
TRIGGER_RUNS = "factories/triggers/triggerRuns"
OPEN_WINDOWS = "factories/triggers/openwindows"
TICKETS = "factories/lines/tickets"

OUTSIDE = ("name", "id", "etag", "eTag", "type")
"""What clients send back of the envelope, and what is not kept."""


def factory_of(identifier: str) -> str:
    """The id of the factory that something lies in."""
    return ids.up_to(identifier, FACTORIES)


def of(identifier: str, kind: str, name: str) -> str:
    """The id of a named document of the factory that `identifier` lies in."""
    return ids.child(factory_of(identifier), kind.removeprefix(f"{FACTORIES}/"), name)


def kept(admission: Admission) -> dict[str, Any]:
    return {key: value for key, value in admission.body.items() if key not in OUTSIDE}


def properties(admission: Admission, faults: Faults) -> Mapping[str, Any]:
    return faults.mapping(admission.body, "properties", "", required=True)


def show(resource: Resource) -> Json:
    return dict(resource.spec)


def objects(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every object within a JSON value, with its path; without recursion, for bodies come from outside."""
    pending: list[tuple[str, Any]] = [(path, value)]
    while pending:
        where, one = pending.pop()
        if isinstance(one, Mapping):
            yield where, one
            pending.extend((f"{where}.{key}" if where else str(key), below) for key, below in reversed(list(one.items())))
        elif isinstance(one, list):
            pending.extend((f"{where}[{place}]", below) for place, below in reversed(list(enumerate(one))))
