"""HTTP/1.1 as far as a scoring server needs it: bytes become requests, answers become bytes.

A client that keeps its connection open sends the same head again and again, so heads that were read are remembered: reading
one costs a look into a dictionary. What is not well-formed is refused, never guessed (a length twice, a head without end).
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, unquote

MOST_HEAD = 64 * 1024
MOST_BODY = 256 * 1024 * 1024
LONGEST_ID = 100
_REMEMBERED, _SHORT = 512, 2048
_LINE = re.compile(rb"([A-Z]{1,20}) (\S{1,16384}) HTTP/1\.([01])")
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_DIGITS = re.compile(rb"[0-9]{1,15}")
_ID_NAMES = ("x-request-id", "x-ms-request-id", "x-ms-client-request-id", "traceid")
REASONS = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    411: "Length Required",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
}


class Refused(Exception):
    """The request cannot be understood; the connection cannot be used any more."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Head:
    """What a request says before its body. length: of the body; -1 when it comes in chunks. echoed: header lines for the answer."""

    __slots__ = ("chunked", "echoed", "expects", "has_id", "headers", "keep", "length", "method", "path", "query", "too_long")

    def __init__(self, method: str, target: str, minor: int, headers: dict[str, str]) -> None:
        path, _, self.query = target.partition("?")
        self.method = method
        self.path = unquote(path)
        self.headers = headers
        connection = headers.get("connection", "").lower()
        self.keep = "close" not in connection if minor else "keep-alive" in connection
        self.chunked = headers.get("transfer-encoding", "").lower() == "chunked"
        self.length = int(headers.get("content-length", "0"))
        self.expects = headers.get("expect", "").lower() == "100-continue"
        self.too_long = next((name for name in _ID_NAMES if len(headers.get(name, "")) > LONGEST_ID), "")
        self.echoed, self.has_id = _echoed(headers)

    @property
    def arguments(self) -> dict[str, Any]:
        """What stands behind the question mark; a key that comes several times has a list."""
        found = parse_qs(self.query, keep_blank_values=True)
        return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


_heads: dict[bytes, Head] = {}


def head(raw: bytes) -> Head:
    """raw: the request line and the headers, without the empty line. Raises Refused."""
    found = _heads.get(raw)
    if found is None:
        found = _read(raw)
        if len(raw) <= _SHORT:
            if len(_heads) >= _REMEMBERED:
                _heads.clear()
            _heads[raw] = found
    return found


def _read(raw: bytes) -> Head:
    line, *rest = raw.split(b"\r\n")
    first = _LINE.fullmatch(line)
    if first is None:
        raise Refused(400, "the request line is not HTTP/1.1")
    headers: dict[str, str] = {}
    for one in rest:
        name, colon, value = one.partition(b":")
        if not colon or not _NAME.fullmatch(name):
            raise Refused(400, "a header is not well-formed")
        key, text = name.decode("ascii").lower(), value.strip(b" \t").decode("latin-1")
        if key in headers and key in ("content-length", "transfer-encoding", "host"):
            raise Refused(400, f"the header {key} comes twice")
        headers[key] = headers[key] + ", " + text if key in headers else text
    _check_length(headers)
    try:
        return Head(first[1].decode(), first[2].decode("latin-1"), int(first[3]), headers)
    except ValueError:
        raise Refused(400, "the request line is not well-formed") from None


def _check_length(headers: dict[str, str]) -> None:
    coding, length = headers.get("transfer-encoding"), headers.get("content-length")
    if coding is not None and (length is not None or coding.lower() != "chunked"):
        raise Refused(400 if length is not None else 501, "a body has a length or comes in chunks")
    if length is not None:
        if not _DIGITS.fullmatch(length.encode("latin-1")):
            raise Refused(400, "the length of the body is not a number")
        if int(length) > MOST_BODY:
            raise Refused(413, f"the body is longer than {MOST_BODY} bytes")


def _echoed(headers: dict[str, str]) -> tuple[bytes, bool]:
    """The ids that an answer repeats, as header lines; and whether the request named itself."""
    lines = []
    given = headers.get("x-request-id") or headers.get("x-ms-request-id")
    if given:
        lines.append("x-request-id: " + given)
    for name in ("x-ms-request-id", "x-ms-client-request-id"):
        if headers.get(name):
            lines.append(name + ": " + headers[name])
    if headers.get("traceid"):
        lines.append("TraceId: " + headers["traceid"])
    return "".join(line + "\r\n" for line in lines).encode("latin-1"), bool(given)


class Chunks:
    """A body that comes in chunks. `take` answers how much of the data it has used."""

    def __init__(self) -> None:
        self.body = bytearray()
        self.done = False
        self._left = 0
        self._state = "size"

    def take(self, data: bytes, start: int) -> int:
        while not self.done:
            if self._state == "data":
                piece = data[start : start + self._left]
                self.body += piece
                self._left -= len(piece)
                start += len(piece)
                if self._left:
                    break
                self._state = "end"
            at = data.find(b"\r\n", start)
            if at < 0:
                if len(data) - start > 1024:
                    raise Refused(400, "the size of a chunk is not well-formed")
                break
            self._line(data[start:at])
            start = at + 2
        return start

    def _line(self, line: bytes) -> None:
        if self._state == "end":
            if line:
                raise Refused(400, "a chunk is longer than it says")
            self._state = "size"
        elif self._state == "trailer":
            self.done = not line
        else:
            size = line.split(b";")[0].strip()
            if not re.fullmatch(rb"[0-9A-Fa-f]{1,12}", size):
                raise Refused(400, "the size of a chunk is not a number")
            self._left = int(size, 16)
            if len(self.body) + self._left > MOST_BODY:
                raise Refused(413, f"the body is longer than {MOST_BODY} bytes")
            self._state = "data" if self._left else "trailer"


def answer(status: int, body: bytes, headers: bytes, keep: bool = True) -> bytes:
    """headers: whole lines. The type and length of the body are in front of them."""
    begin = _BEGIN.get(status) or b"HTTP/1.1 %d %s\r\n" % (status, REASONS.get(status, "Answered").encode("ascii"))
    return b"%bContent-Length: %d\r\n%b%b\r\n%b" % (begin, len(body), headers, b"" if keep else b"Connection: close\r\n", body)


_BEGIN = {status: b"HTTP/1.1 %d %s\r\n" % (status, reason.encode("ascii")) for status, reason in REASONS.items()}
