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
from azurine.guest.drift import publishing, telling
from azurine.guest.drift.signalling import Runner

ORDER = "DRIFT_ORDER"


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
    telling.tell([(name, value, 0) for name, value in documents.metrics(found).items()], {"tags": documents.tags(found)}, variables, _say)
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
