"""For tests: a watcher that remembers, and orders for tasks."""

import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from azurine.compute.contract import Sighting, Task
from azurine.model.states import is_final

LIMIT = 60.0


class Watch:
    """Hears everything; whoever wants to know waits for it."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, Sighting]] = []
        self.news = threading.Condition()

    def __call__(self, key: str, sighting: Sighting) -> None:
        with self.news:
            self.seen.append((key, sighting))
            self.news.notify_all()

    def of(self, key: str) -> list[Sighting]:
        with self.news:
            return [sighting for one, sighting in self.seen if one == key]

    def wait(self, key: str, wanted: Callable[[Sighting], bool], count: int = 1) -> Sighting:
        with self.news:
            found = self.news.wait_for(lambda: len([one for one in self.of_now(key) if wanted(one)]) >= count, LIMIT)
            assert found, f"waited in vain for {key}; seen: {self.seen}"
            return [one for one in self.of_now(key) if wanted(one)][count - 1]

    def of_now(self, key: str) -> list[Sighting]:
        return [sighting for one, sighting in self.seen if one == key]

    def end(self, key: str, count: int = 1) -> Sighting:
        return self.wait(key, lambda one: is_final(one.state), count)

    def running(self, key: str) -> Sighting:
        return self.wait(key, lambda one: one.phase == "running")


def task(home: Path, key: str, command: str, **more: Any) -> Task:
    order: Mapping[str, Any] = {
        "run": key,
        "experiment": "tests",
        "workspace": "w",
        "command": command,
        "code": None,
        "python": sys.executable,
        "warm": False,
        "inputs": {},
        "outputs": {},
        "variables": {},
        "artifacts": str(home / "artifacts" / key),
        "timeout": None,
        "distribution": None,
        "instances": 1,
    }
    return Task(key, home / "tasks" / key, dict(order) | more)


def log_of(home: Path, key: str, name: str = "std_log.txt") -> Path:
    return home / "artifacts" / key / "user_logs" / name


def until(wanted: Callable[[], Any], limit: float = LIMIT) -> Any:
    """What it answers when it is something, looked at often."""
    deadline, pause = time.monotonic() + limit, threading.Event()
    while time.monotonic() < deadline:
        found = wanted()
        if found:
            return found
        pause.wait(0.005)
    raise AssertionError("waited in vain")


def is_gone(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] in ("Z", "X")
    except (FileNotFoundError, ProcessLookupError):
        return True


def gate(home: Path, name: str) -> tuple[Path, Callable[[], None]]:
    """A place where a step waits (`cat gate`) until the test opens it."""
    path = home / name
    os.mkfifo(path)
    return path, lambda: path.write_text("go\n")
