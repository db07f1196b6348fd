"""`azurine pipeline …`: publish, list, show, run, enable, disable, delete; and `azurine pipeline endpoint …`."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from azurine.cli import asking, bodies, commands, faults, job, manner, pipeline_endpoint
from azurine.cli.commands import Here, Name, Sets, SomeFile, SomeName, Yes
from azurine.cli.printing import Column

app = commands.noun("Published pipelines: pipelines with an address that starts them.")
app.add_typer(pipeline_endpoint.app, name="endpoint")

_COLUMNS = (
    Column("name", "name"),
    Column("version", "version"),
    Column("id", "id"),
    Column("status", "status"),
    Column("steps", "steps"),
    Column("created", "created"),
)
SomeId = Annotated[str | None, typer.Option("--id", help="The published pipeline's id.", show_default=False)]
SomeVersion = Annotated[str | None, typer.Option("--version", "-v", help="Its version; without it the newest of the name.", show_default=False)]
Description = Annotated[str | None, typer.Option("--description", help="A description.", show_default=False)]


@commands.command(app, "publish", _COLUMNS)
def publish(
    here: Here,
    name: Name,
    file: SomeFile = None,
    run: Annotated[str | None, typer.Option("--job", "-j", help="A run to publish, by its name.", show_default=False)] = None,
    version: Annotated[str | None, typer.Option("--version", "-v", help="Its version; without it the next number.", show_default=False)] = None,
    description: Description = None,
    endpoint: Annotated[
        str | None,
        typer.Option("--endpoint", "-e", help="Make it the default of this endpoint, which is made when there is none.", show_default=False),
    ] = None,
    set_: Sets = None,
) -> Any:
    """Publishes a pipeline: a pipeline job's YAML file, or a run."""
    if (file is None) == (run is None):
        raise faults.Failure("What is to be published?", advice="azurine pipeline publish -n NAME -f FILE (or --job RUN)", code=faults.USAGE)
    source = {"Job": bodies.pipeline(here, file, set_)} if file is not None else {"PipelineRunId": run}
    said = {"Name": name, "Version": version, "Description": description, **source}
    made = asking.plane(here, "POST", "Pipelines/Create", asking.stated(said))
    if endpoint is not None:
        pipeline_endpoint.extend(here, endpoint, made["Id"], default=True)
        manner.note(f"it is what the endpoint {endpoint} starts now")
    return _shown(made)


@commands.command(app, "list", _COLUMNS)
def list_(here: Here, everything: Annotated[bool, typer.Option("--all", help="Disabled ones, too.")] = False) -> Any:
    """The published pipelines, newest first."""
    return [_shown(one) for one in asking.plane(here, "GET", f"Pipelines?activeOnly={str(not everything).lower()}")]


@commands.command(app, "show", _COLUMNS)
def show(here: Here, identifier: SomeId = None, name: SomeName = None, version: SomeVersion = None) -> Any:
    """One published pipeline."""
    return _shown(_found(here, identifier, name, version))


@commands.command(app, "run")
def run(
    here: Here,
    identifier: SomeId = None,
    name: SomeName = None,
    version: SomeVersion = None,
    endpoint: Annotated[
        str | None, typer.Option("--endpoint", "-e", help="Start this endpoint's default version, or --version of it.", show_default=False)
    ] = None,
    experiment: Annotated[str | None, typer.Option("--experiment-name", help="The experiment.", show_default=False)] = None,
    display_name: Annotated[str | None, typer.Option("--display-name", help="What the run is called.", show_default=False)] = None,
    set_: Sets = None,
    stream: job.Stream = False,
) -> Any:
    """Starts a run; `--set name=value …` gives parameters their values."""
    given = commands.assigned(set_)
    body = asking.stated({"ExperimentName": experiment, "DisplayName": display_name, "ParameterAssignments": given, "RunSource": "CLI"})
    if endpoint is not None:
        found = pipeline_endpoint.named(here, endpoint)
        address = f"PipelineRuns/PipelineEndpointSubmit/Id/{found['Id']}{f'/{version}' if version else ''}"
    else:
        address = f"PipelineRuns/PipelineSubmit/{_found(here, identifier, name, version)['Id']}"
    started = asking.plane(here, "POST", address, body)
    return job.submitted(here, started["Id"], stream)


@commands.command(app, "enable")
def enable(here: Here, identifier: SomeId = None, name: SomeName = None, version: SomeVersion = None) -> Any:
    """Lets a disabled pipeline be started again."""
    _set_status(here, _found(here, identifier, name, version)["Id"], "Active")


@commands.command(app, "disable")
def disable(here: Here, identifier: SomeId = None, name: SomeName = None, version: SomeVersion = None) -> Any:
    """Keeps a pipeline from being started."""
    _set_status(here, _found(here, identifier, name, version)["Id"], "Disabled")


@commands.command(app, "delete")
def delete(here: Here, identifier: SomeId = None, name: SomeName = None, version: SomeVersion = None, yes: Yes = False) -> Any:
    """Deletes a published pipeline; its runs stay."""
    found = _found(here, identifier, name, version)
    commands.confirmed(f"Delete the published pipeline {found['Name']}, version {found['Version']}?", yes)
    asking.arm(here, "DELETE", f"pipelines/{found['Id']}")


def _set_status(here: Here, identifier: str, status: str) -> None:
    asking.plane(here, "PUT", f"Pipelines/{identifier}/status", status)


def _found(here: Here, identifier: str | None, name: str | None, version: str | None) -> dict[str, Any]:
    """By its id, or by its name and version."""
    if (identifier is None) == (name is None):
        raise faults.Failure("Which pipeline? --id or --name says it.", advice="azurine pipeline list", code=faults.USAGE)
    if identifier is not None:
        found: dict[str, Any] = asking.plane(here, "GET", f"Pipelines/{identifier}")
        return found
    for one in asking.plane(here, "GET", "Pipelines?activeOnly=false"):
        if one["Name"] == name and version in (None, one["Version"]):
            return dict(one)
    which = f"{name}, version {version}" if version else name
    raise faults.Failure(f"There is no published pipeline {which}.", advice="azurine pipeline list --all", code=faults.MISSING)


def _shown(found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": found["Name"],
        "version": found["Version"],
        "id": found["Id"],
        "status": found["EntityStatus"],
        "description": found["Description"],
        "endpoint": found["Url"],
        "steps": found["TotalRunSteps"],
        "parameters": {**found["ParameterAssignments"], **{name: one["Uri"] for name, one in found["DataPathAssignments"].items()}},
        "tags": found["tags"],
        "created": found["CreatedDate"],
    }
