"""Operations that read a blob: HEAD, GET with ranges, its metadata, its block list."""

import base64
import hashlib
import re
from collections.abc import AsyncIterator

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from azurine.api.blobs import answers, conditions
from azurine.api.blobs.calls import Call
from azurine.model import errors
from azurine.storage import blocks
from azurine.storage.files import Blob, Files, Reading
from azurine.storage.uploads import PIECE

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_HASHED = 4 << 20
"""The longest range that Azure answers an MD5 for."""
_OVERRIDES = (
    ("rscc", "cache-control"),
    ("rscd", "content-disposition"),
    ("rsce", "content-encoding"),
    ("rscl", "content-language"),
    ("rsct", "content-type"),
)


def head(call: Call, files: Files) -> Response:
    blob = files.stat(call.location)
    conditions.for_reading(call, blob)
    return answers.empty(200, answers.described(blob) | _md5(blob) | {"content-length": str(blob.size)})


def metadata(call: Call, files: Files) -> Response:
    blob = files.stat(call.location)
    conditions.for_reading(call, blob)
    return answers.empty(200, answers.changed(blob) | answers.metadata(blob.properties.metadata.items()))


def get(call: Call, files: Files) -> Response:
    reading = files.open(call.location)
    try:
        conditions.for_reading(call, reading.blob)
        return _answer(call, reading)
    except BaseException:
        reading.close()
        raise


def block_list(call: Call, files: Files) -> Response:
    kind = call.query.get("blocklisttype", "committed").lower()
    blob = files.find(call.location)
    waiting = blocks.staged(files, call.location)
    if blob is None and not waiting:
        files.stat(call.location)  # says that it is missing
    committed = blob.properties.blocks if blob and blob.properties.kind == "BlockBlob" else ()
    body = _blocks("CommittedBlocks", committed) if kind in ("committed", "all") else ""
    body += _blocks("UncommittedBlocks", waiting) if kind in ("uncommitted", "all") else ""
    headers = answers.changed(blob) | {"x-ms-blob-content-length": str(blob.size)} if blob else {}
    return answers.xml(f"<BlockList>{body}</BlockList>", headers)


class Flow(StreamingResponse):
    """A blob on its way out, piece by piece. The file is closed whatever happens to the one who reads."""

    def __init__(self, reading: Reading, start: int, length: int, status: int, headers: dict[str, str]) -> None:
        super().__init__(_pieces(reading, start, length), status_code=status, headers=headers)
        self._reading = reading

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._reading.close()


async def _pieces(reading: Reading, start: int, length: int) -> AsyncIterator[bytes]:
    end = start + length
    while start < end:
        piece = await run_in_threadpool(reading.read, start, end - start)
        if not piece:
            return  # the file became shorter under us: the client sees too few bytes, and knows
        start += len(piece)
        yield piece


def _answer(call: Call, reading: Reading) -> Response:
    blob = reading.blob
    headers = answers.described(blob) | {header: call.query[name] for name, header in _OVERRIDES if name in call.query}
    wanted = _range(call.header("x-ms-range") or call.header("range"), blob.size)
    start, length = wanted or (0, blob.size)
    headers["content-length"] = str(length)
    if wanted:
        headers["content-range"] = f"bytes {start}-{start + length - 1}/{blob.size}"
        headers |= {"x-ms-blob-content-md5": blob.properties.content_md5} if blob.properties.content_md5 else {}
    else:
        headers |= _md5(blob)
    hashed = call.header("x-ms-range-get-content-md5").lower() == "true"
    if hashed and (not wanted or length > _HASHED):
        raise errors.Invalid(f"An MD5 is answered for a range of at most {_HASHED} bytes.", code="OutOfRangeInput")
    status = 206 if wanted else 200
    if length > (_HASHED if hashed else PIECE):
        return Flow(reading, start, length, status, headers)
    body = b"".join(reading.pieces(start, length))
    reading.close()
    if hashed:
        headers["content-md5"] = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
    return Response(body, status_code=status, headers=headers | {"content-length": str(len(body))})


def _range(text: str, size: int) -> tuple[int, int] | None:
    """Start and length; None when the whole is wanted."""
    if not text:
        return None
    found = _RANGE.fullmatch(text.strip())
    if not found or not (found[1] or found[2]):
        raise errors.Invalid(f"The range {text[:60]!r} is not one; right is bytes=0-99 or bytes=100-.", code="InvalidHeaderValue")
    if not found[1]:
        start, end = max(0, size - int(found[2])), size - 1
    else:
        start, end = int(found[1]), min(int(found[2]) if found[2] else size - 1, size - 1)
        if found[2] and int(found[2]) < start:
            raise errors.Invalid(f"The range {text[:60]!r} ends before it begins.", code="InvalidHeaderValue")
    if start >= size:
        raise errors.Invalid(f"The range {text[:60]!r} begins behind the blob's end: it has {size} bytes.", code="InvalidRange")
    return start, end - start + 1


def _md5(blob: Blob) -> dict[str, str]:
    return {"content-md5": blob.properties.content_md5} if blob.properties.content_md5 else {}


def _blocks(name: str, found: list[tuple[str, int]] | tuple[tuple[str, int], ...]) -> str:
    inner = "".join(f"<Block>{answers.element('Name', identifier)}<Size>{size}</Size></Block>" for identifier, size in found)
    return f"<{name}>{inner}</{name}>"
