"""A cluster's nodes and line of tasks, as plain values: who runs what, who may go, how many there should be. Decides, does nothing.

    target = running + waiting, between min and max, but never less than the nodes that are there and not yet idle for long

A node runs one task at a time. A task that an earlier server started and that still runs (adopted) counts as a node.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from azurine.compute.contract import Task


@dataclass(slots=True)
class Node:
    """address: the engine's. busy: key of its task, "" when idle. since: when it became idle."""

    address: str
    pid: int
    host: str
    boot: str
    since: float
    busy: str = ""
    leaving: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """How many nodes there may be, and after how many idle seconds one above the minimum goes. fixed: somebody else decides."""

    low: int = 0
    high: int = 1
    idle_seconds: float = 120.0
    fixed: bool = False


@dataclass(slots=True)
class Fleet:
    limits: Limits
    nodes: dict[str, Node] = field(default_factory=dict)
    waiting: deque[Task] = field(default_factory=deque)
    adopted: set[str] = field(default_factory=set)
    wanted: int = 0
    problem: str = ""
    """Why the last node that came could not be used."""

    def idle(self) -> list[Node]:
        return [one for one in self.nodes.values() if not one.busy and not one.leaving]

    def busy(self) -> list[Node]:
        return [one for one in self.nodes.values() if one.busy]

    def target(self, now: float) -> int:
        """How many nodes there should be now."""
        if self.limits.fixed:
            return len(self.nodes)
        needed = len(self.busy()) + len(self.waiting)
        fresh = len(self.busy()) + sum(1 for one in self.idle() if now - one.since < self.limits.idle_seconds)
        most = max(0, self.limits.high - len(self.adopted))
        return max(min(needed, most), min(fresh, most), min(self.limits.low, most))

    def to_leave(self, now: float) -> list[Node]:
        """The idle nodes that are too many, those idle longest first."""
        surplus = len([one for one in self.nodes.values() if not one.leaving]) - self.target(now)
        stale = [one for one in self.idle() if now - one.since >= self.limits.idle_seconds]
        return sorted(stale, key=lambda one: one.since)[: max(0, surplus)]

    def next_look(self, now: float) -> float | None:
        """In how many seconds an idle node may have to go; None when none may."""
        if self.limits.fixed or len(self.nodes) <= self.limits.low:
            return None
        waits = [self.limits.idle_seconds - (now - one.since) for one in self.idle()]
        return max(0.0, min(waits)) if waits else None

    def pair(self) -> tuple[Task, Node] | None:
        """The next task with a node for it."""
        idle = self.idle()
        if not idle or not self.waiting:
            return None
        # The node that was idle last is the warmest, and the others can go.
        return self.waiting.popleft(), max(idle, key=lambda one: one.since)

    def status(self, now: float) -> dict[str, Any]:
        target, current, running = self.target(now), len(self.nodes), len(self.busy()) + len(self.adopted)
        leaving = sum(1 for one in self.nodes.values() if one.leaving)
        return {
            "current": current,
            "target": target,
            "running": running,
            "idle": len(self.idle()),
            "preparing": max(0, target - current),
            "leaving": leaving,
            "queued": len(self.waiting),
            "min": self.limits.low,
            "max": self.limits.high,
            "nodes": [{"name": one.address, "pid": one.pid, "host": one.host, "running": one.busy} for one in self.nodes.values()],
            "problem": self.problem,
        }
