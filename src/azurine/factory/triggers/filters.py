"""Advanced filters of Event Grid: {"operatorType", "key", "value" or "values"}. A key is a path into the event, such as `data.region`.

Of several values one must fit; of the operators that begin with a no, none may. Text is compared without regard to case. A key that is
not there fits the ones that say no, and nothing else.

https://learn.microsoft.com/azure/event-grid/event-filtering#advanced-filtering
"""

from collections.abc import Callable, Mapping
from typing import Any

from azurine.factory.faults import Faults

_MISSING = object()
MOST_VALUES = 25


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _compared(test: Callable[[float, float], bool]) -> Callable[[Any, Any], bool]:
    def fits(value: Any, wanted: Any) -> bool:
        one, other = _number(value), _number(wanted)
        return one is not None and other is not None and test(one, other)

    return fits


def _worded(test: Callable[[str, str], bool]) -> Callable[[Any, Any], bool]:
    def fits(value: Any, wanted: Any) -> bool:
        return isinstance(value, str) and test(value.lower(), str(wanted).lower())

    return fits


def _in_range(value: Any, wanted: Any) -> bool:
    number = _number(value)
    return number is not None and isinstance(wanted, list) and len(wanted) == 2 and float(wanted[0]) <= number <= float(wanted[1])


_TESTS: Mapping[str, Callable[[Any, Any], bool]] = {
    "numberin": _compared(lambda one, other: one == other),
    "numberlessthan": _compared(lambda one, other: one < other),
    "numbergreaterthan": _compared(lambda one, other: one > other),
    "numberlessthanorequals": _compared(lambda one, other: one <= other),
    "numbergreaterthanorequals": _compared(lambda one, other: one >= other),
    "numberinrange": _in_range,
    "boolequals": lambda value, wanted: isinstance(value, bool) and value is wanted,
    "stringin": _worded(lambda one, other: one == other),
    "stringcontains": _worded(lambda one, other: other in one),
    "stringbeginswith": _worded(lambda one, other: one.startswith(other)),
    "stringendswith": _worded(lambda one, other: one.endswith(other)),
}
_DENIED = {
    "numbernotin": "numberin",
    "numbernotinrange": "numberinrange",
    "stringnotin": "stringin",
    "stringnotcontains": "stringcontains",
    "stringnotbeginswith": "stringbeginswith",
    "stringnotendswith": "stringendswith",
}
_ABOUT_BEING = {"isnullorundefined": True, "isnotnull": False}
OPERATORS = (*_TESTS, *_DENIED, *_ABOUT_BEING)


def check(one: Any, path: str, faults: Faults) -> None:
    if not isinstance(one, Mapping):
        faults.note(path, "A filter must be an object.")
        return
    operator = faults.text(one, "operatorType", path, required=True).lower()
    faults.text(one, "key", path, required=True)
    if operator and operator not in OPERATORS:
        faults.note(f"{path}.operatorType", f"'{one['operatorType']}' is no operator of filters.")
    if operator in _ABOUT_BEING:
        return
    wanted = _wanted(one)
    if not wanted or len(wanted) > MOST_VALUES:
        faults.note(f"{path}.values", f"A filter needs 1 to {MOST_VALUES} values.")
    if operator.endswith("inrange") and not all(_is_range(two) for two in wanted):
        faults.note(f"{path}.values", "A range is an array of two numbers.")


def passes(one: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    operator, value = str(one.get("operatorType")).lower(), _found(event, str(one.get("key")))
    if operator in _ABOUT_BEING:
        return (value is _MISSING or value is None) is _ABOUT_BEING[operator]
    test = _TESTS[_DENIED.get(operator, operator)]
    values = value if isinstance(value, list) else [value]
    return any(test(inner, wanted) for inner in values for wanted in _wanted(one)) is not (operator in _DENIED)


def _wanted(one: Mapping[str, Any]) -> list[Any]:
    found = one.get("values") if one.get("values") is not None else one.get("value")
    return found if isinstance(found, list) else [] if found is None else [found]


def _is_range(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(_number(one) is not None for one in value)


def _found(event: Mapping[str, Any], key: str) -> Any:
    value: Any = event
    for step in key.split("."):
        if not isinstance(value, Mapping):
            return _MISSING
        small = step.lower()
        value = next((inner for name, inner in value.items() if name.lower() == small), _MISSING)
        if value is _MISSING:
            return _MISSING
    return value
