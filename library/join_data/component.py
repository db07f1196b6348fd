"""Join Data: rows of two tables whose keys are equal. Missing keys equal nothing.

Columns of the right table whose names are taken get a suffix: _R, or else _R1, _R2 … the first with which all are distinct.
Rows come in the order of the left table, those of the right table without a partner last.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

import polars as pl

from azurine.designer import tables
from azurine.designer.bench import Bench
from azurine.designer.components import Outputs
from azurine.designer.parameters import Parameters
from azurine.designer.ports import Port, table_of
from azurine.designer.tables import Column, Table

LEFT, RIGHT = "join_key_columns_for_left_dataset", "join_key_columns_for_right_dataset"
How = Literal["inner", "left", "full", "semi"]
_HOW: dict[str, How] = {"Inner Join": "inner", "Left Outer Join": "left", "Full Outer Join": "full", "Left Semi-Join": "semi"}


def run(inputs: Mapping[str, Port], parameters: Parameters, bench: Bench) -> Outputs:
    left, right = table_of(inputs, "left_dataset"), table_of(inputs, "right_dataset")
    left_keys, right_keys = parameters.columns(LEFT, left), parameters.columns(RIGHT, right)
    if len(left_keys) != len(right_keys):
        raise parameters.wrong(RIGHT, f"choose as many keys as for the left table: {len(left_keys)}, not {len(right_keys)}")
    pairs = [
        _comparable(left[one], right[other], parameters.flag("match_case"), parameters) for one, other in zip(left_keys, right_keys, strict=True)
    ]
    how = _HOW[parameters.text("join_type")]
    dropped = () if parameters.flag("keep_right_key_columns_in_joined_table") else right_keys
    names = {} if how == "semi" else _right_names(left, right, dropped)
    joined = _joined(left, right, pairs, names, how)
    known = {column.name: column for column in left.columns} | {
        names[one.name]: replace(one, name=names[one.name]) for one in right.columns if one.name in names
    }
    return {"results_dataset": tables.of(joined, known)}


def _joined(left: Table, right: Table, pairs: list[tuple[pl.Expr, pl.Expr]], names: Mapping[str, str], how: How) -> pl.LazyFrame:
    """Both sides joined on computed keys. names: of the right columns that are kept, as they are called afterwards."""
    keys = tables.unique_names([f"key {place}" for place in range(len(pairs))], [*left.names, *names.values()])
    plain = all(one.meta.is_column() and other.meta.is_column() for one, other in pairs)
    order: Literal["left", "left_right"] = "left_right" if how == "full" else "left"
    here = left.visible()
    there = right.frame.select(
        [pl.col(name).alias(after) for name, after in names.items()] + [other.alias(key) for (_, other), key in zip(pairs, keys, strict=True)]
    )
    if not plain:
        mine = tables.unique_names([f"left {key}" for key in keys], [*left.names, *names.values(), *keys])
        here = here.with_columns(one.alias(key) for (one, _), key in zip(pairs, mine, strict=True))
    else:
        mine = [one.meta.output_name() for one, _ in pairs]
    found = here.join(there, left_on=mine, right_on=keys, how=how, coalesce=how != "full", maintain_order=order)
    return found.select([*left.names, *names.values()])


def _right_names(left: Table, right: Table, dropped: tuple[str, ...]) -> dict[str, str]:
    kept = [name for name in right.names if name not in dropped]
    clashing = set(kept) & set(left.names)
    number = 0
    while True:
        suffix = f"_R{number or ''}"
        found = {name: name + suffix if name in clashing else name for name in kept}
        if len({*left.names, *found.values()}) == len(left.names) + len(kept):
            return found
        number += 1


def _comparable(one: Column, other: Column, match_case: bool, parameters: Parameters) -> tuple[pl.Expr, pl.Expr]:
    """Two keys made comparable. Whole and broken numbers are; otherwise types must be the same."""
    mine, theirs = pl.col(one.name), pl.col(other.name)
    if one.primitive == other.primitive == "String":
        return (mine, theirs) if match_case else (mine.str.to_lowercase(), theirs.str.to_lowercase())
    if one.type == other.type:
        return mine, theirs
    if one.numeric and other.numeric:
        shared = pl.Int64 if one.type.is_integer() and other.type.is_integer() else pl.Float64
        return mine.cast(shared), theirs.cast(shared)
    if one.primitive == other.primitive == "DateTime":
        return mine.cast(pl.Datetime("us")), theirs.cast(pl.Datetime("us"))
    raise parameters.wrong(RIGHT, f"{other.name!r} is {other.primitive} and cannot be compared with {one.name!r}, which is {one.primitive}")
