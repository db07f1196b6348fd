"""Searching runs: what a filter says of each run, put in order, one page of it.

What the job itself says (status, times, name, the tags it was born with) is at hand in the index; a metric, param or tag that the
filter or the order names is fetched as one column for all candidates. Only the runs of the page are read whole.

Order: as asked, ties by start time (newest first), then by run id. What has no value comes last, NaN just before it.
"""

import heapq
import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar

from azurine.api.mlflow import filters, matching, paging, shapes
from azurine.api.mlflow.experiments import Experiments
from azurine.api.mlflow.filters import ATTRIBUTE, DATASET, METRIC, NUMBER, PARAM, TAG, TEXT, Comparison, Grammar, Order
from azurine.api.mlflow.house import Call
from azurine.api.mlflow.index import Index
from azurine.api.mlflow.runs import Run
from azurine.model import errors
from azurine.model.resources import Json
from azurine.tracking.contract import OPERATORS, Cell, Only, Sort, Tracking

LONGEST_PAGE = 50_000
MOST_DATASETS = 1000
VIEWS = {"ACTIVE_ONLY": (False,), "DELETED_ONLY": (True,), "ALL": (False, True), "1": (False,), "2": (True,), "3": (False, True)}

GRAMMAR = Grammar(
    attributes={
        "run_id": TEXT,
        "run_name": TEXT,
        "status": TEXT,
        "artifact_uri": TEXT,
        "user_id": TEXT,
        "experiment_id": TEXT,
        "start_time": NUMBER,
        "end_time": NUMBER,
    },
    entities=frozenset({ATTRIBUTE, METRIC, PARAM, TAG, DATASET}),
    aliases={"created": "start_time", "Created": "start_time", "run name": "run_name", "Run name": "run_name", "Run Name": "run_name"},
)

_ATTRIBUTES: Mapping[str, Callable[[Run], Cell]] = {
    "run_id": lambda run: run.name,
    "run_name": lambda run: run.title,
    "status": lambda run: run.status,
    "artifact_uri": shapes.artifact_uri,
    "user_id": lambda run: run.user,
    "start_time": lambda run: float(round(run.started * 1000)),
    "end_time": lambda run: None if run.ended is None else float(round(run.ended * 1000)),
}
_SORTS = {METRIC: Sort.METRICS, PARAM: Sort.PARAMS, TAG: Sort.TAGS}
_CONTEXT = "mlflow.data.context"

T = TypeVar("T")
Value = Callable[[Run], Cell]


class Search:
    def __init__(self, index: Index, tracking: Tracking, experiments: Experiments) -> None:
        self._index = index
        self._tracking = tracking
        self._experiments = experiments

    def runs(self, call: Call) -> Json:
        arguments = call.arguments
        comparisons = filters.parse(arguments.text("filter", ""), GRAMMAR)
        orders = [filters.parse_order(text, GRAMMAR) for text in arguments.texts("order_by")]
        for order in orders:
            if order.entity == DATASET:
                raise errors.Invalid("Runs cannot be ordered by a dataset.", path="order_by")
        size = arguments.limit("max_results", 1000, LONGEST_PAGE)
        numbers = self._numbers(call.workspace, arguments.texts("experiment_ids"))
        found = self._candidates(call.workspace, numbers, view(arguments.text("run_view_type", "ACTIVE_ONLY")))
        for comparison in comparisons:
            found = self._filtered(comparison, found, numbers)
        start = paging.start(arguments.text("page_token", ""))
        page = self._ordered(orders, found, numbers, start + size)[start : start + size]
        token = paging.token(start + size) if start + size < len(found) else ""
        facts = self._tracking.latest([run.id for run in page])
        shown = [shapes.run(run, numbers[run.experiment], facts[run.id]) for run in page]
        return {"runs": shown, "next_page_token": token} if token else {"runs": shown}

    def datasets(self, call: Call) -> Json:
        """Which datasets the runs of some experiments used."""
        numbers = self._numbers(call.workspace, call.arguments.texts("experiment_ids"))
        runs = self._candidates(call.workspace, numbers, (False,))
        facts = self._tracking.latest([run.id for run in runs])
        found: dict[tuple[str, ...], Json] = {}
        for run in runs:
            for link in facts[run.id].links:
                if link.sort == shapes.DATASET:
                    context = next((tag["value"] for tag in link.body["tags"] if tag["key"] == _CONTEXT), "")
                    summary = {
                        "experiment_id": numbers[run.experiment],
                        "name": link.body["dataset"]["name"],
                        "digest": link.body["dataset"]["digest"],
                    }
                    found[(*summary.values(), context)] = {**summary, "context": context}
        return {"dataset_summaries": list(found.values())[:MOST_DATASETS]}

    def _numbers(self, workspace: str, wanted: Sequence[str]) -> dict[str, str]:
        """The experiments asked for: what jobs call them → their number. One that does not exist has no runs."""
        found = {}
        for number in dict.fromkeys(wanted):
            try:
                experiment = self._experiments.by_id(workspace, number)
            except errors.Missing:
                continue
            found[experiment.key] = experiment.id
        return found

    def _candidates(self, workspace: str, numbers: Mapping[str, str], archived: Sequence[bool]) -> list[Run]:
        if not numbers:
            return []
        return [run for run in self._index.of(workspace) if run.experiment in numbers and run.archived in archived]

    def _filtered(self, comparison: Comparison, runs: list[Run], numbers: Mapping[str, str]) -> list[Run]:
        if comparison.entity == DATASET:
            return self._with_dataset(comparison, runs)
        if comparison.entity in (METRIC, PARAM) and comparison.operator in OPERATORS and isinstance(comparison.value, float | str):
            # The database leaves out what does not fit. Not for tags: those of the job are not there.
            only = Only(comparison.operator, comparison.value)
            fitting = self._tracking.column(_SORTS[comparison.entity], comparison.key, [run.id for run in runs], only)
            return [run for run in runs if run.id in fitting]
        value = self._value(comparison.entity, comparison.key, runs, numbers)
        return [run for run in runs if matching.holds(comparison, value(run))]

    def _with_dataset(self, comparison: Comparison, runs: list[Run]) -> list[Run]:
        """Runs of which some dataset fits."""
        facts = self._tracking.latest([run.id for run in runs])

        def values(run: Run) -> list[str]:
            links = [link.body for link in facts[run.id].links if link.sort == shapes.DATASET]
            if comparison.key == "context":
                return [tag["value"] for body in links for tag in body["tags"] if tag["key"] == _CONTEXT]
            return [body["dataset"].get(comparison.key, "") for body in links]

        return [run for run in runs if any(matching.holds(comparison, value) for value in values(run))]

    def _value(self, entity: str, key: str, runs: Sequence[Run], numbers: Mapping[str, str]) -> Value:
        if entity == ATTRIBUTE:
            return (lambda run: numbers[run.experiment]) if key == "experiment_id" else _ATTRIBUTES[key]
        column = self._tracking.column(_SORTS[entity], key, [run.id for run in runs])
        if entity == TAG:
            return partial(_tag, key, column)
        return lambda run: column.get(run.id)

    def _ordered(self, orders: Sequence[Order], runs: list[Run], numbers: Mapping[str, str], first: int) -> list[Run]:
        """The first of them in order."""
        if not orders and first < len(runs) // 4:
            return heapq.nsmallest(first, runs, key=_newest)
        runs = sorted(runs, key=_newest)
        # The last key first: each sort keeps the order of what is equal to it.
        for order in reversed(orders):
            runs = in_order(runs, self._value(order.entity, order.key, runs, numbers), order.ascending)
        return runs


def in_order(things: list[T], value: Callable[[T], Cell], ascending: bool) -> list[T]:
    """Sorted by a value, stable; those without one last, those with NaN before them."""
    valued: list[tuple[float | str, T]] = []
    nan: list[T] = []
    none: list[T] = []
    for thing in things:
        one = value(thing)
        if one is None:
            none.append(thing)
        elif isinstance(one, float) and math.isnan(one):
            nan.append(thing)
        else:
            valued.append((one, thing))
    # One column holds values of one type; `reverse` keeps equal ones in their order.
    valued.sort(key=lambda pair: pair[0], reverse=not ascending)
    return [thing for _, thing in valued] + nan + none


def view(text: str) -> Sequence[bool]:
    """Which lifecycle stages are wanted."""
    if text not in VIEWS:
        raise errors.Invalid(f"Invalid view type {text[:50]!r}: it is ACTIVE_ONLY, DELETED_ONLY or ALL.", path="run_view_type")
    return VIEWS[text]


def _newest(run: Run) -> tuple[float, str]:
    return (-run.started, run.name)


def _tag(key: str, column: Mapping[str, Cell], run: Run) -> Cell:
    if key in run.tags and not shapes.is_house_tag(key):
        return run.tags[key]
    return column[run.id] if run.id in column else run.tags.get(key)
