r"""Split Data: the rows of a table in two.

Split Rows draws a share of the rows: with a seed, both parts shuffled; or the first rows; or a share of each value of a column.

    Regular Expression     \"column" expression   or   (\3) expression, the third column; rows in which it is found go into the first table
    Relative Expression    \"column" > 3 & \"other" = "a"   with > < >= <= = == != <> and & or |, & first
"""

import re
from collections.abc import Mapping
from functools import reduce
from operator import and_, or_

import polars as pl

from azurine.designer import drawing, tables
from azurine.designer.bench import Bench
from azurine.designer.components import Outputs
from azurine.designer.parameters import Parameters, clipped
from azurine.designer.ports import Port, table_of
from azurine.designer.tables import Column, Table

_REGULAR = re.compile(r'\s*(?:\\?"(?P<name>(?:[^"\\]|\\.)+)"|\(\\?(?P<place>\d+)\))\s+(?P<expression>.+?)\s*', re.S)
_RELATION = re.compile(
    r'\s*\\?"(?P<name>(?:[^"\\]|\\.)+)"\s*(?P<how>>=|<=|<>|!=|==|=|>|<)\s*(?P<value>"[^"]*"|\'[^\']*\'|[^&|\s]+(?:\s+[^&|\s]+)*)\s*'
)
_HOW = {"=": "eq", "==": "eq", "!=": "ne", "<>": "ne", ">": "gt", ">=": "ge", "<": "lt", "<=": "le"}


def run(inputs: Mapping[str, Port], parameters: Parameters, bench: Bench) -> Outputs:
    table, mode = table_of(inputs, "dataset"), parameters.text("splitting_mode")
    if mode == "Recommender Split":
        raise parameters.wrong("splitting_mode", "Recommender Split is not available")
    if mode == "Split Rows":
        return _rows(table, parameters)
    chosen = _regular(table, parameters) if mode == "Regular Expression" else _relative(table, parameters)
    chosen = chosen.fill_null(False)
    return {"results_dataset1": table.on(table.frame.filter(chosen)), "results_dataset2": table.on(table.frame.filter(~chosen))}


def _rows(table: Table, parameters: Parameters) -> Outputs:
    drawn = parameters.flag("randomized_split")
    by = parameters.column("stratification_key_column", table) if parameters.text("stratified_split") == "True" else ""
    place = tables.free_name("place", [*table.names, table.fold])
    first = tables.free_name("first", [*table.names, table.fold, place])
    share = parameters.number("fraction_of_rows_in_the_first_output_dataset")
    frame = table.frame.with_columns(
        drawing.places(parameters.whole("random_seed") if drawn else None, by).alias(place), drawing.count(share, by).alias(first)
    )
    parts = []
    for chosen in (pl.col(place) < pl.col(first), pl.col(place) >= pl.col(first)):
        part = frame.filter(chosen)
        parts.append(table.on((part.sort(place, maintain_order=True) if drawn else part).drop(place, first)))
    return {"results_dataset1": parts[0], "results_dataset2": parts[1]}


def _regular(table: Table, parameters: Parameters) -> pl.Expr:
    found = _REGULAR.fullmatch(parameters.text("regular_expression"))
    if found is None:
        raise parameters.wrong("regular_expression", r'write \"column" expression, or (\1) expression for the first column')
    if found["place"] and not 1 <= int(found["place"]) <= len(table.columns):
        raise parameters.wrong("regular_expression", f"there is no column {found['place']}; there are {len(table.columns)}", "ColumnNotFound")
    column = table.columns[int(found["place"]) - 1] if found["place"] else _column(table, found["name"], "regular_expression", parameters)
    try:
        pl.Series([""]).str.contains(found["expression"])
    except pl.exceptions.PolarsError as error:
        raise parameters.wrong("regular_expression", f"this is not a regular expression: {error}") from error
    return pl.col(column.name).cast(pl.String).str.contains(found["expression"])


def _relative(table: Table, parameters: Parameters) -> pl.Expr:
    """& binds before |. Relations are read one after the other, because a text value may hold either sign."""
    said, at = parameters.text("relational_expression"), 0
    alternatives: list[list[pl.Expr]] = [[]]
    while True:
        found = _RELATION.match(said, at)
        if found is None:
            raise parameters.wrong("relational_expression", rf'at place {at + 1}: write \"column" > 3, joined by & or |')
        alternatives[-1].append(_relation(found, table, parameters))
        at = found.end()
        if at == len(said):
            return reduce(or_, (reduce(and_, all_of) for all_of in alternatives))
        if said[at] == "|":
            alternatives.append([])
        elif said[at] != "&":
            raise parameters.wrong("relational_expression", f"at place {at + 1}: relations are joined by & or |")
        at += 1


def _relation(found: re.Match[str], table: Table, parameters: Parameters) -> pl.Expr:
    column = _column(table, found["name"], "relational_expression", parameters)
    value = _value(found["value"].strip("\"'"), column, parameters)
    relation: pl.Expr = getattr(pl.col(column.name), _HOW[found["how"]])(value)
    return relation


def _value(text: str, column: Column, parameters: Parameters) -> pl.Expr:
    if column.primitive == "String":
        return pl.lit(text)
    if column.primitive == "Boolean" and text.lower() in ("true", "false"):
        return pl.lit(text.lower() == "true")
    said = pl.Series([text])
    try:
        if column.primitive == "DateTime":
            return pl.lit(said.str.to_datetime(time_unit="us")[0]).cast(pl.Datetime("us"))
        if column.numeric:
            return pl.lit(float(text))
    except (ValueError, pl.exceptions.PolarsError) as error:
        raise parameters.wrong(
            "relational_expression", f"column {column.name!r} is {column.primitive} and is not compared with {clipped(text)}"
        ) from error
    raise parameters.wrong("relational_expression", f"column {column.name!r} is {column.primitive} and is not compared with {clipped(text)}")


def _column(table: Table, written: str, parameter: str, parameters: Parameters) -> Column:
    name = re.sub(r"\\(.)", r"\1", written)
    if name not in table:
        raise parameters.wrong(parameter, f"column not found: {name!r}; there are {tables.listed(table.names)}", "ColumnNotFound")
    return table[name]
