"""What stands for a linked service here: a folder, a lake, a database, a web address or a workspace.

Secrets never stand in Git repositories, and a repository's linked services name places that are not on this machine. A mapping has the name
of the linked service that it is for (which need not be there yet), and one of

    folder: /data/lake  or  s3://bucket/folder       the containers of its datasets are folders in it
    lake: azurine/raw/2024                           account[/container[/folder]] of this server's storage
    database: postgresql://me:${DB_PASSWORD}@host/db     an SQLAlchemy URL
    url: https://host/api                            with headers, authentication and verify (false: certificates are not checked) if need be
    workspace: workshop                              of the factory's resource group, or its whole address

`${NAME}` is a secret by its name (see `factory.secrets`). A mapping is no part of the factory's repository: importing leaves it as it is.
"""

import re
from collections.abc import Mapping
from typing import Any

from azurine.factory import kinds, names, secrets
from azurine.factory.faults import Faults
from azurine.model.kinds import Admission, Kind
from azurine.model.resources import Json

NAME = "factories/mappings"
TARGETS = ("folder", "lake", "database", "url", "workspace")
MORE = {"url": ("headers", "authentication", "verify"), "folder": ("options",)}
"""What may be said beside a target."""
AUTHENTICATIONS = ("Anonymous", "Basic", "ClientCertificate", "MSI", "ServicePrincipal")
_DATABASE = re.compile(r"[a-z][a-z0-9+_]*:/{2,}.*|[a-z][a-z0-9+_]*://", re.DOTALL)
_LAKE = re.compile(r"[a-z0-9]{3,24}(/[^/\\]+)*/?")
_PART = re.compile(r"[^/\\?#\x00-\x1f]{1,260}")


def admit(admission: Admission) -> Json:
    names.check(admission.id, names.PART)
    faults = Faults()
    properties = kinds.properties(admission, faults)
    if not faults:
        _check(properties, faults)
    faults.finish()
    return secrets.kept(secrets.parted(kinds.kept(admission), previous=admission.previous))


def _check(given: Mapping[str, Any], faults: Faults) -> None:
    said = [key for key in TARGETS if given.get(key) is not None]
    if len(said) != 1:
        found = f"not {' and '.join(said)}" if said else "here is none"
        faults.note("properties", f"A mapping has one of {', '.join(TARGETS)}; {found}.")
        return
    target = said[0]
    for key in given:
        if key not in (target, *MORE.get(target, ()), "description"):
            faults.note(
                f"properties.{key}", f"A mapping to '{target}' has no '{key}'; it may have: {', '.join(MORE.get(target, ())) or 'nothing more'}."
            )
    text = faults.text(given, target, "properties", required=True)
    if text:
        wrong = _wrong(target, text)
        if wrong:
            faults.note(f"properties.{target}", wrong)
    _check_more(given, faults)


def _wrong(target: str, text: str) -> str:
    """What is wrong with a target; "" when nothing is."""
    shown = secrets.shown_text(text)[:200]
    match target:
        case "folder" if not (text.startswith("/") or "://" in text):
            return f"'{shown}' is not a whole path; a folder such as /data/lake or an address such as s3://bucket/folder would be right."
        case "folder" if ".." in text.split("/"):
            return f"'{shown}' leads upwards; a path without '..' would be right."
        case "lake" if _LAKE.fullmatch(text) is None or ".." in text.split("/"):
            return f"'{shown}' is not a place in a storage account; account, account/container or account/container/folder would be right."
        case "database" if _DATABASE.fullmatch(text) is None:
            return f"'{shown}' is not the URL of a database; sqlite:////data/shop.db or postgresql://user@host/database would be right."
        case "url" if not text.lower().startswith(("http://", "https://")):
            return f"'{shown}' is not a web address; one that begins with https:// or http:// would be right."
        case "workspace" if not all(_PART.fullmatch(part) for part in text.strip("/").split("/")):
            return f"'{shown}' is not the name or the address of a workspace."
    return ""


def _check_more(given: Mapping[str, Any], faults: Faults) -> None:
    for name, value in faults.mapping(given, "headers", "properties").items():
        if not isinstance(value, str):
            faults.note(f"properties.headers.{name}", "A header is a text.")
    faults.mapping(given, "options", "properties")
    if given.get("verify") is not None and not isinstance(given["verify"], bool):
        faults.note("properties.verify", "'verify' is true or false.")
    authentication = faults.mapping(given, "authentication", "properties")
    if authentication and authentication.get("type") not in AUTHENTICATIONS:
        faults.note("properties.authentication.type", f"The type of an authentication is one of {', '.join(AUTHENTICATIONS)}.")


KIND = Kind(NAME, admit, secrets.show, provider=kinds.PROVIDER, without_operations=True)
