"""The server's own lines in the log of a deployment: one for each request, written once a turn.

The file may be shared by several processes; a turn's lines are one write, so they are never torn.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time

_lines: list[str] = []
_second = [0, ""]
_lead = [""]
"""Of the lines of this turn: their time, and whose they are."""


def access(method: str, path: str, status: int, seconds: float, length: int) -> None:
    """Notes a request that was answered."""
    if not _lines:
        _lead[0] = f"{_now()} I [{os.getpid()}] azmlinfsrv - "
    _lines.append(f"{_lead[0]}{method} {path} {status} {seconds * 1000:.3f}ms {length}\n")


def say(text: str, level: str = "I") -> None:
    """Writes lines at once, after what the user's code has printed."""
    write()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):  # the script may have put anything there
        pass
    lead = f"{_now()} {level} [{os.getpid()}] azmlinfsrv - "
    _out("".join(lead + line + "\n" for line in text.rstrip().split("\n")))


def write() -> None:
    """Writes what was noted."""
    if _lines:
        text = "".join(_lines)
        _lines.clear()
        _out(text)


def _out(text: str) -> None:
    data = text.encode("utf-8", "replace")
    with contextlib.suppress(OSError):  # a full disk must not end the answering
        os.write(1, data)


def _now() -> str:
    now = time.time()
    whole = int(now)
    if _second[0] != whole:
        _second[0] = whole
        _second[1] = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(whole))
    return f"{_second[1]},{int((now - whole) * 1000):03d}"
