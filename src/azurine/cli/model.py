"""`azurine model …`: create, list, show, download, archive, restore."""

from pathlib import Path
from typing import Annotated, Any

import typer

from azurine.cli import commands, faults, manner, versions
from azurine.cli.commands import Here, Label, Name, Sets, SomeFile, SomeName, Version
from azurine.cli.printing import Column

app = commands.noun("Registered models.")

_COLUMNS = (
    Column("name", "name"),
    Column("version", "version"),
    Column("latest", "latest_version"),
    Column("type", "type"),
    Column("job", "job_name"),
    Column("tags", "tags"),
    Column("created", "creation_context.created_at"),
)


@commands.command(app, "create", _COLUMNS)
def create(
    here: Here,
    file: SomeFile = None,
    name: SomeName = None,
    version: Version = None,
    path: Annotated[
        str | None, typer.Option("--path", "-p", help="The model: a file or folder here, or azureml://jobs/…, runs:/…", show_default=False)
    ] = None,
    kind: Annotated[str | None, typer.Option("--type", "-t", help="custom_model, mlflow_model or triton_model.", show_default=False)] = None,
    description: Annotated[str | None, typer.Option("--description", "-d", help="A description.", show_default=False)] = None,
    set_: Sets = None,
) -> Any:
    """Registers a model from a YAML file, or from flags alone."""
    from azure.ai.ml import load_model

    if file is None and (name is None or path is None):
        raise faults.Failure("A model needs a file, or a name and a path.", advice="azurine model create -n NAME --path FOLDER", code=faults.USAGE)
    if file is not None:
        here.read(file)
    changes = commands.overrides(set_, name=name, version=version, path=versions.path_text(path), type=kind, description=description)
    return here.ml.models.create_or_update(load_model(file, params_override=changes))


@commands.command(app, "download")
def download(
    here: Here,
    name: Name,
    version: Version = None,
    label: Label = None,
    folder: Annotated[Path, typer.Option("--download-path", "-p", help="The folder to put it in.")] = Path("."),
) -> Any:
    """Downloads a model's files: a version's, or the latest's."""
    if version is None:
        found = here.ml.models.get(name=name, label=versions.which(version, label)[1])
        version = str(found.version)
    here.ml.models.download(name=name, version=version, download_path=folder)
    manner.note(f"{name} version {version} downloaded to {folder.resolve()}")


versions.add(app, lambda ml: ml.models, _COLUMNS, "model")
