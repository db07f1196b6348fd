"""Becoming, in a forked process, what a fresh `python script.py …` or `python -m module …` would be.

`run(main)` sets up streams, `sys`, `__main__` and the seeds of random numbers as a new interpreter has them, runs the
program, and ends it as the interpreter does: the traceback without frames of ours, `sys.exit` in all its forms, threads waited for,
`atexit`, objects of the program's modules given up (so that a file nobody closed is written), streams flushed. It answers the
exit code; the caller says it and ends the process at once, because taking the whole interpreter down costs more than most steps.

What differs from a fresh process: modules that were imported before stay in `sys.modules`; `sys.flags.unbuffered` is 0 after
`python -u`; C libraries are not told of the end (`atexit` of C), only its streams are flushed. A script beside which lies a file
that would shadow an imported module is refused, since a fresh process would import that file.

Stands alone: standard library only, Python 3.8 and later.
"""

from __future__ import annotations

import atexit
import builtins
import contextlib
import gc
import importlib.machinery
import io
import os
import random
import runpy
import signal
import sys
import threading
import time
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

FLUSH_FAILED = 120
"""The interpreter's own exit code when it cannot write what is left in the streams."""


def refusal(main: dict[str, Any], cwd: str) -> str:
    """Why the program had better be run by a fresh process; "" when it need not."""
    script: str = os.path.join(cwd, main["script"])
    if not main["module"] and not os.path.isfile(script):
        return f"{script} is not a file"
    for name in os.listdir(cwd if main["module"] else os.path.dirname(os.path.realpath(script))):
        stem, _, rest = name.partition(".")
        if stem in sys.modules and (rest in ("", "py", "pyc") or rest.endswith("so")):
            return name + " would be imported in place of a module that is imported already"
    return ""


def run(main: dict[str, Any]) -> int:
    """main: {"script" or "module", "arguments", "words" (the command), "unbuffered"}. The footing has been taken already."""
    before = set(sys.modules)
    _renew_streams(main["unbuffered"])
    _renew_randomness()
    if hasattr(time, "tzset"):
        time.tzset()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in ("SIGPIPE", "SIGXFSZ"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    if hasattr(sys, "orig_argv"):
        sys.orig_argv[:] = main["words"]
    program = _new_main()
    code = _guarded(lambda: _execute(program, main))
    return _finish(code, before, program)


def _renew_streams(unbuffered: bool) -> None:
    """New objects over descriptors 0, 1, 2, as the interpreter makes them; those of the process before may be held by libraries."""
    old_in, old_out, old_err = sys.stdin, sys.stdout, sys.stderr
    sys.stdin = _stream(0, "<stdin>", old_in.encoding, old_in.errors, unbuffered)
    sys.stdout = _stream(1, "<stdout>", old_out.encoding, old_out.errors, unbuffered)
    sys.stderr = _stream(2, "<stderr>", old_err.encoding, "backslashreplace", unbuffered)
    vars(sys).update(__stdin__=sys.stdin, __stdout__=sys.stdout, __stderr__=sys.stderr)


def _stream(descriptor: int, name: str, encoding: str, errors: str | None, unbuffered: bool) -> Any:
    reads = descriptor == 0
    raw = io.FileIO(descriptor, "r" if reads else "w", closefd=False)
    raw.name = name
    tty = raw.isatty()
    if reads:
        return io.TextIOWrapper(io.BufferedReader(raw), encoding, errors, newline=None, line_buffering=tty and not unbuffered)
    below: Any = raw if unbuffered else io.BufferedWriter(raw)
    lines = not unbuffered and (tty or descriptor == 2)
    stream = io.TextIOWrapper(below, encoding, errors, newline="\n", line_buffering=lines, write_through=unbuffered)
    vars(stream)["mode"] = "w"
    return stream


def _renew_randomness() -> None:
    random.seed()
    numbers = sys.modules.get("numpy.random")
    if numbers is not None:
        numbers.seed()
    processes = sys.modules.get("multiprocessing.process")
    if processes is not None:
        processes.current_process().authkey = os.urandom(32)


def _new_main() -> ModuleType:
    program = ModuleType("__main__")
    vars(program).update(__builtins__=builtins, __annotations__={}, __loader__=importlib.machinery.BuiltinImporter)
    sys.modules["__main__"] = program
    return program


def _execute(program: ModuleType, main: dict[str, Any]) -> None:
    if main["module"]:
        sys.argv = ["-m", *main["arguments"]]
        sys.path.insert(0, os.getcwd())
        runpy._run_module_as_main(main["module"])  # type: ignore[attr-defined]  # what the interpreter itself calls
        return
    path = os.path.join(os.getcwd(), main["script"])
    sys.argv = [main["script"], *main["arguments"]]
    sys.path.insert(0, os.path.dirname(os.path.realpath(path)))
    shown = path if sys.version_info >= (3, 9) else main["script"]
    loader = importlib.machinery.SourceFileLoader("__main__", shown)
    vars(program).update(__file__=shown, __cached__=None, __loader__=loader)
    with open(path, "rb") as file:
        source = file.read()
    exec(compile(source, shown, "exec", dont_inherit=True), vars(program))


def _guarded(work: Callable[[], None]) -> int:
    """Runs it; what comes out of it becomes an exit code, and a message where the interpreter gives one."""
    try:
        work()
    except SystemExit as leaving:
        return _exit_code(leaving.code)
    except BaseException as problem:  # noqa: BLE001 it is the program's own, and is shown as the interpreter shows it
        _show(problem)
        return -signal.SIGINT if isinstance(problem, KeyboardInterrupt) else 1
    return 0


def _exit_code(code: Any) -> int:
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    with contextlib.suppress(Exception):
        sys.stdout.flush()
    print(code, file=sys.stderr)  # noqa: T201 sys.exit("text") means this
    return 1


def _show(problem: BaseException) -> None:
    """Through the program's own hook if it has one; without the frames of this file."""
    frames = problem.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename == __file__:
        frames = frames.tb_next
    problem.__traceback__ = frames
    sys.last_type, sys.last_value, sys.last_traceback = type(problem), problem, frames
    if sys.version_info >= (3, 12):
        sys.last_exc = problem
    with contextlib.suppress(Exception):
        sys.stdout.flush()
    try:
        sys.excepthook(type(problem), problem, frames)
    except BaseException as second:  # noqa: BLE001 a hook that fails is shown too, after which the first is shown plainly
        print("Error in sys.excepthook:", file=sys.stderr)  # noqa: T201
        sys.__excepthook__(type(second), second, second.__traceback__.tb_next if second.__traceback__ else None)
        print("\nOriginal exception was:", file=sys.stderr)  # noqa: T201
        sys.__excepthook__(type(problem), problem, frames)


def _finish(code: int, before: set[str], program: ModuleType) -> int:
    """What the interpreter does at its end, in its order."""
    _guarded(threading._shutdown)  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    flushed = _flush()
    _give_up(before, program)
    flushed = _flush() and flushed
    if not flushed and code == 0:
        code = FLUSH_FAILED
    if code == -signal.SIGINT:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    return code


def _flush() -> bool:
    well = True
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None and not getattr(stream, "closed", False):
                stream.flush()
        except Exception:  # noqa: BLE001 the stream may be anything that the program put there
            well = False
    return well


def _give_up(before: set[str], program: ModuleType) -> None:
    """Lets go of the program's own modules, so that what only they held is finished: files are written, `__del__` is called."""
    own = [program]
    for name in [name for name in reversed(list(sys.modules)) if name not in before]:
        module = sys.modules.pop(name)
        if isinstance(module, ModuleType) and module is not program:
            own.append(module)
    sys.last_value = sys.last_traceback = None
    if hasattr(sys, "last_exc"):
        sys.last_exc = None
    for module in own:
        names = vars(module)
        for name in sorted(names, key=lambda one: not (one[:1] == "_" and one[1:2] != "_")):
            if name != "__builtins__":
                names[name] = None
    gc.collect()
    clib = sys.modules.get("ctypes")
    if clib is not None:
        with contextlib.suppress(Exception):
            clib.CDLL(None).fflush(None)
