"""How a request to create or replace a resource becomes one durable batch.

The kind's `admit` says what is kept, or what is wrong with the request. A versioned asset lies in a container; a container that
is missing is created in the same batch, so there is never a version without one. A resource that changed between reading and
writing is read and admitted again; only a client that named a revision hears of it.

This is used by whoever takes requests: the door for users, the loop for resources that ask for others.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from azurine.model import errors, ids
from azurine.model.kinds import Admission, Kind
from azurine.model.resources import Json, Resource
from azurine.store.log import Create, Log, Refusal, Update, Write
from azurine.store.references import LogReferences

ATTEMPTS = 20
HASHES = ("hash_sha256", "hash_version")

Revise = Callable[[Resource | None], Json]
"""The body to admit, given the resource as it stands (None: there is none)."""


@dataclass(frozen=True, slots=True)
class Request:
    """by: the principal's object id. owner: id of the asking resource, "" for a user. if_revision: the version that must stand.

    only_new: refuse when it exists. only_existing: refuse when it does not.
    """

    id: str
    body: Revise
    by: str = ""
    owner: str = ""
    if_revision: int | None = None
    only_new: bool = False
    only_existing: bool = False


@dataclass(frozen=True, slots=True)
class Admitted:
    resource: Resource
    created: bool


def admit(log: Log, kinds: Mapping[str, Kind], request: Request, now: float) -> Admitted:
    """Creates or replaces. Raises what `admit` raises; errors.Stale, Conflict or Missing for what stands in the way."""
    kind = kinds[ids.kind_of(request.id)]
    for _ in range(ATTEMPTS):
        previous = log.get(request.id)
        _check(request, previous)
        admission = Admission(request.id, request.body(previous), LogReferences(log), previous, now, request.by, request.owner)
        spec = kind.admit(admission)
        if previous is not None and spec == previous.spec:
            return Admitted(previous, created=False)
        done = log.write(_writes(log, kinds, kind, admission, spec), now)[-1]
        if isinstance(done, Resource):
            return Admitted(done, created=previous is None)
        _refused(request, done)
    raise errors.Temporary(f"{ids.name(request.id)} is being changed by others all the time; try again")


def _writes(log: Log, kinds: Mapping[str, Kind], kind: Kind, admission: Admission, spec: Json) -> list[Write]:
    settled = kind.decide is None
    previous = admission.previous
    if previous is not None:
        return [Update(admission.id, spec, by=admission.by, if_revision=previous.revision, settled=settled)]
    parent = ids.parent(admission.id)
    own = Create(admission.id, kind.name, parent, spec, owner=admission.owner, by=admission.by, settled=settled)
    return [*_containers(log, kinds, admission, parent), own]


def _containers(log: Log, kinds: Mapping[str, Kind], admission: Admission, parent: str) -> list[Write]:
    """The missing container above a new resource; errors.Missing when what is missing above it is no container."""
    if not parent or (standing := log.get(parent)) is not None:
        if parent and standing is not None and standing.deleting:
            raise errors.Conflict(f"{ids.name(parent)} is being deleted", code="ParentResourceBeingDeleted")
        return []
    kind = kinds.get(ids.kind_of(parent))
    if kind is None or not kind.container:
        message = f"{ids.kind_of(parent)} {ids.name(parent)!r} does not exist, so nothing can be made in it"
        raise errors.Missing(message, code="ParentResourceNotFound")
    above = _containers(log, kinds, admission, ids.parent(parent))
    # What was asked for is the version; so an owner of the version does not own the container.
    wish = Admission(parent, {"properties": _container_properties(admission.body)}, LogReferences(log), None, admission.now, admission.by)
    return [*above, Create(parent, kind.name, ids.parent(parent), kind.admit(wish), by=admission.by, settled=kind.decide is None)]


def _container_properties(body: Json) -> dict[str, Any]:
    """What the first version says about all: its data type, whether it is anonymous, and the hash by which the same code is found again."""
    properties = body.get("properties")
    if not isinstance(properties, dict):
        return {}
    kept: dict[str, Any] = {key: properties[key] for key in ("dataType", "isAnonymous") if properties.get(key)}
    inner = properties.get("properties")
    hashes = {key: inner[key] for key in HASHES if key in inner} if isinstance(inner, dict) else {}
    return {**kept, "properties": hashes} if hashes else kept


def _check(request: Request, previous: Resource | None) -> None:
    name = ids.name(request.id)
    if request.only_new and previous is not None:
        raise errors.Stale(f"{name} exists already, and If-None-Match said that it must not")
    if previous is None:
        if request.if_revision is not None:
            raise errors.Stale(f"{name} does not exist, and If-Match named a version of it")
        if request.only_existing:
            raise errors.Missing(f"{ids.kind_of(request.id)} {name!r} does not exist")
        return
    if request.if_revision is not None and previous.revision != request.if_revision:
        raise errors.Stale(f"{name} has changed: it is at version {previous.revision}, not {request.if_revision}; read it again")
    if previous.deleting:
        raise errors.Conflict(f"{name} is being deleted; wait until it is gone", code="ResourceBeingDeleted")


def _refused(request: Request, refusal: Refusal) -> None:
    """Somebody was quicker: look again, unless the client insisted on what it saw."""
    if request.if_revision is not None or request.only_new:
        raise errors.Stale(f"{ids.name(request.id)} was changed by somebody else at the same moment; read it again")
