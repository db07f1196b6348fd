"""What every handler of this door is given: one frozen value, made once by `routes.create_app`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from azurine.api.envelope import Addresses
from azurine.model import errors
from azurine.model.clock import Clock
from azurine.model.kinds import Kind
from azurine.model.resources import Resource
from azurine.store.log import Log

Authorize = Callable[[Any, str, str], bool]
"""(principal, action, id) → may it? Action words are Azure's, such as `Microsoft.X/workspaces/jobs/write`."""
Finish = Callable[[Resource, dict[str, Any]], dict[str, Any]]
"""(resource, what its kind shows) → the same with what only the running server knows, such as its own addresses."""


def anybody(principal: Any, action: str, identifier: str) -> bool:
    """Every signed-in principal may do everything: what holds where no roles are asked."""
    return True


@dataclass(frozen=True, slots=True)
class House:
    """asked_for: kinds whose lists show only what a user asked for. fixed: kinds that cannot be deleted. finish: by kind.

    instead: the id of what is shown where there is nothing at an id; "" for nothing.
    """

    log: Log
    kinds: Mapping[str, Kind]
    clock: Clock
    addresses: Addresses
    authorize: Authorize = anybody
    asked_for: frozenset[str] = frozenset()
    fixed: frozenset[str] = frozenset({"subscriptions", "deployments"})
    finish: Mapping[str, Finish] = field(default_factory=dict)
    instead: Callable[[str], str] = lambda identifier: ""

    def show(self, resource: Resource) -> dict[str, Any]:
        """The body a client sees, without the envelope."""
        body = dict(self.kinds[resource.kind].show(resource))
        if resource.kind in self.finish:
            body = self.finish[resource.kind](resource, body)
        if resource.deleting:
            body["properties"] = {**body.get("properties", {}), "provisioningState": "Deleting"}
        return body

    def answer(self, resource: Resource) -> dict[str, Any]:
        """The whole body a client sees."""
        return self.addresses.envelope(resource, self.show(resource))

    def ask(self, principal: Any, kind: Kind, verb: str, identifier: str) -> None:
        """The one place where it is asked whether somebody may. verb: read, write, delete, or `{word}/action`."""
        action = f"{kind.provider}/{kind.name}/{verb}"
        if kind.shared and verb != "read":
            where = self.addresses.arm_id(identifier) if identifier else kind.name
            raise read_only(where)
        if not self.authorize(principal, action, identifier):
            scope = self.addresses.arm_id(identifier) if identifier else "/"
            who = getattr(principal, "object_id", "")
            raise errors.Denied(f"The client with object id {who!r} may not perform {action!r} over the scope {scope!r}")


def read_only(where: str) -> errors.Denied:
    """What is said to who wants to write what all subscriptions share."""
    message = f"{where} can only be read: it is the same for all workspaces, and the server itself fills it. Create yours in a workspace."
    return errors.Denied(message, code="ReadOnly")
