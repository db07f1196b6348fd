"""Does a statement mean the same to DuckDB as to SQLite? If so, the text for DuckDB; otherwise nothing.

SQLite compares and adds whatever it is given; DuckDB has types. So a statement is faithful when it is made of known parts only, and
where both sides of every comparison are numbers, or both are texts, and all that is computed with are numbers. Differences that remain are
written out: broken literals are doubles, nothing divided by zero is missing, groups come in ascending order of their keys, rows that are
equal to ORDER BY stay in the order of the table. Everything in doubt is left to SQLite.
"""

from collections.abc import Mapping

from sqlglot import errors, exp, parse
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.schema import MappingSchema

ROW = "row number"
"""A column of every table as DuckDB sees it: the place of the row."""
_KNOWN = (
    exp.Select, exp.From, exp.Table, exp.TableAlias, exp.Alias, exp.Column, exp.Identifier, exp.Star, exp.Literal, exp.Null, exp.Where, exp.Group, exp.Having,
    exp.Order, exp.Ordered, exp.Limit, exp.Offset, exp.Subquery, exp.And, exp.Or, exp.Not, exp.Paren, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE,
    exp.Is, exp.Between, exp.In, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Neg, exp.Case, exp.If, exp.Coalesce, exp.Count, exp.Sum, exp.Min, exp.Max, exp.Avg,
    exp.Abs, exp.Join,
)  # fmt: skip
_COMPARED = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In, exp.Coalesce, exp.Case)
_COUNTED = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Neg, exp.Sum, exp.Avg, exp.Abs)
_TYPES = {"Integer": "BIGINT", "Boolean": "BIGINT", "TimeSpan": "BIGINT", "Double": "DOUBLE", "DateTime": "TEXT", "String": "TEXT"}


def translated(statement: str, tables: Mapping[str, Mapping[str, str]]) -> str | None:
    """tables: the primitive type of each column, by table and column."""
    tree = understood(statement, tables)
    if tree is None:
        return None
    for select in list(tree.find_all(exp.Select)):
        _order(select)
    return str(tree.transform(_spelled).sql(dialect="duckdb"))


def understood(statement: str, tables: Mapping[str, Mapping[str, str]]) -> exp.Select | None:
    """The statement taken apart, when it means the same to both: every column with its table, every part with its type."""
    try:
        parsed = parse(statement, read="sqlite")
        tree = parsed[0] if len(parsed) == 1 else None
        if not isinstance(tree, exp.Select) or not all(isinstance(node, _KNOWN) for node in tree.walk()):
            return None
        if not _is_plain(tree):
            return None
        schema = MappingSchema(
            {name: {column: _TYPES[type_] for column, type_ in columns.items()} for name, columns in tables.items()}, dialect="sqlite"
        )
        tree = annotate_types(qualify(tree, schema=schema, dialect="sqlite"), schema=schema, dialect="sqlite")
    except (errors.SqlglotError, ValueError, KeyError, RecursionError):
        return None
    return tree if isinstance(tree, exp.Select) and all(_agrees(node) for node in tree.walk()) else None


def _is_plain(tree: exp.Select) -> bool:
    """Without what both engines know and mean differently."""
    selects = list(tree.find_all(exp.Select))
    if any(select.args.get("distinct") or select.args.get("with_") or select.args.get("with") for select in selects):
        return False
    if any(node.args.get("distinct") or isinstance(node.this, exp.Distinct) for node in tree.find_all(exp.Count)):
        return False
    if any(node.expressions for node in tree.find_all(exp.Min, exp.Max)):
        return False  # the least of several values in one row
    if any(isinstance(node.expression, exp.Neg) for node in tree.find_all(exp.Limit, exp.Offset)):
        return False
    for select in selects:
        joined = bool(select.args.get("joins"))
        aggregated = bool(select.args.get("group")) or _aggregates(select)
        inner = select.parent_select is not None
        if joined and (not aggregated or any(join.args.get("method") or join.args.get("using") for join in select.args["joins"])):
            return False  # the order of joined rows is nobody's promise
        if inner and (select.args.get("order") or select.args.get("limit") or isinstance(select.parent, exp.In)):
            return False
        if isinstance(select.parent, exp.Subquery) and not isinstance(select.parent.parent, exp.From | exp.Join):
            return False  # a row that is used as a value
    return True


def _aggregates(select: exp.Select) -> bool:
    return any(node.parent_select is select for one in select.expressions for node in one.find_all(exp.AggFunc))


def _agrees(node: exp.Expr) -> bool:
    if isinstance(node, _COUNTED):
        return all(_class(side) == "number" for side in _sides(node))
    if isinstance(node, _COMPARED):
        classes = {found for side in _sides(node) if (found := _class(side)) != "nothing"}
        return len(classes) <= 1 and not classes & {"", "truth"}
    if isinstance(node, exp.Is):
        return isinstance(node.expression, exp.Null)
    if isinstance(node, exp.Min | exp.Max):
        return _class(node.this) in ("number", "text")
    return True


def _sides(node: exp.Expr) -> list[exp.Expr]:
    """What is compared, or computed with."""
    if isinstance(node, exp.Case):
        results = [one.args["true"] for one in node.args["ifs"]] + ([node.args["default"]] if node.args.get("default") else [])
        # With a value after CASE it is compared with each WHEN: rare, and left to SQLite.
        return [exp.Placeholder()] if node.this else results
    if isinstance(node, exp.Between):
        return [node.this, node.args["low"], node.args["high"]]
    if isinstance(node, exp.In | exp.Coalesce):
        return [node.this, *node.expressions] if not node.args.get("query") else [exp.Placeholder()]
    return [one for one in (node.this, node.args.get("expression")) if one is not None]


def _class(node: exp.Expr) -> str:
    """number, text, truth, nothing (NULL), or "" when it is not known."""
    if isinstance(node, exp.Paren):
        return _class(node.this)
    if isinstance(node, exp.Null):
        return "nothing"
    type_ = node.type
    if type_ is None:
        return ""
    if type_.is_type(*exp.DataType.NUMERIC_TYPES):
        return "number"
    if type_.is_type(*exp.DataType.TEXT_TYPES):
        return "text"
    return "truth" if type_.is_type("boolean") else ""


def _order(select: exp.Select) -> None:
    """SQLite's order: groups ascending by their keys, equal rows as they stand in the table."""
    if select.parent_select is not None:
        return
    group, order = select.args.get("group"), select.args.get("order")
    if group:
        keys = [exp.Ordered(this=key.copy(), nulls_first=True) for key in group.expressions]
        select.set("order", exp.Order(expressions=[*(order.expressions if order else []), *keys]))
    elif order and not _aggregates(select):
        source = select.args.get("from_") or select.args.get("from")
        if source is not None and isinstance(source.this, exp.Table):
            place = exp.column(exp.to_identifier(ROW, quoted=True), table=source.this.alias_or_name)
            order.append("expressions", exp.Ordered(this=place))


def _spelled(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Literal) and not node.is_string and not node.is_int:
        return exp.cast(node.copy(), "DOUBLE")
    if isinstance(node, exp.Div):
        whole = all(side.type is not None and side.type.is_type(*exp.DataType.INTEGER_TYPES) for side in (node.this, node.expression))
        by = exp.Nullif(this=node.expression.copy(), expression=exp.Literal.number(0))
        return exp.IntDiv(this=node.this.copy(), expression=by) if whole else exp.Div(this=exp.cast(node.this.copy(), "DOUBLE"), expression=by)
    return node
