"""The line in front of one deployment's processes: who is served next, by which of them, and who is sent away.

Each process is given so many requests at once, and of slow ones only one; the others wait here, not there, so when a process dies
those who wait are served by the rest. So are those that it had been given and not begun. Twice as many as can be worked on may be in
the lane; beyond that a request is refused (parity: 429). A request whose time is up is answered at once, but its process counts as
busy until it has really answered.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from azurine.api.scoring.processes import Ask, Process, Reply

PATIENCE = 5.0
"""Seconds that a request waits for a deployment none of whose processes serves just now."""

MOST_TRIES = 2
"""Processes that may die before they have begun a request until it is given up: it might be what they die of after all."""


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


class Lane:
    def __init__(self, sockets: Callable[[], Sequence[Path]]) -> None:
        """sockets: where the processes listen that serve now."""
        self._sockets = sockets
        self._loop = asyncio.get_running_loop()
        self._processes: dict[Path, Process] = {}
        self._leaving: set[Process] = set()
        self._line: deque[Ask] = deque()
        self._asks: dict[Ask, None] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._emptied: Callable[[], None] | None = None
        self.limits = Limits(5.0, None, 1, 2)
        self.look()

    @property
    def pending(self) -> int:
        return len(self._asks)

    @property
    def waiting(self) -> int:
        return sum(not one.over for one in self._line)

    def look(self) -> None:
        """Which processes there are may have changed."""
        there = self._sockets()
        for path in there:
            if path not in self._processes:
                self._processes[path] = Process(path, self._answered, self._lost)
        for path in [path for path in self._processes if path not in there]:
            self._leave(self._processes.pop(path))
        self._next()

    def when_empty(self, then: Callable[[], None]) -> None:
        """Calls it once no request is in the lane any more; at the latest when all of them have run out of time."""
        if not self._asks:
            self._close()
            then()
            return
        self._loop.call_later(self.limits.timeout + 1.0, self._is_empty)
        self._emptied = then

    async def send(self, request: bytes, body: bytes) -> Reply:
        """Raises Refused: 408, 429, 502 or 503."""
        waiting: asyncio.Future[object] = self._loop.create_future()
        self.submit(request, body, lambda found: None if waiting.done() else waiting.set_result(found))
        found = await waiting
        if isinstance(found, Reply):
            return found
        assert isinstance(found, Refused)
        raise found

    def submit(self, request: bytes, body: bytes, answered: Callable[[object], None]) -> None:
        """answered: gets the Reply, or a Refused; maybe at once."""
        limits = self.limits
        if len(self._asks) >= limits.pending:
            pending = len(self._asks)
            message = f"{pending} requests are being worked on or wait; at most {limits.pending} may. Try again, or scale the deployment."
            answered(Refused(429, "TooManyPendingRequests", message))
            return
        ask = Ask(request, body, self._loop.time() + limits.timeout, answered)
        self._asks[ask] = None
        process = self._idle()
        if process is not None:
            process.give(ask)
        else:
            self._wait(ask)
            self._line.append(ask)
        if self._timer is None or ask.until < self._timer.when():
            self._ring_at(ask.until)

    # ── Processes ────────────────────────────────────────────────────────────────────────────────────────────────

    def _idle(self) -> Process | None:
        """The process with the least to do, if it can take one more."""
        least: Process | None = None
        for one in self._processes.values():
            if (least is None or len(one.asked) < len(least.asked)) and one.room(self.limits.concurrent) > 0:
                least = one
        return least

    def _next(self) -> None:
        """Whoever waits longest goes to a process that has room."""
        while self._line:
            if self._line[0].over:
                self._line.popleft()
                continue
            process = self._idle()
            if process is None:
                return
            ask = self._line.popleft()
            ask.until = ask.deadline
            process.give(ask)

    def _answered(self, found: Sequence[tuple[Ask, Reply]]) -> None:
        # Those who wait first: the process should not.
        if self._line:
            self._next()
        for ask, reply in found:
            self._tell(ask, reply)
        for one in [one for one in self._leaving if not one.asked]:
            self._leave(one)

    def _lost(self, process: Process, why: str, was_there: bool) -> None:
        """It died over the first of its requests, if it had been there; the others it has not begun, so another process may serve them."""
        self._leaving.discard(process)
        if self._processes.get(process.path) is process:
            # Nobody may have told yet that it is gone: it is not asked again until it is there anew.
            del self._processes[process.path]
        asked, process.asked = process.asked, deque()
        again: list[Ask] = []
        for place, ask in enumerate(asked):
            ask.tries += 1
            if ask.over:
                continue
            if (place == 0 and was_there) or ask.tries > MOST_TRIES:
                self._tell(ask, Refused(502, "ModelProcessEnded", f"the process that worked on the request is gone: {why}"))
            else:
                again.append(ask)
        for ask in again:
            self._wait(ask)
        self._line.extendleft(reversed(again))
        self._next()
        if self._asks:
            self._ring()

    def _leave(self, process: Process) -> None:
        """It is given nothing more; what it has begun, it may finish."""
        if process.asked:
            self._leaving.add(process)
        else:
            self._leaving.discard(process)
            process.close()

    def _close(self) -> None:
        for one in (*self._processes.values(), *self._leaving):
            self._leave(one)
        self._processes.clear()

    # ── Time ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _wait(self, ask: Ask) -> None:
        """How long a request may wait for a process."""
        ask.down = not self._processes
        limit = PATIENCE if ask.down else self.limits.queue
        ask.until = ask.deadline if limit is None else min(ask.deadline, self._loop.time() + limit)

    def _ring_at(self, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(when, self._ring)

    def _ring(self) -> None:
        """Tells those whose time is up. One timer for all: most requests are answered long before."""
        now = self._loop.time()
        for ask in [one for one in self._asks if one.until <= now]:
            self._tell(ask, self._late(ask))
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._asks:
            self._ring_at(min(one.until for one in self._asks))

    def _late(self, ask: Ask) -> Refused:
        if ask.until < ask.deadline:
            if ask.down and not self._processes:
                return Refused(503, "NoProcess", "no process of the deployment serves just now; it is being started")
            limit = PATIENCE if ask.down else self.limits.queue or 0.0
            return Refused(429, "TooManyPendingRequests", f"the request waited longer than {limit * 1000:.0f} ms (max_queue_wait_ms)")
        what = "the request waited longer than" if ask in self._line else "the model did not answer within"
        return Refused(408, "RequestTimeout", f"{what} {self.limits.timeout * 1000:.0f} ms (request_timeout_ms)")

    def _tell(self, ask: Ask, found: object) -> None:
        if ask.over:
            return
        ask.over = True
        ask.request = ask.body = b""
        del self._asks[ask]
        ask.answered(found)
        if not self._asks:
            self._is_empty()

    def _is_empty(self) -> None:
        then, self._emptied = self._emptied, None
        if then is not None:
            self._close()
            then()
