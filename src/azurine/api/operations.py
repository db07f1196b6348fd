"""Long-running operations, without a memory of their own.

An operation's id says everything: which verb, on which resource, from which revision on. How it is going is read from the
resource itself: from the `provisioningState` (or `status`) that it shows, and for a deletion from whether it is still there.
So an operation can be asked about by any process, after any restart, for as long as anyone likes.

Azure-AsyncOperation answers a status document; Location answers 202 until it is over, then the result.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from azurine.api.house import House
from azurine.model import clock, errors, ids
from azurine.model.resources import Resource

DELETE = "delete"
PUT = "put"
FAILED = frozenset({"failed"})
CANCELED = frozenset({"canceled", "cancelled"})
OVER = frozenset({"succeeded", "completed", "finished", "stopped", "notresponding", "paused", ""}) | FAILED | CANCELED
"""Words for `provisioningState` that mean: nothing goes on."""
MOVING = frozenset({"starting", "stopping", "restarting", "creating"})
BUSY_STATUS = frozenset(
    {"notstarted", "starting", "provisioning", "preparing", "queued", "running", "finalizing", "cancelrequested", "stopping", "restarting"}
)
"""Words for `status` (of a job) that mean: an action such as cancel is not over."""
SOON = {"Retry-After": "1"}
POLL = {"retry-after-ms": "200"}
"""Clients sleep 30 seconds between questions when an answer does not say otherwise."""


@dataclass(frozen=True, slots=True)
class Operation:
    verb: str
    id: str
    revision: int


def begun(house: House, root: str, operation: Operation, api_version: str) -> dict[str, str]:
    """The headers of an answer whose work is not over."""
    subscription = operation.id.split("/")[1] if operation.id.startswith("subscriptions/") else "-"
    provider = house.kinds[ids.kind_of(operation.id)].provider
    place = f"{root}/subscriptions/{subscription}/providers/{provider}/locations/local"
    suffix = f"{encode(operation)}?api-version={api_version or '2024-04-01'}"
    return {"Azure-AsyncOperation": f"{place}/operationsStatus/{suffix}", "Location": f"{place}/operationResults/{suffix}", **SOON}


def encode(operation: Operation) -> str:
    text = json.dumps([operation.verb, operation.revision, operation.id], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(text: str) -> Operation:
    """Raises errors.Missing: an id that we did not give out names no operation."""
    try:
        verb, revision, identifier = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, TypeError, RecursionError) as problem:
        raise _unknown(text) from problem
    if not (isinstance(verb, str) and type(revision) is int and isinstance(identifier, str) and identifier.startswith("subscriptions/")):
        raise _unknown(text)
    return Operation(verb, identifier, revision)


def status(house: House, operation: Operation) -> dict[str, Any]:
    """The status document: Azure's words are InProgress, Succeeded, Failed, Canceled."""
    resource = house.log.get(operation.id)
    word, error = _word(house, operation, resource)
    started = clock.iso(resource.updated_at if resource else house.clock())
    answer: dict[str, Any] = {"id": encode(operation), "name": encode(operation), "status": word, "startTime": started}
    if word != "InProgress":
        answer |= {"endTime": started, "percentComplete": 100.0}
    if error:
        answer["error"] = error
    elif word == "Succeeded" and resource is not None:
        answer["properties"] = house.answer(resource).get("properties", {})
    return answer


def result(house: House, operation: Operation) -> tuple[bool, dict[str, Any] | None]:
    """(is it over, what it made): the body is None for what leaves nothing behind, such as deletions and actions."""
    resource = house.log.get(operation.id)
    word, error = _word(house, operation, resource)
    if word == "InProgress":
        return False, None
    if error:
        raise errors.Conflict(str(error.get("message", "the operation failed")), code=str(error.get("code", "OperationFailed")))
    return True, house.answer(resource) if resource is not None and operation.verb == PUT else None


def is_over(body: Mapping[str, Any]) -> bool:
    """Whether nothing goes on in a resource that shows this body."""
    return _provisioning(body).lower() in OVER


def _word(house: House, operation: Operation, resource: Resource | None) -> tuple[str, dict[str, Any]]:
    if operation.verb == DELETE:
        # A newer resource of the same name is not the one that was deleted.
        return ("Succeeded" if resource is None or resource.created > operation.revision else "InProgress"), {}
    if resource is None:
        return "Failed", {"code": "ResourceNotFound", "message": f"{ids.name(operation.id)} was deleted before the operation ended"}
    body = house.show(resource)
    provisioning = _provisioning(body).lower()
    if provisioning not in OVER:
        return "InProgress", {}
    if operation.verb == PUT:
        if provisioning in FAILED:
            return "Failed", _error(body)
        return ("Canceled" if provisioning in CANCELED else "Succeeded"), {}
    properties = body.get("properties") or {}
    status_word = str(properties.get("status") or properties.get("state") or "").lower()
    # What is started and stopped says so one level down, while it counts as provisioned all the time.
    inner = properties.get("properties")
    moving = isinstance(inner, Mapping) and str(inner.get("state") or "").lower() in MOVING
    return ("InProgress" if moving or (provisioning == "" and status_word in BUSY_STATUS) else "Succeeded"), {}


def _provisioning(body: Mapping[str, Any]) -> str:
    properties = body.get("properties")
    return str(properties.get("provisioningState") or "") if isinstance(properties, Mapping) else ""


def _error(body: Mapping[str, Any]) -> dict[str, Any]:
    """Why it failed, as the resource shows it: Azure's computes list `provisioningErrors`."""
    found = body.get("properties", {}).get("provisioningErrors") or [{}]
    first = found[0].get("error", found[0]) if isinstance(found, list) and isinstance(found[0], Mapping) else {}
    return {"code": first.get("code") or "ProvisioningFailed", "message": first.get("message") or "the resource could not be provisioned"}


def _unknown(text: str) -> errors.Missing:
    return errors.Missing(f"{text[:60]!r} is no operation of this server", code="OperationNotFound")
