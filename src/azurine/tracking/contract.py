"""The contract of tracking: what was recorded about runs.

A run is known here by the id of its job (`model.ids`), so two workspaces never mix; nothing here knows whether that job
exists or how it is going. One call of `record` is one durable transaction: all of it is kept, or none. Recording the same
point twice is the same as once, so a client may try again.

Metrics keep every point (history) and the latest one: the greatest (step, timestamp, value). NaN and the infinities are values
like any other. Params are written once; another value is refused. A tag of None is a tag taken away.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from azurine.model.resources import Json


@dataclass(frozen=True, slots=True)
class Metric:
    """One point. timestamp: milliseconds since 1970. model, dataset, digest: the logged model it measures, and on which data; "" = none."""

    key: str
    value: float
    timestamp: int
    step: int = 0
    model: str = ""
    dataset: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """What a run read or made. sort: "dataset", "model_input" or "model_output". key: unique within the sort. body: JSON for the door."""

    sort: str
    key: str
    body: Json


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is recorded about one run. metrics: the latest of each key."""

    metrics: Mapping[str, Metric] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str | None] = field(default_factory=dict)
    links: Sequence[Link] = ()


@dataclass(frozen=True, slots=True)
class LoggedModel:
    """A model that a run logged (MLflow 3). scope: the workspace's id. run: the run's name, "" = none. created: milliseconds. body: the rest."""

    id: str
    scope: str
    experiment: str
    name: str
    run: str
    created: int
    body: Json


class Sort(StrEnum):
    METRICS = "metrics"
    PARAMS = "params"
    TAGS = "tags"


Cell = float | str | None


@dataclass(frozen=True, slots=True)
class Only:
    """A comparison that a value must stand: operator is one of =, !=, >, >=, <, <=. NaN stands only !=."""

    operator: str
    value: float | str


OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


class Tracking(Protocol):
    def record(
        self, run: str, metrics: Sequence[Metric] = (), params: Mapping[str, str] | None = None, tags: Mapping[str, str | None] | None = None
    ) -> None:
        """Raises errors.Invalid when a param has another value already, errors.Temporary when nothing can be written now."""
        ...

    def link(self, run: str, links: Sequence[Link]) -> None:
        """Replaces those of the same sort and key."""
        ...

    def latest(self, runs: Sequence[str]) -> dict[str, Facts]:
        """What is recorded about each; a run nothing is known of has empty Facts."""
        ...

    def history(self, run: str, key: str, *, after: Metric | None = None, limit: int | None = None) -> list[Metric]:
        """The points of a metric, ordered by (timestamp, step, value), NaN as 0. after: the last one seen."""
        ...

    def interval(self, runs: Sequence[str], key: str, first_step: int | None, last_step: int | None, limit: int) -> list[tuple[str, Metric]]:
        """Points of one metric of several runs, each run's thinned to at most `limit` steps, the first and the last step kept."""
        ...

    def column(self, sort: Sort, key: str, runs: Sequence[str], only: "Only | None" = None) -> dict[str, Cell]:
        """One metric, param or tag of many runs; runs without it, or with one that does not fit `only`, are left out."""
        ...

    def copy(self, source: str, target: str) -> None:
        """Metrics with their history, params, links, and the user's own tags of one run, to another that has taken over its outcome."""
        ...

    def forget(self, run: str) -> None:
        """Nothing is known of the run any more."""
        ...

    def add_model(self, model: LoggedModel) -> None:
        """Raises errors.Conflict when the id is taken."""
        ...

    def get_model(self, scope: str, identifier: str) -> LoggedModel | None: ...

    def change_model(self, scope: str, identifier: str, change: Callable[[Json], Json]) -> LoggedModel | None:
        """Replaces the body by what `change` makes of it, with nobody in between. None when there is no such model."""
        ...

    def find_models(self, scope: str, experiments: Sequence[str], name: str | None = None) -> list[LoggedModel]:
        """Newest first."""
        ...

    def model_metrics(self, models: Sequence[str]) -> dict[str, list[tuple[str, Metric]]]:
        """For each model: (run, the latest point) per metric, run and dataset."""
        ...

    def close(self) -> None: ...


def place(metric: Metric) -> tuple[int, int, float]:
    """Where a point stands in the history."""
    return (metric.timestamp, metric.step, number(metric.value))


def rank(metric: Metric) -> tuple[int, int, float]:
    """The greatest is the latest."""
    return (metric.step, metric.timestamp, number(metric.value))


def number(value: float) -> float:
    """NaN has no place in an order: it stands where 0 does."""
    return 0.0 if value != value else value


def thinned(steps: Sequence[int], limit: int) -> set[int]:
    """At most `limit` of the (sorted) steps, evenly spread, the first and the last among them."""
    if len(steps) <= limit:
        return set(steps)
    if limit <= 1:
        return {steps[-1]}
    return {steps[round(place * (len(steps) - 1) / (limit - 1))] for place in range(limit)}


HOUSE_TAGS = "mlflow."
"""Tags that begin like this say something about the run itself, so `copy` leaves them out."""
