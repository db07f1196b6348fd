"""Which zygote a step may start from, and what that zygote has imported.

A zygote belongs to an interpreter and to those variables of the machine that matter when a process starts. A step that sets
one of these otherwise gets no zygote. Where the zygote is not there yet, it is started for the next step, and this one
begins without it: it would have to wait as long as its own imports take.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from azurine.compute import zygotes
from azurine.guest import commands

IMPORTS = (
    "numpy",
    "pandas",
    "sklearn",
    "sklearn.linear_model",
    "sklearn.ensemble",
    "sklearn.model_selection",
    "sklearn.pipeline",
    "joblib",
    "matplotlib.pyplot",
    "mlflow",
    "mlflow.sklearn",
)
"""What steps usually import, of what is installed: measured, most of a step's start is spent on these."""
USUAL = {"MLFLOW_DISABLE_TELEMETRY": "true"}
"""Variables that the server gives to every step and that these imports read."""


def zygote(folder: Path, python: str, variables: Mapping[str, str]) -> Path | None:
    """Where the zygote for a step of this interpreter, with these variables of its own, listens; None when there is none (yet)."""
    if not commands.is_settled_before_start(variables, os.environ | USUAL):
        return None
    name = name_of(python)
    path = zygotes.address(folder, name)
    if path.exists():
        return path
    start(folder, python, wait=False)
    return None


def name_of(python: str) -> str:
    """The name of the zygote of an interpreter, on this machine as it is set up now."""
    return zygotes.name(python, commands.settled_before_start(os.environ))


def start(folder: Path, python: str, *, wait: bool) -> Path:
    """Starts that zygote, if it is not there, and answers where it listens."""
    variables = [f"{name}={value}" for name, value in USUAL.items()]
    zygotes.start(folder, name_of(python), python, IMPORTS, wait=wait, variables=variables)
    return zygotes.address(folder, name_of(python))
