"""Registered models: where one is after it was fetched, what is said of it."""

import urllib.parse
from pathlib import Path
from typing import Any

from ..exceptions import ModelNotFoundException, ServiceException
from . import _house
from .workspace import Workspace

FOLDER = "azureml-models"


class Model:
    """A version of a model; the one that was registered last when none is named. tags and properties are texts."""

    def __init__(self, workspace: Workspace | None = None, name: str = "", id: str = "", version: int | str | None = None, **more: Any) -> None:
        name, _, said = (id or name).partition(":")
        self.workspace = workspace or Workspace()
        found = _version(name, str(version or said or ""))
        about = found["properties"]
        self.name = name
        self.version = int(found["name"]) if found["name"].isdigit() else found["name"]
        self.id = f"{name}:{found['name']}"
        self.description = str(about.get("description") or "")
        self.tags: dict[str, str] = dict(about.get("tags") or {})
        self.properties: dict[str, str] = dict(about.get("properties") or {})
        self.url = str(about["modelUri"])

    @staticmethod
    def get_model_path(model_name: str, version: int | str | None = None, _workspace: Workspace | None = None) -> str:
        """Fetches the model, once, and answers the path of its file or folder, below `azureml-models` in the working folder."""
        model = Model(_workspace, model_name, version=version)
        target = Path(FOLDER) / model.name / str(model.version)
        there = sorted(target.iterdir()) if target.is_dir() else []
        return str(there[0] if there else _house.fetch(_house.spot(model.url), target))

    @staticmethod
    def list(workspace: Workspace | None = None, name: str | None = None, latest: bool = False, **more: Any) -> "list[Model]":
        """Those of the name, newest first; without a name the newest of each."""
        if name is None or latest:
            names = [name] if name else [one["name"] for one in _house.resource("models").get("value", [])]
            return [Model(workspace, one) for one in names]
        versions = _house.resource(f"models/{urllib.parse.quote(name)}/versions").get("value", [])
        return [Model(workspace, name, version=one["name"]) for one in versions]

    def download(self, target_dir: str = ".", exist_ok: bool = False, exists_ok: bool | None = None) -> str:
        return str(_house.fetch(_house.spot(self.url), Path(target_dir)))

    def __repr__(self) -> str:
        said = f"name={self.name}, id={self.id}, version={self.version}, tags={self.tags}, properties={self.properties}"
        return f"Model(workspace={self.workspace!r}, {said})"


def _version(name: str, version: str) -> dict[str, Any]:
    above = f"models/{urllib.parse.quote(name)}"
    try:
        version = version or str(_house.resource(above)["properties"].get("latestVersion") or "")
        return _house.resource(f"{above}/versions/{urllib.parse.quote(version)}")
    except ServiceException as problem:
        if problem.status_code != 404:
            raise
        which = name + (f", version {version}" if version else "")
        raise ModelNotFoundException(f"ModelNotFound: no model named {which} is registered in the workspace") from problem
