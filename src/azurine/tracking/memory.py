"""Tracking kept in dictionaries: the twin that says what the contract means. Nothing outlives the process."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from azurine.model import errors
from azurine.model.resources import Json
from azurine.tracking import contract, once
from azurine.tracking.contract import Cell, Facts, Link, LoggedModel, Metric, Only, Sort


@dataclass(slots=True)
class _Run:
    points: dict[str, dict[tuple[int, int, float, bool], Metric]] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str | None] = field(default_factory=dict)
    links: dict[tuple[str, str], Link] = field(default_factory=dict)


class Memory:
    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._runs: dict[str, _Run] = {}
        self._models: dict[str, LoggedModel] = {}
        self._model_points: dict[str, dict[tuple[str, str, str, str], Metric]] = {}

    def record(
        self, run: str, metrics: Sequence[Metric] = (), params: Mapping[str, str] | None = None, tags: Mapping[str, str | None] | None = None
    ) -> None:
        with self._lock:
            kept = self._runs.get(run) or _Run()
            once.check(run, kept.params, params or {})
            for metric in metrics:
                identity = (*contract.place(metric), metric.value != metric.value)
                kept.points.setdefault(metric.key, {}).setdefault(identity, metric)
                self._measure(run, metric)
            kept.params.update(params or {})
            kept.tags.update(tags or {})
            self._runs[run] = kept

    def _measure(self, run: str, metric: Metric) -> None:
        if not metric.model:
            return
        of_model = self._model_points.setdefault(metric.model, {})
        key = (run, metric.key, metric.dataset, metric.digest)
        if key not in of_model or contract.rank(of_model[key]) <= contract.rank(metric):
            of_model[key] = metric

    def link(self, run: str, links: Sequence[Link]) -> None:
        with self._lock:
            kept = self._runs.setdefault(run, _Run())
            kept.links.update({(one.sort, one.key): one for one in links})

    def latest(self, runs: Sequence[str]) -> dict[str, Facts]:
        with self._lock:
            return {run: self._facts(self._runs.get(run)) for run in runs}

    @staticmethod
    def _facts(kept: _Run | None) -> Facts:
        if kept is None:
            return Facts()
        metrics = {key: _bare(max(points.values(), key=contract.rank)) for key, points in kept.points.items()}
        return Facts(metrics, dict(kept.params), dict(kept.tags), tuple(kept.links.values()))

    def history(self, run: str, key: str, *, after: Metric | None = None, limit: int | None = None) -> list[Metric]:
        with self._lock:
            kept = self._runs.get(run)
            points = sorted(kept.points.get(key, {}).items()) if kept else []
        if after is not None:
            seen = (*contract.place(after), after.value != after.value)
            points = [point for point in points if point[0] > seen]
        return [_bare(metric) for _, metric in points[:limit]]

    def interval(self, runs: Sequence[str], key: str, first_step: int | None, last_step: int | None, limit: int) -> list[tuple[str, Metric]]:
        found = []
        for run in runs:
            points = [
                point
                for point in self.history(run, key)
                if (first_step is None or point.step >= first_step) and (last_step is None or point.step <= last_step)
            ]
            kept = contract.thinned(sorted({point.step for point in points}), limit)
            found += [(run, point) for point in points if point.step in kept]
        return found

    def column(self, sort: Sort, key: str, runs: Sequence[str], only: Only | None = None) -> dict[str, Cell]:
        found: dict[str, Cell] = {}
        for run, facts in self.latest(runs).items():
            if sort is Sort.METRICS and key in facts.metrics:
                found[run] = facts.metrics[key].value
            elif sort is Sort.PARAMS and key in facts.params:
                found[run] = facts.params[key]
            elif sort is Sort.TAGS and key in facts.tags:
                found[run] = facts.tags[key]
        if only is None:
            return found
        return {run: value for run, value in found.items() if value is not None and contract.OPERATORS[only.operator](value, only.value)}

    def copy(self, source: str, target: str) -> None:
        with self._lock:
            kept = self._runs.get(source)
            if kept is None or source == target:
                return
            new = self._runs.setdefault(target, _Run())
            for key, points in kept.points.items():
                mine = new.points.setdefault(key, {})
                mine.update({place: point for place, point in points.items() if place not in mine})
            new.params = kept.params | new.params
            new.tags = {key: value for key, value in kept.tags.items() if not key.startswith(contract.HOUSE_TAGS)} | new.tags
            new.links = kept.links | new.links

    def forget(self, run: str) -> None:
        with self._lock:
            self._runs.pop(run, None)
            for points in self._model_points.values():
                for key in [key for key in points if key[0] == run]:
                    del points[key]

    def add_model(self, model: LoggedModel) -> None:
        with self._lock:
            if model.id in self._models:
                raise errors.Conflict(f"There is a logged model {model.id} already.")
            self._models[model.id] = model

    def get_model(self, scope: str, identifier: str) -> LoggedModel | None:
        found = self._models.get(identifier)
        return found if found and found.scope == scope else None

    def change_model(self, scope: str, identifier: str, change: Callable[[Json], Json]) -> LoggedModel | None:
        with self._lock:
            found = self.get_model(scope, identifier)
            if found is None:
                return None
            self._models[identifier] = replace(found, body=change(found.body))
            return self._models[identifier]

    def find_models(self, scope: str, experiments: Sequence[str], name: str | None = None) -> list[LoggedModel]:
        with self._lock:
            models = list(self._models.values())
        wanted = set(experiments)
        found = [one for one in models if one.scope == scope and one.experiment in wanted and name in (None, one.name)]
        return sorted(found, key=lambda one: (one.created, one.id), reverse=True)

    def model_metrics(self, models: Sequence[str]) -> dict[str, list[tuple[str, Metric]]]:
        with self._lock:
            return {model: [(key[0], point) for key, point in self._model_points.get(model, {}).items()] for model in models}

    def close(self) -> None:
        pass


def _bare(metric: Metric) -> Metric:
    """A run's own metric: which model it measures is told by `model_metrics`."""
    return replace(metric, model="", dataset="", digest="")
