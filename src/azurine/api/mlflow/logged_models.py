"""Logged models (MLflow 3): a model that a run made, before anybody registers it.

Its files lie in the run's folder under the model's name, as in Azure, so `azureml://jobs/RUN/outputs/artifacts/paths/NAME` is the
same model. A second model of the same name in one run gets a folder with its id.
"""

import secrets
from collections.abc import Callable

from azurine.api.mlflow import filters, limits, paging, ranking, shapes, spots
from azurine.api.mlflow.arguments import invalid
from azurine.api.mlflow.artifacts import Files
from azurine.api.mlflow.experiments import Experiments
from azurine.api.mlflow.filters import ATTRIBUTE
from azurine.api.mlflow.house import Call, Spot
from azurine.api.mlflow.names import model_name
from azurine.api.mlflow.runs import StoredRuns
from azurine.model import errors, ids
from azurine.model.clock import Clock
from azurine.model.resources import Json
from azurine.tracking.contract import LoggedModel, Tracking

STATUSES = {1: "LOGGED_MODEL_PENDING", 2: "LOGGED_MODEL_READY", 3: "LOGGED_MODEL_UPLOAD_FAILED"}
_SHORT = {word.removeprefix("LOGGED_MODEL_"): word for word in STATUSES.values()}
DELETED = "deleted"
LONGEST_PAGE = 1000


class LoggedModels:
    def __init__(self, tracking: Tracking, runs: StoredRuns, experiments: Experiments, files: Files, clock: Clock) -> None:
        self._tracking = tracking
        self._runs = runs
        self._experiments = experiments
        self._files = files
        self._clock = clock

    def create(self, call: Call) -> Json:
        arguments = call.arguments
        experiment = self._experiments.by_id(call.workspace, arguments.text("experiment_id", "0"))
        run = self._runs.get(call.workspace, arguments.text("source_run_id")).name if "source_run_id" in arguments else ""
        name = arguments.text("name", "") or model_name()
        _check_name(name)
        identifier = f"m-{secrets.token_hex(16)}"
        now = self._now()
        body = {
            "location": spots.artifact_uri(self._folder(call.workspace, experiment.id, run, name, identifier)),
            "status": STATUSES[1],
            "model_type": arguments.text("model_type", ""),
            "params": dict(limits.param(one) for one in arguments.objects("params")),
            "tags": dict(limits.tag(one) for one in arguments.objects("tags")),
            "updated": now,
            "creator": call.by,
        }
        model = LoggedModel(identifier, call.workspace, experiment.id, name, run, now, body)
        self._tracking.add_model(model)
        return {"model": self._shown(model)}

    def _folder(self, workspace: str, experiment: str, run: str, name: str, identifier: str) -> Spot:
        if not run:
            return spots.of_model(workspace, identifier)
        spots.safe(name)
        taken = any(model.run == run for model in self._tracking.find_models(workspace, [experiment], name))
        return spots.of_run(workspace, run, f"{name}-{identifier}" if taken else name)

    def get(self, call: Call) -> Json:
        model = self._model(call, deleted=call.arguments.flag("allow_deleted"))
        return {"model": self._shown(model)}

    def _model(self, call: Call, *, deleted: bool = False) -> LoggedModel:
        identifier = call.path["model_id"]
        model = self._tracking.get_model(call.workspace, identifier)
        if model is None or (model.body.get(DELETED) and not deleted):
            raise errors.Missing(f"Logged model with id={identifier[:100]} not found")
        return model

    def finalize(self, call: Call) -> Json:
        status = call.arguments.text("status")
        status = STATUSES.get(int(status), status) if status.isascii() and status.isdigit() else _SHORT.get(status, status)
        if status not in (STATUSES[2], STATUSES[3]):
            raise invalid("status", status, f"It must be {STATUSES[2]} or {STATUSES[3]}.")
        return {"model": self._shown(self._change(call, lambda body: {**body, "status": status}))}

    def delete(self, call: Call) -> Json:
        self._change(call, lambda body: {**body, DELETED: True})
        return {}

    def log_params(self, call: Call) -> Json:
        given = dict(limits.param(one) for one in call.arguments.objects("params"))

        def change(body: Json) -> Json:
            for key, value in given.items():
                if body["params"].get(key, value) != value:
                    raise errors.Invalid(f"The param {key!r} of a logged model cannot be changed: it is {body['params'][key]!r}.", path="params")
            return {**body, "params": {**body["params"], **given}}

        self._change(call, change)
        return {}

    def set_tags(self, call: Call) -> Json:
        given = dict(limits.tag(one) for one in call.arguments.objects("tags"))
        return {"model": self._shown(self._change(call, lambda body: {**body, "tags": {**body["tags"], **given}}))}

    def delete_tag(self, call: Call) -> Json:
        key = call.path["tag_key"]

        def change(body: Json) -> Json:
            if key not in body["tags"]:
                raise errors.Missing(f"No tag with key {key[:250]!r} found for model with ID {call.path['model_id']!r}.")
            return {**body, "tags": {name: value for name, value in body["tags"].items() if name != key}}

        self._change(call, change)
        return {}

    def _change(self, call: Call, change: Callable[[Json], Json]) -> LoggedModel:
        self._model(call)
        changed = self._tracking.change_model(call.workspace, call.path["model_id"], lambda body: {**change(body), "updated": self._now()})
        if changed is None:
            raise errors.Missing(f"Logged model with id={call.path['model_id'][:100]} not found")
        return changed

    def files(self, call: Call) -> Json:
        return self._files.below(spot(self._model(call)), call.arguments.text("artifact_directory_path", ""))

    def search(self, call: Call) -> Json:
        arguments = call.arguments
        comparisons = filters.parse(arguments.text("filter", ""), ranking.GRAMMAR)
        datasets = [(one.text("dataset_name"), one.text("dataset_digest", "")) for one in arguments.objects("datasets")]
        name = next((one.value for one in comparisons if (one.entity, one.key, one.operator) == (ATTRIBUTE, "name", "=")), None)
        experiments = [self._number(call, number) for number in arguments.texts("experiment_ids")]
        models = self._tracking.find_models(call.workspace, experiments, name if isinstance(name, str) else None)
        models = [model for model in models if not model.body.get(DELETED)]
        points = self._tracking.model_metrics([model.id for model in models])
        models = [model for model in models if all(ranking.fits(one, model, points[model.id], datasets) for one in comparisons)]
        models = ranking.ordered(models, points, arguments.objects("order_by"))
        size = arguments.limit("max_results", 50, LONGEST_PAGE)
        page, token = paging.cut(models, arguments.text("page_token", ""), size)
        found = {"models": [shown(model, points[model.id]) for model in page]}
        return {**found, "next_page_token": token} if token else found

    def _number(self, call: Call, number: str) -> str:
        try:
            return self._experiments.by_id(call.workspace, number).id
        except errors.Missing:
            return number

    def _shown(self, model: LoggedModel) -> Json:
        return shown(model, self._tracking.model_metrics([model.id])[model.id])

    def _now(self) -> int:
        return round(self._clock() * 1000)


def spot(model: LoggedModel) -> Spot:
    """The folder of a logged model's files."""
    return spots.read(model.scope, model.body["location"].removeprefix(spots.SCHEME))


def shown(model: LoggedModel, points: ranking.Points) -> Json:
    body = model.body
    info = {
        "model_id": model.id,
        "experiment_id": model.experiment,
        "name": model.name,
        "creation_timestamp_ms": model.created,
        "last_updated_timestamp_ms": body["updated"],
        "artifact_uri": body["location"],
        "status": body["status"],
        "tags": shapes.pairs(body["tags"]),
    }
    info |= {name: value for name, value in (("model_type", body.get("model_type")), ("source_run_id", model.run)) if value}
    metrics = [shapes.metric(point, ids.name(run)) for run, point in points]
    return {"info": info, "data": {"params": shapes.pairs(body["params"]), "metrics": metrics}}


def _check_name(name: str) -> None:
    if any(letter in name for letter in "/:.%\"'") or len(name) > 250:
        raise errors.Invalid(
            f"Invalid model name ({name[:100]!r}) provided. Model name must be a non-empty string of at most 250 characters and cannot contain "
            "the following characters: ['/', ':', '.', '%', '\"', \"'\"]",
            path="name",
        )
