"""When is a string a formula: `@f()` is one, `a @{f()} b` holds one, `@@f()` and all else is plain text.

A string that begins with `@` and neither `@` nor `{` after it is one formula and keeps the type of its value; white space before
the sign makes it plain text. `@{ … }` anywhere is written into the text; `@@{` stands for a plain `@{`. The brace that ends it
is looked for with regard to quotes.
"""

import re

from azurine.expressions.formulas import parser
from azurine.expressions.formulas.faults import ExpressionError
from azurine.expressions.formulas.tree import Node

_FORMULA = re.compile(r"(?:[^'}]++|'[^']*+')*+\}")

Part = str | tuple[str, Node]
"""Plain text, or a formula's source and tree."""


def is_formula(text: str) -> bool:
    """Would `read` find anything to compute (or to unescape) in it? Cheap: it only looks for signs."""
    return text.startswith("@") or "@{" in text


def read(text: str) -> str | tuple[str, Node] | list[Part]:
    """Plain text, one formula, or the parts of a text with formulas inside. Raises ExpressionError."""
    if text.startswith("@@"):
        return text[1:]
    if text.startswith("@") and not text.startswith("@{") and len(text) > 1:
        return text[1:], parser.parse(text[1:])
    if "@{" not in text:
        return text
    parts = _parts(text)
    return "".join(str(part) for part in parts) if all(isinstance(part, str) for part in parts) else parts


def _parts(text: str) -> list[Part]:
    parts: list[Part] = []
    at = 0
    while at < len(text):
        sign = text.find("@{", at)
        if sign < 0:
            parts.append(text[at:])
            break
        if sign > at and text[sign - 1] == "@":
            parts.append(text[at : sign - 1] + "@{")
            at = sign + 2
            continue
        if sign > at:
            parts.append(text[at:sign])
        end = _end(text, sign + 2)
        source = text[sign + 2 : end]
        parts.append((source, parser.parse(source)))
        at = end + 1
    return parts


def _end(text: str, start: int) -> int:
    """Where the brace stands that closes the formula. A doubled quote leaves a string and enters it again, which comes to the same."""
    found = _FORMULA.match(text, start)
    if found is None:
        shown = text[: start + parser.LONGEST]
        raise ExpressionError(
            f"The template language expression '{shown}' is not valid: the string interpolation segment starting at position '{start - 2}' "
            "is not terminated. Make sure that every '@{' is followed by its '}'.",
            shown,
            start - 2,
        )
    return found.end() - 1
