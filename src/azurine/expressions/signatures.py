"""What a function declares: its name, how many arguments it takes and of which types. Both are checked once, by the call.

Three sorts: `plain` gets values; `seeing` gets the scope and then values; `lazy` gets the scope and then what computes the
values, and asks for those it needs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from azurine.expressions.formulas.faults import Refused
from azurine.expressions.scope import Scope
from azurine.expressions.values import type_name

Run = Callable[[Scope], Any]
"""What computes a value in a scope."""


class Kinds(NamedTuple):
    types: frozenset[type]
    words: str


TEXT = Kinds(frozenset({str}), "to be of type string")
INTEGER = Kinds(frozenset({int}), "to be an integer")
NUMBER = Kinds(frozenset({int, float}), "to be an integer or a decimal number")
BOOLEAN = Kinds(frozenset({bool}), "to be of type boolean")
ARRAY = Kinds(frozenset({list}), "to be an array")
ARRAY_OR_TEXT = Kinds(frozenset({list, str}), "to be an array or a string")
ARRAY_OR_OBJECT = Kinds(frozenset({list, dict}), "to be an array or an object")
COLLECTION = Kinds(frozenset({dict, list, str}), "to be an object, an array or a string")
COLLECTION_OR_NULL = Kinds(COLLECTION.types | {type(None)}, COLLECTION.words)
OBJECT = Kinds(frozenset({dict}), "to be an object")
TEXT_OR_OBJECT = Kinds(frozenset({str, dict}), "to be a string or an object")
TEXT_OR_XML = Kinds(TEXT_OR_OBJECT.types, "to be a string or an XML")
ANY: Kinds | None = None

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_NUMBERS = ("no", "one", "two", "three", "four", "five")


@dataclass(frozen=True, slots=True)
class Function:
    """takes: the types of each argument; the last holds for all that follow. most: None for any number."""

    name: str
    run: Callable[..., Any]
    sort: str
    takes: tuple[Kinds | None, ...]
    least: int
    most: int | None

    def usage(self) -> str:
        return f"Please see https://aka.ms/logicexpressions#{self.name} for usage details."

    def wrong_count(self, count: int) -> str:
        """Why it cannot be called with so many arguments; "" when it can."""
        if self.least <= count and (self.most is None or count <= self.most):
            return ""
        if self.most is None:
            wanted = f"at least {_counted(self.least)}"
        elif self.most == self.least:
            wanted = f"{_counted(self.least)}" if self.least else "no parameters"
        else:
            wanted = f"from {_NUMBERS[self.least]} to {_counted(self.most)}"
        return f"The template language function '{self.name}' expects {wanted}. The function was invoked with '{count}' parameter(s). {self.usage()}"

    def accepts(self, values: tuple[Any, ...] | list[Any]) -> None:
        """Raises Refused for the first value of a wrong type."""
        for place, value in enumerate(values):
            kinds = self.takes[min(place, len(self.takes) - 1)]
            if kinds is not None and type(value) not in kinds.types:
                raise self.wrong_type(value, kinds.words, place)

    def wrong_type(self, value: Any, wanted: str, place: int) -> Refused:
        which = "its parameter" if self.most == 1 else f"its {ordinal(place)} parameter"
        if self.most == 1:  # parity: the words differ a little where there is only one
            wanted = wanted.replace("to be of type ", "to be a ")
        return Refused(
            f"The template language function '{self.name}' expects {which} {wanted}. "
            f"The provided value is of type '{type_name(value)}'. {self.usage()}",
            place,
        )


def _counted(number: int) -> str:
    return f"{_NUMBERS[number]} parameter{'' if number == 1 else 's'}"


def ordinal(place: int) -> str:
    return _ORDINALS[place] if place < len(_ORDINALS) else f"{place + 1}th"


class Family:
    """The functions of one file, by small letters; filled by its decorators."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.functions: dict[str, Function] = {}

    def plain(
        self, name: str, *takes: Kinds | None, least: int | None = None, most: int | None = -1
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """least: how many of `takes` are needed (all). most: None for as many as one likes."""
        return self._declared(name, "plain", takes, least, most)

    def seeing(
        self, name: str, *takes: Kinds | None, least: int | None = None, most: int | None = -1
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        return self._declared(name, "seeing", takes, least, most)

    def lazy(
        self, name: str, *takes: Kinds | None, least: int | None = None, most: int | None = -1
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        return self._declared(name, "lazy", takes, least, most)

    def _declared(
        self, name: str, sort: str, takes: tuple[Kinds | None, ...], least: int | None, most: int | None
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        def declare(run: Callable[..., Any]) -> Callable[..., Any]:
            needed = len(takes) if least is None else least
            self.functions[name.lower()] = Function(name, run, sort, takes, needed, len(takes) if most == -1 else most)
            return run

        return declare

    def also(self, name: str, known: str) -> None:
        """Another name for a function."""
        had = self.functions[known.lower()]
        self.functions[name.lower()] = Function(name, had.run, had.sort, had.takes, had.least, had.most)


def invalid(name: str) -> Refused:
    """What conversions say of a value that they cannot convert."""
    return Refused(
        f"The template language function '{name}' was invoked with a parameter that is not valid. The value cannot be converted to the target type.",
        0,
    )
