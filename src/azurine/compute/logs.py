"""Logs of steps as files: their last lines, and keeping them below a limit, whatever their size and without reading them whole."""

import os
from pathlib import Path

LIMIT = 1 << 30
"""Bytes of one log that are kept: the first GiB. What a step writes beyond is dropped, and the log says so at its end."""
NOTICE = "\n[azurine] The log has reached {limit:,} bytes; what the step writes from here on is not kept.\n"


def tail(path: Path, lines: int = 20, size: int = 4096) -> str:
    """The last lines of a log, at most `size` bytes of it; "" when there is none."""
    try:
        with path.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(0, end - size))
            found = file.read(size)
    except OSError:
        return ""
    return "\n".join(found.decode("utf-8", "replace").splitlines()[-lines:])


def trim(path: Path, limit: int = LIMIT) -> bool:
    """Cuts a log back to its first `limit` bytes and a notice; says whether it had to.

    The step writes to the end of the file itself (O_APPEND), so nothing stands between it and the disk; a watcher calls this now
    and then, and the writer goes on behind the notice, which is cut off again next time.
    """
    notice = NOTICE.format(limit=limit).encode()
    try:
        if path.stat().st_size <= limit + len(notice):
            return False
        with path.open("r+b") as file:
            file.seek(limit)
            file.write(notice)
            file.truncate()
    except OSError:
        return False
    return True
