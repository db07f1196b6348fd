"""Blob Batch: several deletions in one call, as `delete_blobs` of the Python client sends them.

Azure: https://learn.microsoft.com/rest/api/storageservices/blob-batch. The body is multipart/mixed; each part is a little HTTP request with
a signature of its own, and is asked as if it had come alone. One that fails does not undo the others.
"""

import re
import uuid
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from azurine.api.blobs import receiving
from azurine.api.blobs.calls import Call
from azurine.model import errors

MOST = 256
LARGEST = 4 << 20

_BOUNDARY = re.compile(r'multipart/mixed\s*;.*?boundary="?([^";]+)"?', re.IGNORECASE)
_LINE = re.compile(r"DELETE (/[^ ]*) HTTP/1\.1")

Ask = Callable[[Request], Awaitable[Response]]
"""One request, all the way: who calls, may they, and the deed."""


async def delete_many(call: Call, ask: Ask) -> Response:
    found = _BOUNDARY.match(call.header("content-type"))
    if not found:
        raise errors.Invalid("A batch is multipart/mixed, and its Content-Type says the boundary.", code="InvalidHeaderValue")
    parts = _parts(await receiving.small(call, LARGEST), found[1])
    if not 0 < len(parts) <= MOST:
        raise errors.Invalid(f"A batch holds 1 to {MOST} requests, not {len(parts)}.", code="InvalidInput")
    requests = [_request(call, part) for part in parts]
    boundary = f"batchresponse_{uuid.uuid4()}"
    body = b""
    for request in requests:
        answer = await ask(request)
        body += f"--{boundary}\r\nContent-Type: application/http\r\n{_said('content-id', request)}\r\n".encode() + _shown(answer)
    body += f"--{boundary}--\r\n".encode()
    return Response(body, status_code=202, headers={"content-type": f"multipart/mixed; boundary={boundary}"})


def _parts(body: bytes, boundary: str) -> list[str]:
    pieces = body.decode("latin-1").split(f"--{boundary}")
    return [piece.replace("\r\n", "\n").strip("\n") for piece in pieces[1:] if not piece.startswith("--")]


def _request(call: Call, part: str) -> Request:
    """The request in a part. Its host is that of the batch: a batch is for one account."""
    outer, _, inner = part.partition("\n\n")
    line, _, rest = inner.partition("\n")
    found = _LINE.fullmatch(line.strip())
    if not found:
        raise errors.Unsupported(f"A batch holds deletions of blobs (DELETE /container/blob HTTP/1.1), not {line[:60]!r}.", code="NotImplemented")
    headers = {name: value for name, value in (*_headers(rest), *(one for one in _headers(outer) if one[0] == "content-id"))}
    headers["host"] = call.header("host")
    path, _, query = found[1].partition("?")
    scope = dict(call.request.scope) | {
        "method": "DELETE",
        "path": path,
        "raw_path": path.encode("latin-1"),
        "query_string": query.encode("latin-1"),
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()],
    }
    return Request(scope)


def _headers(text: str) -> list[tuple[str, str]]:
    pairs = (line.partition(":") for line in text.split("\n") if ":" in line)
    return [(name.strip().lower(), value.strip()) for name, _, value in pairs]


def _said(name: str, request: Request) -> str:
    return f"{name}: {request.headers[name]}\r\n" if name in request.headers else ""


def _shown(answer: Response) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in answer.headers.items())
    return f"HTTP/1.1 {answer.status_code} {HTTPStatus(answer.status_code).phrase}\r\n{lines}\r\n".encode("latin-1") + bytes(answer.body) + b"\r\n"
