"""What a component takes and gives: declarations of inputs and outputs, and values that fit them.

An input is data (a file, a folder, a table, a model) or a plain value (string, number, integer, boolean) with a default, bounds or
a list of what is allowed. Values travel as text; `literal` says whether one fits and how it is written.
https://learn.microsoft.com/azure/machine-learning/reference-yaml-component-command#component-inputs
"""

from collections.abc import Iterator, Mapping
from typing import Any

from azurine.ml import names
from azurine.ml.reading import Reader, as_number, as_whole, clipped
from azurine.model import errors
from azurine.model.resources import Json

DATA = ("uri_folder", "uri_file", "mltable", "custom_model", "mlflow_model", "triton_model")
PLAIN = ("string", "number", "integer", "boolean")
ANY_PATH = "path"
"""An older word for data of any type."""
INPUT_TYPES = (*DATA, *PLAIN, ANY_PATH)
OUTPUT_TYPES = (*DATA, "string", "number", "integer", "boolean", ANY_PATH)
RESERVED = frozenset({"path", "ld_library_path", "user", "logname", "home", "pwd", "shell"})
"""Names that would overwrite the environment variables a process lives by."""


def check_inputs(inputs: Reader) -> None:
    """Reads a mapping of input declarations, noting what is wrong with each."""
    for name, declared in _declarations(inputs):
        sort = declared.choice("type", INPUT_TYPES, required=True)
        declared.flag("optional")
        if sort in PLAIN:
            _check_plain(declared, sort)
        elif declared.value.get("default") is not None and sort:
            inputs.fault(name, f"an input of type {sort} cannot have a default")


def check_outputs(outputs: Reader) -> None:
    for _, declared in _declarations(outputs):
        declared.choice("type", OUTPUT_TYPES, required=True)


def is_data(declared: Json) -> bool:
    return str(declared.get("type") or "uri_folder").lower() not in PLAIN


def may_be_absent(declared: Json) -> bool:
    """Optional and without a default: it may have no value when the step runs."""
    return is_optional(declared) and declared.get("default") is None


def is_optional(declared: Json) -> bool:
    return declared.get("optional") in (True, "true", "True")


def missing(declared: Mapping[str, Json], given: Mapping[str, Any]) -> list[str]:
    """Names of inputs that must be given and are not."""
    return [name for name, one in declared.items() if given.get(name) is None and one.get("default") is None and not is_optional(one)]


def literal(declared: Json, value: object, path: str = "") -> str:
    """A plain value as it is written into a command; raises errors.Invalid when it does not fit its declaration.

    Numbers stay as they were written, booleans read True and False (parity), and bounds are included.
    """
    sort = str(declared.get("type") or "string").lower()
    written = _written(sort, value)
    if written is None:
        raise errors.Invalid(f"{clipped(value)} is not {_article(sort)}", code="InvalidType", path=path)
    allowed = [str(one) for one in declared.get("enum") or ()]
    if allowed and written not in allowed:
        raise errors.Invalid(f"{clipped(written)} is not one of {', '.join(allowed)}", code="InvalidValue", path=path)
    if sort in ("number", "integer"):
        _check_bounds(declared, written, path)
    return written


def sample(declared: Json) -> str:
    """A value that fits a declaration of a plain input, when the real one is not known yet."""
    allowed = [*(declared.get("enum") or ())]
    for found in (declared.get("default"), *allowed, declared.get("min"), declared.get("max")):
        if found is not None:
            return str(found)
    return {"string": "text", "boolean": "True"}.get(str(declared.get("type") or "string").lower(), "0")


def fits(produced: str, wanted: str) -> bool:
    """May an output or parent input of one type be bound to an input of another?

    Everything that is data binds to everything that is data: Azure's exact table is not published, and a folder is a folder.
    """
    produced, wanted = produced.lower(), wanted.lower()
    if produced == wanted or "" in (produced, wanted):
        return True
    if (produced in PLAIN) != (wanted in PLAIN):
        return False
    return produced not in PLAIN or wanted == "string" or (produced, wanted) == ("integer", "number")


def _declarations(below: Reader) -> Iterator[tuple[str, Reader]]:
    """(name, reader) of each declaration, its name checked. A dot groups: `net.rate` is `rate` of the group `net`."""
    for name in map(str, below.value):
        if not all(names.fits(part, names.NODE) for part in name.split(".")):
            below.fault(name, f"{clipped(name)} cannot be a name here; a name has {names.NODE.words}", "InvalidName")
        elif name.lower() in RESERVED:
            below.fault(name, f"{name} is reserved, because inputs and outputs become environment variables", "InvalidName")
        yield name, below.mapping(name, required=True)


def _check_plain(declared: Reader, sort: str) -> None:
    bounds = declared.value
    for bound in ("min", "max"):
        if bounds.get(bound) is None:
            continue
        if sort not in ("number", "integer"):
            declared.fault(bound, f"only a number or an integer has a {bound}")
        elif as_number(bounds[bound]) is None:
            declared.fault(bound, f"{clipped(bounds[bound])} is not a number", "InvalidType")
    if declared.items("enum") and sort != "string":
        declared.fault("enum", "only a string has a list of allowed values")
    if bounds.get("default") is not None and not [one for one in declared.faults if one.path.startswith(declared.path + ".")]:
        try:
            literal(bounds, bounds["default"], declared.at("default"))
        except errors.Invalid as error:
            declared.include(error)


def _written(sort: str, value: object) -> str | None:
    if isinstance(value, Mapping | list) or value is None:
        return None
    text = str(value)
    if sort == "integer":
        number = as_whole(value)
        return None if number is None else (text if isinstance(value, str) else str(number))
    if sort == "number":
        return text if as_number(value) is not None else None
    if sort == "boolean":
        return {"true": "True", "false": "False"}.get(text.lower())
    return text


def _check_bounds(declared: Json, written: str, path: str) -> None:
    number = as_number(written)
    least, most = as_number(declared.get("min")), as_number(declared.get("max"))
    if number is not None and ((least is not None and number < least) or (most is not None and number > most)):
        low = "" if least is None else f"at least {declared['min']}"
        high = "" if most is None else f"at most {declared['max']}"
        raise errors.Invalid(f"{written} is out of bounds; it must be {' and '.join(filter(None, (low, high)))}", code="InvalidValue", path=path)


def _article(sort: str) -> str:
    return f"an {sort}" if sort[:1] in "aeiou" else f"a {sort}"
