"""The rows of all mini-batches in one file: copied, range by range, as the ledger tells of them, within the kernel where it can.

The file is made beside its place and renamed, so it is there whole or not at all. Memory does not depend on the number of rows.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from azurine.guest.batch import ledger

ROWS = "rows"
HEADER = "header"
_PIECE = 1 << 24


def gather(folder: Path, target: Path) -> None:
    """folder: that all instances share. target: where the rows go."""
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f".{target.name}.{os.getpid()}.part")
    out = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    try:
        if (folder / HEADER).exists():
            os.write(out, (folder / HEADER).read_bytes())
        for name, begin, end in _joined(folder):
            _copy(folder / ROWS / name, begin, end, out)
        os.fsync(out)
    finally:
        os.close(out)
    aside.replace(target)


def gather_tables(folder: Path, target: Path) -> None:
    """Parquet files cannot be joined without reading them: one is the file itself, several are a folder of that name."""
    names = [name for line in ledger.done_lines(folder) for name, _, _ in line["rows"]]
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f".{target.name}.{os.getpid()}.part")
    if len(names) == 1:
        _same(folder / ROWS / names[0], aside)
    else:
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir()
        for number, name in enumerate(names):
            _same(folder / ROWS / name, aside / f"part-{number:05}.parquet")
    if target.is_dir():
        shutil.rmtree(target)
    aside.replace(target)


def _same(source: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:  # another disk
        shutil.copyfile(source, target)


def _joined(folder: Path) -> Iterator[tuple[str, int, int]]:
    """The ranges, those that follow each other in a file as one."""
    pending: tuple[str, int, int] | None = None
    for line in ledger.done_lines(folder):
        for name, begin, end in line["rows"]:
            if pending is not None and pending[0] == name and pending[2] == begin:
                pending = (name, pending[1], end)
                continue
            if pending is not None:
                yield pending
            pending = (name, begin, end)
    if pending is not None:
        yield pending


def _copy(source: Path, begin: int, end: int, out: int) -> None:
    with source.open("rb") as file:
        at = begin
        while at < end:
            sent = os.sendfile(out, file.fileno(), at, min(_PIECE, end - at))
            if sent == 0:
                raise EOFError(f"{source.name} is shorter than it was")
            at += sent
