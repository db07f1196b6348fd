"""The variables and parameters of a pipeline: declared types, values to begin with, and what fits.

A variable's type is String, Boolean (Bool), Array or Integer; one without a default begins as "", false, [] or 0. A parameter that is
given as text is read by its declared type, since portals and callers write numbers, booleans and arrays as text.
https://learn.microsoft.com/azure/data-factory/concepts-parameters-variables
"""

import json
from collections.abc import Mapping
from typing import Any

from azurine.factory.definitions import Definition
from azurine.factory.sight import Checking
from azurine.model import errors
from azurine.model.resources import Json

EMPTY: Mapping[str, Any] = {"string": "", "bool": False, "boolean": False, "array": [], "integer": 0, "int": 0}
PARAMETER_TYPES = ("string", "int", "float", "bool", "array", "object", "securestring")
MASK = "***"
_SPELLED = {"bool": "Boolean", "boolean": "Boolean", "string": "String", "array": "Array", "int": "Integer", "integer": "Integer"}


def declared(definition: Definition, name: str) -> Json | None:
    """The declaration of a variable, whatever the case of its name."""
    found = definition.variables.get(name)
    return found if found is not None else next((one for key, one in definition.variables.items() if key.lower() == name.lower()), None)


def spelled(definition: Definition, name: str) -> str:
    return name if name in definition.variables else next((key for key in definition.variables if key.lower() == name.lower()), name)


def initial(definition: Definition) -> dict[str, Any]:
    """What the variables are when a run begins. A default is taken as it is written: it is no expression."""
    values = {}
    for name, one in definition.variables.items():
        kind = str(one.get("type") or "String").lower()
        default = one.get("defaultValue")
        values[name] = EMPTY.get(kind, "") if default is None else read(kind, default)
    return values


def unfit(definition: Definition, name: str, value: Any) -> str:
    """Why a value cannot be the variable's; "" when it can."""
    known = declared(definition, name)
    if known is None:
        return f"The variable '{name}' is not declared in the pipeline '{definition.name}'."
    kind = str(known.get("type") or "String").lower()
    if _fits(kind, value):
        return ""
    wanted = _SPELLED.get(kind, "String")
    return (
        f"The variable '{name}' of type '{wanted}' cannot be initialized or updated with value of type '{_type_of(value)}'. "
        f"The variable '{name}' only supports values of types '{wanted}'."
    )


def check_named(checking: Checking, only: str = "") -> None:
    """At publish: the variable that the activity names is declared, and of the type that it needs."""
    name = checking.properties.get("variableName")
    known = {key.lower(): one for key, one in checking.variables.items()}
    if not isinstance(name, str) or name.startswith("@"):
        return
    found = known.get(name.lower())
    if found is None:
        checking.note("variableName", f"The variable '{name}' of the activity '{checking.activity.get('name')}' is not declared in the pipeline.")
    elif only and str(found.get("type")).lower() != only.lower():
        checking.note(
            "variableName", f"The variable '{name}' is of type '{found.get('type')}'; the activity '{checking.activity.get('name')}' needs an {only}."
        )


def arguments(definition: Definition, given: Json) -> dict[str, Any]:
    """The parameters of a run: defaults, overlaid with what was given. Raises errors.Invalid for what is missing or of another type.

    parity: a name that the pipeline does not have is left out, as Azure does.
    """
    named = {name.lower(): value for name, value in given.items()}
    values: dict[str, Any] = {}
    for name, one in definition.parameters.items():
        kind = str(one.get("type") or "String").lower()
        if name.lower() in named:
            value = named[name.lower()]
        elif one.get("defaultValue") is not None:
            value = one["defaultValue"]
        else:
            raise errors.Invalid(
                f"The pipeline '{definition.name}' needs a value for its parameter '{name}': it has no default.", code="BadRequest", path=name
            )
        try:
            values[name] = read(kind, value)
        except ValueError as problem:
            message = f"The value of the parameter '{name}' of the pipeline '{definition.name}' is not of type '{one.get('type')}': {problem}"
            raise errors.Invalid(message, code="BadRequest", path=name) from problem
    return values


def shown(definition: Definition, values: Json) -> dict[str, str | None]:
    """Parameters as monitoring shows them: text, secrets hidden."""
    secret = {name for name, one in definition.parameters.items() if str(one.get("type")).lower() == "securestring"}
    return {name: MASK if name in secret else text(value) for name, value in values.items()}


def text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "True" if value else "False"
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def read(kind: str, value: Any) -> Any:
    """A value by its declared type; text that reads as one will do. Raises ValueError."""
    if value is None or kind in ("string", "securestring"):
        if isinstance(value, Mapping | list):
            return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
        return value if value is None or isinstance(value, str) else text(value)
    if isinstance(value, str):
        return _parsed(kind, value)
    if kind in ("int", "integer") and isinstance(value, float) and value.is_integer():
        return int(value)
    if kind == "float" and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not _fits(kind, value):
        raise ValueError(f"it is of type '{_type_of(value)}'.")
    return value


def _parsed(kind: str, value: str) -> Any:
    if kind in ("bool", "boolean"):
        if value.strip().lower() not in ("true", "false"):
            raise ValueError("'true' or 'false' would be right.")
        return value.strip().lower() == "true"
    try:
        if kind in ("int", "integer"):
            return int(value[:40])
        if kind == "float":
            return float(value[:400])
        read = json.loads(value)
    except (ValueError, RecursionError) as problem:
        raise ValueError("the text cannot be read as one.") from problem
    if not _fits(kind, read):
        raise ValueError(f"the text reads as '{_type_of(read)}'.")
    return read


def _fits(kind: str, value: Any) -> bool:
    match kind:
        case "string" | "securestring":
            return isinstance(value, str)
        case "bool" | "boolean":
            return isinstance(value, bool)
        case "int" | "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "float":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "array":
            return isinstance(value, list)
        case "object":
            # An object parameter may hold any JSON that is not a bare value; arrays are seen in the wild.
            return isinstance(value, Mapping | list)
    return True


def _type_of(value: Any) -> str:
    if isinstance(value, bool):
        return "Boolean"
    if isinstance(value, Mapping):
        return "Object"
    names = {int: "Integer", float: "Float", str: "String", list: "Array", type(None): "Null"}
    return names.get(type(value), "Object")
