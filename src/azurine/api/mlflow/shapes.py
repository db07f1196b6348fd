"""A run and what is recorded about it, in MLflow's JSON."""

from collections.abc import Mapping

from azurine.api.mlflow import spots
from azurine.api.mlflow.runs import Run
from azurine.model import ids
from azurine.model.resources import Json
from azurine.tracking.contract import HOUSE_TAGS, Facts, Link, Metric

DATASET = "dataset"
MODEL_INPUT = "model_input"
MODEL_OUTPUT = "model_output"


def run(one: Run, experiment: str, facts: Facts) -> Json:
    return {
        "info": info(one, experiment),
        "data": {
            "metrics": [metric(point) for point in facts.metrics.values()],
            "params": pairs(facts.params),
            "tags": pairs(tags(one, facts)),
        },
        "inputs": {
            "dataset_inputs": _bodies(facts, DATASET),
            "model_inputs": _bodies(facts, MODEL_INPUT),
        },
        "outputs": {"model_outputs": _bodies(facts, MODEL_OUTPUT)},
    }


def info(one: Run, experiment: str) -> Json:
    shown = {
        "run_id": one.name,
        "run_uuid": one.name,
        "run_name": one.title,
        "experiment_id": experiment,
        "user_id": one.user,
        "status": one.status,
        "start_time": round(one.started * 1000),
        "artifact_uri": artifact_uri(one),
        "lifecycle_stage": one.stage,
    }
    return shown if one.ended is None else {**shown, "end_time": round(one.ended * 1000)}


def artifact_uri(one: Run) -> str:
    return spots.artifact_uri(spots.of_run(ids.parent(one.id), one.name))


def tags(one: Run, facts: Facts) -> dict[str, str]:
    """The job's own, and what MLflow says of itself, where the recorded stands above the job's; None takes one away."""
    own = {key: value for key, value in facts.tags.items() if not is_house_tag(key)}
    said = {key: value for key, value in facts.tags.items() if is_house_tag(key)}
    merged: dict[str, str | None] = {**own, **one.tags, **said}
    return {key: value for key, value in merged.items() if value is not None}


def is_house_tag(key: str) -> bool:
    """Does a tag say something about the run itself, rather than something of its user's?"""
    return key.startswith(HOUSE_TAGS)


def metric(point: Metric, run_name: str = "") -> Json:
    shown: dict[str, object] = {"key": point.key, "value": point.value, "timestamp": point.timestamp, "step": point.step}
    named = {"model_id": point.model, "dataset_name": point.dataset, "dataset_digest": point.digest, "run_id": run_name}
    return shown | {name: value for name, value in named.items() if value}


def pairs(mapping: Mapping[str, str]) -> list[Json]:
    return [{"key": key, "value": value} for key, value in mapping.items()]


def _bodies(facts: Facts, sort: str) -> list[Json]:
    return [link.body for link in facts.links if link.sort == sort]


def link_models(sort: str, models: Mapping[str, int | None]) -> list[Link]:
    """model id → step (None for inputs, which have none)."""
    return [Link(sort, model, {"model_id": model} if step is None else {"model_id": model, "step": step}) for model, step in models.items()]
