"""Results of `run` as lines of text: a list's elements one a line, a frame's rows with their cells apart by one space.

parity: frames have no header and no index, and cells are separated by spaces, because that is how the results of existing scripts
are read.
"""

from __future__ import annotations

import sys
from typing import Any

KINDS = "a list, a tuple, an array, a Series or a DataFrame"


class Lines:
    """Lines that are made already: the bytes, and how many items they are of."""

    def __init__(self, data: bytes, count: int) -> None:
        self.data = data
        self._count = count

    def __len__(self) -> int:
        return self._count


class Files:
    """Lines (or tables) that lie in files of their own already: their paths, and how many items they are of."""

    def __init__(self, paths: list[str], count: int) -> None:
        self.paths = paths
        self._count = count

    def __len__(self) -> int:
        return self._count


class Unfit(Exception):
    """What run() returned is no result."""


def count(result: Any) -> int:
    """How many items have a result. Raises Unfit for what cannot be one."""
    if isinstance(result, (str, bytes, dict)) or not hasattr(result, "__len__"):
        kind = type(result).__name__
        raise Unfit(f"run() returned {'None' if result is None else 'an object of type ' + kind}; {KINDS} would be right")
    return len(result)


def data(result: Any) -> bytes:
    """All lines, each with its end."""
    return result.data if isinstance(result, Lines) else _text(result).encode("utf-8", "surrogateescape")


def _text(result: Any) -> str:
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(result, pandas.DataFrame):
        return str(result.to_csv(sep=" ", index=False, header=False, lineterminator="\n") if _is_new(pandas) else _older(result))
    if hasattr(result, "tolist"):
        result = result.tolist()
    return "".join([f"{one}\n" for one in result])


def header(result: Any) -> str:
    """The names of a frame's columns as a line; "" for what has none."""
    columns = getattr(result, "columns", None)
    return " ".join(str(one) for one in columns) + "\n" if columns is not None else ""


def _is_new(pandas: Any) -> bool:
    return tuple(int(part) for part in pandas.__version__.split(".")[:2]) >= (1, 5)


def _older(frame: Any) -> str:
    return str(frame.to_csv(sep=" ", index=False, header=False, line_terminator="\n"))
