"""The engine below a cluster: a Dask scheduler with its workers, ours or somebody else's, and how it is spoken to.

Ours is a `LocalCluster`: the scheduler in this process, each node a worker process of its own, encrypted and closed to others by
a certificate made for the purpose. Somebody else's is attached by its address. Everything is imported when a cluster
is first used, because a server that uses none should not carry it.

What the engine has to say comes as calls of `hear(event)`, from its own threads.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from azurine.compute import node

CONFIGURATION = {
    # A step whose node died is not run again by the engine: the server decides, under another key.
    "distributed.scheduler.allowed-failures": 0,
    "distributed.scheduler.work-stealing": False,
    # The engine would have every library use one thread; steps have a node for themselves.
    "distributed.nanny.pre-spawn-environ": {},
    "distributed.worker.profile.enabled": False,
    "distributed.admin.system-monitor.interval": "10s",
    "distributed.diagnostics.computations.max-history": 1,
    # What it would tell over HTTP, to whoever asks on this machine.
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
}
CONNECT_SECONDS = 10
SILENT = logging.CRITICAL + 1
"""The engine logs as critical what is an everyday matter here, such as a node that was told to go."""


@dataclass(frozen=True, slots=True)
class Came:
    """A node is there. about: what it says of itself, None when it could not (`problem` says why)."""

    address: str
    about: dict[str, Any] | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Went:
    address: str


@dataclass(frozen=True, slots=True)
class Said:
    """A task has reached a phase."""

    key: str
    phase: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The node is done with a task: answer as of `node.run`, None when the node died under it (or could not run it: `problem`)."""

    key: str
    answer: dict[str, Any] | None
    problem: str = ""


Event = Came | Went | Said | Ended


class Engine:
    """One scheduler and a client of it. address: of somebody else's scheduler, "" for one of our own."""

    def __init__(self, name: str, address: str, hear: Callable[[Event], None]) -> None:
        import dask
        import distributed

        dask.config.set(CONFIGURATION)
        logging.getLogger("distributed").setLevel(SILENT)
        self._hear = hear
        self._topic = f"azurine-{name}"
        self._cluster: Any = None
        if not address:
            self._cluster = distributed.LocalCluster(
                name=f"azurine-{name}",
                n_workers=0,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                dashboard_address=None,
                memory_limit=0,
                security=True,
                silence_logs=SILENT,
                # It insists on an HTTP server: one without routes, on a free port, seen from this machine only.
                scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
            )
        self._client = distributed.Client(self._cluster or address, set_as_default=False, timeout=CONNECT_SECONDS, name=f"azurine-{name}")
        self._client.subscribe_topic(self._topic, self._heard_from_task)
        self._client.subscribe_topic("all", self._heard_from_scheduler)
        for known in list(self._client.scheduler_info(n_workers=-1)["workers"]):
            self._ask(known)

    def grow(self, count: int) -> None:
        """As many nodes as that are wished for (only of a cluster of our own)."""
        self._cluster.scale(count)

    def shrink(self, addresses: list[str]) -> None:
        """These nodes should go."""
        names = [one.name for address in addresses if (one := self._cluster.scheduler.workers.get(address)) is not None]
        self._cluster.sync(self._cluster.scale_down, names)

    def submit(self, key: str, folder: str, address: str, nursery: dict[str, str] | None) -> Any:
        """Has a node see a task through. What is answered must be kept until the task has ended."""
        future = self._client.submit(node.run, folder, key, self._topic, nursery, workers=[address], allow_other_workers=False, pure=False)
        future.add_done_callback(lambda done: self._hear(_ended(key, done)))
        return future

    def close(self) -> None:
        for topic in (self._topic, "all"):
            with suppress(Exception):
                self._client.unsubscribe_topic(topic)
        for one in (self._client, self._cluster):
            with suppress(Exception):  # a half-dead engine may fail in any way; what counts is that it is let go of
                one.close(timeout=2)

    def _ask(self, address: str) -> None:
        future = self._client.submit(node.describe, workers=[address], allow_other_workers=False, pure=False)
        future.add_done_callback(lambda done: self._hear(_came(address, done)))

    def _heard_from_task(self, event: tuple[float, Any]) -> None:
        self._hear(Said(event[1]["key"], event[1]["phase"]))

    def _heard_from_scheduler(self, event: tuple[float, Any]) -> None:
        said = event[1]
        if said.get("action") == "add-worker":
            self._ask(said["worker"])
        elif said.get("action") == "remove-worker":
            self._hear(Went(said["worker"]))


def _came(address: str, done: Any) -> Came:
    if done.status == "finished":
        return Came(address, done.result())
    return Came(address, None, _problem(done))


def _ended(key: str, done: Any) -> Ended:
    if done.status == "finished":
        return Ended(key, done.result())
    return Ended(key, None, _problem(done))


def _problem(done: Any) -> str:
    problem = done.exception() if done.status == "error" else None
    return "" if problem is None or type(problem).__name__ == "KilledWorker" else f"{type(problem).__name__}: {problem}"
