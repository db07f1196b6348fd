"""`azurine pipeline endpoint …`: create, add, list, show, update, enable, disable, delete."""

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote

import typer

from azurine.cli import asking, commands, faults
from azurine.cli.commands import Here, Name, Yes
from azurine.cli.printing import Column

app = commands.noun("Pipeline endpoints: an address that stays, before versions of published pipelines.")

_COLUMNS = (
    Column("name", "name"),
    Column("id", "id"),
    Column("default", "default_version"),
    Column("versions", "versions"),
    Column("status", "status"),
    Column("created", "created"),
)
Pipeline = Annotated[str, typer.Option("--id", help="A published pipeline's id.", show_default=False)]
Description = Annotated[str | None, typer.Option("--description", help="A description.", show_default=False)]


@commands.command(app, "create", _COLUMNS)
def create(here: Here, name: Name, pipeline: Pipeline, description: Description = None) -> Any:
    """Makes an endpoint, with a published pipeline as its version 0."""
    said = {"Name": name, "PipelineId": pipeline, "Description": description}
    return _shown(asking.plane(here, "POST", "PipelineEndpoints/Create", asking.stated(said)))


@commands.command(app, "add", _COLUMNS)
def add(
    here: Here, name: Name, pipeline: Pipeline, default: Annotated[bool, typer.Option("--default", help="Make it the default version.")] = False
) -> Any:
    """Adds a published pipeline as the next version."""
    named(here, name)
    return _shown(extend(here, name, pipeline, default))


@commands.command(app, "list", _COLUMNS)
def list_(here: Here, everything: Annotated[bool, typer.Option("--all", help="Disabled ones, too.")] = False) -> Any:
    """The pipeline endpoints, newest first."""
    return [_shown(one) for one in asking.plane(here, "GET", f"PipelineEndpoints?activeOnly={str(not everything).lower()}")]


@commands.command(app, "show", _COLUMNS)
def show(here: Here, name: Name) -> Any:
    """One pipeline endpoint."""
    return _shown(named(here, name))


@commands.command(app, "update", _COLUMNS)
def update(
    here: Here,
    name: Name,
    default: Annotated[str | None, typer.Option("--default-version", help="The version that is started from now on.", show_default=False)] = None,
    description: Description = None,
) -> Any:
    """Chooses another default version, or describes it anew."""
    said = {"DefaultVersion": default, "Description": description}
    return _shown(_changed(here, named(here, name), asking.stated(said)))


@commands.command(app, "enable", _COLUMNS)
def enable(here: Here, name: Name) -> Any:
    """Lets a disabled endpoint start runs again."""
    return _shown(_changed(here, named(here, name), {"EntityStatus": "Active"}))


@commands.command(app, "disable", _COLUMNS)
def disable(here: Here, name: Name) -> Any:
    """Keeps an endpoint from starting runs."""
    return _shown(_changed(here, named(here, name), {"EntityStatus": "Disabled"}))


@commands.command(app, "delete")
def delete(here: Here, name: Name, yes: Yes = False) -> Any:
    """Deletes an endpoint; the published pipelines stay."""
    found = named(here, name)
    commands.confirmed(f"Delete the pipeline endpoint {name}?", yes)
    asking.arm(here, "DELETE", f"pipelineEndpoints/{found['Id']}")


def named(here: Here, name: str) -> dict[str, Any]:
    """The endpoint of that name. Raises faults.Failure."""
    found: dict[str, Any] = asking.plane(here, "GET", f"PipelineEndpoints/Name?Name={quote(name, safe='')}")
    return found


def extend(here: Here, name: str, pipeline: str, default: bool) -> dict[str, Any]:
    """The endpoint with one more version; made when there is none of the name."""
    try:
        found = named(here, name)
    except faults.Failure as failure:
        if failure.fault.code != faults.MISSING:
            raise
        made: dict[str, Any] = asking.plane(here, "POST", "PipelineEndpoints/Create", {"Name": name, "PipelineId": pipeline})
        return made
    version = str(1 + max((int(one["Version"]) for one in found["PipelineVersionList"] if one["Version"].isdecimal()), default=-1))
    changes: dict[str, Any] = {"PipelineVersionList": [*found["PipelineVersionList"], {"Version": version, "PipelineId": pipeline}]}
    return _changed(here, found, {**changes, "DefaultVersion": version} if default else changes)


def _changed(here: Here, found: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    changed: dict[str, Any] = asking.plane(here, "PUT", f"PipelineEndpoints/{found['Id']}", dict(changes))
    return changed


def _shown(found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": found["Name"],
        "id": found["Id"],
        "status": found["EntityStatus"],
        "description": found["Description"],
        "default_version": found["DefaultVersion"],
        "versions": {one["Version"]: one["PipelineId"] for one in found["PipelineVersionList"]},
        "endpoint": found["Url"],
        "tags": found["tags"],
        "created": found["CreatedDate"],
    }
