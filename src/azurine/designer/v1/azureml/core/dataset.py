"""Registered data and datastores, for reading."""

import urllib.parse
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from ..exceptions import ServiceException, UserErrorException
from . import _house
from .workspace import Workspace


class Dataset:
    """A version of a data asset; the one that was registered last when none is named."""

    def __init__(self, name: str, version: str, url: str) -> None:
        self.name, self.version, self.id, self.url = name, version, f"{name}:{version}", url

    @staticmethod
    def get_by_name(workspace: Workspace, name: str, version: int | str = "latest") -> "Dataset":
        above = f"data/{urllib.parse.quote(name)}"
        try:
            wanted = str(_house.resource(above)["properties"].get("latestVersion")) if str(version) == "latest" else str(version)
            found = _house.resource(f"{above}/versions/{urllib.parse.quote(wanted)}")
        except ServiceException as problem:
            if problem.status_code != 404:
                raise
            raise UserErrorException(f"Cannot load any Dataset with name={name!r} and version={version!r} in the workspace.") from problem
        return Dataset(name, wanted, str(found["properties"]["dataUri"]))

    def download(self, target_path: str | None = None, overwrite: bool = False) -> list[str]:
        """Fetches the files; answers their paths."""
        copy = _house.fetch(_house.spot(self.url), Path(target_path or mkdtemp(prefix="dataset-")))
        return [str(one) for one in sorted(copy.rglob("*")) if one.is_file()] if copy.is_dir() else [str(copy)]

    def to_path(self) -> list[str]:
        return [f"/{one}" for one in _house.names(_house.spot(self.url))] or ["/" + self.url.rpartition("/")[2]]

    def to_pandas_dataframe(self) -> Any:
        """All CSV and Parquet files of it, one below the other."""
        import pandas

        read = {".csv": pandas.read_csv, ".tsv": lambda path: pandas.read_csv(path, sep="\t"), ".parquet": pandas.read_parquet}
        frames = [read[Path(one).suffix.lower()](one) for one in self.download() if Path(one).suffix.lower() in read]
        if not frames:
            raise UserErrorException(f"{self.id} has no CSV, TSV or Parquet file")
        return pandas.concat(frames, ignore_index=True)


class Datastore:
    def __init__(self, workspace: Workspace, name: str) -> None:
        self.workspace, self.name = workspace, str(_house.resource(f"datastores/{urllib.parse.quote(name)}")["name"])

    @staticmethod
    def get(workspace: Workspace, datastore_name: str) -> "Datastore":
        return Datastore(workspace, datastore_name)

    def download(self, target_path: str, prefix: str = "", **more: Any) -> int:
        """Fetches what lies below a path; answers how many files that were."""
        copy = _house.fetch(f"datastores/{self.name}/paths/{prefix.strip('/')}", Path(target_path))
        return sum(one.is_file() for one in copy.rglob("*")) if copy.is_dir() else 1
