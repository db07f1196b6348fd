"""A SELECT of one table as a Polars plan: it is handed on as a plan, together with what comes before and after it, and no file is made for it.

Only what both mean alike is planned: chosen columns, comparisons with literals, MIN, MAX, AVG, COUNT, sums of broken numbers; groups by whole
numbers or text, which come in ascending order with missing first, as SQLite gives them. A result with text is left to the other engines when
the text might be dates, since that is seen by its values. Everything else is, too.
"""

from collections.abc import Mapping

import polars as pl
from sqlglot import exp

from azurine.designer.sql import faithful
from azurine.designer.tables import Table

_COMPARISONS: Mapping[type[exp.Expr], str] = {exp.EQ: "eq", exp.NEQ: "ne", exp.GT: "gt", exp.GTE: "ge", exp.LT: "lt", exp.LTE: "le"}
_PARTS = frozenset({"kind", "expressions", "from_", "from", "where", "group"})
"""Of a SELECT that can be planned."""


class _Unplanned(Exception):
    """This is not for a plan."""


def planned(statement: str, frames: Mapping[str, pl.LazyFrame], tables: Mapping[str, Table]) -> pl.LazyFrame | None:
    """The rows as columns c0, c1, …; None for a statement that is left to another engine. frames: the tables' columns in SQLite's types."""
    tree = faithful.understood(statement, {name: {one.name: one.primitive for one in table.columns} for name, table in tables.items()})
    if tree is None:
        return None
    try:
        return _select(tree, frames, tables)
    except _Unplanned:
        return None


def _select(tree: exp.Select, frames: Mapping[str, pl.LazyFrame], tables: Mapping[str, Table]) -> pl.LazyFrame:
    if any(value for name, value in tree.args.items() if name not in _PARTS):
        raise _Unplanned
    source = tree.args.get("from_") or tree.args.get("from")
    if source is None or not isinstance(source.this, exp.Table) or source.this.name not in frames:
        raise _Unplanned
    table, frame = tables[source.this.name], frames[source.this.name]
    where = tree.args.get("where")
    if where is not None:
        frame = frame.filter(_truth(where.this, table))
    shown = [one.this if isinstance(one, exp.Alias) else one for one in tree.expressions]
    keys = [_named(one, table) for one in tree.args["group"].expressions] if tree.args.get("group") else []
    if keys:
        return _grouped(frame, table, keys, shown)
    names = [f"c{place}" for place in range(len(shown))]
    if any(isinstance(one, exp.AggFunc) for one in shown):
        return frame.select(_aggregate(one, table).alias(name) for one, name in zip(shown, names, strict=True))
    return frame.select(pl.col(_plain(one, table)).alias(name) for one, name in zip(shown, names, strict=True))


def _grouped(frame: pl.LazyFrame, table: Table, keys: list[str], shown: list[exp.Expr]) -> pl.LazyFrame:
    if any(table[key].primitive not in ("Integer", "String") for key in keys):
        raise _Unplanned
    made = {f"c{place}": _aggregate(one, table) for place, one in enumerate(shown) if isinstance(one, exp.AggFunc)}
    known = {f"c{place}": _plain(one, table) for place, one in enumerate(shown) if not isinstance(one, exp.AggFunc)}
    if not set(known.values()) <= set(keys):
        raise _Unplanned  # a column that is neither a key nor counted: SQLite takes it from some row
    places = {key: f"key {place}" for place, key in enumerate(keys)}
    grouped = frame.group_by([pl.col(key).alias(place) for key, place in places.items()]).agg([one.alias(name) for name, one in made.items()])
    ordered = grouped.sort(list(places.values()), nulls_last=False)
    return ordered.select(pl.col(places[known[name]]).alias(name) if name in known else pl.col(name) for name in map("c{}".format, range(len(shown))))


def _aggregate(node: exp.Expr, table: Table) -> pl.Expr:
    if isinstance(node, exp.Count):
        return pl.len().cast(pl.Int64) if isinstance(node.this, exp.Star) else pl.col(_named(node.this, table)).count().cast(pl.Int64)
    column = table[_named(node.this, table)] if isinstance(node, exp.Min | exp.Max | exp.Sum | exp.Avg) else None
    if column is None:
        raise _Unplanned
    value, is_number = pl.col(column.name), column.primitive in ("Integer", "Double")
    if isinstance(node, exp.Min | exp.Max) and is_number:
        return value.min() if isinstance(node, exp.Min) else value.max()
    if isinstance(node, exp.Avg) and is_number:
        return value.cast(pl.Float64).mean()
    if isinstance(node, exp.Sum) and column.primitive == "Double":  # whole numbers may grow beyond what fits, which SQLite says
        return pl.when(value.count() > 0).then(value.sum())
    raise _Unplanned


def _truth(node: exp.Expr, table: Table) -> pl.Expr:
    if isinstance(node, exp.Paren):
        return _truth(node.this, table)
    if isinstance(node, exp.Not):
        return ~_truth(node.this, table)
    if isinstance(node, exp.And):
        return _truth(node.this, table) & _truth(node.expression, table)
    if isinstance(node, exp.Or):
        return _truth(node.this, table) | _truth(node.expression, table)
    if isinstance(node, exp.Is):
        return pl.col(_named(node.this, table)).is_null()
    if type(node) in _COMPARISONS:
        compared: pl.Expr = getattr(pl.col(_named(node.this, table)), _COMPARISONS[type(node)])(_literal(node.expression))
        return compared
    raise _Unplanned


def _literal(node: exp.Expr) -> pl.Expr:
    if isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal) and not node.this.is_string:
        return -_literal(node.this)
    if not isinstance(node, exp.Literal):
        raise _Unplanned
    if node.is_string:
        return pl.lit(node.this)
    if node.is_int and len(node.this) > 15:
        raise _Unplanned
    return pl.lit(int(node.this), pl.Int64) if node.is_int else pl.lit(float(node.this))


def _plain(node: exp.Expr, table: Table) -> str:
    """The column; one of numbers, as text may turn out to be dates."""
    name = _named(node, table)
    if table[name].primitive not in ("Integer", "Double", "Boolean"):
        raise _Unplanned
    return name


def _named(node: exp.Expr, table: Table) -> str:
    """The column as the table calls it: to SQLite, and to its parser, case is nothing."""
    if isinstance(node, exp.Paren):
        return _named(node.this, table)
    if not isinstance(node, exp.Column):
        raise _Unplanned
    return next(name for name in table.names if name.lower() == node.name.lower())
