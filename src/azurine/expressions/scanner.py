"""Cuts a text at the signs of the binding language: `${{`, `}}`, `$[[`, `]]`.

One pass from left to right; the cost is the length of the text. A closing sign means something only after its opening one,
so `}}` and `]]` elsewhere (in JSON, in a shell test) are plain text. What stands between the signs is not looked at here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from azurine.expressions.tree import fault

EXPRESSION, BLOCK = "${{", "$[["
_END_EXPRESSION, _END_BLOCK = "}}", "]]"
_OUTSIDE = re.compile(r"\$\{\{|\$\[\[")
_IN_BLOCK = re.compile(r"\$\{\{|\$\[\[|\]\]")


@dataclass(frozen=True, slots=True)
class Token:
    """sort: "text", "expression", "open" or "close" (of a block). text: what is inside. place: where it begins."""

    sort: str
    text: str
    place: int


def scan(source: str) -> Iterator[Token]:
    """The tokens in order. Raises errors.Invalid for a sign that is opened and never closed, or a block within a block."""
    at, block = 0, -1
    while at < len(source):
        sign = _next_sign(source, at, block >= 0)
        if sign > at:
            yield Token("text", source[at:sign], at)
        if sign == len(source):
            break
        if source.startswith(EXPRESSION, sign):
            end = source.find(_END_EXPRESSION, sign)
            if end < 0:
                raise fault("this expression is opened by ${{ and never closed by }}", source, sign)
            yield Token("expression", source[sign + len(EXPRESSION) : end], sign)
            at = end + len(_END_EXPRESSION)
        elif source.startswith(BLOCK, sign):
            if block >= 0:
                raise fault("an optional block $[[ … ]] cannot hold another one", source, sign)
            block, at = sign, sign + len(BLOCK)
            yield Token("open", BLOCK, sign)
        else:
            block, at = -1, sign + len(_END_BLOCK)
            yield Token("close", _END_BLOCK, sign)
    if block >= 0:
        raise fault("this optional block is opened by $[[ and never closed by ]]", source, block)


def _next_sign(source: str, at: int, in_block: bool) -> int:
    """Where the next sign stands; the end of the text when there is none."""
    found = (_IN_BLOCK if in_block else _OUTSIDE).search(source, at)
    return found.start() if found else len(source)
