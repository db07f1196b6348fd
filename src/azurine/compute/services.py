"""Long-lived services: so many processes of one program kept alive, each with a socket of its own, whatever happens to the server.

    start ──▶ hatched ──"ready"──▶ serving ──died──▶ hatched again, after a pause that grows
                 └──"failed", or died again and again before it ever served──▶ the service has failed, and ends

A process holds the lock of its slot (`worker-N.lock`) as long as it lives, so a server that comes back finds it and adopts it. One
thread watches everything: what processes say, their ends, pings that are not answered (a process that does not answer for
long is replaced), the size of the log.

It knows nothing of what the program does; that a ping is `GET /` is all.
"""

import logging
import os
import selectors
import shutil
import signal
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from azurine.compute import guests, hatching, logs, trees, zygotes
from azurine.model.resources import Json

_logger = logging.getLogger(__name__)
TRIES = 3
"""Processes that may end without a word before the service ever served."""
LONGEST_PAUSE = 30.0
STEADY = 60.0
"""Seconds after which a process counts as one that works: when it dies then, the next one starts at once."""
LOOK = 0.05
"""Seconds between looks at an adopted process that does not listen yet."""
MOST_LOG = 32 * 1024 * 1024
SERVED = "served"
_PING = b"GET / HTTP/1.1\r\nHost: localhost\r\nx-request-id: ping\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Service:
    """name: names it for ever. workers: how many processes. liveness, readiness: {"initialDelay", "period", "timeout", "failureThreshold"}.

    grace: seconds that a process has to answer what it has begun when it is told to end.
    """

    name: str
    folder: Path
    program: Path
    python: str
    environ: Mapping[str, str]
    log: Path
    workers: int
    liveness: Json
    readiness: Json
    grace: float = 5.0


Watcher = Callable[[str, str, str], None]
"""(service, word, message): `ready` at every process that begins to serve, `failed`, `ended`, `changed`; from the watching thread."""
Warm = Callable[[str, Mapping[str, str]], Path | None]
"""(python, variables) → where a warm process of that interpreter listens; None when there is none (yet)."""


@dataclass(slots=True)
class _Slot:
    number: int
    pid: int = 0
    hatched: hatching.Hatched | None = None
    ending: guests.Ending | None = None
    heard: bytes = b""
    ready: bool = False
    leaving: bool = False
    silent_ends: int = 0
    born: float = 0.0
    due: float = 0.0
    ping: socket.socket | None = None
    pinged: float = 0.0
    missed: int = 0


@dataclass(slots=True)
class _Kept:
    service: Service
    slots: dict[int, _Slot] = field(default_factory=dict)
    served: bool = False
    ending: bool = False
    word: str = "ended"
    message: str = ""


class Services:
    def __init__(self, watcher: Watcher, warm: Warm = lambda python, variables: None) -> None:
        self._watcher = watcher
        self._warm = warm
        self._kept: dict[str, _Kept] = {}
        self._serving: dict[str, tuple[Path, ...]] = {}
        self._wishes: deque[Callable[[], None]] = deque()
        self._selector = selectors.DefaultSelector()
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self._selector.register(self._reader, selectors.EVENT_READ)
        self._sweeping = ThreadPoolExecutor(2, thread_name_prefix="services-sweep")
        self._closing = False
        self._thread = threading.Thread(target=self._watch, name="services", daemon=True)
        self._thread.start()

    def start(self, service: Service) -> None:
        """Starts it, adopts what lives of it, or changes how many processes it has. What happens is told to the watcher."""
        self._wish(lambda: self._begin(service))

    def stop(self, name: str, folder: Path) -> None:
        """Ends its processes, after they have answered what they have begun; then the watcher hears `ended`. Also of one found only in its folder."""
        self._wish(lambda: self._end(name, folder))

    def sockets(self, name: str) -> tuple[Path, ...]:
        """Where the processes listen that serve now. From any thread."""
        return self._serving.get(name, ())

    def replace(self, name: str, path: Path) -> None:
        """The process that listens there is ended at once; another one takes its place."""
        self._wish(lambda: self._kill(name, path))

    def close(self) -> None:
        """Ends all processes, without waiting for them: without a server nobody can reach them."""
        if not self._closing:
            self._closing = True
            self._ring()
            self._thread.join(10)
            self._sweeping.shutdown(wait=False)

    def _wish(self, what: Callable[[], None]) -> None:
        self._wishes.append(what)
        self._ring()

    def _ring(self) -> None:
        with suppress(BlockingIOError, OSError):
            self._writer.send(b"!")

    # ── The thread ───────────────────────────────────────────────────────────────────────────────────────────────

    def _watch(self) -> None:
        while not self._closing:
            now = time.monotonic()
            due = min((self._due(kept, slot, now) for kept in self._kept.values() for slot in kept.slots.values()), default=now + 60)
            for key, _ in self._selector.select(max(0.0, due - now)):
                self._notice(key.data, key.fileobj)
            try:
                self._look()
            except Exception:  # the edge of the thread: one service's trouble must not end the watching of all
                _logger.exception("looking after the services failed")
        for kept in self._kept.values():
            for slot in kept.slots.values():
                if slot.pid:
                    _signal(slot.pid, signal.SIGTERM)

    def _notice(self, data: object, source: object) -> None:
        try:
            if data is None:
                self._hear_wishes()
            elif isinstance(data, tuple):
                kept, slot = data
                if source is slot.ending:
                    self._over(kept, slot)
                elif source is slot.ping:
                    self._pong(slot)
                else:
                    self._hear(kept, slot)
        except Exception:  # as above
            _logger.exception("an event of a service failed")

    def _hear_wishes(self) -> None:
        with suppress(BlockingIOError):
            while self._reader.recv(4096):
                pass
        while self._wishes:
            self._wishes.popleft()()

    def _due(self, kept: _Kept, slot: _Slot, now: float) -> float:
        """When this slot wants to be looked at next."""
        if slot.due:
            return slot.due
        if not slot.pid:
            return now + 60
        if slot.ready:
            return slot.pinged + float(kept.service.liveness["period"])
        return now + LOOK if slot.hatched is None else slot.born + _patience(kept.service)

    def _look(self) -> None:
        now = time.monotonic()
        for kept in list(self._kept.values()):
            for slot in list(kept.slots.values()):
                if slot.leaving:
                    if slot.due and now >= slot.due:
                        slot.due = 0.0
                        self._sweep(kept, slot.pid)
                elif slot.due and now >= slot.due and not slot.pid:
                    slot.due = 0.0
                    self._hatch(kept, slot)
                elif slot.ready and now >= self._due(kept, slot, now):
                    self._probe(kept, slot, now)
                elif slot.pid and not slot.ready:
                    self._look_at_starting(kept, slot, now)

    def _look_at_starting(self, kept: _Kept, slot: _Slot, now: float) -> None:
        if slot.hatched is None and _listens(_address(kept.service, slot)):
            self._is_ready(kept, slot)
        elif now - slot.born > _patience(kept.service):
            self._fail(kept, f"the model was not ready after {_patience(kept.service):.0f} s")

    # ── Beginning ────────────────────────────────────────────────────────────────────────────────────────────────

    def _begin(self, service: Service) -> None:
        kept = self._kept.get(service.name)
        if kept is None or kept.ending:
            kept = self._kept[service.name] = _Kept(service, served=(service.folder / SERVED).exists())
        kept.service = service
        for number in range(service.workers):
            if number not in kept.slots:
                slot = kept.slots[number] = _Slot(number)
                if not self._adopt(kept, slot):
                    self._hatch(kept, slot)
        for number, slot in kept.slots.items():
            if number >= service.workers:
                self._leave(kept, slot)
        for number in _left_behind(service.folder):
            if number not in kept.slots:
                slot = kept.slots[number] = _Slot(number)
                self._adopt(kept, slot)
                self._leave(kept, slot)
        self._tell(kept)

    def _adopt(self, kept: _Kept, slot: _Slot) -> bool:
        """A process of this slot that an earlier server started."""
        pid = hatching.holder(kept.service.folder / f"worker-{slot.number}.lock")
        if not pid:
            return False
        with suppress(ProcessLookupError, OSError):
            slot.ending = guests.Ending(pid)
            slot.pid, slot.hatched, slot.born = pid, None, time.monotonic()
            self._selector.register(slot.ending, selectors.EVENT_READ, (kept, slot))
            if _listens(_address(kept.service, slot)):
                self._is_ready(kept, slot)
            return True
        return False

    def _hatch(self, kept: _Kept, slot: _Slot) -> None:
        service = kept.service
        arguments = [os.fspath(service.folder), str(slot.number), os.fspath(_address(service, slot))]
        try:
            zygote = self._warm(service.python, service.environ)
            hatched = hatching.hatch(zygote, service.python, service.program, arguments, service.folder, service.environ, service.log)
            ending = guests.Ending(hatched.pid)
        except (OSError, ValueError) as problem:
            _logger.warning("a process of %s could not be started: %s", service.name, problem)
            self._ended_early(kept, slot, str(problem))
            return
        hatched.control.setblocking(False)
        slot.pid, slot.hatched, slot.ending, slot.heard = hatched.pid, hatched, ending, b""
        slot.ready, slot.missed, slot.born = False, 0, time.monotonic()
        self._selector.register(ending, selectors.EVENT_READ, (kept, slot))
        self._selector.register(hatched.control, selectors.EVENT_READ, (kept, slot))

    def _hear(self, kept: _Kept, slot: _Slot) -> None:
        assert slot.hatched is not None
        try:
            data = slot.hatched.control.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._selector.unregister(slot.hatched.control)
            slot.hatched.control.close()
            return
        *lines, slot.heard = (slot.heard + data).split(b"\n")
        for line in lines:
            word, _, rest = line.decode("utf-8", "replace").partition(" ")
            if word == "ready":
                self._is_ready(kept, slot)
            elif word == "failed":
                self._fail(kept, rest) if not kept.served else None

    def _is_ready(self, kept: _Kept, slot: _Slot) -> None:
        slot.ready, slot.silent_ends, slot.pinged = True, 0, time.monotonic()
        if not kept.served:
            kept.served = True
            (kept.service.folder / SERVED).touch()
        self._tell(kept)
        self._watcher(kept.service.name, "ready", "")

    # ── Living ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _probe(self, kept: _Kept, slot: _Slot, now: float) -> None:
        if slot.ping is not None:
            self._hang_up(slot)
            slot.missed += 1
        if slot.missed >= int(kept.service.liveness["failureThreshold"]):
            _logger.warning("a process of %s does not answer; it is replaced", kept.service.name)
            self._sweep(kept, slot.pid)
            slot.ready = False
            slot.born = now
            self._tell(kept)
            return
        slot.pinged = now
        ping = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        ping.setblocking(False)
        try:
            ping.connect(os.fspath(_address(kept.service, slot)))
            ping.send(_PING)
        except OSError:
            ping.close()
            slot.missed += 1
        else:
            slot.ping = ping
            self._selector.register(ping, selectors.EVENT_READ, (kept, slot))
        _shorten(kept.service.log)

    def _pong(self, slot: _Slot) -> None:
        slot.missed = 0
        self._hang_up(slot)

    def _hang_up(self, slot: _Slot) -> None:
        if slot.ping is not None:
            self._selector.unregister(slot.ping)
            slot.ping.close()
            slot.ping = None

    def _kill(self, name: str, path: Path) -> None:
        kept = self._kept.get(name)
        for slot in kept.slots.values() if kept is not None else ():
            if kept is not None and slot.pid and not slot.leaving and _address(kept.service, slot) == path:
                _signal(slot.pid, signal.SIGKILL)

    # ── Ending ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _over(self, kept: _Kept, slot: _Slot) -> None:
        """The process of a slot has ended."""
        self._sweep(kept, slot.pid)
        how = self._let_go(slot)
        was_ready, lived = slot.ready, time.monotonic() - slot.born
        slot.pid, slot.ready = 0, False
        if slot.leaving or kept.ending:
            kept.slots.pop(slot.number, None)
            if kept.ending and not kept.slots:
                self._gone(kept)
            return
        if was_ready:
            self._tell(kept)
            slot.silent_ends = 0 if lived > STEADY else slot.silent_ends + 1
            slot.due = time.monotonic() + (0.0 if slot.silent_ends <= 1 else min(LONGEST_PAUSE, 0.1 * 2.0**slot.silent_ends))
            if not slot.due > time.monotonic():
                slot.due = 0.0
                self._hatch(kept, slot)
        else:
            self._ended_early(kept, slot, f"the process of the model ended before it was ready{how}")

    def _ended_early(self, kept: _Kept, slot: _Slot, how: str) -> None:
        slot.silent_ends += 1
        if not kept.served and slot.silent_ends >= TRIES:
            self._fail(kept, how)
            return
        slot.due = time.monotonic() + min(LONGEST_PAUSE, 0.1 * 2.0**slot.silent_ends)

    def _let_go(self, slot: _Slot) -> str:
        """Everything we held of a process that has ended; how it ended, where we know."""
        self._hang_up(slot)
        code: int | None = None
        if slot.ending is not None:
            self._selector.unregister(slot.ending)
            slot.ending.close()
            slot.ending = None
        if slot.hatched is not None:
            if slot.hatched.control.fileno() >= 0:
                self._selector.unregister(slot.hatched.control)
                slot.hatched.control.close()
            code = slot.hatched.own.wait() if slot.hatched.own is not None else None
            slot.hatched = None
        if code is None:
            return ""
        return f" (signal {-code})" if code < 0 else f" (exit code {code})"

    def _fail(self, kept: _Kept, message: str) -> None:
        if kept.ending:
            return
        last = logs.tail(kept.service.log)
        kept.word, kept.message = "failed", f"{message}\nLast lines of the log:\n{last}" if last else message
        self._end_all(kept)

    def _end(self, name: str, folder: Path) -> None:
        kept = self._kept.get(name)
        if kept is None:
            nothing = {"period": 10.0, "initialDelay": 0.0, "failureThreshold": 1}
            found = Service(name, folder, folder, "", {}, folder / "log", 0, nothing, nothing)
            kept = self._kept[name] = _Kept(found, served=True)
            for number in _left_behind(folder):
                slot = kept.slots[number] = _Slot(number)
                self._adopt(kept, slot)
        kept.word = "ended"
        self._end_all(kept)

    def _end_all(self, kept: _Kept) -> None:
        kept.ending = True
        self._tell(kept)
        for slot in list(kept.slots.values()):
            self._leave(kept, slot)
        if not kept.slots:
            self._gone(kept)

    def _leave(self, kept: _Kept, slot: _Slot) -> None:
        if slot.leaving:
            return
        slot.leaving, slot.due = True, 0.0
        if not slot.pid:
            kept.slots.pop(slot.number, None)
            return
        slot.due = time.monotonic() + kept.service.grace
        _signal(slot.pid, signal.SIGTERM)

    def _gone(self, kept: _Kept) -> None:
        name = kept.service.name
        if self._kept.get(name) is kept:
            del self._kept[name]
        self._serving.pop(name, None)
        self._watcher(name, kept.word, kept.message)

    def _sweep(self, kept: _Kept, pid: int) -> None:
        """Ends a process with everything that came of it, in another thread: looking for all that takes a moment."""
        if pid and not self._closing:
            self._sweeping.submit(trees.end, [pid], None, 0.0)

    def _tell(self, kept: _Kept) -> None:
        """Others may ask at any time where to send requests; they are told when that changes."""
        ready = () if kept.ending else tuple(_address(kept.service, one) for one in kept.slots.values() if one.ready and not one.leaving)
        if self._serving.get(kept.service.name, ()) != ready:
            self._serving[kept.service.name] = ready
            self._watcher(kept.service.name, "changed", "")


def _address(service: Service, slot: _Slot) -> Path:
    return zygotes.address(service.folder, f"worker-{slot.number}")


def _patience(service: Service) -> float:
    """How long a process may take until it serves."""
    probe = service.readiness
    return float(probe["initialDelay"]) + float(probe["period"]) * int(probe["failureThreshold"])


def _left_behind(folder: Path) -> list[int]:
    """Slots whose process lives."""
    found = []
    for lock in folder.glob("worker-*.lock"):
        number = lock.stem.rpartition("-")[2]
        if number.isdigit() and hatching.holder(lock):
            found.append(int(number))
    return found


def _listens(path: Path) -> bool:
    return zygotes.connected(path)


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def _shorten(log: Path) -> None:
    """A log that has grown large begins anew; what it held is kept beside it. Processes go on writing at its end."""
    with suppress(OSError):
        if log.stat().st_size > MOST_LOG:
            shutil.copyfile(log, log.with_suffix(".1.log"))
            os.truncate(log, 0)
