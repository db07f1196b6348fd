"""Answers in JSON, and what a handler reads from a request: who asks, how they reached us, what they want."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

JSON = "application/json; charset=utf-8"


def answered(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(json.dumps(body, separators=(",", ":")), status, headers=headers, media_type=JSON)


def nothing(status: int = 204, headers: Mapping[str, str] | None = None) -> Response:
    return Response(b"", status, headers=headers)


def root(request: Request) -> str:
    """Scheme and host as the client wrote them: what every address in an answer begins with."""
    host = request.headers.get("host", "localhost")
    return f"{request.scope.get('scheme', 'https')}://{host}"


def principal(request: Request) -> Any:
    """Whom the sign-in layer recognised; None where it is not wired."""
    return request.scope.get("principal")


def asker(request: Request) -> str:
    """The object id of the principal: what resources remember as their author."""
    return str(getattr(principal(request), "object_id", ""))


def raw_path(request: Request) -> str:
    """The path as it was sent, still percent-encoded: only so is a `%2F` in a name told from a `/`."""
    raw = request.scope.get("raw_path")
    return str(raw.decode("latin-1").partition("?")[0] if raw else quote(request.scope["path"]))
