"""The outermost layer: whatever happens inside, the client gets an answer in Azure's shape.

Our own errors become their status and body. Anything else is recorded with an id and answered 500 with that id; the traceback
stays in the log. It also names every answer with `x-ms-request-id`, and says yes to the server's start and stop.
"""

import uuid
from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from azurine.api import errors as refusals
from azurine.model import errors

WORDS = {
    400: "BadRequest",
    401: "AuthenticationFailed",
    403: "AuthorizationFailed",
    404: "NotFound",
    405: refusals.METHOD_NOT_ALLOWED,
    409: "Conflict",
}


class Boundary:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # With an application in the scope, routes raise a wrong method as HTTPException instead of answering in their own shape.
        scope.setdefault("app", self)
        request_id = (b"x-ms-request-id", uuid.uuid4().hex.encode())
        started = False

        async def named(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = message.get("headers", ())
                if not any(name == request_id[0] for name, _ in headers):
                    message["headers"] = [*headers, request_id]
            await send(message)

        try:
            await self._app(scope, receive, named)
        except errors.AzurineError as problem:
            await _refuse(scope, named, problem, started)
        except HTTPException as problem:
            await _refuse(scope, named, _translated(problem), started, problem.status_code)
        except Exception as problem:  # noqa: BLE001 - one of the three edges where everything is caught, recorded and answered
            where = f"{scope['method']} {scope['path'][:300]}"
            await _refuse(scope, named, refusals.unexpected(problem, where), started)


async def _refuse(scope: Scope, send: Send, problem: errors.AzurineError, started: bool, status: int = 0) -> None:
    if started:
        # Half of an answer is out: ending the connection is the only way left to say that it is not whole.
        raise problem
    known, headers, content = refusals.encoded(problem)
    await send({"type": "http.response.start", "status": status or known, "headers": _raw({**headers, "content-type": _JSON}, content)})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else content})


def _translated(problem: HTTPException) -> errors.AzurineError:
    code = WORDS.get(problem.status_code, "RequestFailed")
    return errors.AzurineError(str(problem.detail), code=code)


_JSON = "application/json; charset=utf-8"


def _raw(headers: Mapping[str, str], content: bytes) -> list[tuple[bytes, bytes]]:
    pairs = [(name.lower().encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers.items()]
    return [*pairs, (b"content-length", str(len(content)).encode())]


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
