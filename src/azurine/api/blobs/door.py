"""The way in: which operation a call is, who may do it, and the answer with the headers that every answer has.

Operations that only look or change are plain functions and run in a thread; those that take a body are coroutines.
"""

import inspect
import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from azurine.api.blobs import authorization, batches, calls, changing, containers, problems, reading, service
from azurine.api.blobs.authorization import Authorize, Need
from azurine.api.blobs.calls import Call
from azurine.model import errors
from azurine.storage.files import Files

VERSION = "2025-07-05"
"""Said to callers that say none."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Operation:
    """need: the kind of resource and the SAS permissions, any of which is enough."""

    work: Callable[[Call, Files], Any]
    need: Need


def _operation(work: Callable[[Call, Files], Any], resource: str, letters: str) -> Operation:
    return Operation(work, Need(resource, tuple(letters)))


# (level, method, restype, comp) → operation
OPERATIONS = {
    ("service", "GET", "", "list"): _operation(service.list_containers, "s", "l"),
    ("service", "GET", "service", "properties"): _operation(service.properties, "s", "r"),
    ("service", "GET", "account", "properties"): _operation(service.account_information, "sco", "rwlcd"),
    ("service", "HEAD", "account", "properties"): _operation(service.account_information, "sco", "rwlcd"),
    ("container", "GET", "account", "properties"): _operation(service.account_information, "sco", "rwlcd"),
    ("blob", "GET", "account", "properties"): _operation(service.account_information, "sco", "rwlcd"),
    ("container", "PUT", "container", ""): _operation(containers.create, "c", "cw"),
    ("container", "DELETE", "container", ""): _operation(containers.delete, "c", "d"),
    ("container", "GET", "container", ""): _operation(containers.properties, "l", "rl"),
    ("container", "HEAD", "container", ""): _operation(containers.properties, "l", "rl"),
    ("container", "GET", "container", "metadata"): _operation(containers.properties, "l", "rl"),
    ("container", "HEAD", "container", "metadata"): _operation(containers.properties, "l", "rl"),
    ("container", "PUT", "container", "metadata"): _operation(containers.set_metadata, "c", "w"),
    ("container", "GET", "container", "acl"): _operation(containers.access_policy, "c", "r"),
    ("container", "HEAD", "container", "acl"): _operation(containers.access_policy, "c", "r"),
    ("container", "GET", "container", "list"): _operation(containers.list_blobs, "l", "l"),
    ("blob", "GET", "", ""): _operation(reading.get, "o", "r"),
    ("blob", "HEAD", "", ""): _operation(reading.head, "o", "r"),
    ("blob", "GET", "", "metadata"): _operation(reading.metadata, "o", "r"),
    ("blob", "HEAD", "", "metadata"): _operation(reading.metadata, "o", "r"),
    ("blob", "GET", "", "blocklist"): _operation(reading.block_list, "o", "r"),
    ("blob", "PUT", "", ""): _operation(changing.put, "o", "wc"),
    ("blob", "PUT", "", "block"): _operation(changing.put_block, "o", "wc"),
    ("blob", "PUT", "", "blocklist"): _operation(changing.put_block_list, "o", "wc"),
    ("blob", "PUT", "", "appendblock"): _operation(changing.append_block, "o", "aw"),
    ("blob", "PUT", "", "metadata"): _operation(changing.set_metadata, "o", "w"),
    ("blob", "PUT", "", "properties"): _operation(changing.set_properties, "o", "w"),
    ("blob", "DELETE", "", ""): _operation(changing.delete, "o", "d"),
}


BATCH = Need("sol", ("d", "w", "r", "l"))
"""To send a batch any right will do: each of its requests must have its own."""


def _refuse_folder(request: Request) -> None:
    """Clients ask for `name/` to learn whether something is a folder. No blob here has such a name, so the answer is: not there."""
    path = request.url.path
    if request.method in ("GET", "HEAD") and path.endswith("/") and path.count("/") > 2 and "restype" not in request.query_params:
        raise errors.Missing("The specified blob does not exist.", code="BlobNotFound")


def blob_app(files: Files, authorize: Authorize, challenge: str = "") -> ASGIApp:
    """authorize: token → principal, or raises errors.Unauthenticated. challenge: the WWW-Authenticate header of a 401."""

    door = _Door(files, authorize, challenge)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        response = await door.answer(Request(scope, receive))
        await response(scope, receive, send)

    return app


class _Door:
    def __init__(self, files: Files, authorize: Authorize, challenge: str) -> None:
        self._files = files
        self._authorize = authorize
        self._challenge = challenge

    async def answer(self, request: Request) -> Response:
        """Never raises: whatever happens has an answer, and every answer its id."""
        identifier = str(uuid.uuid4())
        try:
            _refuse_folder(request)
            response = await self._done(calls.received(request, identifier))
        except errors.AzurineError as error:
            response = problems.answer(error, identifier, self._challenge)
        except Exception:  # noqa: BLE001 - the edge: whatever it is, it is recorded with its id, and answered
            _log.exception("Blob request %s: %s %s failed", identifier, request.method, calls.raw_path(request))
            response = problems.answer(errors.AzurineError("The server met an error of its own; its log tells more."), identifier)
        response.headers["x-ms-request-id"] = identifier
        response.headers["x-ms-version"] = request.headers.get("x-ms-version", VERSION)
        if said := request.headers.get("x-ms-client-request-id"):
            response.headers["x-ms-client-request-id"] = said
        return response

    async def _done(self, call: Call) -> Response:
        if call.method == "POST" and call.query.get("comp") == "batch":
            await self._admitted(call, BATCH)
            return await batches.delete_many(call, self.answer)
        operation = _chosen(call)
        call = await self._admitted(call, operation.need)
        if inspect.iscoroutinefunction(operation.work):
            response: Response = await operation.work(call, self._files)
        else:
            response = await run_in_threadpool(operation.work, call, self._files)
        return response

    async def _admitted(self, call: Call, need: Need) -> Call:
        return await run_in_threadpool(authorization.admitted, call, need, self._files.accounts, self._authorize)


def _chosen(call: Call) -> Operation:
    query = call.query
    found = OPERATIONS.get((call.level, call.method, query.get("restype", "").lower(), query.get("comp", "").lower()))
    if found is None:
        raise errors.Unsupported(
            f"{call.method} of a {call.level} with restype={query.get('restype', '')[:40]!r} and comp={query.get('comp', '')[:40]!r} is not spoken here.",
            code="NotImplemented",
        )
    if query.get("snapshot") or query.get("versionid"):
        raise errors.Unsupported("Snapshots and versions of blobs are not kept here.", code="NotImplemented")
    return found
