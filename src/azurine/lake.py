"""Connections to the server's own storage accounts, made connections to folders: what a process that moves data can open.

A part of the roof: the storage accounts know nothing of connections, and those who wish for the work nothing of folders.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from azurine.model.resources import Json
from azurine.storage import naming, urls
from azurine.storage.accounts import Accounts


def opened(order: Json, accounts: Accounts) -> dict[str, Any]:
    """The order with every place in an account as a folder. The container of what is written to is made when it is not there."""

    def walk(value: Any, key: str) -> Any:
        if isinstance(value, list):
            return [walk(one, key) for one in value]
        if not isinstance(value, Mapping):
            return value
        connection = value.get("connection")
        if isinstance(connection, Mapping) and connection.get("store") == "lake":
            path = str(value.get("path") or (value.get("location") or {}).get("path") or "")
            return {**value, "connection": _folder(connection, path, accounts, writes=key in ("sink", "log"))}
        return {name: walk(one, name if name in ("source", "sink", "log") else key) for name, one in value.items()}

    made: dict[str, Any] = walk(order, "")
    return made


def location(path: Path, accounts: Accounts) -> urls.Location | None:
    """The blob that a file of one of our accounts is; None when it is none."""
    try:
        account, container, *blob = path.relative_to(accounts.root).parts
    except ValueError:
        return None
    return urls.Location(account, container, "/".join(blob)) if blob and naming.is_account(account) else None


def _folder(connection: Mapping[str, Any], path: str, accounts: Accounts, writes: bool) -> dict[str, Any]:
    account, root = str(connection["account"]), str(connection["root"]).strip("/")
    house = accounts.house(account)
    container = naming.container("/".join(part for part in (root, path.strip("/")) if part).partition("/")[0])
    if writes:
        accounts.ensure_container(account, container)
    above = accounts.root / account
    return {
        **connection,
        "store": "folder",
        "root": str(above / root) if root else str(above),
        "inside": str(above / container),
        "staging": str(house / "staging"),
    }
