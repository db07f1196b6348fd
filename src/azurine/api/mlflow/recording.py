"""Recording: metrics, params, tags, batches, inputs and outputs of a run; and reading a metric's history."""

import hashlib
import json

from azurine.api.mlflow import limits, paging, shapes
from azurine.api.mlflow.arguments import Arguments
from azurine.api.mlflow.house import Call
from azurine.api.mlflow.runs import RUN_NAME, Run, StoredRuns
from azurine.model import errors, ids
from azurine.model.resources import Json
from azurine.tracking.contract import Link, Tracking

LONGEST_PAGE = 25_000
MOST_RUNS = 100
MOST_STEPS = 2500
LOGGED_MODELS = "mlflow.log-model.history"
MOST_DATASETS = 1000
_DATASET_LIMITS = {"name": 500, "digest": 36, "source_type": 500, "source": 65_535, "schema": 1_048_575, "profile": 16_777_215}


class Recording:
    """Nothing here makes runs or ends them."""

    def __init__(self, runs: StoredRuns, tracking: Tracking) -> None:
        self._runs = runs
        self._tracking = tracking

    def run(self, call: Call) -> Run:
        """The run that a call is about, which must not be deleted."""
        run = self._runs.get(call.workspace, run_id(call.arguments))
        if run.archived:
            raise errors.Invalid(f"The run {run.name} must be in the 'active' state. Current state is deleted.", path="run_id")
        return run

    def log_metric(self, call: Call) -> Json:
        point = limits.metric(call.arguments)
        self._tracking.record(self.run(call).id, [point])
        return {}

    def log_param(self, call: Call) -> Json:
        key, value = limits.param(call.arguments)
        self._tracking.record(self.run(call).id, params={key: value})
        return {}

    def set_tag(self, call: Call) -> Json:
        key, value = limits.tag(call.arguments)
        self._set_tags(call, self.run(call), {key: value})
        return {}

    def _set_tags(self, call: Call, run: Run, tags: dict[str, str]) -> None:
        if tags.get(RUN_NAME) and tags[RUN_NAME] != run.title:
            self._runs.rename(call.workspace, run.name, tags[RUN_NAME])
        kept: dict[str, str | None] = {key: value for key, value in tags.items() if shapes.is_house_tag(key) and key != RUN_NAME}
        if kept:
            self._tracking.record(run.id, tags=kept)
        own = {key: value for key, value in tags.items() if not shapes.is_house_tag(key)}
        if own:
            self._runs.retag(call.workspace, run.name, own)

    def delete_tag(self, call: Call) -> Json:
        run, key = self.run(call), call.arguments.text("key")
        facts = self._tracking.latest([run.id])[run.id]
        if key not in shapes.tags(run, facts):
            raise errors.Missing(f"No tag with name: {key} in run with id {run.name}")
        if shapes.is_house_tag(key) or key in facts.tags:
            self._tracking.record(run.id, tags={key: None})
        if not shapes.is_house_tag(key):
            self._runs.retag(call.workspace, run.name, {key: None})
        return {}

    def log_batch(self, call: Call) -> Json:
        metrics, params, tags = (call.arguments.objects(name) for name in ("metrics", "params", "tags"))
        limits.batch(len(metrics), len(params), len(tags))
        points = [limits.metric(one) for one in metrics]
        new_params = limits.params([limits.param(one) for one in params])
        new_tags = dict(limits.tag(one) for one in tags)
        run = self.run(call)
        # What may be refused comes first; then the rest, which a client that tries again may say again.
        self._tracking.record(run.id, points, new_params)
        self._set_tags(call, run, new_tags)
        return {}

    def log_model(self, call: Call) -> Json:
        """What clients older than MLflow 3 report of a model they logged: a list of them, kept as a tag."""
        run = self.run(call)
        try:
            model = json.loads(call.arguments.text("model_json"))
        except (ValueError, RecursionError) as problem:
            raise errors.Invalid(f"Malformed model info: model_json is not JSON: {problem}", path="model_json") from problem
        missing = [name for name in ("artifact_path", "flavors", "utc_time_created") if not isinstance(model, dict) or name not in model]
        if missing:
            raise errors.Invalid(f"Model json is missing mandatory fields: {', '.join(missing)}", path="model_json")
        before = shapes.tags(run, self._tracking.latest([run.id])[run.id]).get(LOGGED_MODELS)
        self._tracking.record(run.id, tags={LOGGED_MODELS: json.dumps([*(json.loads(before) if before else []), model])})
        return {}

    def log_inputs(self, call: Call) -> Json:
        datasets = call.arguments.objects("datasets")
        if len(datasets) > MOST_DATASETS:
            raise errors.Invalid(f"At most {MOST_DATASETS} datasets can be logged at once. Got {len(datasets)}.", path="datasets")
        links = [_dataset(one) for one in datasets]
        links += shapes.link_models(shapes.MODEL_INPUT, {one.text("model_id"): None for one in call.arguments.objects("models")})
        self._tracking.link(self.run(call).id, links)
        return {}

    def log_outputs(self, call: Call) -> Json:
        models = {one.text("model_id"): one.whole("step", 0) for one in call.arguments.objects("models")}
        self._tracking.link(self.run(call).id, shapes.link_models(shapes.MODEL_OUTPUT, models))
        return {}

    def history(self, call: Call) -> Json:
        run = self._runs.get(call.workspace, run_id(call.arguments))
        key = call.arguments.text("metric_key")
        size = call.arguments.limit("max_results", LONGEST_PAGE, LONGEST_PAGE) if "max_results" in call.arguments else None
        after = paging.point(call.arguments.text("page_token", ""), key)
        points = self._tracking.history(run.id, key, after=after, limit=None if size is None else size + 1)
        page = points[:size]
        token = {"next_page_token": paging.point_token(page[-1])} if size is not None and len(points) > size else {}
        return {"metrics": [shapes.metric(point) for point in page], **token}

    def interval(self, call: Call) -> Json:
        names = call.arguments.texts("run_ids")
        if not 0 < len(names) <= MOST_RUNS:
            raise errors.Invalid(f"GetMetricHistoryBulkInterval takes 1 to {MOST_RUNS} run_ids. Got {len(names)}.", path="run_ids")
        key = call.arguments.text("metric_key")
        first, last = (call.arguments.whole(name) if name in call.arguments else None for name in ("start_step", "end_step"))
        if (first is None) != (last is None) or (first is not None and last is not None and first > last):
            raise errors.Invalid("start_step and end_step go together, and start_step must not be greater than end_step.", path="start_step")
        most = call.arguments.limit("max_results", MOST_STEPS, MOST_STEPS)
        runs = [self._runs.get(call.workspace, name).id for name in names]
        points = self._tracking.interval(runs, key, first, last, most)
        return {"metrics": [shapes.metric(point, ids.name(run)) for run, point in points]}

    def bulk(self, call: Call) -> Json:
        """The whole history of one metric for several runs, as charts ask for it."""
        names = call.arguments.texts("run_id")
        if not 0 < len(names) <= MOST_RUNS:
            raise errors.Invalid(f"GetMetricHistoryBulk takes 1 to {MOST_RUNS} run_id. Got {len(names)}.", path="run_id")
        key, left = call.arguments.text("metric_key"), call.arguments.limit("max_results", LONGEST_PAGE, LONGEST_PAGE)
        found: list[Json] = []
        for name in sorted(names):
            points = self._tracking.history(self._runs.get(call.workspace, name).id, key, limit=left)
            found += [shapes.metric(point, name) for point in points]
            left -= len(points)
        return {"metrics": found}


def run_id(arguments: Arguments) -> str:
    return arguments.text("run_id", "") or arguments.text("run_uuid", "") or arguments.text("run_id")


def _dataset(arguments: Arguments) -> Link:
    dataset = arguments.object("dataset")
    body = {name: dataset.anything(name) for name in _DATASET_LIMITS if name in dataset}
    for name in ("name", "digest", "source_type", "source"):
        dataset.text(name)
    for name, longest in _DATASET_LIMITS.items():
        if len(body.get(name, "")) > longest:
            raise errors.Invalid(f"'{dataset.path(name)}' exceeds the maximum length of {longest} characters", path=dataset.path(name))
    tags = [{"key": one.text("key"), "value": one.anything("value")} for one in arguments.objects("tags")]
    identity = hashlib.sha256(json.dumps([body["name"], body["digest"]]).encode()).hexdigest()
    return Link(shapes.DATASET, identity, {"dataset": body, "tags": tags})
