"""`azurine workspace …`: list, show."""

from typing import Any

from azurine.cli import commands
from azurine.cli.commands import Here, SomeName
from azurine.cli.printing import Column

app = commands.noun("Workspaces.")

_COLUMNS = (Column("name", "name"), Column("resource group", "resource_group"), Column("location", "location"), Column("description", "description"))


@commands.command(app, "list", _COLUMNS)
def list_(here: Here) -> Any:
    """The workspaces: of the resource group when one is named, else of the subscription."""
    return here.ml.workspaces.list(scope="resource_group" if here.address.resource_group else "subscription")


@commands.command(app, "show", _COLUMNS)
def show(here: Here, name: SomeName = None) -> Any:
    """One workspace; without a name, the one that is worked with."""
    return here.ml.workspaces.get(name or here.address.workspace or here.ml.workspace_name)
