"""SMOTE: made-up rows of the rarer class of a label, so that a learner sees more of them.

Each made-up row lies between a row of the rarer class and one of its most similar rows of that class, somewhere on the line between the two;
which neighbour and where is chance. Whole hundreds of the percentage use every row equally often, the rest is drawn. Similarity is measured on
features rescaled to 0…1, categories as 0 and 1. Numbers are between those of the two rows (whole numbers are rounded); all other columns are
those of the first row. Where one of the two numbers is missing, so is the made-up one.
"""

from collections.abc import Mapping
from typing import Any

import polars as pl

from azurine.designer import tables
from azurine.designer.bench import Bench
from azurine.designer.components import Asking
from azurine.designer.learning import features, libraries
from azurine.designer.parameters import Parameters
from azurine.designer.ports import Port, table_of
from azurine.designer.tables import Column, Table

LABEL, PERCENTAGE, NEIGHBOURS = "label_column", "smote_percentage", "number_of_nearest_neighbors"


def run(inputs: Mapping[str, Port], parameters: Parameters, bench: Bench) -> Asking:
    table = table_of(inputs, "samples")
    label = parameters.column(LABEL, table)
    known = pl.col(label).is_not_null()
    counts = yield table.frame.filter(known).group_by(label).len().sort("len", label)
    if counts.height != 2:
        raise parameters.wrong(LABEL, f"two classes are wanted, and column {label!r} has {counts.height} different values")
    rare, rows = counts.row(0)
    wanted = rows * parameters.whole(PERCENTAGE) // 100
    if wanted == 0:
        return {"results_dataset": table}
    if rows <= parameters.whole(NEIGHBOURS):
        raise parameters.wrong(NEIGHBOURS, f"the rarer class {rare!r} has {rows} rows; each of them has {rows - 1} neighbours")
    frame = yield table.visible().filter(known & (pl.col(label) == pl.lit(rare)))
    made = _made(frame, table, label, wanted, parameters, bench)
    return {"results_dataset": tables.of(pl.concat([table.visible(), made.lazy()]), {one.name: one for one in table.columns})}


def _made(frame: pl.DataFrame, table: Table, label: str, wanted: int, parameters: Parameters, bench: Bench) -> pl.DataFrame:
    columns = [one for one in table.columns if one.name != label]
    chance = libraries.load("numpy").random.RandomState(parameters.whole("random_seed"))
    first, second = _pairs(frame, columns, wanted, parameters.whole(NEIGHBOURS), chance, bench)
    shares = chance.random_sample(wanted)
    between = [one.name for one in columns if one.numeric and not one.categorical]
    start: pl.DataFrame = frame[first]
    end: pl.DataFrame = frame[second]
    numbers = []
    for name in between:
        value = start[name].cast(pl.Float64) + pl.Series(shares) * (end[name].cast(pl.Float64) - start[name].cast(pl.Float64))
        numbers.append((value.round() if start[name].dtype.is_integer() else value).cast(start[name].dtype).alias(name))
    return start.with_columns(numbers)


def _pairs(frame: pl.DataFrame, columns: list[Column], wanted: int, count: int, chance: Any, bench: Bench) -> tuple[Any, Any]:
    """Row numbers: where each made-up row begins, and towards which row it goes."""
    numpy = libraries.load("numpy")
    rows = frame.height
    plain = frame.select(features.plain(columns))
    matrix = features.matrix(plain, features.learn(plain, columns, True, bench.failing))
    finder = libraries.load("sklearn.neighbors").NearestNeighbors(n_neighbors=count).fit(matrix)
    near = finder.kneighbors(return_distance=False)
    first = numpy.concatenate([numpy.tile(numpy.arange(rows), wanted // rows), numpy.sort(chance.permutation(rows)[: wanted % rows])])
    return first, near[first, chance.randint(0, count, wanted)]
