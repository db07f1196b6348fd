"""The parameters of a component: read from text by what its component.yaml declares, with errors that name the component and the parameter.

    parameters.text("mode")       string         parameters.flag("keep")         boolean
    parameters.whole("bins")      integer        parameters.number("ratio")      number
    parameters.given("seed")      was a value given, or is there a default?
    parameters.whole_or_none(…)   number_or_none(…)     for optional ones
    parameters.columns("keys", table)     the columns that a picker value chooses
    raise parameters.wrong("bins", "…")   what is wrong with a value, and what would be right

A value is checked against its type, bounds and list of choices before the component sees it. Whether a parameter matters in the chosen
mode is the component's business.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from azurine.designer import columns
from azurine.designer.tables import Table, listed
from azurine.model.errors import Invalid

Value = str | int | float | bool
_TRUTHS = {"true": True, "false": False}
_SHOWN = 120


@dataclass(frozen=True, slots=True)
class Parameters:
    """component: its name as shown. values: by parameter name, of the declared type; optional ones that were not given are absent."""

    component: str
    values: Mapping[str, Value]

    def given(self, name: str) -> bool:
        return name in self.values

    def text(self, name: str) -> str:
        """ "" for an optional one that was not given."""
        return str(self.values.get(name, ""))

    def whole(self, name: str) -> int:
        return int(self._known(name))

    def number(self, name: str) -> float:
        return float(self._known(name))

    def flag(self, name: str) -> bool:
        return bool(self._known(name))

    def whole_or_none(self, name: str) -> int | None:
        return int(self.values[name]) if name in self.values else None

    def number_or_none(self, name: str) -> float | None:
        return float(self.values[name]) if name in self.values else None

    def columns(self, name: str, table: Table) -> tuple[str, ...]:
        try:
            return columns.pick(self.text(name), table)
        except Invalid as error:
            raise self.wrong(name, error.message, error.code) from error

    def column(self, name: str, table: Table) -> str:
        """The one column that is chosen."""
        found = self.columns(name, table)
        if len(found) != 1:
            raise self.wrong(name, f"choose one column; chosen are {listed(found)}")
        return found[0]

    def wrong(self, name: str, message: str, code: str = "") -> Invalid:
        value = f" (given: {clipped(self.values[name])})" if name in self.values else ""
        return Invalid(f"{self.component}: {name}: {message}{value}", code=code, path=name)

    def _known(self, name: str) -> Value:
        if name not in self.values:
            raise self.wrong(name, "a value is needed here")
        return self.values[name]


def read(component: str, declared: Mapping[str, Mapping[str, Any]], given: Mapping[str, object]) -> Parameters:
    """Values for the declared parameters. given: text or plain values; a name that is not declared is an error."""
    unknown = [name for name in given if name not in declared]
    if unknown:
        raise Invalid(f"{component}: there is no parameter {listed(unknown)}; there are {listed(list(declared), most=60)}", path=unknown[0])
    values: dict[str, Value] = {}
    for name, declaration in declared.items():
        value = given.get(name)
        if value is None or (value == "" and declaration.get("type") != "string"):
            value = declaration.get("default")
        if value is not None:
            values[name] = _value(component, name, declaration, value)
        elif not declaration.get("optional"):
            raise Invalid(f"{component}: {name}: a value is needed here ({declaration.get('type')})", path=name)
    return Parameters(component, values)


def clipped(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= _SHOWN else shown[: _SHOWN - 1] + "…"


def _value(component: str, name: str, declaration: Mapping[str, Any], value: object) -> Value:
    found = _typed(str(declaration.get("type") or "string"), value)
    if found is None:
        raise Invalid(f"{component}: {name}: {clipped(value)} is not of type {declaration.get('type')}", code="InvalidType", path=name)
    choices = [str(one) for one in declaration.get("enum") or ()]
    if choices and str(found) not in choices:
        raise Invalid(f"{component}: {name}: {clipped(value)} is not one of {', '.join(choices)}", code="InvalidValue", path=name)
    low, high = declaration.get("min"), declaration.get("max")
    if not isinstance(found, str) and ((low is not None and found < float(low)) or (high is not None and found > float(high))):
        bounds = " and ".join([f"at least {low}"] * (low is not None) + [f"at most {high}"] * (high is not None))
        raise Invalid(f"{component}: {name}: {clipped(value)} must be {bounds}", code="InvalidValue", path=name)
    return found


def _typed(sort: str, value: object) -> Value | None:
    text = str(value).strip()
    try:
        if sort == "integer":
            return int(text) if not isinstance(value, bool) else None
        if sort == "number":
            found = float(text)
            return found if math.isfinite(found) else None
    except ValueError:
        return None
    if sort == "boolean":
        return _TRUTHS.get(text.lower())
    return str(value)
