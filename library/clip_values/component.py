"""Clip Values: values beyond a threshold become the threshold, the mean or median of the column, or missing.

Peaks are values above the upper threshold, subpeaks those below the lower one. The mean and the median are those of the whole column.
"""

from collections.abc import Mapping
from typing import Any

import polars as pl

from azurine.designer import tables
from azurine.designer.bench import Bench
from azurine.designer.components import Asking
from azurine.designer.parameters import Parameters
from azurine.designer.ports import Port, table_of
from azurine.designer.tables import Table


def run(inputs: Mapping[str, Port], parameters: Parameters, bench: Bench) -> Asking:
    table = table_of(inputs, "dataset")
    chosen = parameters.columns("list_of_columns", table)
    for name in chosen:
        if not table[name].numeric:
            raise parameters.wrong("list_of_columns", f"column {name!r} is {table[name].kind}; only numbers can be clipped")
    constant = parameters.text("threshold") == "Constant"
    upper = parameters.number("constant_value_for_upper_threshold") if constant else parameters.whole("percentile_number_of_upper_threshold")
    lower = parameters.number("constant_value_for_lower_threshold") if constant else parameters.whole("percentile_number_of_lower_threshold")
    if parameters.text("set_of_thresholds") == "ClipPeaksAndSubpeaks" and lower > upper:
        named = "constant_value_for_lower_threshold" if constant else "percentile_number_of_lower_threshold"
        raise parameters.wrong(named, f"it must not be above the upper threshold, {upper:g}")
    found = yield table.frame.select(
        expression for place, name in enumerate(chosen) for expression in _questions(name, place, constant, lower, upper)
    )
    learned = [{what: found[f"{what} {place}"][0] for what in ("lower", "upper", "mean", "median")} for place in range(len(chosen))]
    return {"results_dataset": _clipped(table, chosen, learned, parameters)}


def _questions(name: str, place: int, constant: bool, lower: float, upper: float) -> list[pl.Expr]:
    value = pl.col(name).cast(pl.Float64)
    limits = [pl.lit(float(one)) if constant else value.quantile(one / 100, "linear") for one in (lower, upper)]
    found = {"lower": limits[0], "upper": limits[1], "mean": value.mean(), "median": value.median()}
    return [expression.alias(f"{what} {place}") for what, expression in found.items()]


def _clipped(table: Table, chosen: tuple[str, ...], learned: list[dict[str, Any]], parameters: Parameters) -> Table:
    overwrite = parameters.flag("overwrite_flag")
    names = list(chosen) if overwrite else tables.unique_names([f"{name}_clipped" for name in chosen], table.names)
    made = []
    for name, after, said in zip(chosen, names, learned, strict=True):
        high, low = _beyond(name, said, parameters)
        peak, subpeak = (
            _substitute(said, parameters.text(f"substitute_value_for_{side}"), limit) for side, limit in (("peaks", "upper"), ("subpeaks", "lower"))
        )
        value = pl.when(high).then(peak).when(low).then(subpeak).otherwise(pl.col(name).cast(pl.Float64))
        made.append(_as_before(value, table, name, said).alias(after))
    frame = table.frame.with_columns(made)
    if parameters.flag("add_indicator_columns"):
        marks = tables.unique_names([f"{name}_IsClipped" for name in chosen], [*table.names, *names])
        beyond = [_beyond(name, said, parameters) for name, said in zip(chosen, learned, strict=True)]
        frame = table.frame.with_columns(
            [*made, *((high | low).fill_null(False).alias(mark) for (high, low), mark in zip(beyond, marks, strict=True))]
        )
    return table.on(frame)


def _as_before(value: pl.Expr, table: Table, name: str, said: Mapping[str, Any]) -> pl.Expr:
    """Whole numbers stay whole when whatever is written is whole."""
    whole = table[name].type.is_integer() and all(one is None or float(one).is_integer() for one in said.values())
    return value.cast(table[name].type) if whole else value


def _beyond(name: str, said: Mapping[str, Any], parameters: Parameters) -> tuple[pl.Expr, pl.Expr]:
    which = parameters.text("set_of_thresholds")
    high = pl.col(name) > said["upper"] if which != "ClipSubpeaks" else pl.lit(False)
    low = pl.col(name) < said["lower"] if which != "ClipPeaks" else pl.lit(False)
    return high, low


def _substitute(said: Mapping[str, Any], how: str, limit: str) -> pl.Expr:
    found = {"Threshold": said[limit], "Mean": said["mean"], "Median": said["median"], "Missing": None}[how]
    return pl.lit(found, dtype=pl.Float64)
