"""Bytes on their way in: a file under a temporary name, outside every container, hashed as it grows.

Until it is committed nobody can see it; when the process dies it is swept away at the next start (`Accounts.sweep`).
"""

import base64
import hashlib
import os
from pathlib import Path

from azurine.storage import writing

PIECE = 1 << 20


class Upload:
    """One writer at a time. Ends with `finish` and a rename (by `Files` or `Blocks`), or with `abandon`."""

    def __init__(self, folder: Path, name: str) -> None:
        """name: what the user calls it, for errors."""
        self.name = name
        self.size = 0
        self._md5 = hashlib.md5(usedforsecurity=False)
        folder.mkdir(parents=True, exist_ok=True)
        self.path = writing.temporary_name(folder)
        with writing.saying(name):
            self._descriptor = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o666)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._md5.update(data)
        rest = memoryview(data)
        with writing.saying(self.name):
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        self.size += len(data)

    def write_from(self, source: int, start: int, length: int) -> None:
        """Appends a part of an open file without carrying it through Python where the system can; it is not hashed."""
        with writing.saying(self.name):
            self.size += copy_range(source, start, length, self._descriptor)

    def md5(self) -> str:
        """Of what came through `write`, in base64 as on the wire."""
        return base64.b64encode(self._md5.digest()).decode()

    def finish(self) -> os.stat_result:
        """All bytes are on the disk; the answer says which version of the file this will be."""
        with writing.saying(self.name):
            try:
                os.fsync(self._descriptor)
                return os.fstat(self._descriptor)
            finally:
                self._close()

    def abandon(self) -> None:
        """Nothing remains. Harmless after the rename."""
        self._close()
        self.path.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def copy_range(source: int, start: int, length: int, target: int) -> int:
    """Copies `length` bytes from `start` to where the target stands. Answers how many there were."""
    done = 0
    while done < length:
        try:
            count = os.copy_file_range(source, target, length - done, offset_src=start + done)
        except (OSError, AttributeError):
            # Not on this system, or not between these two file systems. A disk that is full says so again below.
            return done + _carry(source, start + done, length - done, target)
        if not count:
            break
        done += count
    return done


def _carry(source: int, start: int, length: int, target: int) -> int:
    done = 0
    while done < length:
        data = os.pread(source, min(PIECE, length - done), start + done)
        if not data:
            break
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(target, rest) :]
        done += len(data)
    return done
