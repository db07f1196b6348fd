"""One connection to one scoring process: a request out, an answer back, one at a time.

Raw bytes over a Unix socket: the process on the other side is ours and answers with a length, so little has to be understood. But the
user's code runs in it, so nothing that comes is trusted: what is no such answer ends the connection.
"""

import asyncio
from dataclasses import dataclass
from typing import cast

MOST_HEAD = 64 * 1024
MOST_BODY = 1 << 30


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Lost(Exception):
    """The process ended, or said what cannot be understood, before the answer was whole."""


class Upstream(asyncio.Protocol):
    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[Reply] | None = None
        self._data = b""
        self._parts: list[bytes] = []
        self._missing = 0
        self._status = 0
        self._headers: list[tuple[bytes, bytes]] = []

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def ask(self, request: bytes, body: bytes) -> "asyncio.Future[Reply]":
        """Sends a request. The future's exception is Lost when there is no answer."""
        waiting = self._waiting = asyncio.get_running_loop().create_future()
        if self._transport is None or self._transport.is_closing():
            self._lose("the process ended")
        elif len(body) < 65536:
            self._transport.write(request + body)
        else:
            self._transport.writelines((request, body))
        return waiting

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, problem: Exception | None) -> None:
        self._transport = None
        self._lose("the process ended")

    def data_received(self, data: bytes) -> None:
        if self._missing:
            self._parts.append(data)
            self._missing -= len(data)
        else:
            self._begin(self._data + data)
        if self._missing <= 0 and self._status:
            self._finish()

    def _begin(self, data: bytes) -> None:
        end = data.find(b"\r\n\r\n")
        if end < 0:
            self._data = data
            if len(data) > MOST_HEAD:
                self._refuse()
            return
        self._data = b""
        try:
            length = self._read_head(data[:end])
        except ValueError:
            self._refuse()
            return
        self._parts = [data[end + 4 :]]
        self._missing = length - len(self._parts[0])

    def _read_head(self, head: bytes) -> int:
        """Answers the length of the body. Raises ValueError for what is no answer of a scoring process."""
        line, *lines = head.split(b"\r\n")
        status = int(line[9:12])
        headers, length = [], -1
        for one in lines:
            name, _, value = one.partition(b":")
            name, value = name.strip().lower(), value.strip()
            if name == b"content-length":
                length = int(value)
            elif name != b"connection":
                headers.append((name, value))
        if not (line.startswith(b"HTTP/1.1 ") and 200 <= status <= 599 and 0 <= length <= MOST_BODY):
            raise ValueError(line)
        self._status, self._headers = status, headers
        return length

    def _finish(self) -> None:
        waiting, self._waiting = self._waiting, None
        if self._missing < 0 or waiting is None:
            self._refuse()  # more than was asked for
        reply = Reply(self._status, self._headers, self._parts[0] if len(self._parts) == 1 else b"".join(self._parts))
        self._parts, self._missing, self._status = [], 0, 0
        if waiting is not None and not waiting.done():
            waiting.set_result(reply)

    def _refuse(self) -> None:
        self._lose("the process said what is no answer")
        self.close()

    def _lose(self, why: str) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.done():
            waiting.set_exception(Lost(why))
