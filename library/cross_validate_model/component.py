"""Cross Validate Model: how well a learner does on rows that it has not seen, tried part by part.

Rows are put into ten parts by chance, or are in the folds of Partition and Sample already. Each part is predicted by a model that learned
from all others. The first output has every row that has a label, the number of its fold (from 0) and its prediction; the second one the
measures of each fold (azurine.designer.learning.metrics), then their mean and standard deviation (of a sample). The means are logged as
metrics of the run.
"""

from collections.abc import Mapping
from typing import Any

import polars as pl

from azurine.designer import tables
from azurine.designer.bench import Bench
from azurine.designer.components import Asking
from azurine.designer.learning import examples, folds, learners, metrics, recording
from azurine.designer.parameters import Parameters
from azurine.designer.ports import Port, table_of
from azurine.designer.tables import Column, Table

FOLDS = 10
ASSIGNED, NUMBER, SIZE = "Fold Assignments", "Fold Number", "Number of Examples in Fold"


def run(inputs: Mapping[str, Port], parameters: Parameters, bench: Bench) -> Asking:
    learner = learners.learner_of(inputs, "untrained_model", ("binary", "multiclass", "regression"))
    table = table_of(inputs, "dataset")
    asked = examples.plan(table, learner.settings["task"], parameters, bench)
    rows = yield table.frame.filter(asked.known)
    settled = examples.settle(asked, rows.select(asked.values))
    parts = _parts(rows, table, parameters, bench)
    found = list(folds.measured(learner, settled, parts, bench.say))
    measures = [metrics.of(one.settings, one.truth, one.predicted) for one in found]
    report = _report(measures, [len(one.rows) for one in found])
    means = report.filter(pl.col(NUMBER) == "Mean").to_dicts()[0]
    recording.record({name: means[name] for name in measures[0]}, bench.say, bench.variables)
    return {"scored_results": _scored(rows, table, asked.label.name, found), "evaluation_results_by_fold": tables.of(report)}


def _parts(rows: pl.DataFrame, table: Table, parameters: Parameters, bench: Bench) -> list[Any]:
    if table.fold:
        parts = folds.marked(rows[table.fold])
        if len(parts) < 2:
            raise bench.failing("dataset: all rows are in one fold; at least two are needed to learn from one and measure with the other")
        return parts
    if rows.height < FOLDS:
        raise bench.failing(f"dataset: there are {rows.height} rows with a label, too few for {FOLDS} folds")
    return folds.drawn(rows.height, FOLDS, parameters.whole("random_seed"))


def _report(measures: list[metrics.Measures], sizes: list[int]) -> pl.DataFrame:
    each = pl.DataFrame(measures, schema=dict.fromkeys(measures[0], pl.Float64))
    known = pl.DataFrame({NUMBER: [str(place) for place in range(len(sizes))], SIZE: sizes}, schema_overrides={SIZE: pl.Int64})
    together = [
        pl.DataFrame({NUMBER: [name], SIZE: [sum(sizes)]}, schema_overrides={SIZE: pl.Int64}).hstack(frame)
        for name, frame in [("Mean", each.mean()), ("Standard Deviation", each.std())]
    ]
    return pl.concat([known.hstack(each), *together])


def _scored(rows: pl.DataFrame, table: Table, label: str, found: list[folds.Fold]) -> Table:
    parts = []
    for number, one in enumerate(found):
        places = pl.DataFrame({"row": pl.Series(one.rows, dtype=pl.Int64), "fold": pl.Series([number] * len(one.rows), dtype=pl.Int64)})
        parts.append(places.hstack(one.predicted))
    predicted = pl.concat(parts).sort("row").drop("row")
    wanted = [ASSIGNED, *predicted.columns[1:]]
    names = tables.unique_names(wanted, table.names)
    predicted.columns = names
    scores = [Column(name, pl.Float64(), feature=False, score="" if score == ASSIGNED else score) for name, score in zip(names, wanted, strict=True)]
    known = {one.name: Column(one.name, one.type, one.categorical, one.feature, one.name == label, one.weight, one.score) for one in table.columns}
    return tables.of(rows.select(table.names).hstack(predicted), known | {one.name: one for one in scores})
