"""Summarize Data: a row of numbers for each column. What needs numbers is missing for columns that have none.

Variance, deviation, skewness and kurtosis are those of a sample (corrected), the kurtosis that of a normal distribution being 0.
"""

from collections.abc import Mapping

import polars as pl

from azurine.designer import tables
from azurine.designer.bench import Bench
from azurine.designer.components import Asking
from azurine.designer.parameters import Parameters
from azurine.designer.ports import Port, table_of
from azurine.designer.tables import Column

_QUANTILES = {"1st quantile": 0.25, "Median": 0.5, "3rd quantile": 0.75}
_PERCENTS = {"P0.5": 0.005, "P1": 0.01, "P5": 0.05, "P95": 0.95, "P99": 0.99, "P99.5": 0.995}


def run(inputs: Mapping[str, Port], parameters: Parameters, bench: Bench) -> Asking:
    table = table_of(inputs, "dataset")
    asked = [_measures(column) for column in table.columns]
    found = yield table.frame.select(value.alias(f"{place} {name}") for place, said in enumerate(asked) for name, value in said.items())
    row = found.row(0, named=True) if found.height else {}
    columns = {
        name: pl.Series([row.get(f"{place} {name}") for place in range(len(asked))], dtype=pl.Int64 if name in _COUNTS else pl.Float64)
        for name in _measures(Column("", pl.Float64()))
    }
    return {"results_dataset": tables.of(pl.DataFrame({"Feature": pl.Series(table.names, dtype=pl.String), **columns}))}


_COUNTS = ("Count", "Unique Value Count", "Missing Value Count")


def _measures(column: Column) -> dict[str, pl.Expr]:
    value = pl.col(column.name)
    counts = {"Count": pl.len(), "Unique Value Count": value.drop_nulls().n_unique(), "Missing Value Count": value.null_count()}
    if not column.numeric:
        return counts
    x = value.cast(pl.Float64)
    return {
        **counts,
        "Min": x.min(),
        "Max": x.max(),
        "Mean": x.mean(),
        "Mean Deviation": (x - x.mean()).abs().mean(),
        **{name: x.quantile(share, "linear") for name, share in _QUANTILES.items()},
        "Mode": x.drop_nulls().mode().min(),
        "Range": x.max() - x.min(),
        "Sample Variance": x.var(ddof=1),
        "Sample Standard Deviation": x.std(ddof=1),
        "Sample Skewness": x.skew(bias=False),
        "Sample Kurtosis": x.kurtosis(bias=False),
        **{name: x.quantile(share, "linear") for name, share in _PERCENTS.items()},
    }
