"""What a page needs of the result document, read so that nothing in it can be missing or wrong: a number is finite or None, a list is a list.

Features of a window come worst first: those that breach, then by their part in the drift, then by how far a measure is beyond its threshold.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from azurine.drift import measures

PERCENT = 100.0
MODEL = "ModelMonitor"
"""The kind of monitors that tell how much a feature means to their model, where others tell its share of the drift."""


@dataclass(frozen=True, slots=True)
class Measured:
    name: str
    value: float | None
    threshold: float | None
    breached: bool
    sentence: str

    @property
    def excess(self) -> float:
        """How far it is beyond its threshold: over 1 is a breach."""
        if self.value is None or self.threshold is None:
            return 0.0
        below = self.name in measures.MEASURES and measures.MEASURES[self.name].below
        over, under = (self.threshold, self.value) if below else (self.value, self.threshold)
        return over / under if under > 0 else math.inf if over > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Bars:
    """Two distributions, as shares of 1: by bin when there are `edges`, else by category."""

    edges: Sequence[float]
    categories: Sequence[str]
    baseline: Sequence[float]
    target: Sequence[float]


@dataclass(frozen=True, slots=True)
class Feature:
    """contribution: its share of the drift; importance: what it means to the monitored model. signal: the one that it belongs to, "" when there are none."""

    name: str
    role: str
    signal: str
    contribution: float | None
    importance: float | None
    measures: Sequence[Measured]
    baseline: Mapping[str, Any]
    target: Mapping[str, Any]
    bars: Bars | None

    @property
    def breached(self) -> bool:
        return any(one.breached for one in self.measures)

    @property
    def badness(self) -> tuple[bool, float, float]:
        return self.breached, self.contribution or self.importance or 0.0, max((one.excess for one in self.measures), default=0.0)


@dataclass(frozen=True, slots=True)
class Signal:
    """sentence: why it has no number."""

    name: str
    type: str
    breached: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Window:
    """drifted: None when nobody can say. sentence: why there is no number."""

    start: str
    end: str
    rows: int | None
    percentage: float | None
    drifted: bool | None
    sentence: str
    signals: Sequence["Signal"]
    features: Sequence[Feature]


@dataclass(frozen=True, slots=True)
class Document:
    """threshold: as a share of 1, like the monitor's."""

    monitor: str
    kind: str
    run: str
    frequency: str
    threshold: float | None
    baseline: Mapping[str, Any]
    target: Mapping[str, Any]
    windows: Sequence[Window]

    @property
    def newest(self) -> Window | None:
        """The last one of which something is known."""
        return next((one for one in reversed(self.windows) if one.drifted is not None), self.windows[-1] if self.windows else None)


def document(given: Mapping[str, Any]) -> Document:
    of_model = given.get("kind") == MODEL
    return Document(
        monitor=_text(given.get("monitor")),
        kind=_text(given.get("kind")),
        run=_text(given.get("run")),
        frequency=_text(given.get("frequency")),
        threshold=number(given.get("threshold")),
        baseline=_mapping(given.get("baseline")),
        target=_mapping(given.get("target")),
        windows=[_window(one, of_model) for one in _mappings(given.get("windows"))],
    )


def number(value: Any) -> float | None:
    """None for what is no finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def _window(given: Mapping[str, Any], of_model: bool) -> Window:
    features = sorted((_feature(one, of_model) for one in _mappings(given.get("features"))), key=lambda one: one.badness, reverse=True)
    signals = [
        Signal(_text(one.get("name")), _text(one.get("type")), one.get("breached") is True, _text(one.get("sentence")))
        for one in _mappings(given.get("signals"))
    ]
    rows, drifted = number(given.get("rows")), given.get("hasDrift")
    return Window(
        start=_text(given.get("start")),
        end=_text(given.get("end")),
        rows=None if rows is None else int(rows),
        percentage=number(given.get("driftPercentage")),
        drifted=drifted if isinstance(drifted, bool) else None,
        sentence=_text(given.get("sentence")),
        signals=signals,
        features=features,
    )


def _feature(given: Mapping[str, Any], of_model: bool) -> Feature:
    part = number(given.get("contribution"))
    return Feature(
        name=_text(given.get("name")),
        role=_text(given.get("role")),
        signal=_text(given.get("signal")),
        contribution=None if of_model else part,
        importance=part if of_model else None,
        measures=[_measured(one) for one in _mappings(given.get("measures"))],
        baseline=_mapping(given.get("baseline")),
        target=_mapping(given.get("target")),
        bars=_bars(_mapping(given.get("histogram"))),
    )


def _measured(given: Mapping[str, Any]) -> Measured:
    value, threshold = number(given.get("value")), number(given.get("threshold"))
    return Measured(_text(given.get("name")), value, threshold, given.get("breached") is True, _text(given.get("sentence")))


def _bars(given: Mapping[str, Any]) -> Bars | None:
    baseline, target = _shares(given.get("baseline")), _shares(given.get("target"))
    edges = [found for one in _list(given.get("edges")) if (found := number(one)) is not None]
    categories = [_text(one) for one in _list(given.get("categories"))]
    count = min(len(baseline), len(target), len(edges) - 1 if edges else len(categories))
    if count < 1 or edges != sorted(edges) or (edges and edges[0] == edges[-1]):
        return None
    return Bars(edges[: count + 1], categories[:count], baseline[:count], target[:count])


def _shares(given: Any) -> list[float]:
    counts = [max(0.0, number(one) or 0.0) for one in _list(given)]
    total = math.fsum(counts)
    return [one / total for one in counts] if 0 < total < math.inf else [0.0] * len(counts)


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _mapping(value: Any) -> Mapping[str, Any]:
    return {str(key): one for key, one in value.items()} if isinstance(value, Mapping) else {}


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()


def _mappings(value: Any) -> Iterator[Mapping[str, Any]]:
    return (_mapping(one) for one in _list(value) if isinstance(one, Mapping))
