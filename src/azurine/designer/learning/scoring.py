"""A model meets a table: the table with score columns, as a lazy plan that predicts piece by piece while it runs.

A table that does not fit into memory can therefore be scored, and what follows (select, export) is one pass with it. What is wrong with
the table is said before anything runs. Score columns get a suffix when their name is taken, and the label's column is marked as the label
so that Evaluate Model finds it.
"""

from collections.abc import Generator
from dataclasses import replace
from typing import Any

import polars as pl

from azurine.designer import tables
from azurine.designer.bench import Bench
from azurine.designer.learning import features, models
from azurine.designer.learning.models import Trained
from azurine.designer.ports import Model
from azurine.designer.tables import Column, Table, listed

_PREDICTED = "__predicted__"


def score(model: Model, table: Table, append: bool, bench: Bench) -> Generator[pl.LazyFrame, pl.DataFrame, Table]:
    """append: keep the columns of the table; otherwise only the scores."""
    trained, learned = Trained(model), model.settings["features"]
    features.check(learned, table, lambda message: bench.failing(f"dataset: {message}"))
    if model.settings.get("strict"):
        yield from _refuse_unknown(learned, table, bench)
    columns = [table[one["name"]] for one in learned]
    wanted = models.fields(model.settings)
    names = dict(zip(wanted, tables.unique_names(wanted, table.names if append else ()), strict=True))

    def predict(rows: pl.Series) -> pl.Series:
        return trained.predict(rows.struct.unnest()).rename(names).to_struct(rows.name)

    answer = pl.Struct([pl.Field(names[name], type_) for name, type_ in wanted.items()])
    predicted = pl.struct(features.plain(columns)).map_batches(predict, return_dtype=answer, is_elementwise=True).alias(_PREDICTED)
    frame = (table.visible().with_columns(predicted) if append else table.visible().select(predicted)).unnest(_PREDICTED)
    scores = [Column(names[name], type_, feature=False, score=name) for name, type_ in wanted.items()]
    return tables.of(frame, {one.name: one for one in [*_marked(table, model.settings.get("label")), *scores]})


def _marked(table: Table, label: str | None) -> list[Column]:
    if label is None or label not in table:
        return list(table.columns)
    return [replace(one, label=one.name == label) for one in table.columns]


def _refuse_unknown(learned: list[features.Feature], table: Table, bench: Bench) -> Generator[pl.LazyFrame, pl.DataFrame, None]:
    counts: list[Any] = features.unknown(learned)
    if not counts:
        return
    found = yield table.frame.select(counts)
    wrong = [name for name in found.columns if found[name][0]]
    if wrong:
        raise bench.failing(f"dataset: column {listed(wrong)} has categories that were not there while training, which this model does not allow")
