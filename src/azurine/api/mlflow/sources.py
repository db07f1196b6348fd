"""Where a registered model's files are: what MLflow says → Azure's address → what MLflow can download.

Said as `runs:/RUN/PATH`, `models:/ID`, `models:/NAME/VERSION`, `mlflow-artifacts:/…`, `azureml://…` or the address of another
store (s3://…). A path on somebody's disk is refused: this server cannot promise that it is there for others.
"""

import json
import re
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import yaml

from azurine.api.mlflow import logged_models, spots
from azurine.api.mlflow.house import Artifacts, Spot
from azurine.api.mlflow.runs import StoredRuns
from azurine.model import errors, ids
from azurine.store.log import Log
from azurine.tracking.contract import LoggedModel, Tracking

_PROXIED = re.compile(r"https?://[^?#]*/api/2\.0/mlflow-artifacts/artifacts/([^?#]*)")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]+://?")
LONGEST_MLMODEL = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Source:
    """uri: in Azure's words. spot: None when it is in another store. run, model: who made it, "" when not known."""

    uri: str
    spot: Spot | None = None
    run: str = ""
    model: str = ""
    flavors: Mapping[str, Any] = field(default_factory=dict)


class Sources:
    def __init__(self, log: Log, runs: StoredRuns, tracking: Tracking, artifacts: Artifacts) -> None:
        self._log = log
        self._runs = runs
        self._tracking = tracking
        self._artifacts = artifacts

    def find(self, workspace: str, said: str) -> Source:
        """Raises errors.Invalid when it is no place, errors.Missing when it names a run or model that is not there."""
        if said.startswith("models:/"):
            return self._model(workspace, said)
        if said.startswith("runs:/"):
            run, _, path = said[len("runs:/") :].strip("/").partition("/")
            self._runs.get(workspace, run)
            return self._at(spots.below(spots.of_run(workspace, run), path))
        if proxied := _PROXIED.fullmatch(said):
            return self._at(spots.read(workspace, proxied[1]))
        spot = spots.from_uri(workspace, said)
        if spot is not None:
            return self._at(spot)
        if not _SCHEME.match(said) or said.startswith("file:"):
            raise errors.Invalid(
                f"Invalid model version source: '{said[:300]}'. A local path is not there for others: log the model to a run, and register "
                "runs:/<run>/<path> or models:/<model_id>.",
                path="source",
            )
        return Source(said)

    def _model(self, workspace: str, said: str) -> Source:
        name, _, version = said[len("models:/") :].strip("/").partition("/")
        if not version:
            model = self._tracking.get_model(workspace, name)
            if model is None:
                raise errors.Missing(f"Logged model with id={name[:100]} not found")
            return self._at(logged_models.spot(model), model)
        found = self._log.get(ids.child(ids.child(workspace, "models", name), "versions", version)) if "/" not in version else None
        if found is None:
            raise errors.Missing(f"Model Version (name={name[:300]}, version={version[:100]}) not found")
        properties = found.spec.get("properties") or {}
        return Source(properties["modelUri"], spots.from_uri(workspace, properties["modelUri"]), flavors=properties.get("flavors") or {})

    def _at(self, spot: Spot, model: LoggedModel | None = None) -> Source:
        run = spots.run_of(spot)
        model = model or self._made_there(spot, run)
        flavors = self._flavors(spot)
        return Source(spots.azure_uri(spot), spot, run, model.id if model else "", flavors)

    def _made_there(self, spot: Spot, run: str) -> LoggedModel | None:
        """The logged model whose folder this is."""
        if not run:
            return self._tracking.get_model(spot.workspace, spots.model_of(spot)) if spots.model_of(spot) else None
        links = self._tracking.latest([ids.child(spot.workspace, "jobs", run)])
        for facts in links.values():
            for link in facts.links:
                model = self._tracking.get_model(spot.workspace, str(link.body.get("model_id", ""))) if link.sort == "model_output" else None
                if model is not None and model.body["location"] == spots.artifact_uri(spot):
                    return model
        return None

    def _flavors(self, spot: Spot) -> dict[str, Any]:
        """What the file MLmodel says; {} when there is none, or nobody can read it."""
        try:
            opened = self._artifacts.open(Spot(spot.workspace, spot.datastore, f"{spot.path}/MLmodel"))
            with closing(opened):
                raw = b"".join(opened.pieces()) if opened.size <= LONGEST_MLMODEL else b""
            content = yaml.load(raw, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        except (errors.AzurineError, yaml.YAMLError, ValueError, RecursionError):
            return {}
        flavors = content.get("flavors") if isinstance(content, dict) else None
        if not isinstance(flavors, dict):
            return {}
        return {
            str(name): {"data": {str(key): _text(value) for key, value in data.items() if value is not None}}
            for name, data in flavors.items()
            if isinstance(data, dict)
        }

    def download_uri(self, workspace: str, uri: str) -> str:
        """The address from which MLflow's clients download what is at Azure's address."""
        try:
            spot = spots.from_uri(workspace, uri)
        except errors.Invalid:
            return uri
        return uri if spot is None else spots.artifact_uri(spot)


def _text(value: Any) -> str:
    """Flavors are texts in Azure; what is more than a text is written as JSON."""
    return value if isinstance(value, str) else json.dumps(value, default=str)
