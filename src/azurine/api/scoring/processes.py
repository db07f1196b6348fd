"""One scoring process, at the other end of one connection: requests go out in a row, answers come back in the same order.

Raw bytes over a Unix socket. All requests that come up in one turn of the event loop go out in one write, and the process, which reads
them in one go, can answer them together. As it works on one after the other, it is known at its death which request it died over (the
first that has no answer) and which it has not begun.

A process that answers many requests one by one is listened to once in a millisecond, as long as it has more to do than that: being woken for
each answer would cost both sides more than the answer does. What it says lies in the kernel meanwhile, so nothing is lost if it dies.

The process on the other side is ours, so little has to be understood. But the user's code runs in it, so nothing that comes is
trusted: what is no such answer ends the connection.
"""

import asyncio
import re
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

MOST_HEAD = 64 * 1024
MOST_BODY = 1 << 30
STINT = 0.02
"""Seconds of work that a process is given ahead, so that it never waits for us; more would only wait in the wrong place."""
REST = 0.001
"""Seconds in which a process is not listened to, when it has work for longer and would say several things in them."""
_ANSWER = re.compile(
    rb"HTTP/1\.1 ([2-5]\d\d) [ -~]{0,60}\r\nContent-Length: (\d{1,10})\r\n((?:[!#-'*+.0-9A-Z^_`a-z|~-]+:[\t -~\x80-\xff]*\r\n)*)\r\n"
)
_USUAL = re.compile(
    rb"HTTP/1\.1 (200) OK\r\nContent-Length: (\d{1,10})\r\n(Content-Type: application/json\r\nx-ms-run-function-failed: False\r\n"
    rb"x-ms-run-fn-exec-ms: [0-9.]{1,20}\r\nx-request-id: [0-9A-Za-z-]{1,100}\r\n)\r\n"
)
"""What nearly every answer is; it has no header that must be looked for."""
_HOP_BY_HOP = re.compile(rb"(?im)^(?:connection|content-length|keep-alive|te|trailer|transfer-encoding|upgrade)[ \t]*:.*\n")


@dataclass(frozen=True, slots=True)
class Reply:
    """lines: the headers, each ended by a line break; those that are the connection's own are not among them."""

    status: int
    lines: bytes
    body: bytes

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        pairs = (line.split(b":", 1) for line in self.lines.split(b"\r\n") if line)
        return [(name.lower(), value.strip()) for name, value in pairs]


class Ask:
    """A request on its way. deadline: when it is given up. until: when it has waited for a process long enough. down: there was none."""

    __slots__ = ("answered", "body", "deadline", "down", "over", "request", "tries", "until")

    def __init__(self, request: bytes, body: bytes, deadline: float, answered: Callable[[object], None]) -> None:
        self.request = request
        self.body = body
        self.deadline = deadline
        self.until = deadline
        self.answered = answered
        self.down = False
        self.over = False
        self.tries = 0


class Process(asyncio.Protocol):
    def __init__(self, path: Path, answered: Callable[[Sequence[tuple[Ask, Reply]]], None], lost: Callable[["Process", str, bool], None]) -> None:
        """path: where it listens. answered: is told what has come at once. lost: is told of its end, why, and whether it had been there; once."""
        self.path = path
        self.asked: deque[Ask] = deque()
        self._answered = answered
        self._lost = lost
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._out: list[bytes] = []
        self._parts: list[bytes] = []
        self._missing = 0
        self._is_lost = False
        self._is_resting = False
        self._pace = STINT
        self._since = 0.0

    def room(self, concurrent: int) -> int:
        """How many more requests it may be given now."""
        ahead = concurrent if self._pace * concurrent <= STINT else max(1, int(STINT / self._pace))
        return min(concurrent, ahead) - len(self.asked)

    def give(self, ask: Ask) -> None:
        if not self.asked:
            self._since = self._loop.time()
        self.asked.append(ask)
        if not self._out:
            self._loop.call_soon(self._flush)
        self._out.append(ask.request)
        if ask.body:
            self._out.append(ask.body)

    def close(self) -> None:
        """Without telling anybody."""
        self._is_lost = True
        if self._connecting is not None:
            self._connecting.cancel()
        if self._transport is not None:
            self._transport.abort()

    def _flush(self) -> None:
        if self._transport is not None:
            out, self._out = self._out, []
            self._transport.write(b"".join(out) if len(out) > 1 else out[0])
        elif self._connecting is None and not self._is_lost:
            self._connecting = self._loop.create_task(self._connect())

    async def _connect(self) -> None:
        try:
            await self._loop.create_unix_connection(lambda: self, str(self.path))
        except OSError as problem:
            self._end(f"it cannot be reached: {problem}", was_there=False)

    # ── What comes ───────────────────────────────────────────────────────────────────────────────────────────────

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        if self._out:
            self._flush()

    def connection_lost(self, problem: Exception | None) -> None:
        self._transport = None
        self._end("the process ended")

    def data_received(self, data: bytes) -> None:
        if self._missing > len(data):
            self._parts.append(data)
            self._missing -= len(data)
            return
        if self._parts:
            data = b"".join((*self._parts, data))
            self._parts, self._missing = [], 0
        found, is_sound = self._read(data)
        if found:
            now = self._loop.time()
            self._pace = (self._pace + (now - self._since) / len(found)) / 2
            self._since = now
            self._answered(found)
        if not is_sound:
            self._end("the process said what is no answer")
        elif found and self._pace < REST / 2 and self._pace * len(self.asked) > REST * 1.5:
            self._rest()

    def _rest(self) -> None:
        if self._transport is not None and not self._is_resting:
            self._is_resting = True
            self._transport.pause_reading()
            self._loop.call_later(REST, self._listen)

    def _listen(self) -> None:
        self._is_resting = False
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def _read(self, data: bytes) -> tuple[list[tuple[Ask, Reply]], bool]:
        """The answers that are whole; what is not yet is kept. And whether all is as it should be."""
        found: list[tuple[Ask, Reply]] = []
        start = 0
        while start < len(data):
            usual = _USUAL.match(data, start)
            head = usual or _ANSWER.match(data, start)
            if head is None:
                if len(data) - start > MOST_HEAD or data.find(b"\r\n\r\n", start) >= 0:
                    return found, False
                break
            end = head.end()
            whole = end + int(head[2])
            if whole - end > MOST_BODY or not self.asked:
                return found, False
            if whole > len(data):
                self._missing = whole - len(data)
                break
            lines = head[3]
            if usual is None and _HOP_BY_HOP.search(lines):
                lines = _HOP_BY_HOP.sub(b"", lines)
            found.append((self.asked.popleft(), Reply(int(head[1]), lines, data[end:whole])))
            start = whole
        if start < len(data):
            self._parts = [data[start:] if start else data]
        return found, True

    def _end(self, why: str, was_there: bool = True) -> None:
        if self._transport is not None:
            self._transport.abort()
        if not self._is_lost:
            self._is_lost = True
            self._lost(self, why, was_there)
