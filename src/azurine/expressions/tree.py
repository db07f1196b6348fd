"""What a text with expressions is made of, and how a mistake in it is shown.

A template is a row of parts: plain text, references to names, and optional blocks that hold parts themselves. Every part
knows its place in the source, so that whoever finds something wrong later can still point at it.
"""

from dataclasses import dataclass

from azurine.model import errors

CODE = "InvalidExpression"
_WINDOW = 60


@dataclass(frozen=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True)
class Reference:
    """names: ("parent", "jobs", "prep", "outputs", "d"). place: where its opening sign stands in the source."""

    names: tuple[str, ...]
    place: int = 0

    def __str__(self) -> str:
        return ".".join(self.names)


@dataclass(frozen=True, slots=True)
class Block:
    """`$[[ … ]]`: kept only when the references that decide about it have values."""

    parts: tuple["Text | Reference", ...]
    place: int = 0


Part = Text | Reference | Block


@dataclass(frozen=True, slots=True)
class Template:
    source: str
    parts: tuple[Part, ...]

    @property
    def whole(self) -> Reference | None:
        """The reference, when the source is that one expression and nothing else; its value then keeps its type."""
        solid = [part for part in self.parts if not (isinstance(part, Text) and not part.text.strip())]
        if len(solid) == 1 and isinstance(solid[0], Reference):
            return solid[0]
        return None

    @property
    def references(self) -> tuple[Reference, ...]:
        """All of them in order, those in optional blocks included."""
        found: list[Reference] = []
        for part in self.parts:
            if isinstance(part, Reference):
                found.append(part)
            elif isinstance(part, Block):
                found.extend(one for one in part.parts if isinstance(one, Reference))
        return tuple(found)


def fault(message: str, source: str, place: int, path: str = "") -> errors.Invalid:
    """The error to raise: the message, the line of the source, and a caret under the place."""
    return errors.Invalid(f"{message}\n{excerpt(source, place)}", code=CODE, path=path)


def excerpt(source: str, place: int) -> str:
    """The line around a place, cut to a readable width, and a caret below it."""
    start = source.rfind("\n", 0, place) + 1
    end = source.find("\n", place)
    end = len(source) if end < 0 else end
    left, right = max(start, place - _WINDOW), min(end, place + _WINDOW)
    before = ("…" if left > start else "") + source[left:place]
    after = source[place:right] + ("…" if right < end else "")
    shown = (before + after).replace("\t", " ")
    return f"    {shown}\n    {' ' * len(before)}^"
