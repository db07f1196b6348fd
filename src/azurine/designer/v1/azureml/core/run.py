"""The run of the step: what it measures, says and keeps.

A job's run is one thing with its MLflow run, so what is logged here is seen with `mlflow` and in the job. A value that is no number is kept
as a tag of its name. Outside of a job there is a run that only prints, when the script allows it.
"""

import io
import os
import time
import urllib.parse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from ..exceptions import RunEnvironmentException
from . import _house
from .experiment import Experiment
from .model import Model
from .workspace import Workspace

OFFLINE = "OfflineRun"


class Run:
    def __init__(self, experiment: Experiment | None, run_id: str, **more: Any) -> None:
        self.experiment = experiment or Experiment(Workspace(), _house.variable("AZUREML_ARM_PROJECT_NAME"))
        self.id = run_id
        self._steps: dict[str, int] = {}

    @staticmethod
    def get_context(allow_offline: bool = True, used_for_context_manager: bool = False, **more: Any) -> "Run":
        if _house.inside():
            return Run(None, _house.variable("AZUREML_RUN_ID"))
        if allow_offline:
            return OfflineRun()
        raise RunEnvironmentException("Could not load a submitted run: this runs outside of a job. Allow it with allow_offline=True.")

    # ── what it is ──

    @property
    def name(self) -> str:
        return str(self._job().get("displayName") or self.id)

    @property
    def parent(self) -> "Run | None":
        above = self._job().get("parentJobName")
        return Run(self.experiment, str(above)) if above else None

    def get_properties(self) -> dict[str, str]:
        return dict(self._job().get("properties") or {})

    def get_tags(self) -> dict[str, str]:
        return {str(one["key"]): str(one["value"]) for one in self._data().get("tags", []) if not str(one["key"]).startswith("mlflow.")}

    def get_status(self) -> str:
        return str(self._job().get("status", ""))

    def get_details(self) -> dict[str, Any]:
        job = self._job()
        return {
            "runId": self.id,
            "status": job.get("status"),
            "properties": dict(job.get("properties") or {}),
            "startTimeUtc": job.get("startTimeUtc"),
        }

    # ── what it measures ──

    def log(self, name: str, value: Any, description: str = "", step: int | None = None) -> None:
        number = _number(value)
        if number is None:
            self.tag(name, str(value))
            return
        place = self._steps.get(name, 0) if step is None else step
        self._steps[name] = place + 1
        _house.mlflow("runs/log-metric", {"run_id": self.id, "key": name, "value": number, "timestamp": int(time.time() * 1000), "step": place})

    def log_list(self, name: str, value: Sequence[Any], description: str = "") -> None:
        for one in value:
            self.log(name, one)

    def log_row(self, name: str, description: str = "", **columns: Any) -> None:
        for column, value in columns.items():
            self.log(f"{name}/{column}", value)

    def log_table(self, name: str, value: Mapping[str, Any], description: str = "") -> None:
        for column, found in value.items():
            self.log_list(f"{name}/{column}", found if isinstance(found, Sequence) and not isinstance(found, str) else [found])

    def log_image(self, name: str, path: str | None = None, plot: Any = None, description: str = "") -> None:
        if path is not None:
            self.upload_file(f"{name}{Path(path).suffix}", path)
            return
        drawn = io.BytesIO()
        plot.savefig(drawn, format="png")
        self.upload_file(f"{name}_{int(time.time())}.png", drawn)

    def get_metrics(self, name: str | None = None, **more: Any) -> dict[str, Any]:
        """A number for what was logged once, a list for what was logged several times."""
        wanted = [str(one["key"]) for one in self._data().get("metrics", [])]
        found: dict[str, Any] = {}
        for one in wanted if name is None else [each for each in wanted if each == name]:
            past = [point["value"] for point in _house.mlflow("metrics/get-history", run_id=self.id, metric_key=one).get("metrics", [])]
            found[one] = past[0] if len(past) == 1 else past
        return found

    # ── what is said of it ──

    def tag(self, key: str, value: Any = "") -> None:
        self.set_tags({key: value})

    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """Of the run, and of the job: with MLflow and in the job list the same is seen, as in Azure."""
        for key, value in tags.items():
            _house.mlflow("runs/set-tag", {"run_id": self.id, "key": key, "value": str(value)})
        known = self._job().get("tags") or {}
        _house.resource(f"jobs/{urllib.parse.quote(self.id)}", "PATCH", {"properties": {"tags": {**known, **_texts(tags)}}})

    # ── what it keeps ──

    def upload_file(self, name: str, path_or_stream: str | os.PathLike[str] | IO[bytes], **more: Any) -> None:
        place = f"{_house.RUNS}{self.id}/{_plain(name)}"
        if isinstance(path_or_stream, str | os.PathLike):
            with open(path_or_stream, "rb") as file:
                _house.send(place, file, os.fstat(file.fileno()).st_size)
            return
        path_or_stream.seek(0)
        content = path_or_stream.read()
        _house.send(place, io.BytesIO(content), len(content))

    def upload_files(self, names: Sequence[str], paths: Sequence[str], **more: Any) -> None:
        for name, path in zip(names, paths, strict=True):
            self.upload_file(name, path)

    def upload_folder(self, name: str, path: str, **more: Any) -> None:
        for one in sorted(Path(path).rglob("*")):
            if one.is_file():
                self.upload_file(f"{name}/{one.relative_to(path).as_posix()}", one)

    def get_file_names(self) -> list[str]:
        return sorted(_house.names(f"{_house.RUNS}{self.id}"))

    def download_file(self, name: str, output_file_path: str | None = None) -> None:
        target = Path(output_file_path or Path(name).name)
        copy = _house.fetch(f"{_house.RUNS}{self.id}/{_plain(name)}", target.parent)
        if copy != target:
            copy.replace(target / copy.name if target.is_dir() else target)

    def register_model(
        self,
        model_name: str,
        model_path: str | None = None,
        tags: Mapping[str, Any] | None = None,
        properties: Mapping[str, Any] | None = None,
        description: str | None = None,
        **more: Any,
    ) -> Model:
        """Registers what the run has kept at a path, such as outputs/model.pkl, as the next version of the name."""
        above = f"models/{urllib.parse.quote(model_name)}"
        known = {one["name"] for one in _house.resource("models").get("value", [])}
        version = str(_house.resource(above)["properties"]["nextVersion"]) if model_name in known else "1"
        place = f"azureml://datastores/workspaceartifactstore/paths/{_house.RUNS}{self.id}/{_plain(model_path or model_name)}"
        said = {"modelUri": place, "modelType": "custom_model", "description": description, "jobName": self.id}
        texts = {"tags": _texts(tags), "properties": _texts(properties)}
        _house.resource(f"{above}/versions/{version}", "PUT", {"properties": {**said, **texts}})
        return Model(self.experiment.workspace, model_name, version=version)

    # ── its end is the end of the step, not of these calls ──

    def complete(self, **more: Any) -> None:
        """Nothing: the run goes on as long as the step does."""

    def flush(self, timeout_seconds: float = 300) -> None:
        """Nothing: what is logged is there at once."""

    def __enter__(self) -> "Run":
        return self

    def __exit__(self, *problem: object) -> None:
        return None

    def __repr__(self) -> str:
        return f"Run(Experiment: {self.experiment.name}, Id: {self.id})"

    def _job(self) -> dict[str, Any]:
        found: dict[str, Any] = _house.resource(f"jobs/{urllib.parse.quote(self.id)}")["properties"]
        return found

    def _data(self) -> dict[str, Any]:
        found: dict[str, Any] = _house.mlflow("runs/get", run_id=self.id)["run"].get("data") or {}
        return found


class OfflineRun(Run):
    """Outside of a job: what is logged is printed, and nothing is kept."""

    def __init__(self) -> None:
        self.id = OFFLINE
        self._steps = {}

    @property
    def name(self) -> str:
        return OFFLINE

    @property
    def parent(self) -> Run | None:
        return None

    def log(self, name: str, value: Any, description: str = "", step: int | None = None) -> None:
        print(f"Attempted to log scalar metric {name}:\n{value}", flush=True)  # noqa: T201 for whoever tries the script

    def set_tags(self, tags: Mapping[str, Any]) -> None:
        for key, value in tags.items():
            self.tag(key, value)

    def tag(self, key: str, value: Any = "") -> None:
        print(f"Attempted to tag the run: {key}={value}", flush=True)  # noqa: T201

    def upload_file(self, name: str, path_or_stream: str | os.PathLike[str] | IO[bytes], **more: Any) -> None:
        print(f"Attempted to upload {name}", flush=True)  # noqa: T201


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _plain(name: str) -> str:
    return name.removeprefix("./").strip("/")


def _texts(given: Mapping[str, Any] | None) -> dict[str, str]:
    return {str(key): str(value) for key, value in (given or {}).items()}
