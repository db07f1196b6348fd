"""The short way of a request to an endpoint: from the bytes of its connection to a lane and back, past the web server.

A connection of the web server that looks at each request first. An ordinary one (a POST to /endpoints/<name>/score with a length, a good
key, not too large) is answered here. Anything else goes the long way, byte for byte as it came: through the server to `door`, which
knows every case and says what is wrong. So the short way only has to be sure of what it takes; and it gives the same answers.

Clients send the same head again and again, so heads that were read are remembered.

A client that trickles or says nothing holds no more than a connection, and not for ever: whatever way a request goes, its head must come
in `SLOWEST_HEAD` seconds, and here its body too. One timer looks after all connections.
"""

import asyncio
import hmac
import logging
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from azurine.api.scoring import door
from azurine.api.scoring.fronts import Target
from azurine.api.scoring.lanes import Refused
from azurine.api.scoring.processes import Reply

if TYPE_CHECKING:
    from uvicorn.config import Config
    from uvicorn.server import ServerState

log = logging.getLogger("azurine.api.scoring")
MOST_HELD = 1024 * 1024
"""Bytes of a request that is answered here; a larger one goes the long way."""
MOST_HEAD = 16 * 1024
SLOWEST_HEAD = 30.0
IDLE = 75.0
LOOK = 5.0
_REMEMBERED = 1024
_BEGIN = re.compile(rb"POST (/(?:workspaces/[\w.-]+/)?endpoints/[\w-]+)/score HTTP/1\.1\r\n")
_HEADER = re.compile(rb"([!#-'*+.0-9A-Z^_`a-z|~-]+):[ \t]*([\t -~]*?)[ \t]*")
_ONCE = (b"host", b"content-length", b"authorization", door.PINNED)
_LONG_WAY = (b"transfer-encoding", b"expect", b"upgrade", b"te", b"connection", b"http2-settings")


@dataclass(frozen=True, slots=True)
class Head:
    """What the head of an ordinary request says. endpoint: its id. request: what goes to the process."""

    endpoint: str
    length: int
    token: bytes
    pinned: str
    request: bytes


class Gates:
    """What all connections share: the door, the heads that were read, the timer."""

    def __init__(self, through: door.Door, head: float = SLOWEST_HEAD, idle: float = IDLE) -> None:
        """head, idle: seconds that a request may take to come, and that a connection may say nothing."""
        self.door = through
        self.head_limit = head
        self.idle_limit = idle
        self._heads: dict[bytes, Head | None] = {}
        self._default_of: list[tuple[bytes, bytes]] = []
        self._default = b""
        self._open: set[Gate] = set()
        self._timer: asyncio.TimerHandle | None = None

    def protocol(self, config: "Config", server_state: "ServerState", app_state: dict[str, Any], _loop: Any = None) -> "Gate":
        """What the web server calls for each connection."""
        return Gate(self, config, server_state, app_state, _loop)

    def head(self, raw: bytes) -> Head | None:
        """None for one that goes the long way."""
        try:
            return self._heads[raw]
        except KeyError:
            pass
        found = _read(raw, self.door)
        if len(self._heads) >= _REMEMBERED:
            self._heads.clear()
        if found is not None:
            self._heads[raw] = found
        return found

    def default(self, headers: list[tuple[bytes, bytes]]) -> bytes:
        """The headers of every answer (the date), as lines; the web server makes another list of them every second."""
        if headers is not self._default_of:
            self._default_of = headers
            self._default = b"".join([b"%b: %b\r\n" % pair for pair in headers])
        return self._default

    def opened(self, gate: "Gate") -> None:
        self._open.add(gate)
        if self._timer is None:
            self._timer = gate.loop.call_later(min(LOOK, self.head_limit / 2), self._look, gate.loop)

    def closed(self, gate: "Gate") -> None:
        self._open.discard(gate)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for gate in list(self._open):
            gate.look(now, self.head_limit, self.idle_limit)
        self._timer = loop.call_later(min(LOOK, self.head_limit / 2), self._look, loop) if self._open else None


class Gate(HttpToolsProtocol):
    """One connection. At any time it is on the short way, or (`_long`) the web server's until that has answered."""

    def __init__(self, gates: Gates, config: "Config", server_state: "ServerState", app_state: dict[str, Any], _loop: Any = None) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._gates = gates
        self._long = False
        self._held = b""
        self._parts: list[bytes] = []
        self._missing = 0
        self._busy = False
        self._is_last = False
        self._last = self.loop.time()
        self._began = 0.0

    # ── The connection ───────────────────────────────────────────────────────────────────────────────────────────

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast(asyncio.Transport, transport))
        self._gates.opened(self)

    def connection_lost(self, problem: Exception | None) -> None:
        self._gates.closed(self)
        super().connection_lost(problem)

    @property
    def is_quiet(self) -> bool:
        """Nothing that was asked on it is being worked on."""
        return not self._busy and (self.cycle is None or self.cycle.response_complete)

    def shutdown(self) -> None:
        """The server ends: what is being worked on is answered still."""
        self._is_last = True
        if not self._busy:
            super().shutdown()

    def look(self, now: float, head: float, idle: float) -> None:
        """Ends the connection when its client takes too long."""
        if self.transport.is_closing():
            return
        if self._began:
            if now - self._began > head:
                self._refuse(Refused(408, "RequestTimeout", f"the request did not come within {head:.0f} s"))
        elif not self._busy and not self._long and now - self._last > idle:
            self.transport.close()

    # ── What comes ───────────────────────────────────────────────────────────────────────────────────────────────

    def data_received(self, data: bytes) -> None:
        if self._long:
            super().data_received(data)
        elif self._busy:
            # The next request already. It is looked at when this one is answered; till then no more is read.
            self._held += data
            self.flow.pause_reading()
        elif self._missing > len(data):
            self._parts.append(data)
            self._missing -= len(data)
        else:
            if self._parts:
                data = b"".join((*self._parts, data))
                self._parts, self._missing = [], 0
            self._take(data)

    def _take(self, data: bytes) -> None:
        end = data.find(b"\r\n\r\n")
        if end < 0:
            if len(data) > MOST_HEAD or not _may_begin(data):
                self._go_long(data)
            else:
                self._hold(data, 1)
            return
        head = self._gates.head(data[:end])
        if head is None or head.length > MOST_HELD:
            self._go_long(data)
            return
        start = end + 4
        whole = start + head.length
        if whole > len(data):
            self._hold(data, whole - len(data))
            return
        target = self._target(head)
        if target is None:
            self._go_long(data)
            return
        self._began = 0.0
        self._busy = True
        self._held = data[whole:]
        if self.timeout_keep_alive_task is not None:
            self._unset_keepalive_if_required()
        asked = time.perf_counter()
        try:
            lane = self._gates.door.lane(target)
        except Refused as refusal:
            self._answer(head.endpoint, target, asked, refusal)
            return
        lane.submit(head.request, data[start:whole], lambda found: self._answer(head.endpoint, target, asked, found))

    def _hold(self, data: bytes, missing: int) -> None:
        self._parts, self._missing = [data], missing
        self._began = self._began or self.loop.time()

    def _target(self, head: Head) -> Target | None:
        """Where the request goes; None for one that the door had better see."""
        try:
            front = self._gates.door.front(head.endpoint)
        except Exception as problem:  # an edge: the door meets it too, records it, and answers
            log.warning("%s cannot be read", head.endpoint, exc_info=problem)
            return None
        if front is None or front.mirrored or not any([hmac.compare_digest(head.token, key) for key in front.keys]):
            return None
        return front.chosen(head.pinned)

    def _go_long(self, data: bytes) -> None:
        self._long = True
        self._began = 0.0
        super().data_received(data)

    # ── What goes ────────────────────────────────────────────────────────────────────────────────────────────────

    def _answer(self, endpoint: str, target: Target, asked: float, found: object) -> None:
        seconds = time.perf_counter() - asked
        if isinstance(found, Reply) and found.status == 200:
            status = 200
            ours = b"ms-azureml-model-time: %d\r\n" % (seconds * 1000)
            said = b"HTTP/1.1 200 OK\r\n%bcontent-length: %d\r\n%bazureml-model-deployment: %b\r\n%b\r\n%b" % (
                self._default(),
                len(found.body),
                found.lines,
                target.name.encode(),
                ours,
                found.body,
            )
        else:
            status, headers, body = door.said(found, target.name, seconds)
            said = _written(status, self._default(), headers, body)
        self._gates.door.tally(endpoint, target.name).count(status, seconds)
        self._busy = False
        if self.transport.is_closing():
            return
        self.transport.write(said)
        self._last = self.loop.time()
        if self._is_last or status in (408, 413):
            self.transport.close()
        elif self._held:
            held, self._held = self._held, b""
            self.flow.resume_reading()
            # Not at once: a client that sends a thousand requests in a row must not make the stack a thousand deep.
            self._busy = True
            self.loop.call_soon(self._go_on, held)

    def _go_on(self, held: bytes) -> None:
        held, self._held = held + self._held, b""
        self._busy = False
        if not self.transport.is_closing():
            self._take(held)

    def _refuse(self, refusal: Refused) -> None:
        status, headers, body = door.refused(refusal)
        self.transport.write(_written(status, self._default(), headers, body))
        self.transport.close()

    def _default(self) -> bytes:
        return self._gates.default(self.server_state.default_headers)

    # ── The long way ─────────────────────────────────────────────────────────────────────────────────────────────

    def on_message_begin(self) -> None:
        self._began = self.loop.time()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._began = 0.0
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._last = self.loop.time()
        # Back to the short way, when the server has nothing of this connection any more.
        if not self._began and not self.pipeline and not self.cycle.more_body and self.cycle.response_complete:
            self._long = False


def _may_begin(data: bytes) -> bool:
    """Is this the beginning of what may go the short way?"""
    return (
        data.startswith((b"POST /endpoints/", b"POST /workspaces/")) or b"POST /endpoints/".startswith(data) or b"POST /workspaces/".startswith(data)
    )


def _read(raw: bytes, through: door.Door) -> Head | None:
    begin = _BEGIN.match(raw)
    if begin is None:
        return None
    found: dict[bytes, bytes] = {}
    headers: list[tuple[bytes, bytes]] = []
    for line in raw[begin.end() :].split(b"\r\n"):
        header = _HEADER.fullmatch(line)
        if header is None:
            return None
        name, value = header[1].lower(), header[2]
        if name in _LONG_WAY and (name, value.lower()) != (b"connection", b"keep-alive"):
            return None
        if name in _ONCE and name in found:
            return None
        found[name] = value
        headers.append((name, value))
    length = found.get(b"content-length", b"")
    kind, _, token = found.get(b"authorization", b"").partition(b" ")
    if not re.fullmatch(rb"\d{1,9}", length) or b"host" not in found or kind.lower() != b"bearer":
        return None
    try:
        endpoint, path = through.read(begin[1].decode() + "/score")
        request = door.request("POST", path, b"", headers, int(length))
    except Refused:
        return None
    return Head(endpoint, int(length), token.strip(), found.get(door.PINNED, b"").decode("ascii"), request)


def _written(status: int, default: bytes, headers: list[tuple[bytes, bytes]], body: bytes) -> bytes:
    lines = b"".join([b"%b: %b\r\n" % pair for pair in headers])
    return b"HTTP/1.1 %d %b\r\n%bcontent-length: %d\r\n%b\r\n%b" % (status, door.reason(status), default, len(body), lines, body)
