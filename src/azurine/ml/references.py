"""From a text that names something to the resource that it means.

    azureml:<name>:<version>   <name>:<version>   azureml:<name>@latest        a version in this workspace
    azureml:<name>             <name>                                          something without versions, such as a compute
    azureml:/subscriptions/…/<type>/<name>/versions/<v>   …/labels/<label>     an address, with or without `azureml:`; an id
    azureml://locations/<l>/workspaces/<guid>/<type>/<name>/versions/<v>       the same, written another way
    azureml://registries/azureml/<type>/<name>/versions/<v>|labels/latest      of the server's registry: a component, a curated environment
    azureml://registries/azureml/<type>/<name>@latest   …:<v>                  the same, in short

`latest` is the version created last, not the one with the highest number (parity). Whoever asks gets the resource or an
errors.Invalid that names the path and says what would be right.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from azurine.ml import curated, numbers, registry_ids
from azurine.ml.reading import clipped
from azurine.model import errors, ids
from azurine.model.kinds import References
from azurine.model.resources import Resource

LATEST = "latest"
_PREFIX = "azureml:"
_REGISTRY = re.compile(
    r"(?:azureml://)?registries/(?P<registry>[^/]+)/(?P<type>[^/]+)/(?P<name>[^/@:]+)(?P<how>/versions/|/labels/|@|:)(?P<which>[^/@:]+)", re.I
)
_LOCATION = re.compile(r"azureml://locations/[^/]+/workspaces/(?P<guid>[^/]+)/(?P<type>[^/]+)/(?P<name>[^/]+)/versions/(?P<which>[^/]+)", re.I)
_ARM = re.compile(
    r"/?subscriptions/([^/]+)/resourceGroups/([^/]+)(?:/providers/[^/]+)?/workspaces/([^/]+)/(?P<type>[^/]+)/(?:azureml:)?(?P<name>[^/]+)(?:/(?P<how>versions|labels)/(?P<which>[^/]+))?",
    re.I,
)
_SINGULAR = {"data": "data asset"}


@dataclass(frozen=True, slots=True)
class Named:
    """What a text says. workspace: the workspace's id, "" when it lives in a registry. version and label: "" when not given."""

    workspace: str
    type: str
    name: str
    version: str = ""
    label: str = ""
    registry: str = ""


@lru_cache(maxsize=1024)
def read(text: str, workspace: str, type_name: str) -> Named | None:
    """Takes a text apart without looking anything up; None when it is none of the forms."""
    plain = text.strip()
    if len(plain) > 2048:
        return None
    if found := _REGISTRY.fullmatch(plain):
        how = "labels" if found["how"].lower() in ("/labels/", "@") else "versions"
        return _which(Named("", found["type"], found["name"], registry=found["registry"]), how, found["which"])
    if found := _LOCATION.fullmatch(plain):
        return Named(workspace, found["type"], found["name"], found["which"]) if found["guid"] == numbers.workspace(workspace) else None
    plain = plain[len(_PREFIX) :] if plain.lower().startswith(_PREFIX) else plain
    if found := _ARM.fullmatch(plain):
        there = f"subscriptions/{found[1]}/resourceGroups/{found[2]}/workspaces/{found[3]}"
        return _which(Named(there, found["type"], found["name"]), found["how"] or "", found["which"] or "")
    if not plain or "/" in plain or "\\" in plain:
        return None
    name, at, label = plain.rpartition("@")
    if at:
        return Named(workspace, type_name, name, label=label) if name and label else None
    name, _, version = plain.partition(":")
    return Named(workspace, type_name, name, version) if name else None


def find(references: References, workspace: str, type_name: str, text: str, path: str = "") -> Resource:
    """The resource without versions (a compute, a datastore) that the text names."""
    named = _read(text, workspace, type_name, path)
    found = references.get(ids.child(named.workspace, type_name, named.name))
    if found is None or named.version or named.label:
        raise errors.Invalid(f"there is no {_noun(type_name)} {clipped(named.name)} in the workspace", code="ResourceNotFound", path=path)
    return found


def find_version(references: References, workspace: str, type_name: str, text: str, path: str = "") -> Resource:
    """The version ("data", "environments", "components", "codes", "models") that the text names."""
    named = _read(text, workspace, type_name, path)
    if type_name == "environments" and (named.registry or curated.known(named.name)):
        return _curated(references, workspace, named, text, path)
    if named.registry:
        return _shared(references, named, text, path)
    parent = ids.child(named.workspace, type_name, named.name)
    if named.version:
        found = references.get(ids.child(parent, "versions", named.version))
    elif named.label == LATEST:
        found = references.newest(parent, f"workspaces/{type_name}/versions")
    elif named.label:
        raise errors.Invalid(f"{clipped(text)}: the only label known here is @{LATEST}", code="ResourceNotFound", path=path)
    else:
        raise errors.Invalid(f"{clipped(text)} names no version; write {named.name}:<version> or {named.name}@{LATEST}", path=path)
    if found is None:
        which = f":{named.version}" if named.version else f"@{named.label}"
        raise errors.Invalid(f"there is no {_noun(type_name)} {clipped(named.name + which)} in the workspace", code="ResourceNotFound", path=path)
    return found


def _read(text: str, workspace: str, type_name: str, path: str) -> Named:
    named = read(text, workspace, type_name)
    if named is None or named.type.lower() != type_name.lower():
        raise errors.Invalid(f"{clipped(text)} does not name {_article(_noun(type_name))}", path=path)
    return named


def _shared(references: References, named: Named, text: str, path: str) -> Resource:
    """What lies in the registry of the server."""
    if named.registry.lower() != registry_ids.OWN:
        only = f"the registry of this server is {registry_ids.OWN}"
        raise errors.Invalid(f"{clipped(text)}: the registry {clipped(named.registry)} is not known here; {only}", code="ResourceNotFound", path=path)
    parent = registry_ids.container(named.type.lower(), named.name)
    if named.label and named.label not in (LATEST, "default"):
        raise errors.Invalid(f"{clipped(text)}: the only label known here is {LATEST}", code="ResourceNotFound", path=path)
    found = (
        references.newest(parent, registry_ids.versions(named.type.lower())) if named.label else references.get(f"{parent}/versions/{named.version}")
    )
    if found is None:
        raise errors.Invalid(f"there is no {_noun(named.type.lower())} {clipped(text)} in the registry", code="ResourceNotFound", path=path)
    return found


def _curated(references: References, workspace: str, named: Named, text: str, path: str) -> Resource:
    """A registered environment of that name comes first; else the curated one."""
    parent = ids.child(named.workspace or workspace, "environments", named.name)
    found = references.get(ids.child(parent, "versions", named.version)) if named.version else references.newest(parent, curated.KIND_NAME)
    if found is not None and not named.registry:
        return found
    known = curated.stand_in(workspace, named.name, named.version or "1")
    if known is None or (named.registry and named.registry.lower() != curated.REGISTRY):
        hint = f"known are {curated.KNOWN}; another one can be written as image and conda_file"
        raise errors.Invalid(f"there is no curated environment {clipped(text)}; {hint}", code="ResourceNotFound", path=path)
    return known


def _which(named: Named, how: str, which: str) -> Named:
    if how.lower() == "labels":
        return Named(named.workspace, named.type, named.name, label=which, registry=named.registry)
    return Named(named.workspace, named.type, named.name, version=which, registry=named.registry)


def _noun(type_name: str) -> str:
    return _SINGULAR.get(type_name, type_name.removesuffix("s"))


def _article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"
