"""Cuts a formula into tokens, in one pass. The sorts carry the names that Data Factory's own messages use."""

import re
from typing import NamedTuple

from azurine.expressions.formulas.faults import ExpressionError

IDENTIFIER, STRING, INTEGER, FLOAT, END = "Identifier", "Literal", "Integer", "Float", "EndOfData"
SIGNS = {
    "(": "LeftParenthesis",
    ")": "RightParenthesis",
    "[": "LeftSquareBracket",
    "]": "RightSquareBracket",
    ",": "Comma",
    ".": "Dot",
    "?": "QuestionMark",
}
# Possessive where it repeats, so that no text makes it go back and forth.
_TOKEN = re.compile(
    r"""(?P<space>\s++)
      | (?P<Literal>'[^']*+(?:''[^']*+)*+')
      | (?P<Float>(?:[+-]?[0-9]++\.[0-9]*+|[+-]\.[0-9]++)(?:[eE][+-]?[0-9]++)?|[+-]?[0-9]++[eE][+-]?[0-9]++)
      | (?P<Integer>[+-]?[0-9]++)
      | (?P<Identifier>(?:[^\W\d]|\$)[\w$]*+)
      | (?P<sign>[()\[\],.?])""",
    re.X,
)


class Token(NamedTuple):
    sort: str
    text: str
    place: int


def scan(source: str) -> list[Token]:
    """The tokens, EndOfData last. Raises ExpressionError for a character that has no meaning."""
    tokens: list[Token] = []
    at = 0
    while at < len(source):
        found = _TOKEN.match(source, at)
        if found is None:
            raise ExpressionError(
                f"The template language expression '{source}' is not valid: the string character '{source[at]}' at position '{at}' is not expected.",
                source,
                at,
            )
        sort = str(found.lastgroup)
        if sort != "space":
            tokens.append(Token(SIGNS[found[0]] if sort == "sign" else sort, found[0], at))
        at = found.end()
    tokens.append(Token(END, "", at))
    return tokens
