"""A step's command, looked at once: is it a plain run of Python, or something that wants a shell?

What is plain (`python train.py --x 1`, `python -u …`, `python -m package.module …`, quotes included) can start from a warm
process, and loses nothing by not passing through `bash -c`: there is nothing in it that the shell would change. Everything else
(pipes, variables, globs, `&&`, assignments, other programs, other options of Python) goes to the shell as it is.
"""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass

_SHELL = frozenset("|&;<>()$`\\*?[]{}~#!^\n\r")
"""Outside quotes any of these means that the shell has something to do."""
_SENSITIVE = tuple(
    "PYTHON OMP_ MKL_ OPENBLAS_ GOTO_ BLIS_ VECLIB_ NUMEXPR_ KMP_ NVPL_ LD_ DYLD_ MALLOC_ GLIBC_ _RJEM_ JE_ LC_ XDG_"  # noqa: SIM905 it reads better
    " NPY_ NUMPY_ SCIPY_ SKLEARN_ JOBLIB_ LOKY_ PANDAS_ ARROW_ POLARS_ OTEL_ PYDANTIC_ PROTOCOL_BUFFERS_ MPL MATPLOTLIB".split()
)
_SENSITIVE_NAMES = frozenset(
    "LANG LANGUAGE PATH HOME DO_NOT_TRACK MLFLOW_DISABLE_TELEMETRY MLFLOW_DISABLE_AGENT_HINT MLFLOW_LOGGING_LEVEL"  # noqa: SIM905 as above
    " MLFLOW_CONFIGURE_LOGGING MLFLOW_LOGGING_CONFIGURE_LOGGING".split()
)
"""Variables, by the beginning of their names or as they are, that are read once: when a process starts, or when what a zygote has
imported was imported."""


@dataclass(frozen=True, slots=True)
class Plain:
    """A plain run of Python. words: the command, word by word. One of script and module is set. arguments: what follows it."""

    words: tuple[str, ...]
    script: str
    module: str
    arguments: tuple[str, ...]
    unbuffered: bool


def plain(command: str) -> Plain | None:
    """The command as a plain run of Python, or None when it is anything else."""
    words = _words(command.strip(" \t\n"))
    if not words or words[0] not in ("python", "python3"):
        return None
    at, unbuffered = 1, False
    while at < len(words) and words[at] == "-u":
        at, unbuffered = at + 1, True
    if at >= len(words):
        return None
    if words[at] == "-m":
        if at + 1 >= len(words):
            return None
        return Plain(tuple(words), "", words[at + 1], tuple(words[at + 2 :]), unbuffered)
    if words[at].startswith("-") or not words[at].endswith(".py"):
        return None
    return Plain(tuple(words), words[at], "", tuple(words[at + 1 :]), unbuffered)


def is_settled_before_start(variables: Mapping[str, str], machine: Mapping[str, str]) -> bool:
    """Whether a step sets nothing otherwise than the machine that is read only when a process, or a numeric library, starts."""
    return all(str(value) == machine.get(name) for name, value in variables.items() if _is_read_at_start(name))


def settled_before_start(machine: Mapping[str, str]) -> list[tuple[str, str]]:
    """The machine's variables that are read only when a process starts."""
    return [(name, value) for name, value in machine.items() if _is_read_at_start(name)]


def _is_read_at_start(name: str) -> bool:
    return name.startswith(_SENSITIVE) or name in _SENSITIVE_NAMES


def _words(command: str) -> list[str]:
    """The words as the shell would make them; none when the shell would do more than that."""
    quote = ""
    for character in command:
        if quote:
            if character == quote:
                quote = ""
            elif quote == '"' and character in "$`\\!":
                return []
        elif character in "'\"":
            quote = character
        elif character in _SHELL:
            return []
    try:
        return shlex.split(command, posix=True)
    except ValueError:
        return []
