"""Becoming, in a forked process, what a fresh `python script.py …` or `python -m module …` would be.

`get_ready` and `prepare(main)` set up streams, `sys`, `__main__` and the seeds of random numbers as a new interpreter has them. Then the program
is run (`Program.go`) from the lowest frame there is, so that it has the whole stack, and `end` ends it as the
interpreter does: the traceback without frames of ours, `sys.exit` in all its forms, threads waited for, `atexit`, objects of the
program's modules given up (so that a file nobody closed is written), streams flushed. The answer is the exit code; the caller
says it and ends the process at once, because taking the whole interpreter down costs more than most steps.

What differs from a fresh process: modules that were imported before stay in `sys.modules`; one frame of ours lies below the
program's; `sys.flags.unbuffered` is 0 after `python -u`; C libraries are not told of the end (`atexit` of C), only its streams are
flushed. A program beside which lies a file that would shadow an imported module is refused, since a fresh process would
import that file.

Stands alone: standard library only, Python 3.8 and later.
"""

from __future__ import annotations

import atexit
import builtins
import contextlib
import functools
import gc
import importlib.machinery
import io
import itertools
import os
import random
import runpy
import signal
import sys
import threading
import time
import weakref
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

_known: frozenset[str] = frozenset()
FLUSH_FAILED = 120
"""The interpreter's own exit code when it cannot write what is left in the streams."""


def refusal(main: dict[str, Any], cwd: str) -> str:
    """Why the program had better be run by a fresh process; "" when it need not."""
    script: str = os.path.join(cwd, main["script"])
    if not main["module"] and not os.path.isfile(script):
        return f"{script} is not a file"
    if "matplotlib" in sys.modules and os.path.exists(os.path.join(cwd, "matplotlibrc")):
        return "matplotlibrc is read from the working folder when matplotlib is imported"
    for name in os.listdir(cwd if main["module"] else os.path.dirname(os.path.realpath(script))):
        stem, _, rest = name.partition(".")
        if stem in sys.modules and (rest in ("", "py", "pyc") or rest.endswith("so")):
            return name + " would be imported in place of a module that is imported already"
    return ""


class Program:
    """What is to be run. go: a call that runs it, without a Python frame of its own. problem: what came out of it."""

    def __init__(self, go: Callable[[], Any]) -> None:
        self.go = go
        self.problem: BaseException | None = None


def get_ready(known: frozenset[str]) -> None:
    """What can be done in a copy before it is known what it is to become. known: names of the modules that the zygote has imported.

    It also touches what every program touches: memory that is shared with the zygote is copied page by page when it is first written
    to (a counter of references is enough), and here nobody waits for it.
    """
    global _known
    _known = known
    _renew_randomness()
    exec(compile("import sys, os\nfor _ in (1, 2): pass\n", "<ready>", "exec"), {})
    dict(os.environ)
    gc.collect()


def handle_signals() -> None:
    """As the interpreter does it when it starts."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in ("SIGPIPE", "SIGXFSZ"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


def prepare(main: dict[str, Any]) -> Program:
    """main: {"script" or "module", "arguments", "words" (the command), "unbuffered"}. The footing has been taken already."""
    _renew_streams(main["unbuffered"])
    if hasattr(time, "tzset"):
        time.tzset()
    handle_signals()
    if hasattr(sys, "orig_argv"):
        sys.orig_argv[:] = main["words"]
    names = _new_main()
    try:
        return Program(_module(main) if main["module"] else _script(main, names))
    except BaseException as problem:  # noqa: BLE001 a program that does not compile, or cannot be read
        program = Program(int)
        program.problem = problem
        return program


def end(program: Program) -> int:
    """Shows what went wrong, and does what the interpreter does at its end, in its order. The exit code."""
    code = _judge(program)
    try:
        threading._shutdown()  # type: ignore[attr-defined]
    except BaseException as problem:  # noqa: BLE001 the program's own, such as a thread's hook that fails
        _show(problem)
    atexit._run_exitfuncs()
    flushed = _flush()
    _give_up()
    flushed = _flush() and flushed
    if not flushed and code == 0:
        code = FLUSH_FAILED
    if code == -signal.SIGINT:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    return code


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
        reading = io.TextIOWrapper(io.BufferedReader(raw), encoding, errors, None, line_buffering=tty and not unbuffered, write_through=unbuffered)
        vars(reading)["mode"] = "r"
        return reading
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


def _new_main() -> dict[str, Any]:
    program = ModuleType("__main__")
    names = vars(program)
    names.update(__builtins__=builtins, __annotations__={}, __loader__=importlib.machinery.BuiltinImporter)
    sys.modules["__main__"] = program
    return names


def _module(main: dict[str, Any]) -> Callable[[], Any]:
    sys.argv = ["-m", *main["arguments"]]
    sys.path.insert(0, os.getcwd())
    return functools.partial(runpy._run_module_as_main, main["module"])  # type: ignore[attr-defined]  # what the interpreter calls


def _script(main: dict[str, Any], names: dict[str, Any]) -> Callable[[], Any]:
    path = os.path.join(os.getcwd(), main["script"])
    sys.argv = [main["script"], *main["arguments"]]
    sys.path.insert(0, os.path.dirname(os.path.realpath(path)))
    shown = path if sys.version_info >= (3, 9) else main["script"]
    names.update(__file__=shown, __cached__=None, __loader__=importlib.machinery.SourceFileLoader("__main__", shown))
    with open(path, "rb") as file:
        source = file.read()
    return functools.partial(exec, compile(source, shown, "exec", dont_inherit=True), names)


def _judge(program: Program) -> int:
    problem, program.problem = program.problem, None
    program.go = int
    if problem is None:
        return 0
    if isinstance(problem, SystemExit):
        return _exit_code(problem.code)
    _show(problem)
    return -signal.SIGINT if isinstance(problem, KeyboardInterrupt) else 1


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
    """Through the program's own hook if it has one; without frames of ours."""
    frames = _without_ours(problem)
    sys.last_type, sys.last_value, sys.last_traceback = type(problem), problem, frames
    if sys.version_info >= (3, 12):
        sys.last_exc = problem
    with contextlib.suppress(Exception):
        sys.stdout.flush()
    second = _failure_of_hook(problem, frames)
    if second is not None:
        print("Error in sys.excepthook:", file=sys.stderr)  # noqa: T201
        sys.__excepthook__(type(second), second, _without_ours(second))
        print("\nOriginal exception was:", file=sys.stderr)  # noqa: T201
        sys.__excepthook__(type(problem), problem, frames)


def _failure_of_hook(problem: BaseException, frames: TracebackType | None) -> BaseException | None:
    try:
        sys.excepthook(type(problem), problem, frames)
    except BaseException as second:  # noqa: BLE001 a hook that fails is shown, after which the first is shown plainly
        return second
    return None


def _without_ours(problem: BaseException) -> TracebackType | None:
    frames = problem.__traceback__
    while frames is not None and os.path.dirname(frames.tb_frame.f_code.co_filename) == os.path.dirname(__file__):
        frames = frames.tb_next
    problem.__traceback__ = frames
    return frames


def _flush() -> bool:
    well = True
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None and not getattr(stream, "closed", False):
                stream.flush()
        except Exception:  # noqa: BLE001 the stream may be anything that the program put there
            well = False
    return well


def _give_up() -> None:
    """Lets go of the program's own modules, so that what only they held is finished: files are written, `__del__` is called.

    As the interpreter does it: first nobody refers to the modules any more, then what is left of them is emptied.
    """
    sys.last_type = sys.last_value = sys.last_traceback = None
    if hasattr(sys, "last_exc"):
        sys.last_exc = None
    # While everything is still referred to: a collection puts what refers before what is referred to, so that of an open file the
    # text is written before the file below it is closed. The young generations are enough: the old one is in that order already.
    gc.collect(1)
    modules = [_let_go(name) for name in ["__main__", *_own_modules()]]
    gc.collect()
    alive = [module for module in (reference() for reference in modules) if module is not None]
    for module in alive:
        _empty(vars(module))
    if alive:
        del module, alive
        gc.collect()
    clib = sys.modules.get("ctypes")
    if clib is not None:
        with contextlib.suppress(Exception):
            clib.pythonapi.fflush(None)


def _own_modules() -> list[str]:
    """The modules that the program has imported itself, the last first. They come after those of the zygote, which are not even
    looked at: going through a thousand names would copy the pages they lie on."""
    return list(itertools.takewhile(lambda name: name not in _known, reversed(sys.modules)))


def _let_go(name: str) -> Callable[[], ModuleType | None]:
    module = sys.modules.pop(name, None)
    return weakref.ref(module) if isinstance(module, ModuleType) else lambda: None


def _empty(names: dict[str, Any]) -> None:
    for name in sorted(names, key=lambda one: not (one[:1] == "_" and one[1:2] != "_")):
        if name != "__builtins__":
            names[name] = None
