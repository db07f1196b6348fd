"""Showing a job as it goes: a tree of steps that redraws itself at a terminal, plain lines everywhere else.

Both take the sights of `following` one by one. Log lines are written to the stream that asked for them; everything else goes
to stderr. In plain lines each change of state is told once, and every few seconds that something is still running.
"""

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Protocol, TextIO

from azurine.cli import printing
from azurine.cli.following import Sight, Step

REMINDER = 15.0
"""Seconds after which plain lines say what is still running."""

_WORDS = {
    ("green", "✓"): ("Completed", "Succeeded"),
    ("red", "✗"): ("Failed", "TimedOut"),
    ("yellow", "–"): ("Canceled", "Cancelled", "Inactive", "Skipped"),
    ("cyan", "▸"): ("Running", "Finalizing", "InProgress"),
}
"""How states look: those of jobs, and those of a factory's activities."""
_COLOURS = {word: colour for (colour, _), words in _WORDS.items() for word in words}
_MARKS = {word: mark for (_, mark), words in _WORDS.items() for word in words}


class Screen(Protocol):
    def __enter__(self) -> "Screen": ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None: ...

    def show(self, sight: Sight) -> None: ...


def screen(logs: TextIO | None = None, err: TextIO | None = None) -> Screen:
    """The one that fits the terminal. logs: where log lines go; None = not shown."""
    err = err or sys.stderr
    return Tree(logs, err) if err.isatty() and (logs is None or logs.isatty()) else Lines(logs, err)


class Lines:
    def __init__(self, logs: TextIO | None, err: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._logs, self._err, self._clock = logs, err, clock
        self._told: dict[str, str] = {}
        self._last = clock()

    def __enter__(self) -> "Lines":
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def show(self, sight: Sight) -> None:
        for step, line in sight.said:
            self._log(sight, step, line)
        for step in (sight.job, *sight.steps):
            if self._told.get(step.name) != step.status:
                self._told[step.name] = step.status
                self._say(f"{step.title}: {_state(step)}")
        running = [step.title for step in sight.steps or (sight.job,) if not step.final]
        if running and self._clock() - self._last > REMINDER:
            self._say(f"waiting for {', '.join(running)}")

    def _log(self, sight: Sight, step: Step, line: str) -> None:
        if self._logs is not None:
            self._logs.write(f"{step.title} | {line}\n" if sight.steps else f"{line}\n")
            self._logs.flush()
            self._last = self._clock()

    def _say(self, text: str) -> None:
        self._err.write(f"{time.strftime('%H:%M:%S')} {text}\n")
        self._err.flush()
        self._last = self._clock()


class Tree:
    """Redrawn in place on the terminal, log lines running by above it."""

    def __init__(self, logs: TextIO | None, err: TextIO) -> None:
        # Here: only people at a terminal wait for rich to load.
        from rich.console import Console
        from rich.live import Live

        self._logs = logs
        self._console = Console(file=err, highlight=False)
        # Not drawn by a thread of its own more often than we look: a still picture needs no repainting.
        self._live = Live(console=self._console, auto_refresh=False, transient=False)
        self._shown: Sight | None = None

    def __enter__(self) -> "Tree":
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def show(self, sight: Sight) -> None:
        if self._logs is not None:
            for step, line in sight.said:
                text = f"{step.title} | {line}" if sight.steps else line
                self._console.print(text, markup=False, highlight=False, soft_wrap=True)
        self._live.update(drawn(sight), refresh=True)


def drawn(sight: Sight) -> Any:
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    for step in (sight.job, *sight.steps):
        colour = _COLOURS.get(step.status, "default")
        title = Text("  " * step.depth + f"{_MARKS.get(step.status, '·')} {step.title}")
        title.stylize(colour)
        table.add_row(title, Text(_word(step), style=colour), Text(_time(step), justify="right"), Text(step.error, overflow="ellipsis", no_wrap=True))
    return table


def _state(step: Step) -> str:
    lasted = f" after {_time(step)}" if step.final and step.seconds is not None and not step.reused else ""
    return _word(step) + lasted + (f": {step.error}" if step.error and step.status in ("Failed", "TimedOut") else "")


def _word(step: Step) -> str:
    return f"{step.status} (reused)" if step.reused else step.status


def _time(step: Step) -> str:
    return "" if step.seconds is None or step.reused else printing.seconds_text(step.seconds)
