"""Looks at tables, asked for by the server: each in a fork of a warm process (`guest.looking`), a few at a time, within a time.

The warm process is started by the first look and ends by itself when nobody has looked for a while; the server itself imports nothing for it.
"""

import json
import os
import select
import signal
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path

from azurine.compute import zygotes
from azurine.model.errors import Invalid, Temporary
from azurine.model.resources import Json

AT_ONCE = 2
WAIT = 30.0
"""Seconds that a look waits for its turn."""
LONGEST = 120.0
"""Seconds that a look may take."""
LARGEST = 32 * 1024 * 1024
"""Bytes of an answer, at most: what can be told is bounded, but not every name of a column is short."""
_GUEST = "azurine.guest.looking"


class Looks:
    """home: the server's folder. python: the interpreter that azurine runs in."""

    def __init__(self, home: Path, python: str, longest: float = LONGEST) -> None:
        self._warm = home / "warm"
        self._name = f"looks-{os.getpid()}"
        self._python = python
        self._longest = longest
        self._turns = threading.BoundedSemaphore(AT_ONCE)

    def look(self, at: Path | Json, what: str, rows: int, bins: int) -> Json:
        """at: a path, or a graph whose output is to be made (`guest.looking`). what: "preview" or "profile". Raises Invalid for what is no table, or too much to be looked at in time; Temporary when others look."""
        if not self._turns.acquire(timeout=WAIT):
            raise Temporary("too many tables are being looked at; try again in a moment")
        try:
            where = {"path": os.fspath(at)} if isinstance(at, Path) else {"graph": at}
            said = self._asked({**where, "what": what, "rows": rows, "bins": bins, "seconds": int(self._longest * (os.cpu_count() or 1)) + 1})
        finally:
            self._turns.release()
        if said.get("error"):
            raise Invalid(str(said["error"]["message"]), code=str(said["error"]["code"]))
        found: Json = said["found"]
        return found

    def close(self) -> None:
        """The warm process ends, and nothing is left of it."""
        if zygotes.status(zygotes.address(self._warm, self._name), end=True) is not None:
            for left in ("lock", "log"):
                (self._warm / f"{self._name}.{left}").unlink(missing_ok=True)

    def _asked(self, asked: Json) -> Json:
        link = self._connected()
        with link:
            zygotes.ask(link, {"call": f"{_GUEST}:attend", "arguments": []})
            link.sendall(json.dumps(asked).encode() + b"\n")
            lines = self._heard(link)
        if len(lines) < 2:
            raise Invalid("it could not be looked at: the process that did so ended early, perhaps for want of memory", code="TooLarge")
        said: Json = json.loads(lines[1])
        return said

    def _connected(self) -> socket.socket:
        address = zygotes.address(self._warm, self._name)
        link = zygotes.connect(address)
        if link is None:
            zygotes.start(self._warm, self._name, self._python, (_GUEST,), wait=True, owner=os.getpid())
            link = zygotes.connect(address)
        if link is None:
            raise Temporary(f"nothing can be looked at now; {self._warm / self._name}.log may say why")
        return link

    def _heard(self, link: socket.socket) -> list[bytes]:
        """Two lines: the number of the process, and its answer. Fewer when it ended early. Raises Invalid when the time is over."""
        deadline = time.monotonic() + self._longest
        data = bytearray()
        while data.count(b"\n") < 2:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([link], [], [], left)[0] or len(data) > LARGEST:
                _end(bytes(data))
                raise Invalid(f"it is too much to be looked at: it takes longer than {self._longest:g} s", code="TooLarge")
            try:
                piece = link.recv(1 << 20)
            except ConnectionResetError:
                break
            if not piece:
                break
            data += piece
        return bytes(data).split(b"\n")[:2] if data.count(b"\n") >= 2 else bytes(data).split(b"\n")[:1]


def _end(data: bytes) -> None:
    """Ends the process whose number is the first line of what was heard."""
    with suppress(ValueError, KeyError, ProcessLookupError):
        os.kill(int(json.loads(data.split(b"\n")[0])["pid"]), signal.SIGKILL)
