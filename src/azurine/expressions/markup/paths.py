"""XPath 1.0: from text to a tree. `markup.walking` evaluates it.

Left out: variables, id(), lang(), the axis `namespace`, processing instructions and comments (they are dropped when a document is read).

https://www.w3.org/TR/1999/REC-xpath-19991116/
"""

import re
from dataclasses import dataclass
from typing import NamedTuple

AXES = frozenset(
    {
        "ancestor",
        "ancestor-or-self",
        "attribute",
        "child",
        "descendant",
        "descendant-or-self",
        "following",
        "following-sibling",
        "parent",
        "preceding",
        "preceding-sibling",
        "self",
    }
)
_NODE_TYPES = ("node", "text")
_DEEPEST = 50
_LONGEST = 4096
_TOKEN = re.compile(
    r"""\s*+(?:(?P<literal>"[^"]*+"|'[^']*+')|(?P<number>[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)
    |(?P<sign>//|::|\.\.|!=|<=|>=|[/@.()\[\],|+=<>*-])|(?P<name>[^\W\d][\w.-]*+(?::(?!:)(?:[^\W\d][\w.-]*+|\*))?))""",
    re.X,
)


class BadPath(Exception):
    """It is no XPath that is understood here."""


@dataclass(frozen=True, slots=True)
class Value:
    value: str | float


@dataclass(frozen=True, slots=True)
class Apply:
    """A function, or an operator by its sign."""

    name: str
    arguments: tuple["Path", ...]


@dataclass(frozen=True, slots=True)
class Hop:
    axis: str
    test: str
    predicates: tuple["Path", ...]


@dataclass(frozen=True, slots=True)
class Walk:
    """start: where from: None for the node at hand, "/" for the document, or what answers nodes."""

    start: "Path | str | None"
    predicates: tuple["Path", ...]
    hops: tuple[Hop, ...]


Path = Value | Apply | Walk
_ANYWHERE = Hop("descendant-or-self", "node()", ())
_BINARY = (("or",), ("and",), ("=", "!="), ("<", "<=", ">", ">="), ("+", "-"), ("*", "div", "mod"))


class Token(NamedTuple):
    sort: str
    text: str


def parse(source: str) -> Path:
    """Raises BadPath."""
    if len(source) > _LONGEST:
        raise BadPath(f"it is longer than {_LONGEST} characters")
    parser = _Parser(_scan(source))
    found = parser.expression(0)
    if parser.sort != "end":
        raise BadPath(f"'{parser.text}' is not expected")
    return found


def _scan(source: str) -> list[Token]:
    tokens: list[Token] = []
    at, end = 0, len(source.rstrip())
    while at < end:
        found = _TOKEN.match(source, at, end)
        if not found:
            raise BadPath(f"'{source[at : at + 20]}' is not understood")
        tokens.append(_told_apart(str(found.lastgroup), found[str(found.lastgroup)], tokens))
        at = found.end()
    return [*tokens, Token("end", "")]


def _told_apart(sort: str, text: str, before: list[Token]) -> Token:
    """After an operand, `*` and the names and, or, div, mod are operators."""
    after_operand = bool(before) and before[-1].sort != "operator" and before[-1].text not in ("(", "[", ",", "/", "//", "@", "::")
    if text in ("*", "and", "or", "div", "mod") and after_operand and sort != "literal":
        return Token("operator", text)
    if text in ("=", "!=", "<", "<=", ">", ">=", "+", "-", "|") and sort == "sign":
        return Token("operator", text)
    return Token("name" if text == "*" else sort, text)


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.at = 0
        self.depth = 0

    @property
    def sort(self) -> str:
        return self.tokens[self.at].sort

    @property
    def text(self) -> str:
        return self.tokens[self.at].text

    def takes(self, *texts: str) -> bool:
        there = self.sort not in ("literal", "end") and self.text in texts
        self.at += there
        return there

    def expect(self, text: str) -> None:
        if not self.takes(text):
            raise BadPath(f"'{text}' is expected where '{self.text}' stands")

    def expression(self, level: int) -> Path:
        if level == 0:
            self.depth += 1
            if self.depth > _DEEPEST:
                raise BadPath(f"it is nested deeper than {_DEEPEST} levels")
        found = self.unary() if level == len(_BINARY) else self.expression(level + 1)
        while level < len(_BINARY) and self.sort == "operator" and self.text in _BINARY[level]:
            sign = self.text
            self.at += 1
            found = Apply(sign, (found, self.expression(level + 1)))
        self.depth -= level == 0
        return found

    def unary(self) -> Path:
        negative = False
        while self.sort == "operator" and self.takes("-"):
            negative = not negative
        found = self.path()
        while self.sort == "operator" and self.takes("|"):
            found = Apply("|", (found, self.path()))
        return Apply("negative", (found,)) if negative else found

    def path(self) -> Path:
        following = self.tokens[self.at + 1].text if self.at + 1 < len(self.tokens) else ""
        if self.sort in ("literal", "number") or self.text == "(" or (self.sort == "name" and following == "(" and self.text not in _NODE_TYPES):
            found = self.primary()
            predicates = self.predicates()
            hops = self.hops(self.separator()) if self.text in ("/", "//") and self.sort == "sign" else ()
            return Walk(found, predicates, hops) if predicates or hops else found
        if self.sort == "sign" and self.text in ("/", "//"):
            sign = self.separator()
            bare = sign == () and not (self.sort == "name" or self.text in (".", "..", "@"))
            return Walk("/", (), () if bare else self.hops(sign))
        return Walk(None, (), self.hops(()))

    def separator(self) -> tuple[Hop, ...]:
        """What `/` or `//` puts before the next hop."""
        twice = self.text == "//"
        self.at += 1
        return (_ANYWHERE,) if twice else ()

    def primary(self) -> Path:
        if self.sort == "literal":
            self.at += 1
            return Value(self.tokens[self.at - 1].text[1:-1])
        if self.sort == "number":
            self.at += 1
            return Value(float(self.tokens[self.at - 1].text))
        if self.takes("("):
            found = self.expression(0)
            self.expect(")")
            return found
        name = self.text
        self.at += 2
        arguments: list[Path] = []
        if not self.takes(")"):
            arguments.append(self.expression(0))
            while self.takes(","):
                arguments.append(self.expression(0))
            self.expect(")")
        return Apply(f"{name}()", tuple(arguments))

    def hops(self, before: tuple[Hop, ...]) -> tuple[Hop, ...]:
        found = [*before, self.hop()]
        while self.sort == "sign" and self.text in ("/", "//"):
            found += self.separator()
            found.append(self.hop())
        return tuple(found)

    def hop(self) -> Hop:
        if self.takes("."):
            return Hop("self", "node()", self.predicates())
        if self.takes(".."):
            return Hop("parent", "node()", self.predicates())
        axis = "attribute" if self.takes("@") else "child"
        if self.sort == "name" and self.tokens[self.at + 1].text == "::":
            axis = self.text
            self.at += 2
            if axis not in AXES:
                raise BadPath(f"there is no axis '{axis}'")
        if self.sort != "name":
            raise BadPath(f"a name is expected where '{self.text}' stands" if self.text else "it ends too early")
        test = self.text
        self.at += 1
        if test in _NODE_TYPES and self.takes("("):
            self.expect(")")
            test = f"{test}()"
        return Hop(axis, test, self.predicates())

    def predicates(self) -> tuple[Path, ...]:
        found: list[Path] = []
        while self.takes("["):
            found.append(self.expression(0))
            self.expect("]")
        return tuple(found)
