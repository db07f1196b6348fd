"""Normalize Data: rescales numeric columns; what was learned is the transformation.

    ZScore     (x - mean) / standard deviation of the population       Logistic   1 / (1 + e^-x)
    MinMax     (x - min) / (max - min)                                 Tanh       tanh x
    LogNormal  share of a log-normal distribution (location 0), fitted to the column, that lies below x

A column whose values are all alike becomes 0, or missing when the switch is off.
"""

import math
from collections.abc import Mapping
from typing import Any

import polars as pl

from azurine.designer.bench import Bench
from azurine.designer.components import Asking
from azurine.designer.parameters import Parameters
from azurine.designer.ports import Port, Transformation, table_of
from azurine.designer.tables import Table, listed


def run(inputs: Mapping[str, Port], parameters: Parameters, bench: Bench) -> Asking:
    table, method = table_of(inputs, "dataset"), parameters.text("transformation_method")
    chosen = parameters.columns("columns_to_transform", table)
    for name in chosen:
        if not table[name].numeric:
            raise parameters.wrong("columns_to_transform", f"column {name!r} is {table[name].kind}; only numbers can be rescaled")
    found = yield table.frame.select(
        expression for place, name in enumerate(chosen) for expression in _questions(pl.col(name).cast(pl.Float64), place)
    )
    learned = {
        name: {what: found[f"{what} {place}"][0] for what in ("min", "max", "mean", "std", "mu", "sigma")} for place, name in enumerate(chosen)
    }
    for name, said in learned.items():
        if method == "LogNormal" and said["min"] is not None and said["min"] <= 0:
            raise parameters.wrong("transformation_method", f"LogNormal needs values above 0, and column {name!r} has {said['min']:g}")
    settings = {"method": method, "constants": 0.0 if parameters.flag("use_0_for_constant_columns_when_checked") else None, "columns": learned}
    return {"transformed_dataset": apply(settings, table, bench), "transformation_function": Transformation("normalize_data", settings)}


def apply(settings: Mapping[str, Any], table: Table, bench: Bench) -> Table:
    absent = [name for name in settings["columns"] if name not in table or not table[name].numeric]
    if absent:
        raise bench.failing(f"dataset: there is no numeric column {listed(absent)}; there are {listed(table.names)}")
    method, constants = settings["method"], settings["constants"]
    return table.on(table.frame.with_columns(_rescaled(name, said, method, constants).alias(name) for name, said in settings["columns"].items()))


def _questions(value: pl.Expr, place: int) -> list[pl.Expr]:
    positive = pl.when(value > 0).then(value).log()
    found = {
        "min": value.min(),
        "max": value.max(),
        "mean": value.mean(),
        "std": value.std(ddof=0),
        "mu": positive.mean(),
        "sigma": positive.std(ddof=0),
    }
    return [expression.alias(f"{what} {place}") for what, expression in found.items()]


def _rescaled(name: str, said: Mapping[str, float | None], method: str, constants: float | None) -> pl.Expr:
    value = pl.col(name).cast(pl.Float64)
    low, high = said["min"], said["max"]
    if low is None or high is None:
        return value
    if low == high:
        return pl.when(value.is_not_null()).then(pl.lit(constants, dtype=pl.Float64))
    if method == "ZScore":
        return (value - said["mean"]) / said["std"]
    if method == "MinMax":
        return (value - low) / (high - low)
    if method == "Logistic":
        return 1 / (1 + (-value).exp())
    if method == "Tanh":
        return value.tanh()
    return (
        _share_below((pl.when(value > 0).then(value).log() - said["mu"]) / said["sigma"])
        .fill_null(pl.when(value.is_not_null()).then(0.0))
        .alias(name)
    )


def _share_below(deviations: pl.Expr) -> pl.Expr:
    """The standard normal distribution's share below each value. There is no error function among the expressions of the plan."""
    return deviations.map_batches(_shares, return_dtype=pl.Float64, is_elementwise=True)


def _shares(values: pl.Series) -> pl.Series:
    return pl.Series(values.name, [None if one is None else 0.5 * math.erfc(-one / math.sqrt(2)) for one in values], dtype=pl.Float64)
