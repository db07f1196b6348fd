"""What a formula is made of. Every part knows its place in the source."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Literal:
    value: Any
    place: int


@dataclass(frozen=True, slots=True)
class Step:
    """`.name`, `[index]`, and with `?` before them the null-safe forms."""

    index: "Node"
    safe: bool
    place: int


@dataclass(frozen=True, slots=True)
class Call:
    """name: as written. steps: what is selected from the answer, in order."""

    name: str
    arguments: tuple["Node", ...]
    steps: tuple[Step, ...]
    place: int


Node = Literal | Call


def calls(node: Node) -> Iterator[Call]:
    """Every call in a formula, outer ones first."""
    pending: list[Node] = [node]
    while pending:
        one = pending.pop()
        if isinstance(one, Call):
            yield one
            pending.extend(step.index for step in reversed(one.steps))
            pending.extend(reversed(one.arguments))
