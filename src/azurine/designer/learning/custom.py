"""Models that are a class of the user's own (Create Python Model): trained and asked in a process of their own.

{"task": "python", "label": "Diabetic", "features": [{"name": "Age"}, …]}
model.pkl  python_script.py
"""

from collections.abc import Generator
from typing import Any

import polars as pl

from azurine.designer import scripting, tables
from azurine.designer.bench import Bench
from azurine.designer.components import Question, Spool
from azurine.designer.learning import models
from azurine.designer.learning.examples import Settled
from azurine.designer.ports import Learner, Model
from azurine.designer.scripting import Given
from azurine.designer.tables import ASSIGNMENTS, SCORED_LABELS, SCORED_PROBABILITIES, Column, Table, listed

TASK = "python"
SCRIPT = "python_script.py"


def train(learner: Learner, examples: Settled, bench: Bench) -> Model:
    script, label = str(learner.settings["values"]["python_script"]), examples.asked.label
    columns = examples.asked.columns
    rows, answers = bench.folder / "python-model-rows.parquet", bench.folder / "python-model-label.parquet"
    examples.frame.select(one.name for one in columns).write_parquet(rows)
    examples.frame.select(label.name).write_parquet(answers)
    done = scripting.call("train", script, [Given(rows, columns), Given(answers, (label,))], bench)
    settings = {"task": TASK, "label": label.name, "type": label.primitive, "features": [{"name": one.name} for one in columns]}
    files = {models.ESTIMATOR: (done.folder / scripting.MODEL).read_bytes(), SCRIPT: script.encode("utf-8")}
    return Model(learner.component, settings, files)


def score(model: Model, table: Table, append: bool, bench: Bench) -> Generator[Question, Any, Table]:
    names = [one["name"] for one in model.settings["features"]]
    absent = [name for name in names if name not in table]
    if absent:
        raise bench.failing(f"dataset: column not found: {listed(absent)}, which the model was trained on; there are {listed(table.names)}")
    chosen = table.select(names)
    # Both come from one pass, so that their rows are in the same order.
    rows, every = yield (Spool(chosen.visible()), Spool(table.visible()))
    files = {models.ESTIMATOR: model.files[models.ESTIMATOR]}
    done = scripting.call("predict", model.files[SCRIPT].decode("utf-8"), [Given(rows, chosen.columns)], bench, files=files)
    predicted = done.outputs[0]
    height, wanted = (int(one.select(pl.len()).collect().item()) for one in (predicted.frame, pl.scan_parquet(every)))
    if height != wanted:
        raise bench.failing(f"trained_model: predict returned {height} rows for {wanted}")
    distinct = tables.unique_names(predicted.names, table.names if append else ())
    renamed = predicted.frame.rename(dict(zip(predicted.names, distinct, strict=True)))
    scores = {
        made: Column(made, pl.Float64(), feature=False, score=name) for made, name in zip(distinct, predicted.names, strict=True) if _is_score(name)
    }
    frame = pl.concat([pl.scan_parquet(every), renamed], how="horizontal") if append else renamed
    return tables.of(frame, {one.name: one for one in table.columns} | scores)


def _is_score(name: str) -> bool:
    return name in (SCORED_LABELS, SCORED_PROBABILITIES, ASSIGNMENTS) or name.startswith(SCORED_PROBABILITIES + "_")
