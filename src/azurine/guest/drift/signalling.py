"""The signals of one run of a model monitor, computed: each side of each is cut out of its data, read once however many signals look at it, and compared.

What is wrong with a signal's data is what comes of that signal; the others go on.
"""

import json
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path

from azurine.drift.signals import attribution as ranking
from azurine.drift.signals import evaluating, performance, plans
from azurine.drift.signals.evaluating import Evaluated
from azurine.drift.signals.plans import Data, Plan
from azurine.drift.tables import EMPTY
from azurine.guest.drift import attribution, joining, opening, reading, sources, staging
from azurine.guest.drift.reading import Reading
from azurine.guest.drift.staging import Staged
from azurine.model.errors import AzurineError, Invalid

NOTHING = "no data in the window"


class Runner:
    """paths: where each input lies. folder: for what is cut out; the caller removes it."""

    def __init__(self, paths: Mapping[str, str], folder: Path) -> None:
        self._paths = paths
        self._folder = folder
        self._staged: dict[str, Staged] = {}
        self._read: dict[str, Reading] = {}
        self._files = 0

    def evaluated(self, plan: Plan) -> Evaluated:
        if plan.hindrance:
            return Evaluated(plan, sentence=plan.hindrance, failed=True)
        ways: Mapping[str, Callable[[Plan], Evaluated]] = {plans.ATTRIBUTION: self._attributed, plans.PERFORMANCE: self._performed}
        try:
            return ways.get(plan.type, self._compared)(plan)
        except AzurineError as error:
            return Evaluated(plan, sentence=self._named(plan, f"{error.message}{f' ({error.path})' if error.path else ''}"), failed=True)
        except Exception as error:  # noqa: BLE001 an edge: a learner meets data that nobody foresaw
            # Whatever a learner finds in a user's data: it is what came of this signal, and no reason to lose the others.
            traceback.print_exc(file=sys.stdout)
            return Evaluated(plan, sentence=self._named(plan, f"{type(error).__name__}: {error}"), failed=True)

    def _compared(self, plan: Plan) -> Evaluated:
        """The features of both sides, one by one."""
        reference, (production, *_) = _sides(plan)
        sides = {"baseline": self._cut(plan, reference), "target": self._cut(plan, production)}
        notes = _notes(plan, *sides.values())
        baseline = self._counted(sides["baseline"])
        # A quality signal asks what of the production data is not of the baseline's type; the others ask whether the types are the same.
        target = self._counted(sides["target"], baseline.types if plan.type == plans.DATA_QUALITY else {})
        tables = baseline.table, target.table
        if empty := [data for data, table in zip((reference, production), tables, strict=True) if table.rows == 0]:
            return Evaluated(plan, (), *tables, sentence="; ".join(map(self._nothing, empty)), notes=notes)
        chosen = evaluating.features(plan, baseline.types, target.types)
        importance: Mapping[str, float] = {}
        if plan.top is not None:
            importance = self._importance(
                plan, reference, sides["baseline"], [name for name in chosen if all(name in one.features for one in tables)]
            )
            chosen = sorted(importance, key=lambda name: (-importance[name], name))[: plan.top]
        return Evaluated(plan, evaluating.evaluate(plan, *tables, chosen), *tables, importance, notes=notes)

    def _attributed(self, plan: Plan) -> Evaluated:
        """What matters for the target in the reference data, and what for the predictions in production."""
        reference, production = _sides(plan)
        mine = self._cut(plan, reference)
        others = [self._cut(plan, one) for one in production]
        notes = _notes(plan, mine, *others)
        other = self._joined(list(zip(production, others, strict=True)))
        baseline, target = self._counted(mine), self._counted(Staged(other, {}))
        tables = baseline.table, target.table
        if empty := [data for data, table in zip((reference, production[0]), tables, strict=True) if table.rows == 0]:
            return Evaluated(plan, (), *tables, sentence="; ".join(map(self._nothing, empty)), notes=notes)
        learnt = _role(production, plans.PREDICTION) or _role([reference], plans.TARGET)
        apart = {learnt, *(name for data in (reference, *production) for name in data.columns.values()), *evaluating.HOUSE}
        common = [name for name in baseline.types if name in target.types and name not in apart]
        first = self._importance(plan, reference, mine, common)
        second = attribution.importance(other, learnt, common, plan.task)
        return Evaluated(plan, ranking.rows(first, second, plan.thresholds[plan.type][ranking.MEASURE]), *tables, first, notes=notes)

    def _performed(self, plan: Plan) -> Evaluated:
        """What was predicted beside what turned out to be true."""
        reference, production = _sides(plan)
        predicted, true = _role(production, plans.PREDICTION), _role([reference], plans.TARGET) or _role(production, plans.TARGET)
        if not predicted or not true:
            raise Invalid(f"model performance needs the {plans.PREDICTION} of the production data and the {plans.TARGET} of the reference data")
        pairs = [(data, self._cut(plan, data)) for data in (*production, reference)]
        notes = _notes(plan, *(staged for _, staged in pairs))
        path = self._joined(pairs)
        found = self._counted(Staged(path, {})).table
        if found.rows == 0:
            return Evaluated(plan, (), EMPTY, found, sentence=f"no prediction has its truth: {self._nothing(production[0])}", notes=notes)
        rows = []
        for task, thresholds in plan.thresholds.items():
            classes = task == "classification"
            values = (
                performance.of_classes(joining.confusion(path, true, predicted))
                if classes
                else performance.of_numbers(joining.errors(path, true, predicted))
            )
            rows += performance.rows(values, thresholds)
        return Evaluated(plan, rows, found, found, notes=notes)

    def _importance(self, plan: Plan, reference: Data, side: Staged, features: list[str]) -> Mapping[str, float]:
        target = reference.columns.get(plans.TARGET)
        if not target:
            raise Invalid(f"what features matter is learnt from the reference data, which must name its {plans.TARGET}")
        return attribution.importance(side.path, target, features, plan.task)

    def _cut(self, plan: Plan, data: Data) -> Staged:
        key = json.dumps([data.input, data.start, data.end, data.columns.get(plans.TIMESTAMP), plan.segment])
        if key not in self._staged:
            self._staged[key] = staging.stage(data, self._paths[data.input], plan.segment, self._file())
        return self._staged[key]

    def _joined(self, sides: list[joining.Side]) -> str:
        return sides[0][1].path if len(sides) == 1 else joining.joined(sides, self._file())

    def _counted(self, side: Staged, types: Mapping[str, str] | None = None) -> Reading:
        wished = {**side.types, **(types or {})}
        key = json.dumps([side.path, wished], sort_keys=True)
        if key not in self._read:
            self._read[key] = reading.read(side.path, types=wished) if side.path else Reading([EMPTY], {}, 0)
        return self._read[key]

    def _file(self) -> Path:
        self._files += 1
        return self._folder / f"{self._files}.parquet"

    def _nothing(self, data: Data) -> str:
        if not opening.find(self._paths[data.input]).files:
            return sources.lacking(data.uri)
        return f"{NOTHING} from {data.start} to {data.end} of {data.uri}" if data.start else f"there are no rows in {data.uri}"

    def _named(self, plan: Plan, sentence: str) -> str:
        """Data is known by its address; where it lies on this machine says nothing to anybody."""
        for data in (*plan.production, *([plan.reference] if plan.reference else [])):
            sentence = sentence.replace(self._paths[data.input], data.uri)
        return sentence


def _sides(plan: Plan) -> tuple[Data, list[Data]]:
    if plan.reference is None or not plan.production:
        raise Invalid("there must be production data and reference data")
    return plan.reference, list(plan.production)


def _role(sides: list[Data], role: str) -> str:
    return next((data.columns[role] for data in sides if data.columns.get(role)), "")


def _notes(plan: Plan, *sides: Staged) -> list[str]:
    return [f"{plan.name}: {one.note}" for one in sides if one.note]
