"""Which logged models a search finds, and in which order: their attributes, tags, params, and the metrics measured on them."""

from collections.abc import Mapping, Sequence

from azurine.api.mlflow import filters, matching
from azurine.api.mlflow.arguments import Arguments
from azurine.api.mlflow.filters import ATTRIBUTE, METRIC, NUMBER, PARAM, TAG, TEXT, Comparison, Grammar
from azurine.api.mlflow.searching import in_order
from azurine.tracking.contract import Cell, LoggedModel, Metric

Points = Sequence[tuple[str, Metric]]
"""(run, the latest point) per metric, run and dataset."""
Datasets = Sequence[tuple[str, str]]
"""Names and digests; a digest of "" means any."""

GRAMMAR = Grammar(
    attributes={
        "name": TEXT,
        "model_id": TEXT,
        "model_type": TEXT,
        "status": TEXT,
        "source_run_id": TEXT,
        "experiment_id": TEXT,
        "creation_timestamp": NUMBER,
        "last_updated_timestamp": NUMBER,
    },
    entities=frozenset({ATTRIBUTE, METRIC, PARAM, TAG}),
    aliases={
        "creation_time": "creation_timestamp",
        "creation_timestamp_ms": "creation_timestamp",
        "last_updated_timestamp_ms": "last_updated_timestamp",
    },
)


def ordered(models: list[LoggedModel], points: Mapping[str, Points], orders: Sequence[Arguments]) -> list[LoggedModel]:
    for one in reversed(orders):
        order = filters.parse_order(one.text("field_name"), GRAMMAR)
        dataset = [(one.text("dataset_name"), one.text("dataset_digest", ""))] if "dataset_name" in one else []

        def value(model: LoggedModel, entity: str = order.entity, key: str = order.key, only: Datasets = dataset) -> Cell:
            values = _values(entity, key, model, points[model.id], only)
            return values[0] if values else None

        models = in_order(models, value, one.flag("ascending", True) and order.ascending)
    return models


def fits(comparison: Comparison, model: LoggedModel, points: Points, datasets: Datasets) -> bool:
    """A metric may have a value per run and dataset: one that fits is enough."""
    values = _values(comparison.entity, comparison.key, model, points, datasets)
    return any(matching.holds(comparison, value) for value in values or [None])


def _values(entity: str, key: str, model: LoggedModel, points: Points, datasets: Datasets) -> list[Cell]:
    if entity == PARAM:
        return [model.body["params"].get(key)]
    if entity == TAG:
        return [model.body["tags"].get(key)]
    if entity == METRIC:
        return [point.value for _, point in points if point.key == key and _measured_on(point, datasets)]
    return [_attribute(key, model)]


def _measured_on(point: Metric, datasets: Datasets) -> bool:
    return not datasets or any(point.dataset == name and digest in ("", point.digest) for name, digest in datasets)


def _attribute(key: str, model: LoggedModel) -> Cell:
    values: dict[str, Cell] = {
        "name": model.name,
        "model_id": model.id,
        "model_type": model.body.get("model_type"),
        "status": model.body["status"].removeprefix("LOGGED_MODEL_"),
        "source_run_id": model.run or None,
        "experiment_id": model.experiment,
        "creation_timestamp": float(model.created),
        "last_updated_timestamp": float(model.body["updated"]),
    }
    return values[key]
