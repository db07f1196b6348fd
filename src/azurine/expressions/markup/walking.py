"""XPath 1.0: from a tree of `markup.paths` and a document to nodes (in document order), text, a number or a boolean."""

import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from azurine.expressions.markup.nodes import Attribute, Element, Node, Text, local_name, namespace, text_of
from azurine.expressions.markup.paths import Apply, BadPath, Hop, Path, Value, Walk
from azurine.expressions.values import float_text

Found = list[Node] | str | float | bool
_MOST_STEPS = 2_000_000
_NUMBER = re.compile(r"\s*(-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))\s*")


@dataclass(slots=True)
class _Look:
    """node: at hand. position, size: its place among those that a predicate looks at. steps: how many nodes may still be looked at."""

    node: Node
    position: int
    size: int
    steps: list[int]

    def at(self, node: Node, position: int = 1, size: int = 1) -> "_Look":
        self.steps[0] -= 1
        if self.steps[0] < 0:
            raise BadPath("it looks at too many nodes")
        return _Look(node, position, size, self.steps)


def evaluate(path: Path, document: Element) -> Found:
    """Raises BadPath."""
    return _value(path, _Look(document, 1, 1, [_MOST_STEPS]))


def _value(path: Path, look: _Look) -> Found:
    if isinstance(path, Value):
        return path.value
    if isinstance(path, Walk):
        return _walked(path, look)
    if path.name in ("and", "or"):
        one, other = path.arguments
        return (
            _boolean(_value(one, look)) and _boolean(_value(other, look))
            if path.name == "and"
            else _boolean(_value(one, look)) or _boolean(_value(other, look))
        )
    return _applied(path, [_value(one, look) for one in path.arguments], look)


def _walked(walk: Walk, look: _Look) -> list[Node]:
    if walk.start is None:
        nodes: list[Node] = [look.node]
    elif isinstance(walk.start, str):
        nodes = [_document(look.node)]
    else:
        nodes = _nodes(_value(walk.start, look))
    nodes = _kept(nodes, walk.predicates, look)
    for hop in walk.hops:
        found: dict[int, Node] = {}
        for node in nodes:
            for one in _hopped(node, hop, look):
                found[id(one)] = one
        nodes = sorted(found.values(), key=lambda one: one.order)
    return nodes


def _hopped(node: Node, hop: Hop, look: _Look) -> list[Node]:
    candidates = [look.at(one).node for one in _axis(node, hop.axis) if _passes(one, hop)]
    return _kept(candidates, hop.predicates, look)


def _kept(nodes: list[Node], predicates: Iterable[Path], look: _Look) -> list[Node]:
    for predicate in predicates:
        kept = []
        for position, node in enumerate(nodes, 1):
            found = _value(predicate, look.at(node, position, len(nodes)))
            if position == found if isinstance(found, float) else _boolean(found):
                kept.append(node)
        nodes = kept
    return nodes


def _passes(node: Node, hop: Hop) -> bool:
    if hop.test == "node()":
        return True
    if hop.test == "text()":
        return isinstance(node, Text)
    if isinstance(node, Text) or not node.name or isinstance(node, Attribute) != (hop.axis == "attribute"):
        return False
    if ":" in hop.test:
        raise BadPath(f"the prefix of '{hop.test}' is not declared; local-name() and namespace-uri() tell such names apart")
    return hop.test == "*" or (node.name == hop.test and not namespace(node))


def _axis(node: Node, axis: str) -> Iterator[Node]:
    if axis == "self":
        yield node
    elif axis == "attribute":
        yield from (one for one in node.attributes if not one.name.startswith("xmlns")) if isinstance(node, Element) else ()
    elif axis == "parent":
        yield from (node.parent,) if node.parent is not None else ()
    elif axis == "child":
        yield from node.children if isinstance(node, Element) else ()
    elif axis in ("descendant", "descendant-or-self"):
        yield from _descendants(node, axis == "descendant-or-self")
    elif axis in ("ancestor", "ancestor-or-self"):
        here: Node | None = node if axis == "ancestor-or-self" else node.parent
        while here is not None:
            yield here
            here = here.parent
    elif axis in ("following-sibling", "preceding-sibling"):
        yield from _siblings(node, axis == "following-sibling")
    else:
        yield from _beyond(node, axis == "following")


def _descendants(node: Node, with_self: bool) -> Iterator[Node]:
    pending: list[Node] = [node]
    while pending:
        one = pending.pop()
        if one is not node or with_self:
            yield one
        if isinstance(one, Element):
            pending.extend(reversed(one.children))


def _siblings(node: Node, following: bool) -> Iterator[Node]:
    if isinstance(node, Attribute) or node.parent is None:
        return
    if following:
        yield from (one for one in node.parent.children if one.order > node.order)
    else:
        yield from (one for one in reversed(node.parent.children) if one.order < node.order)


def _beyond(node: Node, following: bool) -> Iterator[Node]:
    """All before or after, but for ancestors and descendants."""
    own = {id(one) for one in _descendants(node, True)} | {id(one) for one in _axis(node, "ancestor")}
    every = [one for one in _descendants(_document(node), False) if id(one) not in own]
    yield from (one for one in every if one.order > node.order) if following else (one for one in reversed(every) if one.order < node.order)


def _document(node: Node) -> Node:
    while node.parent is not None:
        node = node.parent
    return node


def _applied(path: Apply, given: list[Found], look: _Look) -> Found:
    if path.name in _OPERATORS:
        return _OPERATORS[path.name](*given)
    if path.name in ("position()", "last()") and not given:
        return float(look.position if path.name == "position()" else look.size)
    found = _FUNCTIONS.get(path.name)
    if found is None:
        raise BadPath(f"there is no function '{path.name}'")
    least, most, run = found
    if not least <= len(given) <= most:
        raise BadPath(f"'{path.name}' cannot take {len(given)} arguments")
    return run(*(given or ([[look.node]] if path.name in _OF_NODE_AT_HAND else [])))


def _nodes(found: Found) -> list[Node]:
    if not isinstance(found, list):
        raise BadPath("nodes are expected where a value stands")
    return found


def _text(found: Found) -> str:
    if isinstance(found, list):
        return text_of(found[0]) if found else ""
    if isinstance(found, bool):
        return "true" if found else "false"
    return found if isinstance(found, str) else _number_text(found)


def _number_text(number: float) -> str:
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else float_text(number)


def _number(found: Found) -> float:
    if isinstance(found, bool | float):
        return float(found)
    read = _NUMBER.fullmatch(_text(found))
    return float(read[1]) if read else math.nan


def _boolean(found: Found) -> bool:
    return not (found == 0 or math.isnan(found)) if isinstance(found, float) else bool(found)


def _compared(holds: Callable[[Any, Any], bool], equality: bool) -> Callable[[Found, Found], bool]:
    """Node sets are compared by whether any of their nodes fits."""

    def compared(one: Found, other: Found) -> bool:
        if isinstance(one, bool) or isinstance(other, bool):
            return holds(_boolean(one), _boolean(other))
        ones = [text_of(node) for node in one] if isinstance(one, list) else [one]
        others = [text_of(node) for node in other] if isinstance(other, list) else [other]
        if len(ones) * len(others) > _MOST_STEPS:
            raise BadPath("it compares too many nodes")
        numeric = not equality or isinstance(one, float) or isinstance(other, float)
        if numeric:
            return any(holds(_number(left), _number(right)) for left in ones for right in others)
        return any(holds(left, right) for left in ones for right in others)

    return compared


def _divided(one: Found, other: Found) -> float:
    left, right = _number(one), _number(other)
    if right == 0:
        return math.nan if left == 0 or math.isnan(left) else math.copysign(math.inf, left) * math.copysign(1, right)
    return left / right


def _modulo(one: Found, other: Found) -> float:
    left, right = _number(one), _number(other)
    return math.nan if right == 0 or not math.isfinite(left) or math.isnan(right) else math.fmod(left, right)


_OPERATORS: dict[str, Callable[..., Found]] = {
    "=": _compared(lambda one, other: bool(one == other), True),
    "!=": _compared(lambda one, other: bool(one != other), True),
    "<": _compared(lambda one, other: bool(one < other), False),
    "<=": _compared(lambda one, other: bool(one <= other), False),
    ">": _compared(lambda one, other: bool(one > other), False),
    ">=": _compared(lambda one, other: bool(one >= other), False),
    "+": lambda one, other: _number(one) + _number(other),
    "-": lambda one, other: _number(one) - _number(other),
    "*": lambda one, other: _number(one) * _number(other),
    "div": _divided,
    "mod": _modulo,
    "negative": lambda one: -_number(one),
    "|": lambda one, other: sorted({id(node): node for node in (*_nodes(one), *_nodes(other))}.values(), key=lambda node: node.order),
}


def _substring(whole: Found, start: Found, length: Found = math.inf) -> str:
    text, first, count = _text(whole), _number(start), _number(length)
    if math.isnan(first) or math.isnan(count):
        return ""
    low = math.floor(first + 0.5) if math.isfinite(first) else first
    high = low + (math.floor(count + 0.5) if math.isfinite(count) else count)
    return "".join(one for place, one in enumerate(text, 1) if low <= place < high)


def _translated(whole: Found, old: Found, new: Found) -> str:
    replacing = _text(new)
    table: dict[int, str | None] = {}
    for place, one in enumerate(_text(old)):
        table.setdefault(ord(one), replacing[place] if place < len(replacing) else None)
    return _text(whole).translate(table)


def _rounded(found: Found) -> float:
    number = _number(found)
    return math.floor(number + 0.5) + 0.0 if math.isfinite(number) else number


def _whole(direction: Callable[[float], int]) -> Callable[[Found], float]:
    def rounded(found: Found) -> float:
        number = _number(found)
        return float(direction(number)) if math.isfinite(number) else number

    return rounded


def _named(read: Callable[[Any], str]) -> Callable[[Found], str]:
    def named(found: Found) -> str:
        nodes = _nodes(found)
        return read(nodes[0]) if nodes and not isinstance(nodes[0], Text) else ""

    return named


_OF_NODE_AT_HAND = frozenset({"local-name()", "name()", "namespace-uri()", "string()", "number()", "string-length()", "normalize-space()"})
_FUNCTIONS: dict[str, tuple[int, int, Callable[..., Found]]] = {
    "count()": (1, 1, lambda nodes: float(len(_nodes(nodes)))),
    "sum()": (1, 1, lambda nodes: math.fsum(_number(text_of(node)) for node in _nodes(nodes))),
    "local-name()": (0, 1, _named(lambda node: local_name(node.name))),
    "name()": (0, 1, _named(lambda node: str(node.name))),
    "namespace-uri()": (0, 1, _named(namespace)),
    "string()": (0, 1, _text),
    "number()": (0, 1, _number),
    "boolean()": (1, 1, _boolean),
    "not()": (1, 1, lambda found: not _boolean(found)),
    "true()": (0, 0, lambda: True),
    "false()": (0, 0, lambda: False),
    "concat()": (2, 100, lambda *found: "".join(map(_text, found))),
    "starts-with()": (2, 2, lambda one, other: _text(one).startswith(_text(other))),
    "contains()": (2, 2, lambda one, other: _text(other) in _text(one)),
    "substring-before()": (2, 2, lambda one, other: _text(one).partition(_text(other))[0] if _text(other) and _text(other) in _text(one) else ""),
    "substring-after()": (2, 2, lambda one, other: _text(one).partition(_text(other))[2] if _text(other) else _text(one)),
    "substring()": (2, 3, _substring),
    "string-length()": (0, 1, lambda found: float(len(_text(found)))),
    "normalize-space()": (0, 1, lambda found: " ".join(_text(found).split())),
    "translate()": (3, 3, _translated),
    "floor()": (1, 1, _whole(math.floor)),
    "ceiling()": (1, 1, _whole(math.ceil)),
    "round()": (1, 1, _rounded),
}
