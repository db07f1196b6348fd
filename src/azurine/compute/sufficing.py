"""Does the interpreter that the server runs in have what a conda file asks for? Then nothing needs to be built.

A model's own conda file names the packages that it was made with. Models that were trained here were made with the server's packages,
so their environment is there already, and warm.
"""

import sys
from importlib import metadata
from pathlib import Path

from azurine.compute import conda
from azurine.model.errors import AzurineError
from azurine.model.resources import Json


def definition(model: Path) -> Json:
    """The environment that an MLflow model brings: of its conda file, unless the server's own does."""
    own = model / "conda.yaml"
    text = own.read_text(encoding="utf-8") if own.is_file() else ""
    return {"condaFile": text} if text and not suffices(text) else {"host": True}


def suffices(conda_file: str) -> bool:
    """Everything that is asked for is installed in a version that fits, and Python is of the same release."""
    # Here: only wanted when a model brings an environment.
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        wanted = conda.read(conda_file)
    except AzurineError:
        return False
    if wanted.options or (wanted.python and wanted.python.split(".")[:2] != [str(part) for part in sys.version_info[:2]]):
        return False
    for line in wanted.lines:
        try:
            asked = Requirement(line)
            if asked.url or not asked.specifier.contains(metadata.version(asked.name), prereleases=True):
                return False
        except (InvalidRequirement, metadata.PackageNotFoundError):
            return False
    return True
