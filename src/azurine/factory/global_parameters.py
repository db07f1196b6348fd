"""Global parameters: values that all pipelines of a factory may speak of, `pipeline().globalParameters.X`.

They stand in the factory itself (as Git integration saves them), or in resources of their own, the usual one being called `default`.
https://learn.microsoft.com/azure/data-factory/author-global-parameters
"""

from collections.abc import Mapping
from typing import Any

from azurine.factory import kinds, names
from azurine.factory.faults import Faults
from azurine.factory.variables import read
from azurine.model.kinds import Admission, Kind, References
from azurine.model.resources import Json

TYPES = ("object", "string", "int", "float", "bool", "array")


def admit(admission: Admission) -> Json:
    names.check(admission.id, names.PART)
    faults = Faults()
    check(kinds.properties(admission, faults), "properties", faults)
    faults.finish()
    return kinds.kept(admission)


def check(given: Mapping[str, Any], path: str, faults: Faults) -> None:
    """Notes what is wrong with {name: {type, value}}."""
    for name, one in given.items():
        where = f"{path}.{name}"
        if not isinstance(one, Mapping) or "value" not in one or str(one.get("type", "")).lower() not in TYPES:
            faults.note(where, f"The global parameter '{name}' must have a 'value' and a 'type', which is one of {', '.join(TYPES)}.")
            continue
        try:
            read(str(one["type"]).lower(), one["value"])
        except ValueError as problem:
            faults.note(f"{where}.value", f"The value of the global parameter '{name}' is not of type '{one['type']}': {problem}")


def values(factory: str, references: References) -> dict[str, Any]:
    """What `pipeline().globalParameters` is in a factory at this moment."""
    found: dict[str, Any] = {}
    owner = references.get(factory)
    if owner is not None:
        found.update(_values((owner.spec.get("properties") or {}).get("globalParameters") or {}))
    for one in reversed(references.children(factory, kinds.GLOBAL_PARAMETERS)):
        found.update(_values(one.spec["properties"]))
    return found


def _values(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: read(str(one.get("type", "")).lower(), one.get("value")) for name, one in given.items() if isinstance(one, Mapping)}


KIND = Kind(kinds.GLOBAL_PARAMETERS, admit, kinds.show, provider=kinds.PROVIDER, without_operations=True)
