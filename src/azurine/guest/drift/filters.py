"""The filter of an MLTable: a comparison in Python's words (`col("Age") > 20 and col("City") != "Oslo"`) → the engine's.

Columns, numbers, texts, True, False and None; comparisons, `and`, `or`, `not` (or `&`, `|`, `~`), signs and plain arithmetic. Nothing is called but `col`.
"""

import ast

from azurine.guest.drift.sources import named, quoted
from azurine.model.errors import Invalid

LONGEST = 10_000
_COMPARISONS = {ast.Eq: "=", ast.NotEq: "<>", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
_BETWEEN = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Mod: "%", ast.BitAnd: "AND", ast.BitOr: "OR"}
_BEFORE = {ast.Not: "NOT", ast.Invert: "NOT", ast.USub: "-", ast.UAdd: "+"}


def condition(text: str, path: str) -> str:
    if len(text) > LONGEST:
        raise Invalid(f"is of more than {LONGEST} letters", path=path)
    try:
        return _of(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Invalid(f"{text[:200]!r} is no condition: {error}", path=path) from error


def _of(node: ast.expr) -> str:
    match node:
        case ast.BoolOp():
            return f"({(' AND ' if isinstance(node.op, ast.And) else ' OR ').join(map(_of, node.values))})"
        case ast.UnaryOp() if type(node.op) in _BEFORE:
            return f"({_BEFORE[type(node.op)]} {_of(node.operand)})"
        case ast.BinOp() if type(node.op) in _BETWEEN:
            return f"({_of(node.left)} {_BETWEEN[type(node.op)]} {_of(node.right)})"
        case ast.Compare():
            sides = [node.left, *node.comparators]
            pairs = zip(sides, node.ops, sides[1:], strict=False)
            return f"({' AND '.join(_compared(left, operator, right) for left, operator, right in pairs)})"
        case ast.Call(func=ast.Name(id="col"), args=[ast.Constant(value=str() as name)], keywords=[]):
            return named(name)
        case ast.Constant():
            return _constant(node.value)
    raise ValueError(f"{ast.unparse(node)[:80]!r} is not understood")


def _compared(left: ast.expr, operator: ast.cmpop, right: ast.expr) -> str:
    nothing = isinstance(right, ast.Constant) and right.value is None
    if nothing and isinstance(operator, ast.Eq | ast.Is | ast.NotEq | ast.IsNot):
        return f"{_of(left)} IS {'NOT ' if isinstance(operator, ast.NotEq | ast.IsNot) else ''}NULL"
    if type(operator) not in _COMPARISONS:
        raise ValueError(f"{type(operator).__name__} is no comparison that is known")
    return f"{_of(left)} {_COMPARISONS[type(operator)]} {_of(right)}"


def _constant(value: object) -> str:
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "NULL"}[value]
    if isinstance(value, int | float):
        return repr(value)
    raise ValueError(f"{value!r} is no number and no text")
