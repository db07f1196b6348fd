"""The files of a task's folder: what the server and the guest that runs the task tell each other, across the death of either.

task.json      the order, written before the guest starts
guest.lock     held (flock) by the guest as long as it lives: who holds it runs the task, so nobody else can
guest.json     who the guest is: process, host; and the processes of the user that it started
cancel         an empty file: the task should stop. A guest that starts later sees it too
told.jsonl     of a task of many nodes: a line for each that is done, with its name and how it went
outcome.json   how it went; written last, once, and durably (temporary name, rename, fsync of file and folder)

Who finds `outcome.json` knows that the task is over for ever. Who finds no outcome but the lock held, that it runs. Who finds
neither but `guest.json`, that the guest died: the task is lost, and is not begun again under the same key.
"""

import fcntl
import json
import os
import socket
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from azurine.compute.contract import Sighting, Task
from azurine.model.resources import Json
from azurine.model.states import State

ORDER = "task.json"
LOCK = "guest.lock"
GUEST = "guest.json"
CANCEL = "cancel"
OUTCOME = "outcome.json"
TOLD = "told.jsonl"


@dataclass(frozen=True, slots=True)
class Mark:
    """A process, so that it can be recognised later: a number alone may come to mean another process."""

    pid: int
    started: float
    boot: str
    host: str


def boot() -> str:
    """Names this run of this machine's kernel."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:  # not Linux
        import psutil

        return f"{psutil.boot_time():.0f}"


def started(pid: int) -> float | None:
    """When a process started (in the machine's own counting); None when there is no such process, or only its remains."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except FileNotFoundError:
        return None if Path("/proc/self/stat").exists() else _started_elsewhere(pid)
    except ProcessLookupError:
        return None
    # The name stands in parentheses and may hold anything; after it come state (3rd field) … start time (22nd).
    fields = stat[stat.rindex(b")") + 2 :].split()
    return None if fields[0] in (b"Z", b"X") else float(fields[19])


def mark(pid: int) -> Mark:
    return Mark(pid, started(pid) or 0.0, boot(), socket.gethostname())


def is_alive(one: Mark) -> bool:
    """Whether that very process still runs here. One of another host, or from before the last boot, does not."""
    return one.boot == boot() and one.started != 0.0 and started(one.pid) == one.started


def write_order(task: Task) -> None:
    task.folder.mkdir(parents=True, exist_ok=True)
    path = task.folder / ORDER
    if not path.exists():
        _place(path, dict(task.order) | {"key": task.key}, durably=False)


def order(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / ORDER).read_bytes())
    return found


def take(folder: Path) -> int | None:
    """The lock of the one guest, as a file descriptor to be kept open; None when another guest holds it."""
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def is_taken(folder: Path) -> bool:
    if not (folder / LOCK).exists():
        return False
    descriptor = take(folder)
    if descriptor is not None:
        os.close(descriptor)
    return descriptor is None


def write_guest(folder: Path, guest: Mark, users: list[Mark]) -> None:
    _place(folder / GUEST, {"guest": asdict(guest), "users": [asdict(one) for one in users]}, durably=False)


def guest(folder: Path) -> tuple[Mark, list[Mark]] | None:
    """The guest of the task and the processes of the user it started; None when no guest ever came.

    A file that is not whole (the machine went down while it was written) tells at least that there was one.
    """
    try:
        found = json.loads((folder / GUEST).read_bytes())
        return Mark(**found["guest"]), [Mark(**one) for one in found["users"]]
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError):
        return Mark(0, 0.0, "", ""), []


def wish_cancel(folder: Path) -> None:
    (folder / CANCEL).touch()


def cancel_wished(folder: Path) -> bool:
    return (folder / CANCEL).exists()


def told(folder: Path) -> dict[str, dict[str, Any]]:
    """How the nodes of the task went that are done, by name. A line that was not written to its end counts for nothing."""
    try:
        lines = (folder / TOLD).read_bytes().split(b"\n")[:-1]
    except FileNotFoundError:
        return {}
    return {one["name"]: one for one in map(json.loads, lines)}


def write_outcome(folder: Path, outcome: Json) -> None:
    """The last act. From here on the task is over, whatever happens to the machine."""
    _place(folder / OUTCOME, outcome, durably=True)


def outcome(folder: Path) -> dict[str, Any] | None:
    """How the task went; None when it is not over, or when what it wrote is not whole."""
    try:
        found = json.loads((folder / OUTCOME).read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    return found if isinstance(found, dict) and "state" in found else None


def cancelled(message: str = "The step was cancelled.", code: str = "Canceled") -> dict[str, Any]:
    """The outcome of a task that was stopped before it did anything."""
    phases = {"prepare_s": 0.0, "run_s": 0.0, "finalize_s": 0.0}
    error = {"code": code, "message": message}
    return {"state": str(State.CANCELLED), "exit_code": None, "seconds": 0.0, "error": error, "phases": phases, "ended": time.time()}


def sighting(found: Json, node: str = "") -> Sighting:
    """What an outcome looks like to the watcher."""
    return Sighting(state=found["state"], output=found, error=found.get("error"), node=node)


def lost(node: str = "") -> Sighting:
    message = "The process that ran the step died (killed, out of memory, or its machine stopped) before it could say how the step went."
    return Sighting(state=State.FAILED, error={"code": "NodeLost", "message": message}, node=node, lost=True)


def _started_elsewhere(pid: int) -> float | None:
    import psutil  # only where there is no /proc

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else float(process.create_time())
    except psutil.NoSuchProcess:
        return None


def _place(path: Path, content: Json, *, durably: bool) -> None:
    """Whoever looks sees the whole file or none.

    durably: back only when it would survive the machine going down. File and name are made durable together, after the renaming: one
    wait for the disk instead of two. Should the machine go down in between, a file that is not whole may be found; it counts as none.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with temporary.open("wb") as file:
        file.write(json.dumps(content, separators=(",", ":")).encode())
        file.flush()
        temporary.replace(path)
        if durably:
            os.fsync(file.fileno())
    if durably:
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
