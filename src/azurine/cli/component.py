"""`azurine component …`: create, list, show, archive, restore."""

from typing import Any

from azurine.cli import commands, versions
from azurine.cli.commands import File, Here, Sets, SomeName, Version
from azurine.cli.printing import Column

app = commands.noun("Components that pipelines are made of.")

_COLUMNS = (
    Column("name", "name"),
    Column("version", "version"),
    Column("latest", "latest_version"),
    Column("type", "type"),
    Column("display name", "display_name"),
    Column("created", "creation_context.created_at"),
)


@commands.command(app, "create", _COLUMNS)
def create(here: Here, file: File, name: SomeName = None, version: Version = None, set_: Sets = None) -> Any:
    """Creates a component from a YAML file."""
    from azure.ai.ml import load_component

    here.read(file)
    component = load_component(file, params_override=commands.overrides(set_, name=name, version=version))
    return here.ml.components.create_or_update(component)


versions.add(app, lambda ml: ml.components, _COLUMNS, "component")
