"""One piece of moving data, in a process of its own: a fork of a warm one that has imported what it takes (`compute.movers`).

It is given one line of JSON over its connection, the order (`movement.orders`), and answers with one. When the other side has gone, or it
is asked to end, it stops, and what it had staged is gone. An order that says `record` is carried out once: how it went is written there
before it is told, and an order that finds it there is not carried out again; two of the same record wait for each other.
"""

import fcntl
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from azurine.movement import orders
from azurine.storage import writing

GRACE = 5.0
"""Seconds in which what was staged can be cleared away."""


def attend(descriptor: int) -> int:
    """Called in the fork, with its connection."""
    with suppress(OSError):  # no such thing on other systems than Linux
        Path("/proc/self/oom_score_adj").write_text("900", encoding="ascii")
    with socket.socket(fileno=descriptor) as link, link.makefile("rwb") as stream:
        order = json.loads(stream.readline())
        signal.signal(signal.SIGTERM, _end)
        threading.Thread(target=_watch, args=(link,), daemon=True).start()
        stream.write(json.dumps(answer(order)).encode() + b"\n")
    return 0


def answer(order: Mapping[str, Any]) -> dict[str, Any]:
    record = order.get("record")
    if not record:
        return orders.carry_out(order)
    path = Path(str(record))
    with _alone(path):
        known = writing.read_json(path)
        if known is not None:
            return dict(known)
        said = orders.carry_out(order)
        writing.write_json(path, said, mode=0o600)
        return said


@contextmanager
def _alone(record: Path) -> Iterator[None]:
    record.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(f"{record}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _watch(link: socket.socket) -> None:
    """Nobody says anything more: what comes is the end."""
    with suppress(OSError):
        link.recv(1)
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(GRACE)
    os._exit(1)


def _end(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(1)
