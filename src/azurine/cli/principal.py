"""Who may sign in: `azurine principal create|list|delete|reset-secret`, as `az ad sp` does it.

These work on the home's own directory, so only for whoever may read the home; a running server notices within a second.
"""

from typing import Annotated, Any

import typer

from azurine.cli import commands, manner, printing
from azurine.cli.commands import Here

app = commands.noun("Who may sign in: service principals and their secrets.")

_COLUMNS = (
    printing.Column("name", "displayName"),
    printing.Column("client id", "appId"),
    printing.Column("object id", "id"),
    printing.Column("kind", "kind"),
)
Identifier = Annotated[str, typer.Option("--id", "-n", help="Its name, client id or object id.", show_default=False)]


@commands.command(app, "create")
def create(here: Here, name: commands.Name) -> Any:
    """Adds a service principal. Its secret is shown this once."""
    known = _directory(here)
    principal, secret = known.create(name)
    manner.note("The password is not kept anywhere in the clear: note it now.")
    return {"appId": principal.app_id, "displayName": principal.name, "id": principal.oid, "password": secret, "tenant": known.tenant}


@commands.command(app, "list", _COLUMNS)
def everyone(here: Here) -> Any:
    """Lists the owner and the service principals."""
    return [{"displayName": one.name, "appId": one.app_id, "id": one.oid, "kind": one.kind} for one in _directory(here).everyone()]


@commands.command(app, "delete")
def delete(here: Here, identifier: Identifier, yes: commands.Yes = False) -> Any:
    """Removes a service principal. Its tokens stop working, those of its running jobs too."""
    commands.confirmed(f"Delete the principal {identifier}?", yes)
    _directory(here).delete(identifier)


@commands.command(app, "reset-secret")
def reset_secret(here: Here, identifier: Identifier) -> Any:
    """Gives a principal a new secret; the old one stops working."""
    return {"password": _directory(here).reset_secret(identifier)}


def _directory(here: Here) -> Any:
    # Here: not wanted for --help.
    from azurine import settings
    from azurine.identity.directory import Directory

    chosen = settings.read({"home": here.address.home})
    return Directory(chosen.identity, chosen.tenant)
