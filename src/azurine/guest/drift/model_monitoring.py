"""A run of a model monitor: each of its signals is computed, and what came of it is written down.

    python -m azurine.guest.drift.model_monitoring

The order is in the variable DRIFT_ORDER; the data and the places of the outputs are where a step's are (AZURE_ML_INPUT_…, AZURE_ML_OUTPUT_…). It leaves the
files of `drift.signals.documents` in the output `result`, a short account in the output `summary`, metrics and tags with the run. A signal that cannot be
computed is told by name and stops no other; when none could be, the run fails.
"""

import json
import os
import sys
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from azurine.drift.signals import documents, evaluating, plans
from azurine.drift.signals.evaluating import Evaluated
from azurine.drift.signals.plans import Data, Plan
from azurine.drift.tables import EMPTY as EMPTY_TABLE
from azurine.drift.tables import Table
from azurine.guest.drift import attribution, publishing, reading, staging, telling
from azurine.guest.drift.reading import Reading
from azurine.guest.drift.staging import Staged
from azurine.model.errors import AzurineError, Invalid

ORDER = "DRIFT_ORDER"
EMPTY = "no data in the window"


class Runner:
    """Reads each side once, however many signals look at it."""

    def __init__(self, paths: Mapping[str, str], folder: Path) -> None:
        self._paths = paths
        self._folder = folder
        self._staged: dict[str, Staged] = {}
        self._read: dict[str, Reading] = {}

    def evaluated(self, plan: Plan) -> Evaluated:
        if plan.hindrance:
            return Evaluated(plan, sentence=plan.hindrance)
        try:
            return self._evaluated(plan)
        except AzurineError as error:
            return Evaluated(plan, sentence=self._named(plan, f"{error.message}{f' ({error.path})' if error.path else ''}"), failed=True)

    def _named(self, plan: Plan, sentence: str) -> str:
        """Data is known by its address; where it lies on this machine says nothing to anybody."""
        for data in (*plan.production, *([plan.reference] if plan.reference else [])):
            sentence = sentence.replace(self._paths[data.input], data.uri)
        return sentence

    def _evaluated(self, plan: Plan) -> Evaluated:
        if plan.reference is None or len(plan.production) != 1:
            raise Invalid("there must be reference data, and one set of production data")
        sides = {"baseline": self._cut(plan, plan.reference), "target": self._cut(plan, plan.production[0])}
        notes = [f"{plan.name}: {one.note}" for one in sides.values() if one.note]
        baseline = self._counted(sides["baseline"])
        # A quality signal asks what of the production data is not of the baseline's type; the others ask whether the types are the same.
        target = self._counted(sides["target"], baseline.types if plan.type == plans.DATA_QUALITY else {})
        tables = baseline.table, target.table
        if empty := [side for side, table in zip(sides, tables, strict=True) if table.rows == 0]:
            data = [plan.reference if side == "baseline" else plan.production[0] for side in empty]
            return Evaluated(plan, (), *tables, sentence="; ".join(map(_nothing, data)), notes=notes)
        chosen = evaluating.features(plan, baseline.types, target.types)
        importance: Mapping[str, float] = {}
        if plan.top is not None:
            importance = self._importance(plan, sides["baseline"], chosen, tables)
            chosen = sorted(importance, key=lambda name: (-importance[name], name))[: plan.top]
        return Evaluated(plan, evaluating.evaluate(plan, *tables, chosen), *tables, importance, notes=notes)

    def _importance(self, plan: Plan, side: Staged, chosen: list[str], tables: tuple[Table, Table]) -> Mapping[str, float]:
        target = (plan.reference.columns if plan.reference else {}).get(plans.TARGET)
        if not target:
            raise Invalid(f"the top features are found by attribution, for which the reference data must name its {plans.TARGET}")
        common = [name for name in chosen if all(name in table.features for table in tables)]
        return attribution.importance(side.path, target, common, plan.task)

    def _cut(self, plan: Plan, data: Data) -> Staged:
        key = json.dumps([data.input, data.start, data.end, data.columns.get(plans.TIMESTAMP), plan.segment])
        if key not in self._staged:
            file = self._folder / f"{len(self._staged)}.parquet"
            self._staged[key] = staging.stage(data, self._paths[data.input], plan.segment, file)
        return self._staged[key]

    def _counted(self, side: Staged, types: Mapping[str, str] | None = None) -> Reading:
        wished = {**side.types, **(types or {})}
        key = json.dumps([side.path, wished], sort_keys=True)
        if key not in self._read:
            self._read[key] = reading.read(side.path, types=wished) if side.path else Reading([EMPTY_TABLE], {}, 0)
        return self._read[key]


def run(order: Mapping[str, Any], paths: Mapping[str, str]) -> list[Evaluated]:
    """paths: by name of input."""
    with tempfile.TemporaryDirectory(prefix="monitor-") as folder:
        runner = Runner(paths, Path(folder))
        return [runner.evaluated(plans.from_dict(one)) for one in order["signals"]]


def write(order: Mapping[str, Any], found: list[Evaluated], folder: Path) -> Mapping[str, Any]:
    """The files of a run; the result document last of all, and answered."""
    for one in found:
        for name in dict.fromkeys(row.feature for row in one.rows):
            filled = evaluating.histogram(one.plan, name, one.baseline, one.target)
            if filled is not None:
                _put(folder / documents.histogram_path(one.plan.name, name), documents.histogram(name, filled))
        _put(folder / "signals" / f"{one.plan.name}.json", documents.signal(one))
    _put(folder / "manifest.json", documents.manifest(one.plan.name for one in found))
    document = documents.result(order["monitor"], order["run"], order.get("frequency"), datetime.fromisoformat(order["at"]), found)
    publishing.publish(document, folder)
    return document


def main(variables: Mapping[str, str]) -> int:
    order = json.loads(variables[ORDER])
    found = run(order, {name: variables[f"AZURE_ML_INPUT_{name}"] for name in order["inputs"]})
    document = write(order, found, Path(variables["AZURE_ML_OUTPUT_result"]))
    summary = documents.summary(document, found)
    _put(Path(variables["AZURE_ML_OUTPUT_summary"]), summary)
    telling.tell(documents.metrics(found), documents.tags(found), variables, _say)
    for one in found:
        _say(_line(one))
    for line in summary["warnings"]:
        _say(f"warning: {line}")
    if all(one.failed for one in found):
        _say("no signal of the monitor could be computed")
        return 1
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _line(one: Evaluated) -> str:
    if one.sentence:
        return f"{one.plan.name}: {one.sentence}"
    worst = ", ".join(f"{row.feature} {row.measure} {row.value:.4g} (threshold {row.threshold:.4g})" for row in one.breaches[:10])
    return (
        f"{one.plan.name}: {len(one.rows)} numbers of {one.target.rows} rows, {len(one.breaches)} over their threshold{f': {worst}' if worst else ''}"
    )


def _nothing(data: Data) -> str:
    return f"{EMPTY} from {data.start} to {data.end} of {data.uri}" if data.start else f"there are no rows in {data.uri}"


def _put(path: Path, words: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.part")
    with aside.open("w", encoding="utf-8") as file:
        json.dump(words, file, ensure_ascii=False, indent=1, allow_nan=False)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)


if __name__ == "__main__":
    sys.exit(main(os.environ))
