"""Arithmetic: integers of 64 bits that overflow with an error, doubles as soon as one is in it."""

import math
import random
from typing import Any

from azurine.expressions.formulas.faults import Refused
from azurine.expressions.scope import Scope
from azurine.expressions.signatures import ANY, INTEGER, NUMBER, Family
from azurine.expressions.values import type_name

FAMILY = Family("Math")

Number = int | float
_INT32 = range(-(2**31), 2**31)
_MOST = 100_000


@FAMILY.plain("add", NUMBER, NUMBER)
def add(one: Number, other: Number) -> Number:
    return _within("add", one + other)


@FAMILY.plain("sub", NUMBER, NUMBER)
def sub(one: Number, other: Number) -> Number:
    return _within("sub", one - other)


@FAMILY.plain("mul", NUMBER, NUMBER)
def mul(one: Number, other: Number) -> Number:
    return _within("mul", one * other)


@FAMILY.plain("div", NUMBER, NUMBER)
def div(one: Number, other: Number) -> Number:
    _not_zero("div", other)
    if isinstance(one, float) or isinstance(other, float):
        return _within("div", one / other)
    quotient = abs(one) // abs(other)
    return _within("div", quotient if (one < 0) == (other < 0) else -quotient)


@FAMILY.plain("mod", NUMBER, NUMBER)
def mod(one: Number, other: Number) -> Number:
    """The sign is that of the dividend."""
    _not_zero("mod", other)
    if isinstance(one, float) or isinstance(other, float):
        return math.fmod(one, other)
    rest = abs(one) % abs(other)
    return rest if one >= 0 else -rest


@FAMILY.plain("max", ANY, least=1, most=None)
def largest(*values: Any) -> Number:
    return _chosen("max", max, values)


@FAMILY.plain("min", ANY, least=1, most=None)
def smallest(*values: Any) -> Number:
    return _chosen("min", min, values)


@FAMILY.seeing("rand", INTEGER, INTEGER)
def rand(scope: Scope, least: int, most: int) -> int:
    """The upper bound is never reached, but when it is the lower one."""
    if least > most or least not in _INT32 or most not in _INT32:
        raise Refused(
            "The template language function 'rand' expects its first parameter, the minimum, to be no larger than its second, and both to be 32-bit integers.",
            0,
        )
    return (scope.chance or random).randrange(least, most) if least < most else least


@FAMILY.plain("range", INTEGER, INTEGER)
def span(start: int, count: int) -> list[int]:
    if not 0 <= count <= _MOST:
        raise Refused(
            f"The template language function 'range' expects its second parameter to be an integer from 0 to {_MOST}. The provided value is '{count}'.",
            1,
        )
    if start not in _INT32 or start + max(count - 1, 0) not in _INT32:
        raise Refused("The template language function 'range' expects the sum of its parameters to be no larger than 2147483647.", 0)
    return list(range(start, start + count))


def _within(name: str, value: Number) -> Number:
    """A value that its type can hold."""
    if not -(2**63) <= value < 2**63 if isinstance(value, int) else not math.isfinite(value):
        raise Refused(f"The provided parameters for template language function '{name}' caused arithmetic overflow.")
    return value


def _not_zero(name: str, value: Number) -> None:
    if value == 0:
        raise Refused(f"Attempt to divide an integral or decimal value by zero in function '{name}'.", 1)


def _chosen(name: str, choose: Any, values: tuple[Any, ...]) -> Number:
    given = values[0] if len(values) == 1 and isinstance(values[0], list) else values
    for place, value in enumerate(given):
        if type(value) not in (int, float):
            raise Refused(
                f"The template language function '{name}' expects all of its parameters to be either integer or decimal numbers. "
                f"Found invalid parameter types: '{type_name(value)}'. {FAMILY.functions[name].usage()}",
                0 if given is not values else place,
            )
    if not given:
        raise Refused(f"The template language function '{name}' expects an array of numbers that is not empty. {FAMILY.functions[name].usage()}", 0)
    found: Number = choose(given)
    return float(found) if any(type(value) is float for value in given) else found
