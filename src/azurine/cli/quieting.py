"""Keeping down what the official clients say beside the data: warnings of their own experiments, bars and colours nobody sees."""

import io
import logging
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import TextIO

from azurine.cli import manner

# The packages inside the client, not the client: that one sets its own level when it is imported.
_LOUD = ("azure", *(f"azure.ai.ml.{part}" for part in ("operations", "entities", "_artifacts", "_utils", "_schema")), "msrest", "mlflow")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@contextmanager
def clients(bars: bool = True) -> Iterator[None]:
    """bars: whether bars of uploads and downloads are shown, at a terminal. With --debug, everything is heard."""
    if manner.MANNER.debug:
        logging.basicConfig(level=logging.INFO, stream=sys.stderr)
        yield
        return
    for name in _LOUD:
        logging.getLogger(name).setLevel(logging.ERROR)
    if bars and sys.stderr.isatty() and not manner.MANNER.quiet:
        yield
        return
    # Read by tqdm and by mlflow when they draw; there is no other way to tell them through the clients.
    os.environ.setdefault("TQDM_DISABLE", "1")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    with redirect_stderr(Plain(sys.stderr)):
        yield


@contextmanager
def dots() -> Iterator[None]:
    """The dots that the client prints while it waits for a deployment are no data: a person sees them, a program does not."""
    shown = sys.stderr.isatty() and not manner.MANNER.quiet
    with redirect_stdout(sys.stderr if shown else io.StringIO()):
        yield


class Plain(io.TextIOBase):
    """A stream without colours and empty lines: the clients write both around bars that are not shown."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._open_line = False

    def write(self, text: str) -> int:
        bare = _COLOUR.sub("", text)
        if bare.strip() or (self._open_line and bare):
            self._stream.write(bare)
            self._open_line = not bare.endswith("\n")
        return len(text)

    def flush(self) -> None:
        self._stream.flush()

    def isatty(self) -> bool:
        return False
