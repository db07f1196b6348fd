"""A door over a log in memory, with kinds made up for these tests: the door must not know any kind by name."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from azurine.api.routes import create_app
from azurine.ml import resource_groups, subscriptions
from azurine.model import errors
from azurine.model.clock import Movable
from azurine.model.decisions import Decision
from azurine.model.kinds import Admission, Kind, Look
from azurine.model.resources import Json, Resource
from azurine.store.log import Report
from azurine.store.memory import MemoryLog

PROVIDER = "Microsoft.MachineLearningServices"
GROUP = "/subscriptions/s1/resourceGroups/g1"
WORKSPACE = f"{GROUP}/providers/{PROVIDER}/workspaces/w1"
WORKSPACE_ID = "subscriptions/s1/resourceGroups/g1/workspaces/w1"


def keep(admission: Admission) -> Json:
    properties = admission.body.get("properties", {})
    if not isinstance(properties, dict):
        raise errors.Invalid("properties must be an object", path="properties")
    if "colour" in properties and properties["colour"] not in ("red", "blue"):
        wrong = errors.Detail("InvalidColour", "it must be red or blue", "properties.colour")
        raise errors.Invalid("the colour is unknown", code="InvalidColour", path="properties.colour", details=[wrong])
    if properties.get("explode"):
        raise ZeroDivisionError("secret words of the traceback")
    return admission.body


def keep_once(admission: Admission) -> Json:
    """Versions are immutable, but for being archived."""
    spec = keep(admission)
    if admission.previous is not None:
        before = {**admission.previous.spec.get("properties", {}), "isArchived": None}
        if {**spec.get("properties", {}), "isArchived": None} != before:
            raise errors.Conflict("a version cannot be changed", code="UserError")
    return spec


def show(resource: Resource) -> Json:
    return {key: value for key, value in resource.spec.items() if key != "plan"}


def show_engine(resource: Resource) -> Json:
    state = resource.status.get("state", "Creating")
    errors_shown = {"provisioningErrors": [{"error": resource.status["error"]}]} if "error" in resource.status else {}
    return {"properties": {**resource.spec.get("properties", {}), "provisioningState": state, **errors_shown}}


def wait(look: Look) -> Decision:
    return Decision(look.resource.status)


def halted(resource: Resource, body: Json) -> Json:
    if resource.spec.get("halt"):
        raise errors.Conflict("it is halted already")
    return {**resource.spec, "halt": True, "why": body.get("why", "")}


KINDS = {
    kind.name: kind
    for kind in (
        subscriptions.KIND,
        resource_groups.KIND,
        Kind("workspaces", keep, show),
        Kind("workspaces/jobs", keep, show, archivable=True, wishes={"halt": halted}),
        Kind("workspaces/data", keep, show, container=True, archivable=True),
        Kind("workspaces/data/versions", keep_once, show, archivable=True),
        Kind("workspaces/engines", keep, show_engine, wait, {"halt": halted}, long_running=True),
        Kind("factories", keep, show, provider="Microsoft.DataFactory"),
    )
}


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)

    @property
    def error(self) -> Any:
        return self.body["error"]


class Someone:
    object_id = "00000000-0000-0000-0000-0000000000aa"


def signed_in(app: Any) -> Any:
    async def layer(scope: Any, receive: Any, send: Any) -> None:
        scope["principal"] = Someone()
        await app(scope, receive, send)

    return layer


@dataclass
class Door:
    """Calls an ASGI application as a server would."""

    app: Any
    log: MemoryLog
    clock: Movable
    host: str = "localhost:9999"
    scheme: str = "https"
    chunks: list[bytes] = field(default_factory=list)

    def call(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return asyncio.run(self._call(method, path, raw, dict(headers or {})))

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        return self.call("GET", path, None, headers)

    def put(self, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
        return self.call("PUT", path, {"properties": {}} if body is None else body, headers)

    def post(self, path: str, body: Any = None) -> Answer:
        return self.call("POST", path, body)

    def report(self, identifier: str, status: Json) -> None:
        """The house says how a resource is going."""
        self.log.write([Report(identifier, status)], self.clock())

    async def _call(self, method: str, path: str, raw: bytes, headers: dict[str, str]) -> Answer:
        route, _, query = path.partition("?")
        sent: list[Any] = []
        pieces = self.chunks or [raw]
        given = {"host": self.host, "content-length": str(sum(map(len, pieces))), **{name.lower(): value for name, value in headers.items()}}
        incoming = [{"type": "http.request", "body": piece, "more_body": place + 1 < len(pieces)} for place, piece in enumerate(pieces)]
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": self.scheme,
            "path": unquote(route, errors="replace"),
            "raw_path": route.encode("latin-1"),
            "query_string": query.encode("latin-1"),
            "root_path": "",
            "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in given.items() if value],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 9999),
            "state": {},
        }

        async def receive() -> Any:
            return incoming.pop(0) if incoming else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        start = sent[0]
        content = b"".join(message.get("body", b"") for message in sent[1:])
        return Answer(start["status"], {name.decode().lower(): value.decode("latin-1") for name, value in start["headers"]}, content)


def door(**wiring: Any) -> Door:
    """An empty house."""
    log, clock = MemoryLog(), Movable()
    return Door(create_app(log, KINDS, **{"clock": clock, "sign_in": signed_in, "asked_for": ["workspaces/jobs"], **wiring}), log, clock)


def furnished(**wiring: Any) -> Door:
    """A house with a workspace in it."""
    made = door(**wiring)
    for path in ("/subscriptions/s1", GROUP, WORKSPACE):
        assert made.put(path).status in (200, 201)
    return made
