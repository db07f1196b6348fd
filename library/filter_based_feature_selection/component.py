"""Filter Based Feature Selection: the columns that tell most about a target, each looked at on its own.

Pearson Correlation is the correlation of a column with the target without its sign; a column that is not a number has 0. Chi Squared compares
how often values occur together with how often they would if they had nothing to do with each other; numbers of more than ten different
values are taken in ten bins of equal frequency. Rows in which either value is missing do not count. Of equal scores the first column wins.
"""

from collections.abc import Mapping

import polars as pl

from azurine.designer import tables
from azurine.designer.bench import Bench
from azurine.designer.components import Asking
from azurine.designer.parameters import Parameters
from azurine.designer.ports import Port, table_of
from azurine.designer.tables import Column

TARGET, METHOD, COUNT = "target_column", "feature_scoring_method", "number_of_desired_features"
BINS = 10


def run(inputs: Mapping[str, Port], parameters: Parameters, bench: Bench) -> Asking:
    table = table_of(inputs, "input_dataset")
    target = table[parameters.column(TARGET, table)]
    looked_at = table.features if parameters.flag("operate_on_feature_columns_only") else table.columns
    columns = [one for one in looked_at if one.name != target.name]
    if parameters.whole(COUNT) > len(columns):
        raise parameters.wrong(COUNT, f"there are {len(columns)} columns to choose from")
    if parameters.text(METHOD) == "Pearson Correlation":
        if not _counts(target):
            raise parameters.wrong(
                TARGET, f"column {target.name!r} is {target.kind}; Pearson Correlation compares numbers; Chi Squared takes any column"
            )
        found = yield table.frame.select(_correlation(one, target).alias(one.name) for one in columns)
        scores = {one.name: abs(found[one.name][0] or 0.0) for one in columns}
    else:
        frame = yield table.frame.select([one.name for one in (*columns, target)])
        values = _binned(frame[target.name])
        scores = {one.name: _together(_binned(frame[one.name]), values) for one in columns}
    ranked = sorted(scores, key=lambda name: -scores[name])
    best = frozenset([*ranked[: parameters.whole(COUNT)], target.name])
    report = pl.DataFrame({name: [scores[name]] for name in ranked}, schema=dict.fromkeys(ranked, pl.Float64))
    return {"filtered_dataset": table.select(name for name in table.names if name in best), "features": tables.of(report)}


def _counts(column: Column) -> bool:
    return column.numeric or column.type == pl.Boolean


def _correlation(column: Column, target: Column) -> pl.Expr:
    if not _counts(column):
        return pl.lit(0.0)
    one, other = (pl.col(name).cast(pl.Float64) for name in (column.name, target.name))
    both = one.is_finite() & other.is_finite()
    return pl.corr(one.filter(both), other.filter(both)).fill_nan(0.0)


def _binned(values: pl.Series) -> pl.Series:
    """As text: each value, or the bin it is in."""
    if values.dtype.is_numeric() and values.n_unique() > BINS:
        edges = {values.quantile(place / BINS, "linear") for place in range(1, BINS)}
        bins = pl.sum_horizontal((pl.col("value") > edge).cast(pl.Int32) for edge in edges)
        return pl.DataFrame({"value": values}).select(pl.when(pl.col("value").is_not_null()).then(bins).cast(pl.String)).to_series()
    return values.cast(pl.String)


def _together(one: pl.Series, other: pl.Series) -> float:
    """Pearson's chi squared of two columns: N (sum of O² / (row · column) - 1)."""
    counts = pl.DataFrame({"a": one, "b": other}).drop_nulls().group_by("a", "b").len()
    rows = float(counts["len"].sum())
    if not rows:
        return 0.0
    share = pl.col("len").cast(pl.Float64).pow(2) / (pl.col("len").sum().over("a") * pl.col("len").sum().over("b"))
    return max(0.0, rows * (float(counts.select(share.sum()).item()) - 1))
