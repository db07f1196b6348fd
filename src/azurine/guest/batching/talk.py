"""What the guest and a process that runs mini-batches say to each other: an object of JSON, one a line.

to it     {"batch": 7, "what": {…}}                 {"end": true}
from it   {"ready": true}     {"broken": why}       {"done": 7, "items", "given", "rows": [[file, begin, end], …]}     {"failed": 7, "error": why}
"""

from __future__ import annotations

import json
import socket
from typing import Any

LONGEST = 64 * 1024
"""Characters of an error that are told; the whole of it is in the process's own log."""


class Line:
    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._rest = b""

    def say(self, **said: Any) -> None:
        self._link.sendall(json.dumps(said).encode() + b"\n")

    def hear(self) -> dict[str, Any] | None:
        """The next; None when the other side is gone."""
        while b"\n" not in self._rest:
            data = self._link.recv(1 << 16)
            if not data:
                return None
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\n")
        found: dict[str, Any] = json.loads(line)
        return found
