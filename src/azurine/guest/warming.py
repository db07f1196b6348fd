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
)
"""What steps usually import, of what is installed: measured, most of a step's start is spent on these."""


def zygote(folder: Path, python: str, variables: Mapping[str, str]) -> Path | None:
    """Where the zygote for a step of this interpreter, with these variables of its own, listens; None when there is none (yet)."""
    machine = os.environ
    if not commands.is_settled_before_start(variables, machine):
        return None
    name = zygotes.name(python, commands.settled_before_start(machine))
    path = zygotes.address(folder, name)
    if path.exists():
        return path
    if not Path(f"{path}.unfit").exists():
        zygotes.start(folder, name, python, IMPORTS, wait=False)
    return None
