"""Who has which mini-batch, which are done, and where their rows are: one file that all instances of a job append to.

    {"peer": "0.1", "host", "boot"}                    an instance (share 0, attempt 1) has joined
    {"take": 7, "at": offset in the list, "by": "0.1"}   it has mini-batch 7
    {"done": 7, "by": "0.1", "rows": [[file, begin, end], …], "items", "failed", "bad"}
    {"stop": why}                                      more has failed than may; nobody goes on
    {"again": true}                                    nothing above counts any more

A lock is held while one reads what the others have added and adds its own, so a mini-batch is with one instance only. One that is
lost is followed by another attempt of its share: from the moment that joins, what the earlier one had taken and not done is free
again, and nothing it would still say counts. Rows count when their line stands here, so they are there exactly once. What an instance
of before the machine's last start has written may not be whole: its mini-batches are done again.

In memory there is what is under way, not what is done: it does not grow with the number of mini-batches.
"""

import fcntl
import json
import os
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LEDGER, LOCK, LIST = "ledger.jsonl", "ledger.lock", "batches.jsonl"


@dataclass(frozen=True, slots=True)
class Limits:
    """How many items, and how many mini-batches, may fail; -1: any number."""

    items: int = -1
    batches: int = -1


@dataclass(frozen=True, slots=True)
class Batch:
    """number: from 0. what: {"items": [paths]} or {"table": …}, as `cutting` wrote it."""

    number: int
    what: dict[str, Any]


@dataclass(slots=True)
class Done:
    """rows: where they are, in files of the rows' folder. bad: names of what failed. is_bad: does the mini-batch count as failed? why: of the last failure."""

    number: int
    rows: list[tuple[str, int, int]] = field(default_factory=list)
    items: int = 0
    failed: int = 0
    bad: list[str] = field(default_factory=list)
    is_bad: bool = False
    why: str = ""


@dataclass(slots=True)
class Totals:
    batches: int = 0
    items: int = 0
    failed: int = 0
    bad_batches: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """What one look at the ledger gives. batches: to be run now. stopped: why nobody goes on. complete: all mini-batches are done."""

    batches: tuple[Batch, ...] = ()
    stopped: str = ""
    complete: bool = False


class Ledger:
    """folder: of all instances. peer: this one, "share.attempt". host, boot: where it runs."""

    def __init__(self, folder: Path, peer: str, host: str, boot: str, limits: Limits) -> None:
        self._folder, self._peer, self._host, self._boot, self._limits = folder, peer, host, boot, limits
        self._lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._file = os.open(folder / LEDGER, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._read = 0
        self._rest = b""
        self._next = (0, 0)
        self._taken: dict[int, tuple[str, int]] = {}
        self._free: deque[tuple[int, int]] = deque()
        self._boots: dict[str, str] = {}
        self._hosts: dict[str, str] = {}
        self._stopped = ""
        self.totals = Totals()

    def join(self) -> None:
        with self._held():
            if self._boots.get(self._host, self._boot) != self._boot:
                self._note({"again": True})
            self._note({"peer": self._peer, "host": self._host, "boot": self._boot})

    def turn(self, done: Sequence[Done] = (), wanted: int = 0) -> Turn:
        """Writes down what is done, and takes as many mini-batches as wanted, if there are."""
        with self._held():
            for one in done:
                # Of a mini-batch that is another's now, what this one did is nothing.
                if self._taken.get(one.number, ("", 0))[0] == self._peer:
                    self._note(_line(one, self._peer))
            why = self._stopped or self._too_much()
            if why and not self._stopped:
                self._note({"stop": why})
            found = tuple(self._take(wanted)) if not self._stopped else ()
            return Turn(found, self._stopped, not self._taken and not self._free and self._is_at_end())

    def beside(self) -> int:
        """Instances that have come to this machine, with this one: they share its cores."""
        return sum(host == self._host for host in self._hosts.values())

    def stop(self, why: str) -> None:
        with self._held():
            if not self._stopped:
                self._note({"stop": why})

    def close(self) -> None:
        os.close(self._file)
        os.close(self._lock)

    def _take(self, wanted: int) -> Iterator[Batch]:
        for _ in range(wanted):
            number, at = self._free[0] if self._free else self._next
            line = self._listed(at)
            if line is None:
                return
            self._note({"take": number, "at": at, "by": self._peer, "to": at + len(line)})
            yield Batch(number, json.loads(line))

    def _listed(self, at: int) -> bytes | None:
        with (self._folder / LIST).open("rb") as file:
            file.seek(at)
            return file.readline() or None

    def _is_at_end(self) -> bool:
        return self._next[1] >= (self._folder / LIST).stat().st_size

    def _too_much(self) -> str:
        limits, totals = self._limits, self.totals
        if 0 <= limits.items < totals.failed:
            return f"{totals.failed} items have failed; the error threshold is {limits.items}. The last error: {totals.why}"
        if 0 <= limits.batches < totals.bad_batches:
            return f"{totals.bad_batches} mini-batches have failed; the threshold is {limits.batches}. The last error: {totals.why}"
        return ""

    @contextmanager
    def _held(self) -> Iterator[None]:
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        try:
            self._catch_up()
            yield
        finally:
            fcntl.flock(self._lock, fcntl.LOCK_UN)

    def _catch_up(self) -> None:
        while data := os.pread(self._file, 1 << 20, self._read):
            self._read += len(data)
            *lines, self._rest = (self._rest + data).split(b"\n")
            for line in lines:
                said = _read(line)
                if said is not None:
                    self._understand(said)
        if self._rest:
            # Somebody died within a line. Nothing of it counts; what comes next begins a new one.
            os.ftruncate(self._file, self._read - len(self._rest))
            self._read -= len(self._rest)
            self._rest = b""

    def _note(self, said: dict[str, Any]) -> None:
        data = json.dumps(said, separators=(",", ":")).encode() + b"\n"
        os.write(self._file, data)
        self._read += len(data)
        self._understand(said)

    def _understand(self, said: dict[str, Any]) -> None:
        if "take" in said:
            number, at = int(said["take"]), int(said["at"])
            if self._free and self._free[0] == (number, at):
                self._free.popleft()
            else:
                self._next = (number + 1, int(said["to"]))
            self._taken[number] = (said["by"], at)
        elif "done" in said:
            self._taken.pop(said["done"], None)
            self.totals.batches += 1
            self.totals.items += said["items"]
            self.totals.failed += said["failed"]
            self.totals.bad_batches += bool(said["is_bad"])
            self.totals.why = said.get("why") or self.totals.why
        elif "peer" in said:
            self._joined(said)
        elif "stop" in said:
            self._stopped = str(said["stop"])
        elif "again" in said:
            self._next, self._stopped, self.totals = (0, 0), "", Totals()
            self._taken.clear()
            self._free.clear()
            self._boots.clear()
            self._hosts.clear()

    def _joined(self, said: dict[str, Any]) -> None:
        """What earlier attempts of the same share had taken is free."""
        share, _, attempt = said["peer"].partition(".")
        self._boots[said["host"]] = said["boot"]
        self._hosts[share] = said["host"]
        for number, (owner, at) in list(self._taken.items()):
            if owner.partition(".")[0] == share and int(owner.partition(".")[2]) < int(attempt):
                del self._taken[number]
                self._free.append((number, at))


def done_lines(folder: Path) -> Iterator[dict[str, Any]]:
    """What is done, in the order in which it was."""
    with (folder / LEDGER).open("rb") as file:
        begin = position = 0
        for line in file:
            position += len(line)
            if b'"again"' in line and "again" in (_read(line) or {}):
                begin = position
        file.seek(begin)
        for line in file:
            said = _read(line)
            if said is not None and "done" in said:
                yield said


def _read(line: bytes) -> dict[str, Any] | None:
    """None for what is not whole: the machine stopped while it was written."""
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _line(one: Done, peer: str) -> dict[str, Any]:
    said = {"done": one.number, "by": peer, "rows": one.rows, "items": one.items, "failed": one.failed, "is_bad": one.is_bad}
    return said | ({"bad": one.bad, "why": one.why} if one.bad else {})
