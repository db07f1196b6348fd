"""Where files are written before they have their names: a folder of the process that writes, which is gone when it ends.

A process that is killed cannot clear anything away. So it holds a lock on its folder, which the kernel gives back however it dies, and whoever
stages beside it later takes away the folders that nobody holds. Where folders cannot be locked, what is left behind stays.
"""

import fcntl
import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path

PREFIX = ".azurine-"


class Staging:
    def __init__(self, beside: Path) -> None:
        """beside: on the disk where the files will be."""
        _sweep(beside)
        self.folder, self._held = _made(beside)

    def file(self) -> Path:
        staged = self.folder / secrets.token_hex(8)
        staged.touch()
        return staged

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        os.close(self._held)


def _made(beside: Path) -> tuple[Path, int]:
    while True:
        folder = beside / f"{PREFIX}{secrets.token_hex(8)}"
        folder.mkdir(mode=0o700)
        held = _locked(folder)
        if held is not None and os.path.isdir(folder):
            return folder, held
        # Somebody who swept came between the two.
        if held is not None:
            os.close(held)


def _locked(folder: Path) -> int | None:
    """An open folder that is locked by this process; None when another holds it, or it is gone."""
    try:
        held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(held)
        return None
    except OSError:
        return held  # no locks on this disk
    return held


def _sweep(beside: Path) -> None:
    for left in beside.glob(f"{PREFIX}*"):
        held = _locked(left)
        if held is None:
            continue
        try:
            with suppress(OSError):
                # Asked once more, now without a way out: where there are no locks nothing is known to be left behind.
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left, ignore_errors=True)
        finally:
            os.close(held)
