"""A process for a long-lived service: a fork of a warm process where there is one, else a fresh one.

Its standard input is a socket, over which it tells how far it is; both outputs go to the end of a log. It leads a session of its
own, so it outlives the server that started it.
"""

import fcntl
import json
import os
import select
import socket
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from azurine.compute import zygotes

START_LIMIT = 10.0
"""Seconds that a warm process may take to fork."""


@dataclass(slots=True)
class Hatched:
    """pid, and the server's end of its standard input. own: the handle of a process that we started ourselves, to be waited for."""

    pid: int
    control: socket.socket
    own: "subprocess.Popen[bytes] | None" = None


def hatch(zygote: Path | None, python: str, program: Path, arguments: Sequence[str], folder: Path, environ: Mapping[str, str], log: Path) -> Hatched:
    """Starts `python program arguments` in a folder. Raises OSError when nothing can be started."""
    log.parent.mkdir(parents=True, exist_ok=True)
    near, far = socket.socketpair()
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
    try:
        words = [python, "-u", os.fspath(program), *arguments]
        pid = _forked(zygote, words, program, arguments, folder, environ, (far.fileno(), out)) if zygote is not None else 0
        if pid:
            return Hatched(pid, near)
        own = subprocess.Popen(words, stdin=far.fileno(), stdout=out, stderr=out, cwd=os.fspath(folder), env=dict(environ), start_new_session=True)
        return Hatched(own.pid, near, own)
    except BaseException:
        near.close()
        raise
    finally:
        far.close()
        os.close(out)


def holder(lock: Path) -> int | None:
    """The process that holds a lock file, by the number in it; 0 when it has not written it yet; None when nobody holds it."""
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        text = os.read(descriptor, 32).strip()
        return int(text) if text.isdigit() else 0
    else:
        return None
    finally:
        os.close(descriptor)


def _forked(
    zygote: Path,
    words: Sequence[str],
    program: Path,
    arguments: Sequence[str],
    folder: Path,
    environ: Mapping[str, str],
    streams: tuple[int, int],
) -> int:
    """The number of a fork of the zygote that listens there; 0 when it had better be a fresh process."""
    link = zygotes.connect(zygote)
    if link is None:
        return 0
    main = {"script": os.fspath(program), "module": "", "arguments": list(arguments), "words": list(words), "unbuffered": True}
    footing = {"cwd": os.fspath(folder), "environ": dict(environ), "readonly": [], "writable": []}
    control, out = streams
    with link, suppress(OSError, ValueError):
        zygotes.ask(link, {"main": main, "footing": footing}, (control, out, out))
        if not select.select([link], [], [], START_LIMIT)[0]:
            return 0
        said = link.recv(4096)
        return int(json.loads(said.split(b"\n")[0] or b"{}").get("pid") or 0)
    return 0
