"""`azurine datastore …`: create, list, show, delete."""

from typing import Annotated, Any

import typer

from azurine.cli import commands
from azurine.cli.commands import File, Here, Name, Sets, SomeName
from azurine.cli.printing import Column

app = commands.noun("Datastores: where data lies.")

_COLUMNS = (
    Column("name", "name"),
    Column("type", "type"),
    Column("account", "account_name"),
    Column("container", "container_name"),
    Column("description", "description"),
)
Secrets = Annotated[bool, typer.Option("--include-secrets", help="Its keys, too.")]


@commands.command(app, "create", _COLUMNS)
def create(here: Here, file: File, name: SomeName = None, set_: Sets = None) -> Any:
    """Creates a datastore from a YAML file."""
    from azure.ai.ml import load_datastore

    here.read(file)
    return here.ml.datastores.create_or_update(load_datastore(file, params_override=commands.overrides(set_, name=name)))


@commands.command(app, "list", _COLUMNS)
def list_(here: Here) -> Any:
    """The datastores."""
    return here.ml.datastores.list()


@commands.command(app, "show", _COLUMNS)
def show(here: Here, name: Name, include_secrets: Secrets = False) -> Any:
    """One datastore."""
    return here.ml.datastores.get(name, include_secrets=include_secrets)


@commands.command(app, "delete")
def delete(here: Here, name: Name) -> Any:
    """Forgets a datastore. What lies in it stays."""
    here.ml.datastores.delete(name)
