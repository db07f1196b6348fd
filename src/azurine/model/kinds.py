"""What a kind of resource is: a row of functions. One file in a wing defines one kind, and ends with its `KIND`.

admit   a request becomes a spec, or an `errors.Invalid` that names the path           (validate, default, keep unknown fields)
show    a resource becomes the body that the door answers                              (Azure's shape and words)
decide  a look at the resource becomes a decision                                      (no I/O, no clock, no randomness)
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from azurine.model.decisions import Decision
from azurine.model.resources import Json, Resource


class References(Protocol):
    """Reading other resources: one snapshot for one admission or one look, so the same look gives the same answer."""

    def get(self, identifier: str) -> Resource | None:
        """The resource with this id; None when there is none."""
        ...

    def newest(self, parent: str, kind: str) -> Resource | None:
        """The most recently created, not archived resource of a kind under a parent: what the label `latest` means."""
        ...

    def children(self, parent: str, kind: str) -> Sequence[Resource]:
        """All resources of a kind under a parent, newest first. For small families only (datastores, versions)."""
        ...


@dataclass(frozen=True, slots=True)
class Admission:
    """A request to create or replace a resource, as `admit` sees it.

    id: the resource's id. body: what was PUT, whole. previous: the resource as it stands, None when new.
    now: seconds since 1970. by: the principal's object id. owner: id of the asking resource, "" for a user.
    """

    id: str
    body: Json
    references: References
    previous: Resource | None = None
    now: float = 0.0
    by: str = ""
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """What `decide` sees: the resource, the resources it owns, what time it is, and (read only) other resources."""

    resource: Resource
    children: Sequence[Resource]
    now: float
    references: References

    def outcome(self, key: str) -> Json | None:
        """The outcome filed under a key: {"state", "output", "error"}; None when nothing was filed yet."""
        found: Json | None = self.resource.status.get("outcomes", {}).get(key)
        return found


Admit = Callable[[Admission], Json]
Show = Callable[[Resource], Json]
Decide = Callable[[Look], Decision]
Release = Callable[[Resource, References], None]
"""Raises an error when the resource may not go: something still refers to it, or it is at work."""
Wish = Callable[[Resource, Json], Json]
"""An action that is a wish: (resource, request body) → the new spec, whole. Done by the door as an update of the spec."""


@dataclass(frozen=True, slots=True)
class Kind:
    """name: the type path ("workspaces/jobs"). provider: the ARM provider of its address.

    show answers the body without the envelope: {"properties": …} and, for tracked resources, "location", "tags", "sku",
    "kind", "identity"; the door adds id, name, type, systemData, etag. revise: may PUT replace an existing one? (`admit`
    sees `previous` and refuses what is immutable.) container: created by itself when a child is PUT (data, models, …).
    long_running: PUT and DELETE answer with an operation to poll until `provisioning` says it is over.
    leaves_at_once: DELETE takes it away at once, though it decides: nothing that it wished for has to be ended first.
    shared: of the server itself, not of a subscription. Its id is the same from everywhere (`registries/azureml/…`), and only the server
    writes it: to users it is read only.
    without_operations: its provider has nothing to poll: PUT, DELETE and wishes are answered as done. release: asked before a DELETE.
    door: what a path may do with it: "open", "read" (made by other requests, such as a run), "closed" (nothing: no path leads to it).
    """

    name: str
    admit: Admit
    show: Show
    decide: Decide | None = None
    wishes: Mapping[str, Wish] = field(default_factory=dict)
    provider: str = "Microsoft.MachineLearningServices"
    container: bool = False
    long_running: bool = False
    archivable: bool = False
    leaves_at_once: bool = False
    shared: bool = False
    without_operations: bool = False
    release: Release | None = None
    door: str = "open"
