"""`azurine data …`: create, list, show, archive, restore, preview, profile."""

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from azurine.cli import commands, faults, manner, tables, versions
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

_PROFILE = (
    Column("column", "name"),
    Column("type", "type"),
    Column("missing", "missing"),
    Column("distinct", "distinct"),
    Column("min", "min"),
    Column("max", "max"),
    Column("mean", "mean"),
    Column("histogram", "shape"),
)
What = Annotated[
    str | None,
    typer.Argument(
        help="A file or folder here, azureml:NAME:VERSION, azureml://datastores/NAME/paths/PATH or azureml://jobs/NAME/outputs/NAME.",
        show_default=False,
    ),
]
Job = Annotated[str | None, typer.Option("--job", "-j", help="A port of this job.", show_default=False)]
Node = Annotated[str | None, typer.Option("--node", help="A step of the job, by its name in the pipeline (outer.inner).", show_default=False)]
Output = Annotated[str | None, typer.Option("--output-name", help="The job's output.", show_default=False)]
Input = Annotated[str | None, typer.Option("--input-name", help="The job's input.", show_default=False)]


def _of_port(here: Here, what: What = None, job: Job = None, node: Node = None, output_name: Output = None, input_name: Input = None) -> tables.Port:
    return tables.Port(what, job, node, output_name, input_name)


def _looking(body: Callable[..., Any]) -> Callable[..., Any]:
    """A verb that is given a port: its options are those of a port, and its own."""
    shared = inspect.signature(_of_port).parameters
    own = list(inspect.signature(body).parameters.values())[2:]

    @functools.wraps(body)
    def run(here: Here, **given: Any) -> Any:
        of_port = {name: given.pop(name) for name in tuple(given) if name in shared}
        return body(here, _of_port(here, **of_port), **given)

    run.__signature__ = inspect.Signature([*shared.values(), *own])  # type: ignore[attr-defined]
    return run


@commands.command(app, "preview")
@_looking
def preview(
    here: Here,
    port: tables.Port,
    rows: Annotated[int, typer.Option("--rows", min=1, max=1000, help="How many rows.")] = 50,
) -> Any:
    """The first rows of a table."""
    found = tables.look(here, "preview", port, rows=rows)
    names = [column["name"] for column in found["columns"]]
    total = f" of {found['rowCount']}" if found["rowCount"] is not None else ""
    manner.note(f"{len(found['rows'])}{total} rows, {found['columnCount']} columns")
    return [dict(zip(names, row, strict=True)) for row in found["rows"]]


@commands.command(app, "profile", _PROFILE)
@_looking
def profile(
    here: Here,
    port: tables.Port,
    bins: Annotated[int, typer.Option("--bins", min=1, max=100, help="Bins of a histogram.")] = 20,
) -> Any:
    """What the columns of a table hold: missing and distinct values, least, greatest, mean, histogram."""
    found = tables.look(here, "profile", port, bins=bins)
    manner.note(f"{found['rowCount']} rows, {found['columnCount']} columns")
    return [{**column, "shape": tables.shape(column)} for column in found["columns"]]
