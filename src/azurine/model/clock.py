"""Time as an argument: a clock is a function that answers seconds since 1970 (UTC). Tests pass one they can move."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], float]

system: Clock = time.time


def iso(seconds: float) -> str:
    """`2026-11-23T08:00:00.123456Z`, as Azure writes times."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


class Movable:
    """A clock that stands still until it is moved."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds
