"""Curated environments: names that public examples use, known without being registered.

Those that need only pandas, scikit-learn and mlflow stand for the interpreter that the server itself runs in (so does `azurine-host`),
the others for a virtual environment with the packages named below. Which image Azure would have used is kept for the record.
https://learn.microsoft.com/azure/machine-learning/resource-curated-environments
"""

import re
from functools import lru_cache

from azurine.model.resources import Json, Resource

HOST = "azurine-host"
REGISTRY = "azureml"
"""The registry in which curated environments live."""
KNOWN = "sklearn-<version>, lightgbm-<version>, xgboost-<version> and azurine-host"
LISTED = (HOST, "sklearn-1.0", "sklearn-1.1", "sklearn-1.5", "lightgbm-3.2", "lightgbm-3.3", "xgboost-2.1")
"""What the registry's list shows; others are known too."""
KIND_NAME = "workspaces/environments/versions"
_IMAGE = "mcr.microsoft.com/azureml/curated/"
_ON_HOST = re.compile(r"azurine-host|(AzureML-)?sklearn-[0-9][A-Za-z0-9._-]*|(AzureML-)?(Minimal|Tutorial|minimal-py[0-9a-z.-]*)")
_BUILT = {
    re.compile(r"(AzureML-)?lightgbm-[0-9][A-Za-z0-9._-]*"): ("lightgbm>=3.3", "scikit-learn", "pandas", "mlflow"),
    re.compile(r"(AzureML-)?xgboost-[0-9][A-Za-z0-9._-]*"): ("xgboost", "scikit-learn", "pandas", "mlflow"),
}


def known(name: str) -> Json | None:
    """What a curated name stands for: {"curated": true, "host": …, "properties": …}; None when the name is not known.

    host: true means the interpreter of the server itself; otherwise properties has a condaFile to build from.
    """
    if len(name) > 255:
        return None
    if _ON_HOST.fullmatch(name):
        return {"curated": True, "host": True, "properties": {"image": _image(name), "osType": "Linux"}}
    for pattern, packages in _BUILT.items():
        if pattern.fullmatch(name):
            properties = {"image": _image(name), "condaFile": _conda_file(packages), "osType": "Linux"}
            return {"curated": True, "host": False, "properties": properties}
    return None


@lru_cache(maxsize=256)
def stand_in(workspace: str, name: str, version: str) -> Resource | None:
    """A curated environment as a resource, though none was registered; None when the name is not known."""
    found = known(name)
    if found is None:
        return None
    spec = {"properties": found["properties"], "plan": plan(found)}
    return Resource(id=f"{workspace}/environments/{name}/versions/{version}", kind=KIND_NAME, spec=spec)


def plan(found: Json) -> Json:
    """What a resource of a curated environment keeps for itself."""
    return {"curated": True, "host": bool(found["host"])}


def _conda_file(packages: tuple[str, ...]) -> str:
    return "\n".join(["dependencies:", "- python", "- pip", "- pip:", *(f"  - {package}" for package in packages)]) + "\n"


def _image(name: str) -> str:
    return f"{_IMAGE}{name.removeprefix('AzureML-').lower()}:latest"
