"""`azurine batch-deployment …`: create, list, show, delete, list-jobs."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from azurine.cli import commands, faults, quieting
from azurine.cli.commands import File, Here, Name, NoWait, Sets, SomeName, Yes
from azurine.cli.printing import Column

app = commands.noun("Batch deployments: what runs when a batch endpoint is called.")

_COLUMNS = (
    Column("name", "name"),
    Column("endpoint", "endpoint_name"),
    Column("model", "model"),
    Column("compute", "compute"),
    Column("provisioning", "provisioning_state"),
)
Endpoint = Annotated[str, typer.Option("--endpoint-name", "-e", help="The endpoint.", show_default=False)]
SomeEndpoint = Annotated[str | None, typer.Option("--endpoint-name", "-e", help="The endpoint; wins over the one in the file.", show_default=False)]


@commands.command(app, "create", _COLUMNS)
def create(
    here: Here,
    file: File,
    name: SomeName = None,
    endpoint_name: SomeEndpoint = None,
    set_default: Annotated[bool, typer.Option("--set-default", help="Make it the endpoint's default.")] = False,
    set_: Sets = None,
    no_wait: NoWait = False,
) -> Any:
    """Creates a deployment from a YAML file, or changes it in place."""
    if set_default and no_wait:
        raise faults.Failure("--set-default and --no-wait exclude each other.", code=faults.USAGE)
    here.read(file)
    wanted = _loader(file)(file, params_override=commands.overrides(set_, name=name, endpoint_name=endpoint_name))
    with quieting.dots():
        made = commands.finished(here.ml.batch_deployments.begin_create_or_update(wanted), no_wait)
    if set_default:
        endpoint = here.ml.batch_endpoints.get(wanted.endpoint_name)
        endpoint.defaults = {"deployment_name": wanted.name}
        commands.finished(here.ml.batch_endpoints.begin_create_or_update(endpoint))
    return made


@commands.command(app, "list", _COLUMNS)
def list_(here: Here, endpoint_name: Endpoint) -> Any:
    """The deployments of an endpoint."""
    return here.ml.batch_deployments.list(endpoint_name)


@commands.command(app, "show", _COLUMNS)
def show(here: Here, name: Name, endpoint_name: Endpoint) -> Any:
    """One deployment."""
    return here.ml.batch_deployments.get(name, endpoint_name)


@commands.command(app, "delete")
def delete(here: Here, name: Name, endpoint_name: Endpoint, yes: Yes = False, no_wait: NoWait = False) -> Any:
    """Deletes a deployment; jobs stay."""
    commands.confirmed(f"Delete the deployment {name} of {endpoint_name}?", yes)
    with quieting.dots():
        commands.finished(here.ml.batch_deployments.begin_delete(name, endpoint_name), no_wait)


@commands.command(app, "list-jobs", (Column("name", "name"), Column("status", "status")))
def list_jobs(here: Here, name: Name, endpoint_name: Endpoint) -> Any:
    """The jobs that calls of a deployment have become."""
    return here.ml.batch_deployments.list_jobs(endpoint_name, name=name)


def _loader(file: Path) -> Callable[..., Any]:
    """Files of three shapes are called the same; older ones have the settings at the top."""
    import yaml
    from azure.ai.ml.entities import _load_functions as loading

    try:
        said = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError):
        said = None  # the client says what is wrong with it
    sort = str(said.get("type", "")).lower() if isinstance(said, dict) else ""
    found = {"pipeline": loading.load_pipeline_component_batch_deployment, "model": loading.load_model_batch_deployment}
    return cast("Callable[..., Any]", found.get(sort, loading.load_batch_deployment))
