"""`azurine environment …`: create, list, show, archive, restore."""

from pathlib import Path
from typing import Annotated, Any

import typer

from azurine.cli import commands, faults, versions
from azurine.cli.commands import Here, Sets, SomeFile, SomeName, Version
from azurine.cli.printing import Column

app = commands.noun("Environments that jobs run in.")

_COLUMNS = (
    Column("name", "name"),
    Column("version", "version"),
    Column("latest", "latest_version"),
    Column("image", "image"),
    Column("created", "creation_context.created_at"),
)


@commands.command(app, "create", _COLUMNS)
def create(
    here: Here,
    file: SomeFile = None,
    name: SomeName = None,
    version: Version = None,
    conda_file: Annotated[Path | None, typer.Option("--conda-file", "-c", help="The conda file.", show_default=False)] = None,
    image: Annotated[str | None, typer.Option("--image", "-i", help="The image that it starts from.", show_default=False)] = None,
    description: Annotated[str | None, typer.Option("--description", "-d", help="A description.", show_default=False)] = None,
    set_: Sets = None,
) -> Any:
    """Creates an environment from a YAML file, or from flags alone."""
    from azure.ai.ml import load_environment

    if file is None and (name is None or image is None):
        advice = "azurine environment create -n NAME --image IMAGE --conda-file FILE"
        raise faults.Failure("An environment needs a file, or a name and an image.", advice=advice, code=faults.USAGE)
    if file is not None:
        here.read(file)
    conda = versions.path_text(str(conda_file)) if conda_file else None
    changes = commands.overrides(set_, name=name, version=version, conda_file=conda, image=image, description=description)
    return here.ml.environments.create_or_update(load_environment(file, params_override=changes))


versions.add(app, lambda ml: ml.environments, _COLUMNS, "environment")
