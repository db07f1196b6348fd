"""The place `local`: a process of its own per step on this machine, at most so many at a time.

A thread waits for everything at once: new tasks, wishes to stop, what the guests say, the end of a guest that an earlier
server started. A task waits in line until a slot is free; an adopted one takes a slot at once, since it runs already.

It does not retry: a guest that died without an outcome is reported as lost, and whoever asked tries again under another key.
"""

import logging
import os
import selectors
import socket
import sys
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from azurine.compute import guests, tasks, zygotes
from azurine.compute.contract import Sighting, Task, Watcher
from azurine.model.errors import AzurineError
from azurine.model.resources import Json
from azurine.model.states import State

log = logging.getLogger(__name__)
TRIES = 3
LOOK = 0.05
"""Seconds between looks at a guest that holds the lock but has not said yet who it is (a moment at its very start)."""


@dataclass(slots=True)
class _Running:
    task: Task
    source: socket.socket | guests.Ending | None
    voice: guests.Voice = field(default_factory=guests.Voice)
    phase: str = ""
    tries: int = 0


@dataclass(slots=True)
class _Line:
    """What the thread knows: nobody else touches it."""

    waiting: deque[Task] = field(default_factory=deque)
    running: dict[str, _Running] = field(default_factory=dict)


class LocalPlace:
    """`compute.contract.Place` over processes of this machine."""

    def __init__(
        self, home: Path, slots: int | None, watcher: Watcher, *, node: str = "local", python: str = sys.executable, owns_warmth: bool = True
    ) -> None:
        """slots: steps at a time, None for the number of processors. python: the interpreter that azurine runs in.

        owns_warmth: the processes kept warm for the server end when this place is closed.
        """
        self._slots = slots or os.cpu_count() or 1
        self._nursery = guests.nursery(home, python)
        self._attendance = guests.Attendance(self._nursery)
        self._watcher = watcher
        self._node = node
        self._line = _Line()
        self._wishes: deque[Callable[[], None]] = deque()
        self._selector = selectors.DefaultSelector()
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self._selector.register(self._reader, selectors.EVENT_READ)
        self._closing = False
        self._owns_warmth = owns_warmth
        self._thread = threading.Thread(target=self._watch, name=f"azurine-place-{node}", daemon=True)
        self._thread.start()

    def start(self, task: Task) -> None:
        self._wish(lambda: self._safely(task.key, lambda: self._begin(task)))

    def stop(self, key: str) -> None:
        self._wish(lambda: self._safely(key, lambda: self._end(key)))

    def status(self) -> Json:
        running, waiting = len(self._line.running), len(self._line.waiting)
        return {"slots": self._slots, "running": running, "idle": max(0, self._slots - running), "queued": waiting}

    def close(self) -> None:
        """Running steps live on."""
        if not self._closing:
            self._closing = True
            self._ring()
            self._thread.join(5)
            if self._owns_warmth:
                zygotes.end_all(self._nursery.warm)

    def _wish(self, what: Callable[[], None]) -> None:
        self._wishes.append(what)
        self._ring()

    def _ring(self) -> None:
        with suppress(BlockingIOError, OSError):
            self._writer.send(b"!")

    def _watch(self) -> None:
        while not self._closing:
            unknown = any(one.source is None for one in self._line.running.values())
            for key, _ in self._selector.select(LOOK if unknown else None):
                if key.data is None:
                    self._hear_wishes()
                else:
                    self._safely(key.data.task.key, partial(self._hear_guest, key.data))
            if unknown:
                self._look_again()
        for one in self._line.running.values():
            if one.source is not None:
                one.source.close()
        self._attendance.close()
        self._selector.close()
        self._reader.close()
        self._writer.close()

    def _hear_wishes(self) -> None:
        with suppress(BlockingIOError):
            while self._reader.recv(4096):
                pass
        while self._wishes:
            self._wishes.popleft()()

    def _safely(self, key: str, what: Callable[[], None]) -> None:
        """The place's edge: what goes wrong with one task (a full disk, a folder that is gone) is told, and the others go on."""
        try:
            what()
        except Exception as problem:  # whatever it is, the thread must live
            log.exception("task %s", key)
            error = {"code": "PlaceFailed", "message": f"The step could not be handled: {type(problem).__name__}: {problem}"}
            self._tell(key, Sighting(State.FAILED, error=error, node=self._node, lost=True))

    def _begin(self, task: Task) -> None:
        """An outcome, else a live guest, else the remains of a dead one, else the line."""
        if task.key in self._line.running or any(one.key == task.key for one in self._line.waiting):
            return
        found = tasks.outcome(task.folder)
        if found is not None:
            self._tell(task.key, tasks.sighting(found, self._node))
        elif tasks.is_taken(task.folder):
            self._line.running[task.key] = _Running(task, None)
            self._look_again()
        elif tasks.guest(task.folder) is not None:
            self._lost(task)
        else:
            tasks.write_order(task)
            self._line.waiting.append(task)
            self._tell(task.key, Sighting(State.PENDING, "queued", node=self._node))
            self._next()

    def _next(self) -> None:
        while self._line.waiting and len(self._line.running) < self._slots:
            self._launch(self._line.waiting.popleft(), 1)

    def _launch(self, task: Task, tries: int) -> None:
        try:
            source = self._attendance.launch(task.folder)
        except (AzurineError, OSError) as problem:
            error = {"code": "GuestNotStarted", "message": str(problem)}
            self._tell(task.key, Sighting(State.FAILED, error=error, node=self._node, lost=True))
            return
        self._follow(_Running(task, source, tries=tries))
        self._attendance.prepare()

    def _follow(self, running: _Running) -> None:
        self._line.running[running.task.key] = running
        assert running.source is not None
        self._selector.register(running.source, selectors.EVENT_READ, running)

    def _look_again(self) -> None:
        """Guests of an earlier server: by now they have said who they are, or have ended."""
        for one in [one for one in self._line.running.values() if one.source is None]:
            found = tasks.guest(one.task.folder)
            if found is not None and tasks.is_alive(found[0]):
                with suppress(ProcessLookupError):
                    one.source = guests.Ending(found[0].pid)
                    self._follow(one)
                    self._tell(one.task.key, Sighting(State.RUNNING, "running", node=self._node))
            elif not tasks.is_taken(one.task.folder):
                self._over(one)

    def _hear_guest(self, running: _Running) -> None:
        if not isinstance(running.source, socket.socket):
            self._over(running)
            return
        try:
            data = running.source.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        said = running.voice.hear(data)
        for phase in said:
            if phase != "done" and phase != running.phase:
                running.phase = phase
                self._tell(running.task.key, Sighting(State.RUNNING, phase, node=self._node))
        if not data or "done" in said:
            self._over(running)

    def _over(self, running: _Running) -> None:
        if running.source is not None:
            self._selector.unregister(running.source)
            running.source.close()
        del self._line.running[running.task.key]
        found = tasks.outcome(running.task.folder)
        if found is not None:
            self._tell(running.task.key, tasks.sighting(found, self._node))
        elif tasks.guest(running.task.folder) is None and running.tries < TRIES:
            # The nursery went away (it was idle for long, or ended) before it made the guest: another one will.
            self._launch(running.task, running.tries + 1)
        elif tasks.is_taken(running.task.folder):
            # Ours ended because another guest runs the task already: that one is waited for.
            self._line.running[running.task.key] = _Running(running.task, None)
        else:
            self._lost(running.task)
        self._next()

    def _lost(self, task: Task) -> None:
        """What the guest left behind may take a moment to end: a thread of its own waits for that."""

        def sweep() -> None:
            self._safely(task.key, lambda: guests.sweep(task.folder))
            self._wish(lambda: self._tell(task.key, tasks.lost(self._node)))

        threading.Thread(target=sweep, name=f"azurine-sweep-{self._node}", daemon=True).start()

    def _end(self, key: str) -> None:
        running = self._line.running.get(key)
        if running is not None:
            guests.ask_to_stop(running.task.folder)
            return
        task = next((one for one in self._line.waiting if one.key == key), None)
        if task is not None:
            self._line.waiting.remove(task)
            tasks.write_outcome(task.folder, tasks.cancelled())
            self._tell(key, tasks.sighting(tasks.cancelled(), self._node))

    def _tell(self, key: str, sighting: Sighting) -> None:
        try:
            self._watcher(key, sighting)
        except Exception:  # a watcher's mistake must not end the watching of everything else
            log.exception("the watcher failed on %s", key)
