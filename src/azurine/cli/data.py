"""`azurine data …`: create, list, show, archive, restore."""

from typing import Annotated, Any

import typer

from azurine.cli import commands, faults, versions
from azurine.cli.commands import Here, Sets, SomeFile, SomeName, Version
from azurine.cli.printing import Column

app = commands.noun("Data assets.")

_COLUMNS = (
    Column("name", "name"),
    Column("version", "version"),
    Column("latest", "latest_version"),
    Column("type", "type"),
    Column("path", "path"),
    Column("created", "creation_context.created_at"),
)


@commands.command(app, "create", _COLUMNS)
def create(
    here: Here,
    file: SomeFile = None,
    name: SomeName = None,
    version: Version = None,
    path: Annotated[str | None, typer.Option("--path", "-p", help="The file or folder: here, or an address.", show_default=False)] = None,
    kind: Annotated[str | None, typer.Option("--type", "-t", help="uri_file, uri_folder or mltable.", show_default=False)] = None,
    description: Annotated[str | None, typer.Option("--description", "-d", help="A description.", show_default=False)] = None,
    datastore: Annotated[str | None, typer.Option("--datastore", help="Where to upload it to.", show_default=False)] = None,
    set_: Sets = None,
) -> Any:
    """Creates a data asset from a YAML file, or from flags alone. What lies on this machine is uploaded."""
    from azure.ai.ml import load_data

    if file is None and (name is None or path is None):
        raise faults.Failure(
            "A data asset needs a file, or a name and a path.", advice="azurine data create -n NAME --path FOLDER", code=faults.USAGE
        )
    if file is not None:
        here.read(file)
    changes = commands.overrides(
        set_, name=name, version=version, path=versions.path_text(path), type=kind, description=description, datastore=datastore
    )
    return here.ml.data.create_or_update(load_data(file, params_override=changes))


versions.add(app, lambda ml: ml.data, _COLUMNS, "data asset")
