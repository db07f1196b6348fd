"""Searching experiments."""

from azurine.api.mlflow import filters, matching, paging
from azurine.api.mlflow.experiments import Experiment, Experiments, shown
from azurine.api.mlflow.filters import ATTRIBUTE, NUMBER, TAG, TEXT, Grammar
from azurine.api.mlflow.house import Call
from azurine.api.mlflow.searching import in_order, view
from azurine.model.resources import Json
from azurine.tracking.contract import Cell

LONGEST_PAGE = 50_000
GRAMMAR = Grammar(
    {"name": TEXT, "experiment_id": TEXT, "creation_time": NUMBER, "last_update_time": NUMBER},
    frozenset({ATTRIBUTE, TAG}),
)


class ExperimentSearch:
    def __init__(self, experiments: Experiments) -> None:
        self._experiments = experiments

    def find(self, call: Call) -> Json:
        arguments = call.arguments
        wanted = view(arguments.text("view_type", "ACTIVE_ONLY"))
        comparisons = filters.parse(arguments.text("filter", ""), GRAMMAR)
        self._experiments.adopt(call.workspace)
        found = [one for one in self._experiments.all(call.workspace) if one.archived in wanted]
        found = [
            one for one in found if all(matching.holds(comparison, _value(comparison.entity, comparison.key, one)) for comparison in comparisons)
        ]
        for text in reversed(arguments.texts("order_by")):
            order = filters.parse_order(text, GRAMMAR)
            found = in_order(found, lambda one, order=order: _value(order.entity, order.key, one), order.ascending)  # type: ignore[misc]
        page, token = paging.cut(found, arguments.text("page_token", ""), arguments.limit("max_results", 1000, LONGEST_PAGE))
        answer = {"experiments": [shown(one) for one in page]}
        return {**answer, "next_page_token": token} if token else answer


def _value(entity: str, key: str, experiment: Experiment) -> Cell:
    if entity == TAG:
        value = experiment.tags.get(key)
        return None if value is None else str(value)
    values: dict[str, Cell] = {
        "name": experiment.name,
        "experiment_id": experiment.id,
        "creation_time": float(round(experiment.created_at * 1000)),
        "last_update_time": float(round(experiment.updated_at * 1000)),
    }
    return values[key]
