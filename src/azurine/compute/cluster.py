"""The place `cluster`: nodes that come when there is work and go when they were idle for long, on Dask distributed.

A node is a worker process of its own and runs one step at a time, in a guest process beside it. One thread decides (`fleet`) and
speaks to the engine (`dasks`), which is brought up when there is first something for it to do. A node that dies takes its step
along; the step is reported lost, and whoever asked tries again under another key. When the server dies, its nodes end, but the steps live
on, and are adopted by their keys at the next start, whether or not there are nodes again.

A cluster is ours (so many nodes at least, so many at most), or attached by the address of a scheduler that somebody else runs;
then the nodes are those it has. They must have azurine installed and see the folder of the server's home.
"""

import logging
import queue
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from azurine.compute import dasks, guests, tasks, zygotes
from azurine.compute.contract import Sighting, Task, Watcher
from azurine.compute.fleet import Fleet, Limits, Node
from azurine.compute.processes import LocalPlace
from azurine.model.clock import Clock
from azurine.model.resources import Json
from azurine.model.states import State

log = logging.getLogger(__name__)
CLOSE_SECONDS = 5.0


@dataclass(slots=True)
class _Running:
    task: Task
    node: Node
    future: Any
    stopping: bool = False


@dataclass(frozen=True, slots=True)
class _Begin:
    task: Task


@dataclass(frozen=True, slots=True)
class _Stop:
    key: str


@dataclass(frozen=True, slots=True)
class _Resize:
    limits: Limits


@dataclass(frozen=True, slots=True)
class _Adopted:
    """What was seen of a task that an earlier server started."""

    key: str
    sighting: Sighting


class ClusterPlace:
    """`compute.contract.Place` over the nodes of a cluster."""

    def __init__(
        self,
        home: Path,
        name: str,
        limits: Limits,
        watcher: Watcher,
        *,
        address: str = "",
        changed: Callable[[Json], None] = lambda status: None,
        clock: Clock = time.monotonic,
        python: str = sys.executable,
    ) -> None:
        """address: of an existing scheduler to attach to. changed: hears the status whenever it is another one. python: azurine's own."""
        self._home, self._name, self._address = home, name, address
        self._watcher, self._changed, self._clock, self._python = watcher, changed, clock, python
        self._nursery = guests.nursery(home, python)
        self._fleet = Fleet(limits if not address else Limits(limits.low, limits.high, limits.idle_seconds, fixed=True))
        self._running: dict[str, _Running] = {}
        self._engine: dasks.Engine | None = None
        self._follower: LocalPlace | None = None
        self._events: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._status: Json = self._fleet.status(clock())
        self._closing = False
        self._unopened = bool(address)
        self._thread = threading.Thread(target=self._watch, name=f"azurine-cluster-{name}", daemon=True)
        self._thread.start()
        if limits.low or address:
            self._events.put(_Resize(self._fleet.limits))

    def start(self, task: Task) -> None:
        self._events.put(_Begin(task))

    def stop(self, key: str) -> None:
        self._events.put(_Stop(key))

    def resize(self, limits: Limits) -> None:
        """Other limits from now on; running steps are not disturbed."""
        self._events.put(_Resize(limits))

    @property
    def attached(self) -> bool:
        """Does somebody else run the scheduler?"""
        return bool(self._address)

    def status(self) -> Json:
        return self._status

    def close(self) -> None:
        """The nodes end; the steps that run live on, and are adopted at the next start."""
        if not self._closing:
            self._closing = True
            self._events.put(None)
            self._thread.join(CLOSE_SECONDS)

    def _watch(self) -> None:
        while True:
            look = self._fleet.next_look(self._clock())
            try:
                event = self._events.get(timeout=look)
            except queue.Empty:
                event = None
            if self._closing:
                break
            try:
                self._handle(event)
                self._settle()
            except Exception:  # the cluster's edge: one mistake must not end the watching of everything else
                log.exception("cluster %s: %s could not be handled", self._name, event)
        if self._engine is not None:
            self._engine.close()
        if self._follower is not None:
            self._follower.close()
        zygotes.end_all(self._nursery.warm)

    def _handle(self, event: Any) -> None:
        match event:
            case _Begin(task):
                self._begin(task)
            case _Stop(key):
                self._stop(key)
            case _Resize(limits):
                self._fleet.limits = limits
            case _Adopted(key, sighting):
                self._adopted(key, sighting)
            case dasks.Came(address, about, problem):
                self._came(address, about, problem)
            case dasks.Went(address):
                self._went(address)
            case dasks.Said(key, phase):
                self._said(key, phase)
            case dasks.Ended(key, answer, problem):
                self._ended(key, answer, problem)

    def _settle(self) -> None:
        """What follows from how things are now: tasks go to nodes, nodes are wished for or told to go, the status is told."""
        now = self._clock()
        target = self._fleet.target(now)
        if self._engine is None and (target or self._fleet.waiting or self._unopened):
            self._open()
        while (pair := self._fleet.pair()) is not None:
            self._submit(*pair)
        if self._engine is not None and not self._fleet.limits.fixed:
            self._scale(self._engine, target, now)
        status = self._fleet.status(now)
        if status != self._status:
            self._status = status
            self._changed(status)

    def _open(self) -> None:
        self._unopened = False
        try:
            self._engine = dasks.Engine(self._name, self._address, self._events.put)
        except Exception as problem:  # noqa: BLE001 an engine that does not come up may say so in any way
            self._fleet.problem = f"the cluster's scheduler {self._address or ''} cannot be reached: {type(problem).__name__}: {problem}"
            for task in self._fleet.waiting:
                self._tell(task.key, _failed("ClusterNotReachable", self._fleet.problem))
            self._fleet.waiting.clear()

    def _scale(self, engine: dasks.Engine, target: int, now: float) -> None:
        leaving = self._fleet.to_leave(now)
        if leaving:
            for node in leaving:
                node.leaving = True
            self._fleet.wanted -= len(leaving)
            engine.shrink([node.address for node in leaving])
        if target > self._fleet.wanted:
            self._fleet.wanted = target
            engine.grow(target)

    def _begin(self, task: Task) -> None:
        """An outcome, else a live guest on this machine, else one elsewhere, else the remains of a dead one, else the line."""
        known = task.key in self._running or task.key in self._fleet.adopted
        if known or any(one.key == task.key for one in self._fleet.waiting):
            return
        found = tasks.outcome(task.folder)
        if found is not None:
            self._tell(task.key, tasks.sighting(found))
        elif tasks.is_taken(task.folder):
            self._adopt(task)
        elif (guest := tasks.guest(task.folder)) is not None and not self._may_live_elsewhere(guest[0]):
            guests.sweep(task.folder)
            self._tell(task.key, tasks.lost())
        else:
            tasks.write_order(task)
            self._fleet.waiting.append(task)
            self._tell(task.key, Sighting(State.PENDING, "queued"))

    def _may_live_elsewhere(self, guest: tasks.Mark) -> bool:
        """On a node of another machine, which outlived the server: that node will say."""
        return bool(self._address) and guest.boot != tasks.boot()

    def _adopt(self, task: Task) -> None:
        if self._follower is None:
            self._follower = LocalPlace(
                self._home, None, lambda key, seen: self._events.put(_Adopted(key, seen)), node=self._name, python=self._python
            )
        self._fleet.adopted.add(task.key)
        self._follower.start(task)

    def _adopted(self, key: str, sighting: Sighting) -> None:
        if sighting.state in (State.SUCCEEDED, State.FAILED, State.CANCELLED):
            self._fleet.adopted.discard(key)
        self._tell(key, sighting)

    def _submit(self, task: Task, node: Node) -> None:
        assert self._engine is not None
        node.busy = task.key
        here = node.boot == tasks.boot()
        nursery = {"warm": str(self._nursery.warm), "name": self._nursery.name, "python": self._nursery.python} if here else None
        future = self._engine.submit(task.key, str(task.folder), node.address, nursery)
        self._running[task.key] = _Running(task, node, future)

    def _stop(self, key: str) -> None:
        if key in self._fleet.adopted and self._follower is not None:
            self._follower.stop(key)
        elif key in self._running:
            self._running[key].stopping = True
            guests.ask_to_stop(self._running[key].task.folder)
        else:
            task = next((one for one in self._fleet.waiting if one.key == key), None)
            if task is not None:
                self._fleet.waiting.remove(task)
                tasks.write_outcome(task.folder, tasks.cancelled())
                self._tell(key, tasks.sighting(tasks.cancelled()))

    def _came(self, address: str, about: dict[str, Any] | None, problem: str) -> None:
        if about is not None:
            self._fleet.nodes[address] = Node(address, about["pid"], about["host"], about["boot"], self._clock())
        elif problem:
            self._fleet.problem = f"node {address} cannot be used (is azurine installed there?): {problem}"
            log.warning("cluster %s: %s", self._name, self._fleet.problem)

    def _went(self, address: str) -> None:
        node = self._fleet.nodes.pop(address, None)
        if node is not None and node.busy in self._running:
            self._ended(node.busy, None, "")

    def _said(self, key: str, phase: str) -> None:
        running = self._running.get(key)
        if running is not None:
            self._tell(key, Sighting(State.RUNNING, phase, node=running.node.address))

    def _ended(self, key: str, answer: dict[str, Any] | None, problem: str) -> None:
        running = self._running.pop(key, None)
        if running is None:
            return
        running.node.busy, running.node.since = "", self._clock()
        folder = running.task.folder
        if answer is not None and answer.get("error"):
            self._tell(key, Sighting(State.FAILED, error=answer["error"], node=running.node.address))
            return
        if answer is None and running.node.boot == tasks.boot():
            guests.end(folder)
        found = tasks.outcome(folder)
        if found is not None:
            self._tell(key, tasks.sighting(found, running.node.address))
        elif problem:
            self._tell(key, _failed("NodeFailed", problem))
        elif tasks.is_taken(folder):
            self._adopt(running.task)
        else:
            guests.sweep(folder)
            self._tell(key, tasks.lost(running.node.address))

    def _tell(self, key: str, sighting: Sighting) -> None:
        try:
            self._watcher(key, sighting)
        except Exception:  # a watcher's mistake must not end the watching of everything else
            log.exception("the watcher failed on %s", key)


def _failed(code: str, message: str) -> Sighting:
    return Sighting(State.FAILED, error={"code": code, "message": message}, lost=True)
