"""Group Data into Bins: numbers become numbered groups, counted from 1.

Intervals are closed on the right, the first also on the left. With custom edges a column that goes below the first edge gets one more
group below it, and one above the last edge likewise; so whether there is one is part of the plan, not a question to the data.
Equal edges of quantiles are merged. What is written for quantiles: index / (groups + 1), × 100 for Percent, or the index itself.

The transformation holds the settings; applying it finds the edges anew in the other table (parity).
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import polars as pl

from azurine.designer import csv_files, tables
from azurine.designer.bench import Bench
from azurine.designer.components import Asking, Question
from azurine.designer.parameters import Parameters
from azurine.designer.ports import Port, Transformation, table_of
from azurine.designer.tables import Table, listed

CUSTOM, WIDTH, QUANTILES = "Custom Edges", "Equal Width", "Quantiles"
_FEW = 64


def run(inputs: Mapping[str, Port], parameters: Parameters, bench: Bench) -> Asking:
    table = table_of(inputs, "dataset")
    mode = parameters.text("binning_mode")
    if mode not in (CUSTOM, WIDTH, QUANTILES):
        raise parameters.wrong("binning_mode", f"this mode is not available; {QUANTILES}, {WIDTH} and {CUSTOM} are")
    chosen = parameters.columns("columns_to_bin", table)
    for name in chosen:
        if not table[name].numeric:
            raise parameters.wrong("columns_to_bin", f"column {name!r} is {table[name].kind}; only numbers can be grouped")
    settings = {
        "mode": mode,
        "columns": list(chosen),
        "bins": parameters.whole("number_of_bins"),
        "edges": _edges(parameters) if mode == CUSTOM else [],
        "written": parameters.text("quantile_normalization"),
        "output": parameters.text("output_mode"),
        "categorical": parameters.flag("tag_columns_as_categorical"),
    }
    grouped = yield from apply(settings, table, bench)
    return {"quantized_dataset": grouped, "binning_transformation": Transformation("group_data_into_bins", settings)}


def apply(settings: Mapping[str, Any], table: Table, bench: Bench) -> Generator[Question, Any, Table]:
    chosen = settings["columns"]
    absent = [name for name in chosen if name not in table or not table[name].numeric]
    if absent:
        raise bench.failing(f"dataset: there is no numeric column {listed(absent)}; there are {listed(table.names)}")
    if settings["mode"] == CUSTOM:
        by_edges = _by_custom_edges if bench.sample is None else _by_custom_edges_from_the_first
        groups = {name: by_edges(name, settings["edges"]) for name in chosen}
    elif settings["mode"] == WIDTH:
        groups = yield from _by_width(table, chosen, settings["bins"], bench)
    else:
        groups = yield from _by_quantiles(table, chosen, settings["bins"], settings["written"])
    return _written(table, groups, settings)


def _written(table: Table, groups: Mapping[str, pl.Expr], settings: Mapping[str, Any]) -> Table:
    inplace = settings["output"] == "Inplace"
    names = list(groups) if inplace else tables.unique_names([f"{name}_quantized" for name in groups], table.names)
    frame = table.frame.with_columns(expression.alias(after) for expression, after in zip(groups.values(), names, strict=True))
    said = [replace(table[name], name=after, categorical=settings["categorical"]) for name, after in zip(groups, names, strict=True)]
    found = table.on(frame, [replace(one, label=one.label and inplace) for one in said])
    return found.select(names) if settings["output"] == "Result Only" else found


def _by_custom_edges(name: str, edges: Sequence[float]) -> pl.Expr:
    value = pl.col(name)
    below = value.min() < edges[0]
    index = _count_below(value, edges)
    return pl.when(below).then(index + 1).otherwise(pl.max_horizontal(index, pl.when(value.is_not_null()).then(1))).cast(pl.Int64)


def _by_custom_edges_from_the_first(name: str, edges: Sequence[float]) -> pl.Expr:
    """The same where no value lies below the first edge, without waiting for the least of all; elsewhere the plan fails as a surprise."""
    value = pl.col(name)
    index = (value >= edges[0]).cast(pl.Int16) + _count_below(value, edges[1:])
    return csv_files.surprised_below(index, 1).cast(pl.Int64)


def _by_width(table: Table, chosen: Sequence[str], bins: int, bench: Bench) -> Generator[Question, Any, dict[str, pl.Expr]]:
    found = yield table.frame.select(
        *(pl.col(name).min().cast(pl.Float64).alias(f"min {place}") for place, name in enumerate(chosen)),
        *(pl.col(name).max().cast(pl.Float64).alias(f"max {place}") for place, name in enumerate(chosen)),
    )
    groups = {}
    for place, name in enumerate(chosen):
        low, high = found[f"min {place}"][0], found[f"max {place}"][0]
        if low is not None and (low == float("-inf") or high == float("inf")):
            raise bench.failing(f"columns_to_bin: column {name!r} holds infinity, which has no width")
        edges = [low + (high - low) * step / bins for step in range(bins + 1)] if low is not None else []
        groups[name] = _within(name, edges)
    return groups


def _by_quantiles(table: Table, chosen: Sequence[str], bins: int, written: str) -> Generator[Question, Any, dict[str, pl.Expr]]:
    steps = [step / bins for step in range(bins + 1)]
    found = yield table.frame.select(
        pl.concat_list(pl.col(name).cast(pl.Float64).quantile(step, "linear") for step in steps).alias(f"edges {place}")
        for place, name in enumerate(chosen)
    )
    groups = {}
    for place, name in enumerate(chosen):
        edges = sorted({edge for edge in found[f"edges {place}"][0].to_list() if edge is not None})
        index, count = _within(name, edges), max(len(edges) - 1, 1)
        scale = {"Percent": 100 / (count + 1), "PQuantile": 1 / (count + 1)}.get(written)
        groups[name] = index if scale is None else index.cast(pl.Float64) * scale
    return groups


def _within(name: str, edges: Sequence[float]) -> pl.Expr:
    """The group of each value when the edges are those of the column itself: nothing lies outside."""
    value = pl.col(name)
    inner = edges[1:-1]
    index = _count_below(value, inner) if inner else pl.when(value.is_not_null()).then(0)
    return (index + 1).cast(pl.Int64)


def _count_below(value: pl.Expr, edges: Sequence[float]) -> pl.Expr:
    """How many edges are less than the value; missing when it is missing."""
    if len(edges) > _FEW:
        return (
            pl.when(value.is_not_null())
            .then(pl.lit(pl.Series(edges, dtype=pl.Float64)).search_sorted(value.cast(pl.Float64), side="left"))
            .cast(pl.Int16)
        )
    found = (value > edges[0]).cast(pl.Int16)
    for edge in edges[1:]:
        found = found + (value > edge).cast(pl.Int16)
    return found


def _edges(parameters: Parameters) -> list[float]:
    name = "comma_separated_list_of_bin_edges"
    said = [one.strip() for one in parameters.text(name).split(",") if one.strip()]
    try:
        found = [float(one) for one in said]
    except ValueError as error:
        raise parameters.wrong(name, "edges are numbers, separated by commas") from error
    if len(found) < 2:
        raise parameters.wrong(name, "give at least two edges")
    for before, after in pairwise(found):
        if not before < after:
            raise parameters.wrong(name, f"edges must ascend strictly; {after:g} comes after {before:g}")
    return found
