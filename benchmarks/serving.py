"""Where the benchmarks get their server: a real one, in a process of its own, with a fresh home, and REST by hand."""

import sys
import time
from collections.abc import Callable

from measuring import REPOSITORY

sys.path.insert(0, str(REPOSITORY / "tests"))  # the server and the client by hand are those of the tests

from rest import API, FINAL, Refused, Rest, component, node, pipeline
from running import RunningServer, free_port, wait_until

__all__ = ["API", "FINAL", "Refused", "Rest", "RunningServer", "component", "cpu_seconds", "free_port", "megabytes", "node", "pipeline", "wait_until"]

CLOCK_TICKS = 100.0


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far, its threads included."""
    with open(f"/proc/{pid}/stat", "rb") as file:
        fields = file.read().rsplit(b") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS


def megabytes(pid: int, what: str = "Pss") -> float:
    """Pss counts what is shared with others (libraries) in part."""
    with open(f"/proc/{pid}/smaps_rollup") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith(f"{what}:"))


def timed(call: Callable[[], object]) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000
