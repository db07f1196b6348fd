"""One run of one pipeline: a store in memory, the real loop, a clock that jumps, and mocks in the place of work."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from azurine import factory as wing
from azurine.expressions.factory import ExpressionError
from azurine.factory import activities, kinds, runs
from azurine.factory.runs import records
from azurine.factory.sight import Progress, Sight, Sort, failed, over
from azurine.model import clock, errors, ids
from azurine.model.kinds import Kind
from azurine.model.resources import Resource
from azurine.reconcile.loop import Loop
from azurine.store import admission
from azurine.store.memory import MemoryLog
from azurine.testing import results
from azurine.testing.answers import Answer, Failure, Mock, Stuck, Takes, Unmocked, ended
from azurine.testing.evaluating import NAME
from azurine.testing.results import Run

Json = Any
FACTORY = f"subscriptions/test/resourceGroups/test/factories/{NAME}"
_LONGEST = 400 * 86_400.0
_ROUNDS = 100_000

Publish = Callable[[MemoryLog, Mapping[str, Kind], float], None]


class House:
    """pipelines: those that are at hand. publish: puts them, and what they speak of, into a store."""

    def __init__(self, pipelines: Mapping[str, Json], publish: Publish, mocks: Mapping[str, Mock], start: float) -> None:
        self._pipelines = pipelines
        self._mocks = {name.lower(): mock for name, mock in mocks.items()}
        self._calls: dict[str, int] = {}
        self._answers: dict[str, Answer] = {}
        self._unmocked: dict[str, str] = {}
        self._problem: Exception | None = None
        self._clock = clock.Movable(start)
        self._kinds = {kind.name: kind for kind in wing.KINDS}
        self._kinds[kinds.RUNS] = replace(runs.KIND, decide=partial(runs.decide, table=_Table(self)))
        self._log = MemoryLog()
        publish(self._log, self._kinds, start)
        self._loop = Loop(self._log, self._kinds, {}, self._clock)

    def run(self, pipeline: str, parameters: Mapping[str, Json]) -> Run:
        if pipeline not in self._pipelines:
            raise KeyError(f"there is no pipeline {pipeline}; there are: {', '.join(self._pipelines)}")
        identifier = ids.child(FACTORY, "pipelineruns", NAME)
        began = self._clock()
        admission.admit(
            self._log, self._kinds, admission.Request(identifier, lambda _: {"pipeline": pipeline, "parameters": dict(parameters)}), began
        )
        self._settle()
        while self._get(identifier).status.get("state") not in ("succeeded", "failed", "cancelled"):
            self._check()
            due = self._loop.next_due()
            if due is None or due > began + _LONGEST:
                raise Stuck(f"{pipeline} waits for {', '.join(self._going(identifier)) or 'nothing'}" + (" for more than a year" if due else ""))
            self._clock.now = max(due, self._clock.now)
            self._settle()
        self._check()
        return self._result(self._get(identifier))

    def _settle(self) -> None:
        for _ in range(_ROUNDS):
            if not self._loop.turn():
                return
            self._check()
        raise Stuck(f"the run did not come to rest in {_ROUNDS} looks at one moment")

    def step(self, sight: Sight, real: Sort | None) -> Progress:
        """An activity is asked: its mock answers, else what it really does; where that is work, the run is without meaning."""
        name = sight.activity.name
        if name.lower() in self._mocks:
            try:
                return self._mocked(sight)
            except (ExpressionError, errors.AzurineError):
                raise
            except Exception as problem:  # noqa: BLE001 — a mock is the test's own code: what it raises goes to the test, not to the loop
                self._problem = self._problem or problem
                return failed("Unmocked", str(problem))
        if real is not None and (not real.works or self._is_loaded(sight)):
            return real.step(sight)
        self._unmocked[name] = str(sight.activity.written.get("type"))
        return failed("Unmocked", f"{name} has no mock.")

    def _is_loaded(self, sight: Sight) -> bool:
        """Is it the call of a pipeline that is at hand?"""
        called = sight.activity.properties.get("pipeline")
        return sight.activity.type == "executepipeline" and isinstance(called, Mapping) and called.get("referenceName") in self._pipelines

    def _mocked(self, sight: Sight) -> Progress:
        if sight.ending:
            return over()
        if sight.memory is None:
            given = sight.properties()
            answer = self._answers[sight.key] = self._answer(sight.activity.name, given)
            if isinstance(answer, Takes):
                until = sight.now + answer.seconds
                return Progress(input=given, memory={"until": until}, wake_at=until)
            return replace(ended(answer), input=given)
        until, answer = float(sight.memory["until"]), self._answers[sight.key]
        return Progress(wake_at=until) if sight.now < until or not isinstance(answer, Takes) else ended(answer.then)

    def _answer(self, name: str, given: Mapping[str, Json]) -> Answer:
        mock = self._mocks[name.lower()]
        if callable(mock):
            return mock(given)
        if isinstance(mock, Sequence) and not isinstance(mock, str):
            call = self._calls[name] = self._calls.get(name, 0) + 1
            if call > len(mock):
                self._unmocked[name] = f"call {call}, and there are {len(mock)} answers"
                return Failure("Unmocked", f"{name} has no mock for call {call}.")
            return mock[call - 1]
        return mock

    def _check(self) -> None:
        if self._problem is not None:
            raise self._problem
        if self._unmocked:
            lacking = ", ".join(f"{name} ({kind})" for name, kind in self._unmocked.items())
            raise Unmocked(f"there is no mock for {lacking}; give one with mocks={{{next(iter(self._unmocked))!r}: {{…its output…}}}}")

    def _get(self, identifier: str) -> Resource:
        found = self._log.get(identifier)
        assert found is not None
        return found

    def _going(self, identifier: str) -> list[str]:
        told = runs.told(self._get(identifier), identifier, self._pages(identifier))
        return [one["activityName"] for one in told if one["status"] == records.IN_PROGRESS]

    def _pages(self, identifier: str) -> list[Resource]:
        return self._log.page(kinds.PAGES, identifier, limit=1_000_000)

    def _result(self, run: Resource) -> Run:
        began = float(run.status.get("began", run.created_at))
        pages = {page.name: page for page in self._pages(run.id)}
        ran = [results.ran(one, began) for one in reversed(list(records.chained(run, pages)))]
        children = sorted((one for one in self._log.owned_by(run.id) if one.kind == kinds.RUNS), key=lambda one: one.created)
        return Run(
            run.spec["pipeline"]["name"],
            runs.word(run),
            str(run.status.get("message") or ""),
            run.spec["parameters"],
            run.status.get("variables") or {},
            run.status.get("returned") or {},
            tuple(ran),
            float(run.status.get("ended") or began) - began,
            tuple(self._result(child) for child in children),
        )


class _Table(dict[str, Sort]):
    """Every type of activity there is: asked of the house, which has mocks."""

    def __init__(self, house: House) -> None:
        super().__init__()
        self._house = house

    def get(self, kind: str, default: Any = None) -> Any:
        if kind not in self:
            real = activities.TABLE.get(kind)
            shape = real or Sort(kind, lambda sight: failed("Unmocked", ""), works=True)
            self[kind] = replace(shape, step=lambda sight: self._house.step(sight, real))
        return self[kind]
