"""Comparing and choosing. `if`, `and`, `or` and `coalesce` look only at what they need."""

from typing import Any

from azurine.expressions.formulas.faults import Refused
from azurine.expressions.scope import Scope
from azurine.expressions.signatures import ANY, BOOLEAN, Family, Function, Run
from azurine.expressions.values import collated, equal, type_name

FAMILY = Family("Logical")

_NUMBERS = (int, float)


@FAMILY.lazy("if", BOOLEAN, ANY, ANY)
def choose(scope: Scope, condition: Run, then: Run, otherwise: Run) -> Any:
    return then(scope) if _boolean("if", condition(scope), 0) else otherwise(scope)


@FAMILY.lazy("and", BOOLEAN, least=1, most=None)
def both(scope: Scope, *arguments: Run) -> bool:
    return all(_boolean("and", argument(scope), place) for place, argument in enumerate(arguments))


@FAMILY.lazy("or", BOOLEAN, least=1, most=None)
def either(scope: Scope, *arguments: Run) -> bool:
    return any(_boolean("or", argument(scope), place) for place, argument in enumerate(arguments))


@FAMILY.plain("not", BOOLEAN)
def negated(value: bool) -> bool:
    return not value


@FAMILY.plain("equals", ANY, ANY, most=None)
def equals(one: Any, *others: Any) -> bool:
    """1 equals 1.0, but not within arrays and objects; parity: more than two are all compared with the first."""
    return all(bool(one == other) if type(one) in _NUMBERS and type(other) in _NUMBERS else equal(one, other) for other in others)


@FAMILY.plain("greater", ANY, ANY)
def greater(one: Any, other: Any) -> bool:
    one, other = _comparable("greater", one, other)
    return bool(one > other)


@FAMILY.plain("greaterOrEquals", ANY, ANY)
def greater_or_equals(one: Any, other: Any) -> bool:
    one, other = _comparable("greaterOrEquals", one, other)
    return bool(one >= other)


@FAMILY.plain("less", ANY, ANY)
def less(one: Any, other: Any) -> bool:
    one, other = _comparable("less", one, other)
    return bool(one < other)


@FAMILY.plain("lessOrEquals", ANY, ANY)
def less_or_equals(one: Any, other: Any) -> bool:
    one, other = _comparable("lessOrEquals", one, other)
    return bool(one <= other)


@FAMILY.lazy("coalesce", ANY, least=1, most=None)
def coalesce(scope: Scope, *arguments: Run) -> Any:
    for argument in arguments:
        value = argument(scope)
        if value is not None:
            return value
    return None


def _boolean(name: str, value: Any, place: int) -> bool:
    if value is True or value is False:
        return bool(value)
    function: Function = FAMILY.functions[name]
    if name == "if":
        raise function.wrong_type(value, BOOLEAN.words, place)
    raise Refused(
        f"The template language function '{name}' expects all of its parameters to be booleans. Found invalid parameter types: '{type_name(value)}'. "
        f"{function.usage()}",
        place,
    )


def _comparable(name: str, one: Any, other: Any) -> tuple[Any, Any]:
    """Two numbers as they are, two texts as what orders them."""
    if type(one) in (int, float) and type(other) in (int, float):
        return one, other
    if type(one) is str and type(other) is str:
        return collated(one), collated(other)
    function: Function = FAMILY.functions[name.lower()]
    if type(one) not in (int, float, str):
        raise function.wrong_type(one, "to be an integer, a decimal number or a string", 0)
    if type(other) not in (int, float, str):
        raise function.wrong_type(other, "to be an integer, a decimal number or a string", 1)
    raise Refused(
        f"The template language function '{name}' expects two parameters of matching types. The function was invoked with values of type "
        f"'{type_name(one)}' and '{type_name(other)}' that do not match. {function.usage()}"
    )
