"""The expressions of Data Factory: any JSON with `@…`, `@{…}` and {"value": "@…", "type": "Expression"} in it, compiled once, evaluated often.

    template = factory.compile({"file": "@concat(pipeline().parameters.folder, '/x.csv')"})
    template.evaluate(Scope(pipeline={"parameters": {"folder": "in"}}))      {"file": "in/x.csv"}
    template.names("parameter")                                              {"folder"}

What is wrong with the writing (syntax, unknown functions, numbers of arguments) is found by `compile`, what is wrong with the values
by `evaluate`; both raise ExpressionError, whose path says which string of the document it is. Keys are never evaluated. Parts
without expressions are answered as they came, not copied: do not change what you get.

https://learn.microsoft.com/azure/data-factory/control-flow-expression-language-functions
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from azurine.expressions import functions, values
from azurine.expressions.formulas import closures, texts
from azurine.expressions.formulas.faults import ExpressionError
from azurine.expressions.formulas.tree import Call, Literal, Node, calls
from azurine.expressions.scope import ABSENT, Scope

__all__ = ["ABSENT", "ExpressionError", "Reference", "Scope", "Template", "compile", "evaluate", "is_expression"]

Json = Any
Run = Callable[[Scope], Json]

DEEPEST = 200
"""Levels of a document."""
_REMEMBERED = 2048
"""Texts up to this length are kept compiled; longer ones are not, so that nobody can fill the memory with them."""


@dataclass(frozen=True, slots=True)
class Reference:
    """sort: "activity", "variable", "parameter", "globalParameter", "dataset", "linkedService" (their parameters), "system" (what else
    pipeline() has), or "function". name: "" when it is computed. source, place, path: where it stands, as in ExpressionError."""

    sort: str
    name: str
    source: str = ""
    place: int = 0
    path: str = ""


@dataclass(frozen=True, slots=True)
class _Formula:
    """One string: what computes it, and what it speaks of."""

    run: Run
    references: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled document."""

    written: Json
    _run: Run | None
    _references: tuple[Reference, ...]

    @property
    def constant(self) -> bool:
        """Is there nothing to compute in it?"""
        return self._run is None

    def evaluate(self, scope: Scope) -> Json:
        """Raises ExpressionError."""
        if self._run is None:
            return self.written
        try:
            return self._run(scope)
        except RecursionError:
            raise ExpressionError("The template language expression cannot be evaluated because a value is nested too deeply.") from None

    def references(self) -> tuple[Reference, ...]:
        """What it speaks of, in order, for checks before anything runs."""
        return self._references

    def names(self, sort: str) -> frozenset[str]:
        return frozenset(one.name for one in self._references if one.sort == sort and one.name)


def compile(value: Json, path: str = "") -> Template:
    """path: where the value stands in its document. Raises ExpressionError."""
    found: list[Reference] = []
    run = _compiled(value, path, found, 0)
    return Template(value, run, tuple(found))


def evaluate(value: Json, scope: Scope, path: str = "") -> Json:
    """Compiled and evaluated at once. Raises ExpressionError."""
    return compile(value, path).evaluate(scope)


def forget() -> None:
    """Drops what is kept compiled, for measuring."""
    _remembered.cache_clear()


def is_expression(value: Json) -> bool:
    """Would this one value, not those inside of it, be computed?"""
    return texts.is_formula(value) if isinstance(value, str) else isinstance(value, Mapping) and _wrapped(value)


def _compiled(value: Json, path: str, found: list[Reference], depth: int) -> Run | None:
    """What computes a value; None for one that is as it stands."""
    if isinstance(value, str):
        return _text(value, path, found) if "@" in value else None
    if depth > DEEPEST:
        raise ExpressionError(f"The document is nested deeper than {DEEPEST} levels.", path=path)
    if isinstance(value, Mapping):
        if _wrapped(value):
            return _inside(value, path, found, depth)
        return _object(value, path, found, depth)
    if isinstance(value, list | tuple):
        return _array(value, path, found, depth)
    return None


def _wrapped(value: Mapping[str, Json]) -> bool:
    """Is it {"value": …, "type": "Expression"}?"""
    kind = value.get("type")
    return isinstance(kind, str) and kind.lower() == "expression" and "value" in value


def _inside(value: Mapping[str, Json], path: str, found: list[Reference], depth: int) -> Run:
    inner = value["value"]
    return _compiled(inner, path, found, depth + 1) or (lambda scope: inner)


def _object(value: Mapping[str, Json], path: str, found: list[Reference], depth: int) -> Run | None:
    runs = {key: _compiled(below, f"{path}.{key}" if path else str(key), found, depth + 1) for key, below in value.items()}
    moving = [(key, run) for key, run in runs.items() if run is not None]
    if not moving:
        return None

    def run(scope: Scope) -> Json:
        return {**value, **{key: run(scope) for key, run in moving}}

    return run


def _array(value: list[Json] | tuple[Json, ...], path: str, found: list[Reference], depth: int) -> Run | None:
    runs = [_compiled(below, f"{path}[{place}]", found, depth + 1) for place, below in enumerate(value)]
    if not any(runs):
        return None
    pairs = list(zip(runs, value, strict=True))
    return lambda scope: [below if run is None else run(scope) for run, below in pairs]


def _text(text: str, path: str, found: list[Reference]) -> Run | None:
    if not texts.is_formula(text):
        return None
    try:
        formula = _remembered(text) if len(text) <= _REMEMBERED else _formula(text)
    except ExpressionError as error:
        raise error.at(path) from None
    found.extend(Reference(one.sort, one.name, one.source, one.place, path) for one in formula.references)
    inner = formula.run
    if not path:
        return inner

    def run(scope: Scope) -> Json:
        try:
            return inner(scope)
        except ExpressionError as error:
            raise error.at(path) from None

    return run


@lru_cache(maxsize=4096)
def _remembered(text: str) -> _Formula:
    return _formula(text)


def _formula(text: str) -> _Formula:
    read = texts.read(text)
    if isinstance(read, str):
        return _Formula(lambda scope: read, ())
    if isinstance(read, tuple):
        source, node = read
        return _Formula(closures.Compiler(source, functions.TABLE).compile(node), _references(source, node))
    runs: list[Run] = []
    found: list[Reference] = []
    for part in read:
        if isinstance(part, str):
            runs.append(lambda scope, part=part: part)  # type: ignore[misc]
        else:
            source, node = part
            runs.append(closures.Compiler(source, functions.TABLE).compile(node))
            found.extend(_references(source, node))
    return _Formula(lambda scope: "".join([values.text(run(scope)) for run in runs]), tuple(found))


_NAMED = {
    "activity": "activity",
    "actions": "activity",
    "outputs": "activity",
    "actionoutputs": "activity",
    "body": "activity",
    "variables": "variable",
}
_SELECTED = {"dataset": "dataset", "linkedservice": "linkedService"}
_ARGUMENTS = {"parameters": "parameter", "globalparameters": "globalParameter"}


def _references(source: str, node: Node) -> tuple[Reference, ...]:
    found: list[Reference] = []
    for call in calls(node):
        known = call.name.lower()
        found.append(Reference("function", functions.TABLE[known].name, source, call.place))
        if known in _NAMED:
            first = call.arguments[0]
            found.append(Reference(_NAMED[known], str(first.value) if isinstance(first, Literal) else "", source, first.place))
        elif known in _SELECTED:
            found.extend(_stepped(_SELECTED[known], call, 0, source))
        elif known == "pipeline":
            first_name = _step_name(call, 0)
            if first_name.lower() in _ARGUMENTS:
                found.extend(_stepped(_ARGUMENTS[first_name.lower()], call, 1, source))
            else:
                found.extend(_stepped("system", call, 0, source))
    return tuple(found)


def _stepped(sort: str, call: Call, place: int, source: str) -> list[Reference]:
    return [Reference(sort, _step_name(call, place), source, call.steps[place].place)] if len(call.steps) > place else []


def _step_name(call: Call, place: int) -> str:
    """The name that is selected there; "" when there is none, or it is computed."""
    index = call.steps[place].index if len(call.steps) > place else None
    return index.value if isinstance(index, Literal) and isinstance(index.value, str) else ""
