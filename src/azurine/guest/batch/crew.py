"""The processes of one instance that run mini-batches: started, given something to do, heard, and ended when they take too long.

A process is a fork of the environment's zygote where there is one, else a fresh one; it talks over its standard input
(`guest.batching.talk`). What happens is told as events; what to do about it is the share's business.
"""

import json
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from azurine.guest import running

START_SECONDS = 600.0
"""Within which a process has loaded the script and called its init()."""
LOOK = 0.5
STARTING, IDLE, BUSY, ENDING = "starting", "idle", "busy", "ending"


@dataclass(slots=True, eq=False)
class Member:
    """number: which place in the crew it has. deadline: when it has taken too long for what it does now."""

    number: int
    process: running.Process
    control: socket.socket
    state: str = STARTING
    deadline: float = 0.0
    heard: bytes = b""


@dataclass(frozen=True, slots=True)
class Ready:
    member: Member


@dataclass(frozen=True, slots=True)
class Broken:
    """The script could not be loaded, or its init() failed."""

    member: Member
    why: str


@dataclass(frozen=True, slots=True)
class Finished:
    member: Member
    said: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Failed:
    member: Member
    why: str


@dataclass(frozen=True, slots=True)
class Died:
    """late: it was ended because it took too long."""

    member: Member
    why: str
    late: bool = False


Event = Ready | Broken | Finished | Failed | Died
Start = Callable[[int, int], running.Process]
"""(place, descriptor of its standard input) → the process."""


class Crew:
    """seconds: that a mini-batch may take."""

    def __init__(self, start: Start, seconds: float, bell: running.Bell) -> None:
        self._start = start
        self._seconds = seconds
        self._bell = bell
        self._selector = selectors.DefaultSelector()
        self._selector.register(bell, selectors.EVENT_READ)
        self.members: list[Member] = []

    def hire(self, number: int) -> None:
        near, far = socket.socketpair()
        try:
            process = self._start(number, far.fileno())
        finally:
            far.close()
        member = Member(number, process, near, deadline=time.monotonic() + START_SECONDS)
        self.members.append(member)
        self._selector.register(near, selectors.EVENT_READ, member)
        if process.link is not None:
            self._selector.register(process.link, selectors.EVENT_READ, member)

    def give(self, member: Member, number: int, what: Mapping[str, Any]) -> None:
        member.state, member.deadline = BUSY, time.monotonic() + self._seconds
        self._say(member, {"batch": number, "what": what})

    def dismiss(self, member: Member, seconds: float) -> None:
        """It is to call shutdown() and go."""
        member.state, member.deadline = ENDING, time.monotonic() + seconds
        self._say(member, {"end": True})

    def look(self) -> list[Event]:
        """What has happened, after waiting for something to happen for a while."""
        now = time.monotonic()
        soonest = min((one.deadline for one in self.members if one.state != IDLE), default=now + LOOK)
        ready = self._selector.select(max(0.0, min(LOOK, soonest - now)))
        self._bell.quiet()
        events: list[Event] = []
        for key, _ in ready:
            if isinstance(key.data, Member) and key.data in self.members:
                if key.fileobj is key.data.control:
                    events += self._heard(key.data)
                elif running.hear(key.data.process):
                    self._selector.unregister(key.fileobj)
        for one in list(self.members):
            if one.process.link is None and one.process.code is None:
                running.reap(one.process)
            if one.process.code is not None:
                events += self._heard(one)
                self._leave(one)
                events.append(Died(one, _ended(one.process.code), late=False))
            elif one.state != IDLE and time.monotonic() > one.deadline:
                late = one.state
                self.end(one)
                what = "to load the script and call its init()" if late == STARTING else "for the mini-batch"
                events.append(Died(one, f"it took longer than {self._seconds if late == BUSY else START_SECONDS:g} s {what}", late=late == BUSY))
        return events

    def end(self, member: Member) -> None:
        """At once, with all that it started in its session."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(member.process.pid, signal.SIGKILL)
        with suppress(ProcessLookupError):
            os.kill(member.process.pid, signal.SIGKILL)
        if member.process.link is None and member.process.code is None:
            os.waitpid(member.process.pid, 0)
        self._leave(member)

    def close(self) -> None:
        for one in list(self.members):
            self.end(one)
        self._selector.close()

    def _leave(self, member: Member) -> None:
        self.members.remove(member)
        self._selector.unregister(member.control)
        member.control.close()
        link = member.process.link
        if link is not None and link.fileno() >= 0:
            with suppress(KeyError):
                self._selector.unregister(link)
            link.close()

    def _say(self, member: Member, said: Mapping[str, Any]) -> None:
        with suppress(OSError):  # it died: its end is seen at the next look
            member.control.sendall(json.dumps(said).encode() + b"\n")

    def _heard(self, member: Member) -> list[Event]:
        events: list[Event] = []
        while True:
            try:
                data = member.control.recv(1 << 16, socket.MSG_DONTWAIT)
            except (BlockingIOError, ConnectionError):
                return events
            if not data:
                return events
            *lines, member.heard = (member.heard + data).split(b"\n")
            events += [event for line in lines if (event := _event(member, json.loads(line))) is not None]


def _event(member: Member, said: Mapping[str, Any]) -> Event | None:
    was = member.state
    if was == ENDING:
        return None
    member.state = IDLE
    if "ready" in said:
        return Ready(member)
    if "broken" in said:
        return Broken(member, str(said["broken"]))
    if was != BUSY:
        return None
    return Finished(member, said) if "done" in said else Failed(member, str(said.get("error", "")))


def _ended(code: int) -> str:
    return f"its process was ended by signal {-code}" if code < 0 else f"its process ended with exit code {code}"
