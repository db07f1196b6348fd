"""One scoring process as the server hears it: when it is listened to. The loop and the wire are played by this file."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from azurine.api.scoring.processes import REST, Ask, Process, Reply


class Loop:
    """A clock that is moved by hand, and what was put off."""

    def __init__(self) -> None:
        self.now = 100.0
        self.later: list[tuple[float, Callable[[], None]]] = []

    def time(self) -> float:
        return self.now

    def call_soon(self, what: Callable[[], None]) -> None:
        self.call_later(0.0, what)

    def call_later(self, seconds: float, what: Callable[[], None]) -> None:
        self.later.append((self.now + seconds, what))

    def go_on(self, seconds: float) -> None:
        self.now += seconds
        due, self.later = [what for when, what in self.later if when <= self.now], [one for one in self.later if one[0] > self.now]
        for what in due:
            what()


class Wire:
    def __init__(self) -> None:
        self.is_heard = True
        self.is_over = False
        self.said = b""

    def write(self, data: bytes) -> None:
        self.said += data

    def pause_reading(self) -> None:
        self.is_heard = False

    def resume_reading(self) -> None:
        self.is_heard = True

    def is_closing(self) -> bool:
        return self.is_over

    def abort(self) -> None:
        self.is_over = True


class Play:
    """pace: seconds that the process takes for a request. waiting: how many it has been given."""

    def __init__(self, waiting: int, pace: float) -> None:
        self.answers: list[bytes] = []
        self.losses: list[str] = []
        self.loop, self.wire = Loop(), Wire()
        self.pace = pace

        async def made() -> Process:
            return Process(Path("p"), self._answered, lambda _process, why, _there: self.losses.append(why))

        self.process = asyncio.run(made())
        self.process._loop = self.loop  # type: ignore[assignment]
        self.process.connection_made(self.wire)  # type: ignore[arg-type]
        for _ in range(20):  # by then it is known how fast it is
            self._give(1)
            self.say(1)
        self._give(waiting)
        self.answers.clear()

    def _give(self, count: int) -> None:
        for number in range(count):
            self.process.give(Ask(b"%d" % number, b"", 0.0, lambda _found: None))
        self.loop.go_on(0.0)

    def _answered(self, found: Any) -> None:
        self.answers += [reply.body for _, reply in found if isinstance(reply, Reply)]

    def say(self, count: int) -> None:
        """The process answers so many more, which is heard at once."""
        for _ in range(count):
            self.loop.go_on(self.pace)
            self.process.data_received(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")


@pytest.mark.parametrize(
    ("waiting", "pace", "rests"),
    [
        (16, 0.0002, True),
        (64, 0.0001, True),
        (4, 0.0002, False),  # it would have nothing to do before it is heard again
        (16, 0.002, False),  # it says nothing else in that time
        (40, 0.000005, False),  # it is done with all of them sooner
    ],
)
def test_when_a_process_is_not_listened_to_for_a_moment(waiting: int, pace: float, rests: bool) -> None:
    play = Play(waiting, pace)
    play.say(1)
    assert play.wire.is_heard is not rests
    play.loop.go_on(REST)
    assert play.wire.is_heard


def test_what_is_said_meanwhile_is_heard_together() -> None:
    play = Play(30, 0.0002)
    play.say(1)
    assert not play.wire.is_heard
    before = len(play.answers)
    play.loop.go_on(REST)
    play.process.data_received(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\ny" * 5)
    assert play.answers[before:] == [b"y"] * 5
    assert not play.wire.is_heard
    assert len(play.loop.later) == 1


def test_a_process_that_ended_is_not_listened_to_again() -> None:
    play = Play(30, 0.0002)
    play.say(1)
    assert not play.wire.is_heard
    play.process.close()
    play.loop.go_on(REST)
    assert not play.wire.is_heard
    assert play.losses == []
