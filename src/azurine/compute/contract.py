"""The contract of a place to run.

A task is a folder that both sides can read: `task.json` (the order), `outcome.json` (written last, once, durably, by the
guest itself), and what the guest keeps there while it runs. The same key is the same folder is the same task: `start`
looks for an outcome, then for a live guest, and only then starts one. So a task that finished never runs again, and one
that still runs when the server comes back is adopted.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from azurine.model.resources import Json


@dataclass(frozen=True, slots=True)
class Task:
    """key: names the work for ever (job, attempt). folder: the task's folder. order: the content of task.json (`guest.step` says its shape)."""

    key: str
    folder: Path
    order: Json


@dataclass(frozen=True, slots=True)
class Sighting:
    """How a task is doing. state: model.states.State. phase: queued, preparing, running, finalizing (while not final).

    output: what outcome.json says when final, e.g. exit code, seconds. error: {"code", "message"}. node: where it runs.
    """

    state: str
    phase: str = ""
    output: Json | None = None
    error: Json | None = None
    node: str = ""
    lost: bool = False
    """The node died under it: not the user's failure; to be tried again as a new attempt."""


Watcher = Callable[[str, Sighting], None]
"""Called with (key, sighting) at every change, from any thread; the last call for a key is final."""


class Place(Protocol):
    def start(self, task: Task) -> None:
        """Starts, adopts, or reports the finished task; never blocks for longer than a moment. What happens next goes to the watcher."""
        ...

    def stop(self, key: str) -> None:
        """Ends the whole process tree of the task; the watcher hears `cancelled`. Unknown or finished keys: nothing happens."""
        ...

    def status(self) -> Json:
        """Node counts and the like, for the compute's own status."""
        ...

    def close(self) -> None:
        """Releases the place; running tasks are left to run (they are adopted at the next start) where that is possible."""
        ...
