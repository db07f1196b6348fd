"""A command of which several instances may run at once, each a step of its own, on a node of its own.

    the first one begins ──▶ it has enough to do: it asks for more ──▶ they take parts, as they come ──▶ the one that sees all done says so

What an instance is told is in the variable AZURINE_INSTANCE, as JSON: which share and attempt it is, how many there may be at most, its own folder and the one
that all of them see. It asks by a file in its own folder, which whoever follows the step is told as a word, `wanted-3`. Nothing depends on that word: when
nobody hears it, the first one does all there is to do. What parts there are is not known here.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from azurine.compute import tasks

VARIABLE = "AZURINE_INSTANCE"
_WANTED, _COMPLETE, _SAID = "wanted", "complete", "said"


@dataclass(frozen=True, slots=True)
class Instance:
    """most: instances that there may be. own, shared: folders."""

    share: int
    attempt: int
    most: int
    own: str
    shared: str

    @property
    def peer(self) -> str:
        return f"{self.share}.{self.attempt}"

    def ask(self, number: int) -> None:
        """So many instances, with this one, would find something to do."""
        put(Path(self.own) / _WANTED, str(number))

    def once(self, deed: Callable[[], str]) -> str:
        """What is to be done when all parts are, by one instance only; what it said, also to one that comes later."""
        said = Path(self.shared) / _SAID
        with alone(Path(self.shared) / "once.lock"):
            if not said.exists():
                put(said, deed())
            return said.read_text("utf-8")

    def complete(self) -> None:
        """All is done: the outputs are there."""
        put(Path(self.own) / _COMPLETE, "")


def told(variables: Mapping[str, str]) -> Instance | None:
    """By the program: which instance it is; None when there is only one."""
    return Instance(**json.loads(variables[VARIABLE])) if variables.get(VARIABLE) else None


def variables(order: Mapping[str, Any], task: Path) -> dict[str, str]:
    """What the program is told; nothing when it is no instance."""
    part = order.get("part")
    if not part:
        return {}
    instance = Instance(part["share"], part["attempt"], int(order.get("instances") or 1), str(task), str(shared(task, str(part["of"]))))
    return {VARIABLE: json.dumps(asdict(instance))}


def shared(task: Path, of: str) -> Path:
    """The folder of all instances of a job. By its key it is found and removed with those of the job's tasks."""
    folder = task.parent / f"shared-{hashlib.sha256(of.encode()).hexdigest()[:16]}"
    if not (folder / tasks.ORDER).exists():
        folder.mkdir(parents=True, exist_ok=True)
        put(folder / tasks.ORDER, json.dumps({"key": f"{of}#shared"}))
    return folder


def is_complete(task: Path) -> bool:
    return (task / _COMPLETE).exists()


class Telling:
    """Looks whether more instances are wanted, and says how many."""

    def __init__(self, task: Path, say: Callable[[str], None]) -> None:
        self._path, self._say, self._said = task / _WANTED, say, False

    def look(self) -> None:
        if not self._said and self._path.exists():
            self._said = True
            self._say(f"wanted-{self._path.read_text('utf-8')}")


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """While nobody else is, on any node. path: of a file for the lock."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def put(path: Path, text: str) -> None:
    """Whole or not at all."""
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    with aside.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
