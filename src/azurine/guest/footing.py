"""What a process of the user's stands on: session, signals, streams, protected inputs, working folder, environment.

`get_ready()` and `take(footing, streams)` are called in a freshly forked process, just before it becomes the user's program, by exec
or by `mimicry`. Everything that the process before it had and a new one would not have is put back as a new one has it.

Read-only inputs: where the kernel lets us (Linux, with the right to mount), the process gets a mount name space of its own in
which those paths are bound read-only in place: the path stays the same, nothing is copied, nobody else notices, and not
even root can write there by mistake. Where it does not let us, nothing is protected here, and `take` says so.

Stands alone: standard library only, Python 3.8 and later, because it also runs inside environments made for users.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]
import functools
import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

_CLONE_NEWNS = 0x00020000
_MS_RDONLY, _MS_REMOUNT, _MS_BIND, _MS_REC, _MS_SLAVE = 1, 32, 4096, 16384, 1 << 19
_KEPT_FLAGS = {os.ST_NOSUID: 2, getattr(os, "ST_NODEV", 4): 4, getattr(os, "ST_NOEXEC", 8): 8}
"""A mount may not lose these when it is bound again, so they are repeated."""


def get_ready() -> None:
    """What can be done in a copy before it is known what it is to become."""
    os.setsid()
    _usual_signals()


def take(footing: Any, streams: Sequence[int]) -> None:
    """footing: {"cwd", "environ", "readonly": [paths], "writable": [paths below them]}. streams: descriptors for 0, 1, 2."""
    _usual_descriptors(streams)
    if footing["readonly"]:
        protect(footing["readonly"], footing["writable"])
    os.chdir(footing["cwd"])
    _set_environ(footing["environ"])


@functools.lru_cache(maxsize=1)
def can_protect() -> bool:
    """Tries it out, in a process that ends at once: may a process of this user bind a folder read-only?"""
    if not sys.platform.startswith("linux"):
        return False
    child = os.fork()
    if child == 0:
        folder = os.path.dirname(os.path.abspath(__file__))
        try:
            protect([folder], [])
            os._exit(0 if os.statvfs(folder).f_flag & os.ST_RDONLY else 1)
        except BaseException:  # noqa: BLE001 whatever it is, it must not pass into the parent's code
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0


def protect(readonly: Sequence[str], writable: Sequence[str]) -> None:
    """Binds the first paths read-only, for this process and what it starts; `writable` paths inside them stay as they are."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)

    def call(name: str, *arguments: Any) -> None:
        if getattr(libc, name)(*arguments) != 0:
            number = ctypes.get_errno()
            raise OSError(number, f"{name}: {os.strerror(number)}")

    call("unshare", _CLONE_NEWNS)
    # Slave: what the machine mounts later is seen here too, and what is mounted here is seen by nobody else.
    call("mount", b"none", b"/", None, _MS_REC | _MS_SLAVE, None)
    spared = [(os.open(path, os.O_RDONLY | getattr(os, "O_PATH", 0)), path) for path in writable]
    for path in readonly:
        name = os.fsencode(path)
        call("mount", name, name, None, _MS_BIND | _MS_REC, None)
        flags = os.statvfs(path).f_flag
        kept = sum(wanted for shown, wanted in _KEPT_FLAGS.items() if flags & shown)
        call("mount", b"none", name, None, _MS_BIND | _MS_REMOUNT | _MS_RDONLY | kept, None)
    for descriptor, path in spared:
        call("mount", b"/proc/self/fd/%d" % descriptor, os.fsencode(path), None, _MS_BIND | _MS_REC, None)
        os.close(descriptor)


def _usual_signals() -> None:
    # The module below `signal`: that one makes an enumeration's member of every answer, which takes longer than everything else here.
    _signal.set_wakeup_fd(-1)
    for number in range(1, _signal.NSIG):
        if number in (_signal.SIGKILL, _signal.SIGSTOP):
            continue
        try:
            if _signal.getsignal(number) not in (_signal.SIG_DFL, None):
                _signal.signal(number, _signal.SIG_DFL)
        except (OSError, ValueError):
            continue
    _signal.pthread_sigmask(_signal.SIG_SETMASK, [])


def _set_environ(environ: dict[str, str]) -> None:
    """Only what differs is touched, which is little."""
    for name in [name for name in os.environ if name not in environ]:
        del os.environ[name]
    for name, value in environ.items():
        if os.environ.get(name) != value:
            os.environ[name] = value


def _usual_descriptors(streams: Sequence[int]) -> None:
    """Descriptors 0, 1, 2 become the streams; they may be given as any numbers, these three included."""
    aside = [os.dup(descriptor) for descriptor in streams]
    for number, descriptor in enumerate(aside):
        os.dup2(descriptor, number, inheritable=True)
        os.close(descriptor)
