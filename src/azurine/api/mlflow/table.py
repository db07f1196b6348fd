"""The calls of this door by method and name: which function answers which."""

from collections.abc import Callable, Mapping

from azurine.api.mlflow.aliases import Aliases
from azurine.api.mlflow.artifacts import Files
from azurine.api.mlflow.experiments import Experiments
from azurine.api.mlflow.finding import ExperimentSearch
from azurine.api.mlflow.house import Call
from azurine.api.mlflow.living import Living
from azurine.api.mlflow.logged_models import LoggedModels
from azurine.api.mlflow.recording import Recording
from azurine.api.mlflow.registry import Registry
from azurine.api.mlflow.searching import Search
from azurine.api.mlflow.versions import Versions
from azurine.model.resources import Json

Handler = Callable[[Call], Json]
Table = Mapping[tuple[str, str], Handler]


def experiments(one: Experiments) -> Table:
    search = ExperimentSearch(one).find
    return {
        ("POST", "experiments/create"): one.create,
        ("GET", "experiments/get"): one.get,
        ("GET", "experiments/get-by-name"): one.get_by_name,
        ("POST", "experiments/search"): search,
        ("GET", "experiments/search"): search,
        ("GET", "experiments/list"): search,
        ("POST", "experiments/update"): one.update,
        ("POST", "experiments/delete"): one.delete,
        ("POST", "experiments/restore"): one.restore,
        ("POST", "experiments/set-experiment-tag"): one.set_tag,
        ("POST", "experiments/delete-experiment-tag"): one.delete_tag,
    }


def runs(living: Living, recording: Recording, search: Search, files: Files) -> Table:
    return {
        ("POST", "runs/create"): living.create,
        ("GET", "runs/get"): living.get,
        ("POST", "runs/update"): living.update,
        ("POST", "runs/delete"): living.delete,
        ("POST", "runs/restore"): living.restore,
        ("POST", "runs/search"): search.runs,
        ("POST", "runs/log-metric"): recording.log_metric,
        ("POST", "runs/log-parameter"): recording.log_param,
        ("POST", "runs/log-batch"): recording.log_batch,
        ("POST", "runs/set-tag"): recording.set_tag,
        ("POST", "runs/delete-tag"): recording.delete_tag,
        ("POST", "runs/log-model"): recording.log_model,
        ("POST", "runs/log-inputs"): recording.log_inputs,
        ("POST", "runs/outputs"): recording.log_outputs,
        ("GET", "metrics/get-history"): recording.history,
        ("GET", "metrics/get-history-bulk"): recording.bulk,
        ("GET", "metrics/get-history-bulk-interval"): recording.interval,
        ("GET", "artifacts/list"): files.of_run,
        ("POST", "experiments/search-datasets"): search.datasets,
        ("GET", "server-info"): _server_info,
    }


def registry(models: Registry, aliases: Aliases, versions: Versions) -> Table:
    return {
        ("POST", "registered-models/create"): models.create,
        ("GET", "registered-models/get"): models.get,
        ("PATCH", "registered-models/update"): models.update,
        ("POST", "registered-models/rename"): models.rename,
        ("DELETE", "registered-models/delete"): models.delete,
        ("GET", "registered-models/search"): models.search,
        ("POST", "registered-models/set-tag"): models.set_tag,
        ("DELETE", "registered-models/delete-tag"): models.delete_tag,
        ("POST", "registered-models/alias"): aliases.set,
        ("DELETE", "registered-models/alias"): aliases.delete,
        ("GET", "registered-models/alias"): aliases.get,
        ("POST", "registered-models/get-latest-versions"): versions.latest,
        ("GET", "registered-models/get-latest-versions"): versions.latest,
        ("POST", "model-versions/create"): versions.create,
        ("GET", "model-versions/get"): versions.get,
        ("PATCH", "model-versions/update"): versions.update,
        ("DELETE", "model-versions/delete"): versions.delete,
        ("GET", "model-versions/search"): versions.search,
        ("POST", "model-versions/transition-stage"): versions.move,
        ("GET", "model-versions/get-download-uri"): versions.download_uri,
        ("POST", "model-versions/set-tag"): versions.set_tag,
        ("DELETE", "model-versions/delete-tag"): versions.delete_tag,
    }


def logged_models(models: LoggedModels) -> Table:
    return {("POST", "logged-models"): models.create, ("POST", "logged-models/search"): models.search}


def one_logged_model(models: LoggedModels) -> Table:
    """By what follows `logged-models/ID`."""
    return {
        ("GET", ""): models.get,
        ("PATCH", ""): models.finalize,
        ("DELETE", ""): models.delete,
        ("POST", "/params"): models.log_params,
        ("PATCH", "/tags"): models.set_tags,
        ("DELETE", "/tags/*"): models.delete_tag,
        ("GET", "/artifacts/directories"): models.files,
    }


def _server_info(call: Call) -> Json:
    """What newer clients ask before they choose a way."""
    return {"store_type": "SqlStore", "workspaces_enabled": False, "multipart_uploads_enabled": False, "multipart_downloads_enabled": False}
