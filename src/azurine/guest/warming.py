"""Which zygote a step may start from, and what that zygote has imported.

A zygote belongs to an interpreter, to those variables of the machine that matter when a process starts, and to a kind of step: the
more a process has imported, the longer its fork takes, so a step that speaks of no numbers starts from a small one. The kind
is told by the words of the program; a step that imports more than was guessed imports it itself. A step that sets one of the variables
otherwise gets no zygote. Where the zygote is not there yet, it is started for the next step, and this one begins without
it: it would have to wait as long as its own imports take.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from azurine.compute import zygotes
from azurine.guest import commands

USUAL = {"MLFLOW_DISABLE_TELEMETRY": "true"}
"""Variables that the server gives to every step and that these imports read."""
READ = 1 << 20
"""Bytes of a program that are looked at for words, at most."""


@dataclass(frozen=True, slots=True)
class Kind:
    """words: of a program of this kind. imports: what its zygote has imported, of what is installed. variables: NAME=value, that these imports read."""

    name: str
    words: tuple[bytes, ...]
    imports: tuple[str, ...]
    variables: tuple[str, ...] = ()


_LIBRARY: tuple[str, ...] = (
    "argparse",
    "concurrent.futures",
    "csv",
    "ctypes",
    "dataclasses",
    "datetime",
    "json",
    "logging",
    "multiprocessing",
    "pathlib",
)
_LIBRARY += ("pickle", "random", "re", "shutil", "statistics", "subprocess", "tempfile", "threading", "typing", "urllib.request", "uuid")
_NUMBERS: tuple[str, ...] = (
    "numpy",
    "pandas",
    "sklearn",
    "sklearn.linear_model",
    "sklearn.ensemble",
    "sklearn.model_selection",
    "sklearn.pipeline",
    "joblib",
)
_TRACKING = ("matplotlib.pyplot", "mlflow", "mlflow.sklearn")

PLAIN = Kind("plain", (), _LIBRARY)
NUMBERS = Kind("numbers", (b"numpy", b"pandas", b"sklearn", b"scipy", b"joblib", b"pyarrow"), _LIBRARY + _NUMBERS)
TRACKING = Kind("tracking", (b"mlflow", b"matplotlib", b"seaborn"), _LIBRARY + _NUMBERS + _TRACKING)
"""Measured: most of a step's start is spent on these imports; forking with all of them takes twice as long as with numbers alone, and
that ten times as long as plain."""
ALLOCATION = {"_RJEM_MALLOC_CONF": "narenas:2,dirty_decay_ms:5000,oversize_threshold:0"}
"""Of Polars' allocator: memory that was given back is kept for what comes next. Measured: a tenth less processor time, and less memory."""
GRAPH = Kind(
    "graph", (), ("polars", "duckdb", "sqlglot", "azurine.guest.graph", "azurine.guest.graph:warm"), tuple(map("=".join, ALLOCATION.items()))
)
"""Of graphs of library components (`guest.graph`); it is named, not guessed."""
SCORING = Kind("scoring", (), _LIBRARY + _NUMBERS + ("azurine.guest.serving.ahead:done",))
"""Of the processes of deployments (`guest.scoring`) whose code does not speak of more; named, too."""
TABLES = Kind(
    "tables",
    (),
    _LIBRARY + _NUMBERS + ("yaml", "cloudpickle", "pyarrow", "pyarrow.parquet", "polars"),
    ("_RJEM_MALLOC_CONF=dirty_decay_ms:100,muzzy_decay_ms:0",),
)
"""Of the processes that predict whole tables with a model that has no script (`guest.mini_batches`); named, too. Polars' allocator is to give back what
is free after a tenth of a second: with its usual second and a half, a longer table seems to need a third more, none of which is in use."""
KINDS = (TRACKING, NUMBERS, PLAIN)


def kind_of(program: Path, command: str) -> Kind:
    """Of a step whose code lies in a folder. A program too large to be looked at whole may be of any kind, so of the largest."""
    left = READ
    seen = [command.encode()]
    for path in _sources(program):
        with suppress(OSError):
            text = path.read_bytes()
            left -= len(text)
            if left < 0:
                return TRACKING
            seen.append(text)
    return next(kind for kind in KINDS if not kind.words or any(word in text for word in kind.words for text in seen))


def zygote(folder: Path, python: str, variables: Mapping[str, str], kind: Kind = TRACKING) -> Path | None:
    """Where the zygote for a step of this interpreter, with these variables of its own, listens; None when there is none (yet)."""
    if not commands.is_settled_before_start(variables, os.environ | USUAL):
        return None
    path = zygotes.address(folder, _name(python, kind))
    if path.exists():
        return path
    start(folder, python, kind, wait=False)
    return None


def start(folder: Path, python: str, kind: Kind = TRACKING, *, wait: bool) -> Path:
    """Starts that zygote, if it is not there, and answers where it listens."""
    name = _name(python, kind)
    variables = [*(f"{variable}={value}" for variable, value in USUAL.items()), *kind.variables]
    zygotes.start(folder, name, python, kind.imports, wait=wait, variables=variables)
    return zygotes.address(folder, name)


def _name(python: str, kind: Kind) -> str:
    return zygotes.name(python, [("kind", kind.name), *commands.settled_before_start(os.environ)])


def _sources(program: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(program):
        folders[:] = [name for name in folders if not name.startswith((".", "__"))]
        yield from (Path(folder, name) for name in files if name.endswith(".py"))
