"""Requests to endpoints, from the first byte to the last: whose they are, which deployment gets them, what goes back.

Answers of the model with status 200 pass as they are. Any other becomes 424 with the model's own status and reason in headers
(parity), so "your model failed" is told from "the server failed": 401, 403, 404, 405, 408, 413, 429, 502, 503 are the door's own,
with Azure's error body. Every request is counted.

https://learn.microsoft.com/azure/machine-learning/how-to-troubleshoot-online-endpoints#http-status-codes
"""

import asyncio
import hmac
import json
import logging
import re
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from azurine.api.scoring import counting
from azurine.api.scoring.fronts import Front, Fronts, Target
from azurine.api.scoring.lanes import Lane, Refused
from azurine.api.scoring.processes import Reply
from azurine.model import errors, ids

log = logging.getLogger("azurine.api.scoring")
MOST_BODY = 32 * 1024 * 1024
MOST_HEAD = 48 * 1024
MOST_QUERY = 8192
SLOWEST_BODY = 30.0
"""Seconds in which the body of a request must have come."""
PINNED = b"azureml-model-deployment"
_DROPPED = frozenset({b"authorization", b"connection", b"transfer-encoding", b"content-length", b"expect", b"keep-alive", b"te", b"upgrade", PINNED})
_NAME = re.compile(rb"[!#-'*+.0-9A-Z^_`a-z|~-]+")
_VALUE = re.compile(rb"[\t -~\x80-\xff]*")
_QUERY = re.compile(rb"[!-~\x80-\xff]{0,%d}" % MOST_QUERY)
_PATHS = ("/score", "/swagger.json", "/")
_METHODS = ("POST", "GET", "OPTIONS")
_HERE = ("127.0.0.1", "::1")
_JSON = (b"content-type", b"application/json")

Check = Callable[[Front, str], None]
"""(endpoint, token) → raises errors.Unauthenticated or Denied. For endpoints that do not take keys."""


class Door:
    def __init__(
        self,
        inner: ASGIApp,
        fronts: Fronts,
        sockets: Callable[[str], Sequence[Path]],
        check: Check,
        workspace_of: Callable[[str], str | None],
        someone: Callable[[str], object],
    ) -> None:
        """inner: answers everything else. sockets: service → where its processes listen. workspace_of: number of a workspace ("": the

        default one) → its id. someone: token → whose it is; raises errors.Unauthenticated when it is nobody's.
        """
        self._inner = inner
        self._fronts = fronts
        self._sockets = sockets
        self._check = check
        self._workspace_of = workspace_of
        self._someone = someone
        self._lanes: dict[str, Lane] = {}
        self._tallies: dict[tuple[str, str], counting.Tally] = {}
        self._copies: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._entering = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path = scope["path"]
            if path.startswith(("/endpoints/", "/workspaces/")):
                await self._answer(scope, path, receive, send)
                return
            if path == "/metrics":
                status, headers, body = self._metrics(scope)
                await _respond(send, status, headers, body)
                return
        await self._inner(scope, receive, send)

    # ── Told by others, from any thread ──────────────────────────────────────────────────────────────────────────

    def changed(self, service: str) -> None:
        """The processes of a service are others than before."""
        self._call(lambda: self._look(service))

    def drain(self, service: str, then: Callable[[], None]) -> None:
        """Calls `then` when the service has no requests any more. New ones do not come: its deployment points elsewhere already."""
        if not self._call(lambda: self._empty(service, then)):
            then()

    def _call(self, what: Callable[[], None]) -> bool:
        with self._entering:
            loop = self._loop
        if loop is None or loop.is_closed():
            return False
        loop.call_soon_threadsafe(what)
        return True

    def _enter(self) -> None:
        if self._loop is None:
            with self._entering:
                self._loop = asyncio.get_running_loop()

    def _look(self, service: str) -> None:
        if service in self._lanes:
            self._lanes[service].look()

    def _empty(self, service: str, then: Callable[[], None]) -> None:
        lane = self._lanes.pop(service, None)
        if lane is None:
            then()
        else:
            lane.when_empty(then)

    # ── One request ──────────────────────────────────────────────────────────────────────────────────────────────

    async def _answer(self, scope: Scope, path: str, receive: Receive, send: Send) -> None:
        try:
            status, headers, body = await self._answered(scope, path, receive)
        except Refused as refusal:
            status, headers, body = refused(refusal)
        except Exception as problem:  # an edge: everything is caught, recorded with an id, and answered
            incident = uuid.uuid4().hex
            log.error("incident %s at %s", incident, path[:300], exc_info=problem)
            message = f"The server failed to answer. The incident {incident} is described in the server's log."
            status, headers, body = refused(Refused(500, "InternalServerError", message))
        await _respond(send, status, headers, b"" if scope["method"] == "HEAD" else body)

    async def _answered(self, scope: Scope, path: str, receive: Receive) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        endpoint, rest = self.read(path)
        if scope["method"] not in _METHODS:
            raise Refused(405, "MethodNotAllowed", f"the method {scope['method'][:20]} is not allowed here; POST is")
        front = self._known(endpoint)
        pinned = ""
        token: bytes | None = None
        for name, value in scope["headers"]:
            if name == b"authorization":
                token = value if token is None else b""
            elif name == PINNED:
                pinned = value.decode("latin-1")
        if scope["method"] != "OPTIONS":
            self._admit(front, token)
        body = await _body(scope, receive)
        # Again: while the body came, the deployment may have become another.
        front = self._known(endpoint)
        target = front.chosen(pinned)
        if target is None:
            raise _nowhere(front, pinned)
        wanted = request(scope["method"], rest, scope.get("query_string") or b"", scope["headers"], len(body))
        if (copied := front.copied()) is not None and scope["method"] == "POST":
            self._copy(endpoint, copied, wanted, body)
        began = time.perf_counter()
        status = 500
        try:
            reply = await self.lane(target).send(wanted, body)
            status, headers, answer = said(reply, target.name, time.perf_counter() - began)
            return status, headers, answer
        except Refused as refusal:
            status = refusal.status
            raise
        finally:
            self.tally(endpoint, target.name).count(status, time.perf_counter() - began)

    def read(self, path: str) -> tuple[str, str]:
        """The id of the endpoint that a path names, and what of it is asked."""
        parts = path.split("/")
        number = ""
        if parts[1] == "workspaces":
            number, parts = parts[2], parts[2:]
        name = parts[2] if len(parts) > 2 else ""
        workspace = self._workspace_of(number)
        rest = "/" + "/".join(parts[3:])
        if workspace is None or not name or parts[1] != "endpoints" or rest not in _PATHS:
            raise Refused(404, "NotFound", f"there is nothing at {path[:200]!r}; an endpoint answers at /endpoints/<name>/score")
        return ids.child(workspace, "onlineEndpoints", name), rest

    def front(self, endpoint: str) -> Front | None:
        """What is known of an endpoint; None when there is none."""
        return self._fronts.find(endpoint)

    def _known(self, endpoint: str) -> Front:
        found = self._fronts.find(endpoint)
        if found is None:
            raise Refused(404, "EndpointNotFound", f"there is no endpoint {ids.name(endpoint)[:80]!r}")
        return found

    def _admit(self, front: Front, header: bytes | None) -> None:
        kind, _, token = (header or b"").partition(b" ")
        token = token.strip()
        if kind.lower() != b"bearer" or not token:
            raise Refused(401, "AuthenticationFailed", "the header 'Authorization: Bearer <key or token>' is missing")
        if front.mode == "Key":
            if not any([hmac.compare_digest(token, key) for key in front.keys]):
                raise Refused(401, "AuthenticationFailed", "the key is not one of this endpoint's")
            return
        try:
            self._check(front, token.decode("latin-1"))
        except errors.Unauthenticated as problem:
            raise Refused(401, "AuthenticationFailed", problem.message) from problem
        except errors.Denied as problem:
            raise Refused(403, "AuthorizationFailed", problem.message) from problem

    def lane(self, target: Target) -> Lane:
        """The line in front of a deployment. Raises Refused for one that does not serve yet."""
        self._enter()
        if not target.service:
            raise Refused(503, "DeploymentNotReady", f"the deployment {target.name!r} does not serve yet")
        lane = self._lanes.get(target.service)
        if lane is None:
            service = target.service
            lane = self._lanes[service] = Lane(lambda: self._sockets(service))
        lane.limits = target.limits
        return lane

    def _copy(self, endpoint: str, target: Target, request: bytes, body: bytes) -> None:
        """Sends a copy of a request whose answer nobody waits for."""

        async def sent() -> None:
            began = time.perf_counter()
            try:
                status = (await self.lane(target).send(request, body)).status
                status = status if status == 200 else 424
            except Refused as refusal:
                status = refusal.status
            self.tally(endpoint, target.name).count(status, time.perf_counter() - began)

        task = asyncio.get_running_loop().create_task(sent())
        self._copies.add(task)
        task.add_done_callback(self._copies.discard)

    # ── Counting ─────────────────────────────────────────────────────────────────────────────────────────────────

    def tally(self, endpoint: str, deployment: str) -> counting.Tally:
        found = self._tallies.get((endpoint, deployment))
        if found is None:
            found = self._tallies[endpoint, deployment] = counting.Tally()
        return found

    def _metrics(self, scope: Scope) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        """Whoever is on this machine may read it, so that a Prometheus beside the server needs nothing; from elsewhere it takes a token."""
        if (scope.get("client") or ("",))[0] not in _HERE:
            kind, _, token = dict(scope["headers"]).get(b"authorization", b"").partition(b" ")
            try:
                if kind.lower() != b"bearer":
                    raise errors.Unauthenticated("the header 'Authorization: Bearer <token>' is missing")
                self._someone(token.strip().decode("latin-1"))
            except errors.Unauthenticated as problem:
                return refused(Refused(401, "AuthenticationFailed", problem.message))
        return 200, [(b"content-type", counting.CONTENT_TYPE.encode())], self._page().encode()

    def _page(self) -> str:
        for endpoint in {endpoint for endpoint, _ in self._tallies if self._fronts.find(endpoint) is None}:
            # It was deleted: what is counted for ever would be kept for ever.
            self._tallies = {key: tally for key, tally in self._tallies.items() if key[0] != endpoint}
        tallies = [(_labels(endpoint, deployment), tally) for (endpoint, deployment), tally in self._tallies.items()]
        gauges = []
        for front in self._fronts.all():
            for target in front.targets.values():
                lane = self._lanes.get(target.service)
                workers = len(self._sockets(target.service)) if target.service else 0
                gauge = counting.Gauge(lane.pending if lane else 0, lane.waiting if lane else 0, workers)
                gauges.append((_labels(front.endpoint.id, target.name), gauge))
        return counting.page(tallies, gauges)


async def _body(scope: Scope, receive: Receive) -> bytes:
    """The whole body. Raises Refused for one that is too large, too slow, or cut off."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and int(value) > MOST_BODY:
            raise _too_large()
    message = await receive() if scope["method"] != "POST" else await _within(receive())
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        if message["type"] == "http.disconnect":
            raise Refused(400, "Disconnected", "the request was cut off")
        return body
    whole: bytes = await _within(_rest(body, receive))
    return whole


async def _rest(first: bytes, receive: Receive) -> bytes:
    parts, size, more = [first], len(first), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused(400, "Disconnected", "the request was cut off")
        part = message.get("body", b"")
        parts.append(part)
        size += len(part)
        more = bool(message.get("more_body"))
        if size > MOST_BODY:
            raise _too_large()
    return b"".join(parts)


async def _within(coming: Any) -> Any:
    try:
        async with asyncio.timeout(SLOWEST_BODY):
            return await coming
    except TimeoutError:
        raise Refused(408, "RequestTimeout", f"the body of the request did not come within {SLOWEST_BODY:.0f} s") from None


def _too_large() -> Refused:
    return Refused(413, "RequestEntityTooLarge", f"the body of a request may have at most {MOST_BODY} bytes")


def request(method: str, path: str, query: bytes, headers: Sequence[tuple[bytes, bytes]], length: int) -> bytes:
    """The head of what goes to a process. Raises Refused for one that a process would not understand: it is another's connection, too."""
    if not _QUERY.fullmatch(query):
        raise Refused(400, "BadRequest", f"what stands behind the question mark must have at most {MOST_QUERY} bytes, and no spaces")
    kept = [(name, value) for name, value in headers if name not in _DROPPED]
    if sum(name == b"host" for name, _ in kept) > 1 or not all(_NAME.fullmatch(name) and _VALUE.fullmatch(value) for name, value in kept):
        raise Refused(400, "BadRequest", "the headers of the request are not well-formed")
    lines = [b"%b %b HTTP/1.1\r\nContent-Length: %d\r\n" % (method.encode("ascii"), path.encode() + (b"?" + query if query else b""), length)]
    whole = b"".join([*lines, *(b"%b: %b\r\n" % pair for pair in kept), b"\r\n"])
    if len(whole) > MOST_HEAD:
        raise Refused(431, "RequestHeaderFieldsTooLarge", f"the headers of a request may have at most {MOST_HEAD} bytes")
    return whole


def said(found: object, deployment: str, seconds: float) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """What goes back to the client: status, headers, body. found: a Reply, or a Refused."""
    if isinstance(found, Refused):
        return refused(found)
    assert isinstance(found, Reply)
    status = found.status if found.status == 200 else 424
    return status, _headers(found, status, deployment, seconds), found.body


def _headers(reply: Reply, status: int, deployment: str, seconds: float) -> list[tuple[bytes, bytes]]:
    headers = [*reply.headers, (PINNED, deployment.encode()), (b"ms-azureml-model-time", b"%d" % (seconds * 1000))]
    if status != 200:
        headers += [(b"ms-azureml-model-error-statuscode", b"%d" % reply.status), (b"ms-azureml-model-error-reason", _reason(reply))]
    return headers


def _reason(reply: Reply) -> bytes:
    """Why the model did not answer 200, in one line."""
    try:
        found = json.loads(reply.body[:4096])
        text = str(found["message"]) if isinstance(found, dict) and "message" in found else "model_error"
    except ValueError:
        text = "model_error"
    return "".join(letter if " " <= letter <= "~" else " " for letter in text)[:300].encode("ascii")


def _nowhere(front: Front, pinned: str) -> Refused:
    name = front.endpoint.name
    if pinned:
        there = ", ".join(front.targets) or "none"
        return Refused(404, "DeploymentNotFound", f"the endpoint {name!r} has no deployment {pinned[:80]!r}; it has: {there}")
    return Refused(404, "NoTraffic", f"no deployment of the endpoint {name!r} takes traffic; set it, or name one in azureml-model-deployment")


def _labels(endpoint: str, deployment: str) -> counting.Labels:
    return ids.name(ids.parent(endpoint)), ids.name(endpoint), deployment


def refused(refusal: Refused) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    body = json.dumps({"error": {"code": refusal.code, "message": refusal.message}}).encode()
    headers = [_JSON, (b"x-request-id", str(uuid.uuid4()).encode())]
    if refusal.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    if refusal.status in (429, 503):
        headers.append((b"retry-after", b"1"))
    if refusal.status in (408, 413):
        headers.append((b"connection", b"close"))
    return refusal.status, headers, body


def reason(status: int) -> bytes:
    """The words that go with a status."""
    return HTTPStatus(status).phrase.encode()


async def _respond(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [*headers, (b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})
