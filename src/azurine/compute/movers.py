"""Data moved for the server: each order in a fork of a warm process (`guest.moving`), for as long as it takes, until it is ceased.

The warm process is started by the first order and ends by itself when there has been none for a while; the server itself imports nothing for it.
Orders with a key are carried out once, also when the server was killed in between: what they did is recorded in a file that is named by the key.
"""

import hashlib
import json
import os
import select
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from azurine.compute import zygotes
from azurine.model.errors import AzurineError, Invalid, Temporary
from azurine.model.resources import Json

_GUEST = "azurine.guest.moving"
LOOK = 0.2
"""Seconds between looks whether an order is still wished."""
GRACE = 5.0
"""Seconds that a process may take to end."""
KEPT = 8 * 86_400.0
"""Seconds that a record is kept: no activity takes longer."""
LARGEST = 64 * 1024 * 1024
Tell = Callable[[list[dict[str, Any]]], None]
ATTEMPTS = 3
"""Processes that are given an order, one after the other, when they end without an answer."""


class Movers:
    """home: the server's folder. python: the interpreter that azurine runs in."""

    def __init__(self, home: Path, python: str) -> None:
        self._warm = home / "warm"
        self._records = home / "movements"
        self._name = f"movers-{os.getpid()}"
        self._python = python
        self._starting = threading.Lock()
        self._swept = False

    def move(self, order: Json, is_ceased: Callable[[], bool], tell: Tell) -> Json:
        """key: in an order that is to be carried out once. tell: of the files that changed, before anybody hears how it went. Raises AzurineError with the code and the message of what failed it."""
        key = order.get("key")
        record = {"record": str(self._records / f"{hashlib.sha256(str(key).encode()).hexdigest()[:32]}.json")} if key else {}
        said = self._given({**order, **record}, is_ceased)
        for _ in range(ATTEMPTS - 1):
            if said is not None:
                break
            said = self._given({**order, **record}, is_ceased)
        if said is None:
            raise Temporary("the process that moved the data ended early, perhaps for want of memory", code="MovementInterrupted")
        tell(said.get("changed") or [])
        error = said.get("error")
        if error:
            raise AzurineError(str(error["message"]), code=str(error["code"]))
        output: Json = said["output"]
        return output

    def _given(self, order: Json, is_ceased: Callable[[], bool]) -> Json | None:
        """What a process answered to the order; None when it ended without an answer, and so left nothing half-done."""
        with self._connected() as link:
            zygotes.ask(link, {"call": f"{_GUEST}:attend", "arguments": []})
            link.sendall(json.dumps(order).encode() + b"\n")
            return _heard(link, is_ceased)

    def close(self) -> None:
        """The warm process ends, and nothing is left of it."""
        if zygotes.status(zygotes.address(self._warm, self._name), end=True) is not None:
            for left in ("lock", "log"):
                (self._warm / f"{self._name}.{left}").unlink(missing_ok=True)

    def _connected(self) -> socket.socket:
        address = zygotes.address(self._warm, self._name)
        with self._starting:
            self._sweep()
            link = zygotes.connect(address)
            if link is None:
                zygotes.start(self._warm, self._name, self._python, (_GUEST,), wait=True, owner=os.getpid())
                link = zygotes.connect(address)
        if link is None:
            raise Temporary(f"no data can be moved now; {self._warm / self._name}.log may say why")
        return link

    def _sweep(self) -> None:
        if self._swept:
            return
        self._swept = True
        for old in self._records.glob("*.json*"):
            with suppress(FileNotFoundError):
                if old.stat().st_mtime < time.time() - KEPT:
                    old.unlink()


def _heard(link: socket.socket, is_ceased: Callable[[], bool]) -> Json | None:
    """Two lines: the number of the process, and its answer."""
    data = bytearray()
    while data.count(b"\n") < 2:
        if is_ceased():
            _end(link, bytes(data))
            raise Invalid("it was cancelled", code="Canceled")
        if not select.select([link], [], [], LOOK)[0]:
            continue
        try:
            piece = link.recv(1 << 20)
        except ConnectionResetError:
            break
        if not piece or len(data) > LARGEST:
            break
        data += piece
    lines = bytes(data).split(b"\n")
    if len(lines) < 3:
        return None
    said: Json = json.loads(lines[1])
    return said


def _end(link: socket.socket, data: bytes) -> None:
    """Asks the process to end, and sees to it that it does."""
    with suppress(ValueError, KeyError, ProcessLookupError):
        process = int(json.loads(data.split(b"\n")[0])["pid"])
        os.kill(process, signal.SIGTERM)
        if not select.select([link], [], [], GRACE)[0]:
            os.kill(process, signal.SIGKILL)
