"""A body on its way in: gathered into pieces of about a megabyte, written by a thread to a staged file, checked, and only then used.

Fewer bytes than announced, or an MD5 that does not fit, and nothing remains.
"""

import base64
import binascii
from collections.abc import AsyncIterator

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request

from azurine.api.blobs.calls import Call
from azurine.model import errors
from azurine.storage.files import Files
from azurine.storage.uploads import PIECE, Upload
from azurine.storage.urls import Location

LARGEST_XML = 16 << 20


async def staged(call: Call, files: Files) -> Upload:
    """The whole body, in a staged file. The caller commits or abandons it."""
    length = _length(call)
    if call.header("x-ms-structured-body"):
        raise errors.Unsupported("Structured bodies (x-ms-structured-body) are not spoken here; Content-MD5 is.", code="UnsupportedHeader")
    pieces = _pieces(call.request)
    upload = await run_in_threadpool(_begun, files, call.location, await anext(pieces, b""))
    try:
        async for piece in pieces:
            await run_in_threadpool(upload.write, piece)
        if upload.size != length:
            raise errors.Invalid(f"The body ended after {upload.size} of {length} bytes; nothing was stored.", code="InvalidInput")
        check_md5(call, upload.md5())
    except BaseException:
        upload.abandon()
        raise
    return upload


async def small(call: Call, most: int = LARGEST_XML) -> bytes:
    """A body that is a document."""
    body = bytearray()
    async for chunk in call.request.stream():
        body += chunk
        if len(body) > most:
            raise errors.TooLarge(f"The body is larger than {most} bytes.", code="RequestBodyTooLarge")
    return bytes(body)


def check_md5(call: Call, found: str) -> None:
    said = call.header("content-md5")
    if not said:
        return
    try:
        right = len(base64.b64decode(said, validate=True)) == 16
    except (binascii.Error, ValueError):
        right = False
    if not right:
        raise errors.Invalid(f"The Content-MD5 {said[:60]!r} is not the base64 of 16 bytes.", code="InvalidMd5")
    if said != found:
        raise errors.Invalid(f"The body's MD5 is {found}, and the request says {said}; nothing was stored.", code="Md5Mismatch")


def _begun(files: Files, location: Location, piece: bytes) -> Upload:
    upload = files.upload(location)
    try:
        upload.write(piece)
    except BaseException:
        upload.abandon()
        raise
    return upload


def _length(call: Call) -> int:
    text = call.header("content-length")
    if not text.isdecimal():
        raise errors.Invalid("The request must say its Content-Length.", code="MissingContentLengthHeader")
    return int(text)


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    gathered = bytearray()
    try:
        async for chunk in request.stream():
            gathered += chunk
            if len(gathered) >= PIECE:
                yield bytes(gathered)
                gathered.clear()
    except ClientDisconnect as gone:
        raise errors.Invalid("The caller was gone before the body had ended; nothing was stored.", code="InvalidInput") from gone
    if gathered:
        yield bytes(gathered)
