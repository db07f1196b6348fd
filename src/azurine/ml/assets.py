"""What all versioned assets have in common: a container with a name, and versions below it that do not change.

Data, models, components, codes and environments differ in their definition; a version's definition is written once, while
its description, tags, properties, stage and archive flag may change. PUT of the same version again is therefore fine,
and PUT of a different one under the same version is refused. Containers come into being with their first version.

Not here: what a definition must look like (each kind's own file), and which version is the newest (the store knows).
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from azurine.ml import names
from azurine.ml.reading import Reader
from azurine.model import errors, ids
from azurine.model.kinds import Admission, Kind
from azurine.model.resources import Json, Resource

ENVELOPE = frozenset({"id", "name", "type", "systemData", "etag"})
PRIVATE = "plan"
MUTABLE = frozenset({"description", "tags", "properties", "isArchived", "isAnonymous", "stage", "autoDeleteSetting", "displayName", "display_name"})
ANSWERED = frozenset({"provisioningState", "latestVersion", "nextVersion", "environmentType"})
"""What answers carry and requests need not: left out of what is kept, put on by `show`."""
STEADY = ("stage", "jobName")
"""Kept when a later PUT leaves them out: the official client drops them when it archives (parity)."""

Definition = Callable[[Json], Json]


def begin(admission: Admission) -> tuple[Reader, Reader]:
    """Readers of the body and of its properties, with the fields that every asset has already read."""
    body = Reader(admission.body)
    properties = body.mapping("properties", required=True)
    properties.text("description")
    properties.labels("tags")
    properties.labels("properties")
    properties.flag("isArchived")
    properties.flag("isAnonymous")
    return body, properties


def keep(admission: Admission, defaults: Json | None = None, plan: Json | None = None) -> Json:
    """The spec of what was PUT: the body without its envelope, defaults where nothing was given."""
    properties = without(admission.body.get("properties") or {}, ANSWERED)
    for key, value in (defaults or {}).items():
        if properties.get(key) is None:
            properties[key] = value
    spec = {**without(admission.body, ENVELOPE | {PRIVATE}), "properties": properties}
    return {**spec, PRIVATE: dict(plan)} if plan else spec


def keep_version(admission: Admission, defaults: Json | None = None, plan: Json | None = None, definition: Definition | None = None) -> Json:
    """Like `keep`, for a version: refuses another definition under the same version, raising errors.Conflict."""
    spec = dict(keep(admission, defaults, plan))
    if admission.previous is None:
        return spec
    before, after = admission.previous.spec["properties"], dict(spec["properties"])
    for key in STEADY:
        if after.get(key) is None and before.get(key) is not None:
            after[key] = before[key]
    defined = definition or definition_of
    changed = _differences(defined(before), defined(after))
    if changed:
        raise errors.Conflict(_refusal(admission.id, changed), code="UserError", path=f"properties.{changed[0]}")
    return {**spec, "properties": after}


def definition_of(properties: Json) -> Json:
    """What may not change: everything given that is not known to be mutable."""
    return {key: value for key, value in properties.items() if key not in MUTABLE and key not in ANSWERED and value not in (None, {}, [], "")}


def show(resource: Resource) -> Json:
    """The body of a version or of any resource whose spec is shown as it was PUT."""
    return without(resource.spec, {PRIVATE})


def show_version(**answered: object) -> Callable[[Resource], Json]:
    """A `show` that always answers tags, properties and the flags, as the official client expects, and these fields besides."""

    def shown(resource: Resource) -> Json:
        body = dict(show(resource))
        body["properties"] = {
            "tags": {},
            "properties": {},
            "isArchived": False,
            "isAnonymous": False,
            **answered,
            **_given(body.get("properties") or {}),
        }
        return body

    return shown


def container(name: str) -> Kind:
    """The container kind of an asset: a name, what is said about it, and whether it is archived."""
    return Kind(name=name, admit=_admit_container, show=_show_container, container=True, archivable=True)


def without(mapping: Json, keys: Iterable[str]) -> dict[str, Any]:
    left_out = frozenset(keys)
    return {key: value for key, value in mapping.items() if key not in left_out}


def _admit_container(admission: Admission) -> Json:
    names.check(ids.name(admission.id), names.ASSET)
    body, properties = begin(admission)
    properties.text("dataType")
    body.finish()
    spec = dict(keep(admission))
    if admission.previous is not None:
        properties_before = admission.previous.spec["properties"]
        steady = {key: properties_before[key] for key in ("dataType", "isAnonymous") if properties_before.get(key) is not None}
        spec["properties"] = {**spec["properties"], **steady}
    return spec


def _show_container(resource: Resource) -> Json:
    body = dict(show(resource))
    typed = {"dataType": "uri_folder"} if resource.kind == "workspaces/data" else {}
    answered = {"tags": {}, "properties": {}, "isArchived": False, "provisioningState": "Succeeded", **typed}
    body["properties"] = {**answered, **_given(body.get("properties") or {})}
    return body


def _given(properties: Json) -> dict[str, Any]:
    return {key: value for key, value in properties.items() if value is not None}


def _differences(before: Json, after: Json) -> list[str]:
    return sorted(key for key in {*before, *after} if before.get(key) != after.get(key))


def _refusal(identifier: str, changed: Sequence[str]) -> str:
    name, version = ids.name(ids.parent(identifier)), ids.name(identifier)
    subject = "Asset paths cannot be updated" if any(key.endswith("Uri") for key in changed) else "An existing version cannot be changed"
    return f"{subject}: {name}:{version} exists with a different {', '.join(changed)}. Use another name or version, or leave the version out."
