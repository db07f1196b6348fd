"""From tokens to a tree, by recursive descent, to a bounded depth.

There are no operators, no grouping and no literals of arrays or objects: a formula is a literal, or a call with selections.
https://learn.microsoft.com/azure/data-factory/control-flow-expression-language-functions
"""

import math
from typing import Any

from azurine.expressions.formulas import scanner
from azurine.expressions.formulas.faults import ExpressionError, unparsed
from azurine.expressions.formulas.tree import Call, Literal, Node, Step

LONGEST = 8192
"""Characters of one formula, as in Data Factory."""
DEEPEST = 100
_KEYWORDS: dict[str, Any] = {"true": True, "false": False, "null": None}
_INT64 = range(-(2**63), 2**63)


def parse(source: str) -> Node:
    """Raises ExpressionError."""
    if len(source) > LONGEST:
        shown = f"{source[:60]}…"
        raise ExpressionError(f"The template language expression '{shown}' has {len(source)} characters; the limit is {LONGEST}.", shown, 0)
    return _Parser(source).whole()


class _Parser:
    def __init__(self, source: str) -> None:
        self.source = source
        self.tokens = scanner.scan(source)
        self.at = 0

    def whole(self) -> Node:
        found = self._expression(1)
        self._take(scanner.END)
        return found

    def _expression(self, depth: int) -> Node:
        token = self.tokens[self.at]
        if depth > DEEPEST:
            raise unparsed(self.source, token.place, f"it is nested deeper than {DEEPEST} levels")
        if token.sort == scanner.IDENTIFIER:
            return self._call(depth)
        self.at += 1
        if token.sort == scanner.STRING:
            return Literal(token.text[1:-1].replace("''", "'"), token.place)
        if token.sort == scanner.INTEGER:
            return Literal(self._integer(token), token.place)
        if token.sort == scanner.FLOAT:
            return Literal(self._float(token), token.place)
        raise self._unexpected(scanner.IDENTIFIER, token)

    def _call(self, depth: int) -> Node:
        name = self._take(scanner.IDENTIFIER)
        if self.tokens[self.at].sort != "LeftParenthesis" and name.text.lower() in _KEYWORDS:
            return Literal(_KEYWORDS[name.text.lower()], name.place)
        self._take("LeftParenthesis")
        arguments: list[Node] = []
        if self.tokens[self.at].sort != "RightParenthesis":
            arguments.append(self._expression(depth + 1))
            while self.tokens[self.at].sort == "Comma":
                self.at += 1
                arguments.append(self._expression(depth + 1))
        self._take("RightParenthesis")
        return Call(name.text, tuple(arguments), self._steps(depth), name.place)

    def _steps(self, depth: int) -> tuple[Step, ...]:
        steps: list[Step] = []
        while self.tokens[self.at].sort in ("Dot", "LeftSquareBracket", "QuestionMark"):
            safe = self.tokens[self.at].sort == "QuestionMark"
            self.at += safe
            opening = self.tokens[self.at]
            self.at += 1
            if opening.sort == "Dot":
                name = self._take(scanner.IDENTIFIER)
                steps.append(Step(Literal(name.text, name.place), safe, name.place))
            elif opening.sort == "LeftSquareBracket":
                index = self._expression(depth + 1)
                self._take("RightSquareBracket")
                steps.append(Step(index, safe, index.place))
            else:
                why = f"encountered unexpected token '{opening.sort}' after null-safe property dereference operator '?'"
                raise unparsed(self.source, opening.place, why)
        return tuple(steps)

    def _take(self, sort: str) -> scanner.Token:
        token = self.tokens[self.at]
        if token.sort != sort:
            raise self._unexpected(sort, token)
        self.at += 1
        return token

    def _unexpected(self, wanted: str, token: scanner.Token) -> ExpressionError:
        return unparsed(self.source, token.place, f"expected token '{wanted}' and actual '{token.sort}'")

    def _integer(self, token: scanner.Token) -> int:
        # The length is looked at first: reading the digits of a very long number is slow.
        if len(token.text.lstrip("+-0")) > 19 or int(token.text.lstrip("+-0") or "0") * (-1 if token.text[0] == "-" else 1) not in _INT64:
            raise unparsed(self.source, token.place, f"the number '{token.text[:40]}' is too large for an integer")
        return int(token.text.lstrip("+-0") or "0") * (-1 if token.text[0] == "-" else 1)

    def _float(self, token: scanner.Token) -> float:
        found = float(token.text)
        if math.isinf(found):
            raise unparsed(self.source, token.place, f"the number '{token.text[:40]}' is too large")
        return found
