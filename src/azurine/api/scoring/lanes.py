"""The line in front of one deployment's processes: who is served next, by which of them, and who is sent away.

Each process works on so many requests at once; the others wait here, not there, so when a process dies those who wait are served by
the rest. Twice as many as can be worked on may be in the lane; beyond that a request is refused (parity: 429). A request whose time
is up is answered at once, but its process counts as busy until it has really answered.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from azurine.api.scoring.upstream import Lost, Reply, Upstream

PATIENCE = 5.0
"""Seconds that a request waits for a deployment none of whose processes serves just now."""


class Refused(Exception):
    """The request is not served: status, code, message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Limits:
    """timeout, queue: seconds (queue None: as long as the timeout). concurrent: of one process. pending: requests in the lane."""

    timeout: float
    queue: float | None
    concurrent: int
    pending: int


@dataclass(slots=True)
class _Process:
    path: Path
    busy: int = 0
    free: list[Upstream] = field(default_factory=list)


class Lane:
    def __init__(self, sockets: Callable[[], Sequence[Path]]) -> None:
        """sockets: where the processes listen that serve now."""
        self._sockets = sockets
        self._processes: dict[Path, _Process] = {}
        self._line: deque[asyncio.Future[None]] = deque()
        self._emptied: Callable[[], None] | None = None
        self.limits = Limits(5.0, None, 1, 2)
        self.pending = 0
        self.look()

    @property
    def waiting(self) -> int:
        return len(self._line)

    @property
    def processes(self) -> int:
        return len(self._processes)

    def look(self) -> None:
        """Which processes there are may have changed."""
        there = self._sockets()
        for path in there:
            if path not in self._processes:
                self._processes[path] = _Process(path)
        for path in [path for path in self._processes if path not in there]:
            for one in self._processes.pop(path).free:
                one.close()
        self._next()

    def when_empty(self, then: Callable[[], None]) -> None:
        """Calls it once no request is in the lane any more; at the latest when all of them have run out of time."""
        if not self.pending:
            then()
            return
        asyncio.get_running_loop().call_later(self.limits.timeout + 1.0, self._is_empty)
        self._emptied = then

    async def send(self, request: bytes, body: bytes) -> Reply:
        """Raises Refused: 408, 429, 502 or 503."""
        if self.pending >= self.limits.pending:
            message = f"{self.pending} requests are being worked on or wait; at most {self.limits.pending} may. Try again, or scale the deployment."
            raise Refused(429, "TooManyPendingRequests", message)
        self.pending += 1
        try:
            return await self._send(request, body)
        finally:
            self.pending -= 1
            if not self.pending:
                self._is_empty()

    async def _send(self, request: bytes, body: bytes) -> Reply:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.limits.timeout
        while True:
            process = self._idle()
            if process is None:
                await self._wait(deadline)
                continue
            process.busy += 1
            try:
                upstream = process.free.pop() if process.free else await self._connected(process)
            except OSError:
                # It died a moment ago and nobody has told yet: it is not asked again until it is there anew.
                self._give_back(process, None)
                self._processes.pop(process.path, None)
                continue
            return await self._ask(process, upstream, request, body, deadline - loop.time())

    async def _ask(self, process: _Process, upstream: Upstream, request: bytes, body: bytes, seconds: float) -> Reply:
        asked = upstream.ask(request, body)
        asked.add_done_callback(lambda done: self._answered(process, upstream, done))
        timer = asyncio.get_running_loop().call_later(max(0.0, seconds), _run_out, waiter := asyncio.get_running_loop().create_future())
        asked.add_done_callback(lambda done: None if waiter.done() else waiter.set_result(True))
        try:
            in_time = await waiter
        finally:
            timer.cancel()
        if not in_time:
            raise Refused(408, "RequestTimeout", f"the model did not answer within {self.limits.timeout * 1000:.0f} ms (request_timeout_ms)")
        try:
            return asked.result()
        except Lost as problem:
            raise Refused(502, "ModelProcessEnded", f"the process that worked on the request is gone: {problem}") from problem

    def _answered(self, process: _Process, upstream: Upstream, done: "asyncio.Future[Reply]") -> None:
        # Asked for here, so that an answer nobody waits for any more is no unheard exception.
        lost = done.cancelled() or done.exception() is not None
        self._give_back(process, None if lost else upstream)

    def _idle(self) -> _Process | None:
        """The process with the least to do, if it can take one more."""
        least: _Process | None = None
        for one in self._processes.values():
            if one.busy < self.limits.concurrent and (least is None or one.busy < least.busy):
                least = one
        return least

    async def _connected(self, process: _Process) -> Upstream:
        _, upstream = await asyncio.get_running_loop().create_unix_connection(Upstream, str(process.path))
        return upstream

    def _give_back(self, process: _Process, upstream: Upstream | None) -> None:
        process.busy -= 1
        if upstream is not None and upstream.is_open:
            if self._processes.get(process.path) is process:
                process.free.append(upstream)
            else:
                upstream.close()
        self._next()

    async def _wait(self, deadline: float) -> None:
        loop = asyncio.get_running_loop()
        is_down = not self._processes
        limit = self.limits.queue if self.limits.queue is not None and not is_down else PATIENCE if is_down else None
        until = deadline if limit is None else min(deadline, loop.time() + limit)
        turn: asyncio.Future[None] = loop.create_future()
        self._line.append(turn)
        try:
            async with asyncio.timeout_at(until):
                await turn
        except TimeoutError:
            if is_down and not self._processes:
                raise Refused(503, "NoProcess", "no process of the deployment serves just now; it is being started") from None
            if limit is not None and until < deadline:
                raise Refused(429, "TooManyPendingRequests", f"the request waited longer than {limit * 1000:.0f} ms (max_queue_wait_ms)") from None
            raise Refused(408, "RequestTimeout", f"the request waited longer than {self.limits.timeout * 1000:.0f} ms (request_timeout_ms)") from None
        finally:
            if turn in self._line:
                self._line.remove(turn)

    def _next(self) -> None:
        """Whoever waits longest has another look."""
        room = sum(max(0, self.limits.concurrent - one.busy) for one in self._processes.values())
        while self._line and room > 0:
            turn = self._line.popleft()
            if not turn.done():
                turn.set_result(None)
                room -= 1

    def _is_empty(self) -> None:
        then, self._emptied = self._emptied, None
        if then is not None:
            then()


def _run_out(waiter: "asyncio.Future[bool]") -> None:
    if not waiter.done():
        waiter.set_result(False)
