"""From a tree to a function of the scope: parsed and looked up once, evaluated many times.

Names of functions and numbers of arguments are checked here, before anything is evaluated; types of values when they are known.
"""

from collections.abc import Callable, Mapping
from typing import Any

from azurine.expressions.formulas.faults import ExpressionError, Refused, unselected
from azurine.expressions.formulas.tree import Call, Literal, Node, Step
from azurine.expressions.scope import Scope
from azurine.expressions.signatures import Function, Run
from azurine.expressions.values import text, type_name


class Compiler:
    """parity: a safe step (`?.x`) on null makes the whole rest null; one that finds no such property answers null, and the next step goes on with it."""

    def __init__(self, source: str, table: Mapping[str, Function]) -> None:
        self.source = source
        self.table = table

    def compile(self, node: Node) -> Run:
        if isinstance(node, Literal):
            value = node.value
            return lambda scope: value
        run = self._call(node)
        return self._selecting(run, node.steps) if node.steps else run

    def _call(self, call: Call) -> Run:
        function = self.table.get(call.name.lower())
        if function is None:
            raise ExpressionError(f"The template function '{call.name}' is not defined or not valid.", self.source, call.place)
        wrong = function.wrong_count(len(call.arguments))
        if wrong:
            raise ExpressionError(wrong, self.source, call.place)
        arguments = tuple(self.compile(one) for one in call.arguments)
        shape = {"plain": _plain, "seeing": _seeing, "lazy": _lazy}[function.sort]
        return shape(function, arguments, self._refusing(call))

    def _refusing(self, call: Call) -> Callable[[Refused], ExpressionError]:
        def refusing(refused: Refused) -> ExpressionError:
            place = call.arguments[refused.argument].place if 0 <= refused.argument < len(call.arguments) else call.place
            return ExpressionError(refused.message, self.source, place)

        return refusing

    def _selecting(self, run: Run, steps: tuple[Step, ...]) -> Run:
        if all(isinstance(step.index, Literal) and isinstance(step.index.value, str) for step in steps):
            return self._by_names(run, steps)
        indexes = tuple((self.compile(step.index), step) for step in steps)

        def selecting(scope: Scope) -> Any:
            value = run(scope)
            for index, step in indexes:
                if value is None and step.safe:
                    return None
                value = self._selected(value, index(scope), step)
            return value

        return selecting

    def _by_names(self, run: Run, steps: tuple[Step, ...]) -> Run:
        """The commonest case, `pipeline().parameters.x`: names looked up as they are written, and only when that fails with more care."""
        names = tuple((step.index.value, step) for step in steps if isinstance(step.index, Literal))

        def selecting(scope: Scope) -> Any:
            value = run(scope)
            for name, step in names:
                try:
                    value = value[name]
                except (KeyError, TypeError):
                    if value is None and step.safe:
                        return None
                    value = self._selected(value, name, step)
            return value

        return selecting

    def _selected(self, value: Any, index: Any, step: Step) -> Any:
        if isinstance(value, Mapping):
            return self._property(value, index, step)
        if isinstance(value, list):
            return self._element(value, index, step)
        why = "" if value is None else f" Property selection is not supported on values of type '{type_name(value)}'."
        raise self._unselected(step, f"property '{_shown(index)}' cannot be selected.{why}")

    def _property(self, value: Mapping[str, Any], index: Any, step: Step) -> Any:
        if not isinstance(index, str):
            why = " Object properties can only be selected by names." if type(index) is int else ""
            raise self._unselected(step, f"property '{_shown(index)}' cannot be selected.{why}")
        if index in value:
            return value[index]
        small = index.casefold()
        for name, found in value.items():
            if name.casefold() == small:
                return found
        if step.safe:
            return None
        raise self._unselected(step, f"property '{index}' doesn't exist, available properties are '{', '.join(value)}'.")

    def _element(self, value: list[Any], index: Any, step: Step) -> Any:
        if type(index) is not int:
            why = " Array elements can only be selected using an integer index." if isinstance(index, str) else ""
            raise self._unselected(step, f"property '{_shown(index)}' cannot be selected.{why}")
        if 0 <= index < len(value):
            return value[index]
        if step.safe:
            return None
        raise self._unselected(step, f"array index '{index}' is outside bounds (0, {len(value) - 1}) of array.")

    def _unselected(self, step: Step, why: str) -> ExpressionError:
        return unselected(self.source, step.place, why)


def _shown(index: Any) -> str:
    return type_name(index) if isinstance(index, dict | list) else text(index)


def _plain(function: Function, arguments: tuple[Run, ...], refusing: Callable[[Refused], ExpressionError]) -> Run:
    run, accepts = function.run, function.accepts

    def calling(scope: Scope) -> Any:
        values = [argument(scope) for argument in arguments]
        try:
            accepts(values)
            return run(*values)
        except Refused as refused:
            raise refusing(refused) from None

    def calling_with_one(scope: Scope) -> Any:
        value = only(scope)
        try:
            if kinds is not None and type(value) not in kinds.types:
                raise function.wrong_type(value, kinds.words, 0)
            return run(value)
        except Refused as refused:
            raise refusing(refused) from None

    def calling_unchecked(scope: Scope) -> Any:
        values = [argument(scope) for argument in arguments]
        try:
            return run(*values)
        except Refused as refused:
            raise refusing(refused) from None

    if len(arguments) == 1:
        only, kinds = arguments[0], function.takes[0]
        return calling_with_one
    return calling if any(function.takes) else calling_unchecked


def _seeing(function: Function, arguments: tuple[Run, ...], refusing: Callable[[Refused], ExpressionError]) -> Run:
    run, accepts = function.run, function.accepts

    def calling(scope: Scope) -> Any:
        values = [argument(scope) for argument in arguments]
        try:
            accepts(values)
            return run(scope, *values)
        except Refused as refused:
            raise refusing(refused) from None

    return calling


def _lazy(function: Function, arguments: tuple[Run, ...], refusing: Callable[[Refused], ExpressionError]) -> Run:
    run = function.run

    def calling(scope: Scope) -> Any:
        try:
            return run(scope, *arguments)
        except Refused as refused:
            raise refusing(refused) from None

    return calling
