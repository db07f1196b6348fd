"""What an order changes at places that somebody listens to: files that have come, files that have gone.

    with noting.changes() as changed:  …  copy, delete …      changed: [{"path", "size", "modified", "gone"}], in order

Whoever gave the order is told with the answer, also when it failed after some of its files were in their places.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

Change = dict[str, Any]
"""path: absolute. size, modified (in nanoseconds): of the file as it was then, which tell this version of it from others."""
_noted: ContextVar[list[Change] | None] = ContextVar("noted", default=None)


@contextmanager
def changes() -> Iterator[list[Change]]:
    noted: list[Change] = []
    token = _noted.set(noted)
    try:
        yield noted
    finally:
        _noted.reset(token)


def note(path: Path, seen: os.stat_result, gone: bool = False) -> None:
    noted = _noted.get()
    if noted is not None:
        noted.append({"path": str(path), "size": seen.st_size, "modified": seen.st_mtime_ns, "gone": gone})
