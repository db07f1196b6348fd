"""From a linked service to what it is here: the one way for all activities that reach outside of the run.

    connection = connections.resolve(sight, {"referenceName": "Lake", "type": "LinkedServiceReference", "parameters": {"env": "@item()"}})
    connections.below(connection, "raw/2024/a.csv")        where exactly that is: {"store", …, "path"}

The reference is taken as it is *written* (its expressions are evaluated here, in the sight's scope). Its mapping (`mappings`) says what it
is; without one, what the linked service says itself is used when that can be real here (a web address, a workspace or a storage account of
this server, an SQLAlchemy URL); anything else is an error that says that it is not mapped. A connection is plain JSON, made to be handed to a
performer as it is:

    {"kind": "files", "store": "folder",  "root": "/data/lake"}
    {"kind": "files", "store": "lake",    "account": "azurine", "root": "raw/2024"}      root: container[/folder], "" when datasets say the container
    {"kind": "files", "store": "outside", "root": "s3://bucket/folder", "options": {…}}  opened with fsspec
    {"kind": "sql",       "url": "postgresql://…"}                                       an SQLAlchemy URL
    {"kind": "http",      "url": "https://…", "headers": {…}, "authentication": {"type", …}, "verify": true}
    {"kind": "workspace", "id": "subscriptions/…/workspaces/w"}

and with each of them "name" and "type" of the linked service. Instead of a text there may be a mark of a secret (`secrets`); whoever performs
the work is given the secret itself. For datasets, see `datasets`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from azurine.expressions import factory as formulas
from azurine.expressions.factory import Scope
from azurine.factory import kinds, mappings, secrets, services
from azurine.factory.sight import Sight
from azurine.factory.variables import read
from azurine.model import errors, ids
from azurine.model.kinds import References
from azurine.model.resources import Json, Resource

FILES, SQL, HTTP, WORKSPACE = "files", "sql", "http", "workspace"
UNMAPPED = "LinkedServiceNotMapped"
BAD = "BadRequest"
WORKSPACES = "workspaces"
_TARGETS = {"folder": FILES, "lake": FILES, "database": SQL, "url": HTTP, "workspace": WORKSPACE}
_WAYS = {
    FILES: "folder: /a/folder, or lake: account/container",
    SQL: "database: sqlite:////a/file.db",
    HTTP: "url: https://a-host",
    WORKSPACE: "workspace: its name",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where references are looked up: a factory, and what is there."""

    factory: str
    references: References
    scope: Scope

    def document(self, kind: str, name: str, called: str) -> Resource:
        """Raises errors.Invalid when there is none."""
        found = self.references.get(kinds.of(self.factory, kind, name)) if name else None
        if found is None:
            message = f"The document could not be retrieved because it does not exist: the {called} '{name}'."
            raise errors.Invalid(message, code=BAD, path=name)
        return found


def of(sight: Sight) -> Place:
    return Place(sight.run.factory, sight.references, sight.scope)


def resolve(sight: Sight, reference: Any) -> dict[str, Any]:
    """The connection of a reference to a linked service, as it is written. Raises errors.Invalid and ExpressionError."""
    return connect(of(sight), reference)


def connect(place: Place, reference: Any) -> dict[str, Any]:
    """The same for whoever is no activity."""
    name, given = named(place, reference, "linked service")
    service = place.document(kinds.LINKED_SERVICES, name, "linked service")
    known = mapping(place, name)
    written: Mapping[str, Any] = service.spec["properties"]
    kind = str(written.get("type") or "")
    about = {"name": name, "type": kind}
    if known is not None:
        found = _mapped(place, known)
        _check_fits(name, kind, found["kind"])
        return {**found, **about}
    values = arguments(written.get("parameters"), given, f"linked service '{name}'")
    scope = replace(place.scope, linked_service=values)
    properties = formulas.evaluate(written.get("typeProperties") or {}, scope)
    if not isinstance(properties, Mapping):
        raise errors.Invalid(f"The typeProperties of the linked service '{name}' are not an object.", code=BAD, path=name)
    said = _said(place, kind, properties, secrets.marked(properties, service, "properties.typeProperties"))
    if said is None:
        raise unmapped(name, kind)
    return {**said, **about}


def unmapped(name: str, kind: str) -> errors.Invalid:
    wanted = services.KINDS.get(kind.lower(), ())
    ways = " or ".join(_WAYS[one] for one in wanted) or "one of " + ", ".join(mappings.TARGETS)
    message = (
        f"The linked service '{name}' ({kind}) is not mapped to anything on this server. Map it, in a map file or with PUT …/mappings/{name}: {ways}."
    )
    return errors.Invalid(message, code=UNMAPPED, path=name)


def mapping(place: Place, name: str) -> Resource | None:
    return place.references.get(kinds.of(place.factory, mappings.NAME, name))


def named(place: Place, reference: Any, called: str) -> tuple[str, Mapping[str, Any]]:
    """(name, arguments) of a reference, evaluated."""
    made = formulas.evaluate(reference, place.scope) if reference is not None else None
    if isinstance(made, str):
        made = {"referenceName": made}
    name = made.get("referenceName") if isinstance(made, Mapping) else None
    if not isinstance(name, str) or not name:
        message = f"A reference to a {called} is needed: {{'referenceName': …, 'type': …}}."
        raise errors.Invalid(message, code=BAD)
    given = made.get("parameters") if isinstance(made, Mapping) else None
    return name, given if isinstance(given, Mapping) else {}


def arguments(declared: Any, given: Mapping[str, Any], called: str) -> dict[str, Any]:
    """The parameters of a dataset or a linked service: what was given, by declared type, over the defaults. Raises errors.Invalid."""
    values: dict[str, Any] = {}
    spelled = {str(name).lower(): value for name, value in given.items()}
    for name, one in declared.items() if isinstance(declared, Mapping) else ():
        about = one if isinstance(one, Mapping) else {}
        value = spelled.get(str(name).lower(), about.get("defaultValue"))
        if value is None:
            raise errors.Invalid(f"The {called} needs a value for its parameter '{name}': it has no default.", code=BAD, path=str(name))
        try:
            values[str(name)] = read(str(about.get("type") or "String").lower(), value)
        except ValueError as problem:
            message = f"The value of the parameter '{name}' of the {called} is not of type '{about.get('type')}': {problem}"
            raise errors.Invalid(message, code=BAD, path=str(name)) from problem
    return values


def below(connection: Json, path: str) -> dict[str, Any]:
    """Where a path of a connection to files is: {"store": "folder", "path"} (absolute), {"store": "lake", "account", "container", "path"}
    or {"store": "outside", "url", "options"}. Raises errors.Invalid for a path that leads out of it, and when no container is named."""
    parts = [part for part in path.replace("\\", "/").split("/") if part not in ("", ".")]
    if ".." in parts or any("\0" in part for part in parts):
        raise errors.Invalid(f"The path '{path[:200]}' leads out of the linked service '{connection.get('name')}'.", code=BAD, path=path[:200])
    root = str(connection["root"]).rstrip("/")
    whole = "/".join([root, *parts]) if root else "/".join(parts)
    if connection["store"] == "folder":
        return {"store": "folder", "path": whole or "/"}
    if connection["store"] == "outside":
        return {"store": "outside", "url": whole, "options": connection.get("options") or {}}
    container, _, rest = whole.partition("/")
    if not container:
        message = f"No container is named: neither by the dataset nor by the linked service '{connection.get('name')}'."
        raise errors.Invalid(message, code=BAD)
    return {"store": "lake", "account": connection["account"], "container": container, "path": rest}


def _mapped(place: Place, known: Resource) -> dict[str, Any]:
    """What a mapping says."""
    given = {key: secrets.marked(value, known, f"properties.{key}") for key, value in known.spec["properties"].items()}
    target = next(key for key in mappings.TARGETS if given.get(key) is not None)
    text = str(known.spec["properties"][target])
    match target:
        case "lake":
            account, _, root = text.strip("/").partition("/")
            return {"kind": FILES, "store": "lake", "account": account, "root": root}
        case "folder" if "://" in text:
            return {"kind": FILES, "store": "outside", "root": text, "options": secrets.marked_names(given.get("options") or {})}
        case "folder":
            return {"kind": FILES, "store": "folder", "root": text}
        case "database":
            return {"kind": SQL, "url": secrets.marked_names(given["database"])}
        case "workspace":
            return {"kind": WORKSPACE, "id": workspace_id(place, text)}
    return {
        "kind": HTTP,
        "url": secrets.marked_names(given["url"]),
        "headers": secrets.marked_names(given.get("headers") or {}),
        "authentication": secrets.marked_names(given.get("authentication") or {"type": "Anonymous"}),
        "verify": given.get("verify", True),
    }


def _check_fits(name: str, kind: str, found: str) -> None:
    wanted = services.KINDS.get(kind.lower())
    if wanted and found not in wanted:
        ways = " or ".join(_WAYS[one] for one in wanted)
        message = f"The linked service '{name}' is of type {kind}, which cannot be mapped to this ({found}); {ways} would be right."
        raise errors.Invalid(message, code=UNMAPPED, path=name)


def _said(place: Place, kind: str, properties: Mapping[str, Any], marked: Mapping[str, Any]) -> dict[str, Any] | None:
    """What the linked service says by itself, when that can be real here."""
    match services.KINDS.get(kind.lower(), ("",))[0]:
        case "workspace":
            return {"kind": WORKSPACE, "id": _said_workspace(place, properties)}
        case "http":
            return services.http(kind.lower(), properties, marked)
        case "files":
            account = services.account(properties)
            return {"kind": FILES, "store": "lake", "account": account, "root": ""} if account in _accounts(place) else None
        case "sql":
            text = properties.get("connectionString")
            return {"kind": SQL, "url": marked["connectionString"]} if isinstance(text, str) and "://" in text.split(";")[0] else None
    return None


def workspace_id(place: Place, text: str) -> str:
    """The id of a workspace that is called by its name, or by its address with or without the provider. Raises errors.Invalid."""
    parts = [part for part in text.split("/") if part]
    group = ids.parent(place.factory)
    if len(parts) == 1:
        identifier = ids.child(group, WORKSPACES, parts[0])
    else:
        spelled = {part.lower(): following for part, following in pairwise(parts)}
        identifier = _workspace(*(spelled.get(key, "") for key in ("subscriptions", "resourcegroups", "workspaces")))
    if place.references.get(identifier) is None:
        raise errors.Invalid(f"There is no workspace '{text}' on this server.", code=UNMAPPED, path=text)
    return identifier


def _said_workspace(place: Place, properties: Mapping[str, Any]) -> str:
    said = [properties.get(key) for key in ("subscriptionId", "resourceGroupName", "mlWorkspaceName")]
    if not all(isinstance(one, str) and one for one in said):
        message = "A linked service to Azure Machine Learning needs subscriptionId, resourceGroupName and mlWorkspaceName, as texts."
        raise errors.Invalid(message, code="4112")
    identifier = _workspace(*(str(one) for one in said))
    if place.references.get(identifier) is None:
        message = (
            f"The workspace '{said[2]}' (subscription '{said[0]}', resource group '{said[1]}') is not on this server;"
            " map the linked service to one that is, as in workspace: its name."
        )
        raise errors.Invalid(message, code=UNMAPPED)
    return identifier


def _workspace(subscription: str, group: str, name: str) -> str:
    return f"subscriptions/{subscription}/resourceGroups/{group}/{WORKSPACES}/{name}"


def _accounts(place: Place) -> frozenset[str]:
    """The storage accounts of the workspaces beside the factory: those that are this server's own for sure."""
    found = place.references.children(ids.parent(place.factory), WORKSPACES)
    return frozenset(str((one.spec.get("properties") or {}).get("storageAccount") or services.ACCOUNT).rsplit("/", 1)[-1] for one in found)
