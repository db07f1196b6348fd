"""`azurine online-deployment …`: create, list, show, update, delete, get-logs."""

from typing import Annotated, Any

import typer

from azurine.cli import commands, faults, quieting
from azurine.cli.commands import File, Here, Name, NoWait, Sets, SomeName, Yes
from azurine.cli.printing import Column

app = commands.noun("Online deployments: the models behind an online endpoint.")

_COLUMNS = (
    Column("name", "name"),
    Column("endpoint", "endpoint_name"),
    Column("model", "model"),
    Column("instances", "instance_count"),
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
    all_traffic: Annotated[bool, typer.Option("--all-traffic", help="Give it all of the endpoint's traffic when it is there.")] = False,
    set_: Sets = None,
    no_wait: NoWait = False,
) -> Any:
    """Creates a deployment from a YAML file, or changes it in place."""
    from azure.ai.ml import load_online_deployment

    if all_traffic and no_wait:
        raise faults.Failure("--all-traffic and --no-wait exclude each other.", code=faults.USAGE)
    here.read(file)
    wanted = load_online_deployment(file, params_override=commands.overrides(set_, name=name, endpoint_name=endpoint_name))
    made = _finished(here, wanted, no_wait)
    if all_traffic:
        endpoint = here.ml.online_endpoints.get(wanted.endpoint_name)
        endpoint.traffic = {wanted.name: 100}
        commands.finished(here.ml.online_endpoints.begin_create_or_update(endpoint))
    return made


@commands.command(app, "list", _COLUMNS)
def list_(here: Here, endpoint_name: Endpoint) -> Any:
    """The deployments of an endpoint."""
    return here.ml.online_deployments.list(endpoint_name)


@commands.command(app, "show", _COLUMNS)
def show(here: Here, name: Name, endpoint_name: Endpoint) -> Any:
    """One deployment."""
    return here.ml.online_deployments.get(name, endpoint_name)


@commands.command(app, "update", _COLUMNS)
def update(
    here: Here,
    name: Name,
    endpoint_name: Endpoint,
    instance_count: Annotated[int | None, typer.Option("--instance-count", min=1, help="How many instances.", show_default=False)] = None,
    no_wait: NoWait = False,
) -> Any:
    """Changes the number of instances."""
    found = here.ml.online_deployments.get(name, endpoint_name)
    if instance_count is not None:
        found.instance_count = instance_count
    return _finished(here, found, no_wait)


@commands.command(app, "delete")
def delete(here: Here, name: Name, endpoint_name: Endpoint, yes: Yes = False, no_wait: NoWait = False) -> Any:
    """Deletes a deployment."""
    commands.confirmed(f"Delete the deployment {name} of {endpoint_name}?", yes)
    with quieting.dots():
        commands.finished(here.ml.online_deployments.begin_delete(name, endpoint_name), no_wait)


@commands.command(app, "get-logs")
def get_logs(
    here: Here,
    name: Name,
    endpoint_name: Endpoint,
    lines: Annotated[int, typer.Option("--lines", "-l", min=1, help="How many lines.")] = 50,
    container: Annotated[str, typer.Option("--container", "-c", help="inference-server or storage-initializer.")] = "inference-server",
) -> Any:
    """The last lines of a deployment's log."""
    text = here.ml.online_deployments.get_logs(name, endpoint_name, lines, container_type=container)
    typer.echo(text, nl=False)


def _finished(here: Here, wanted: Any, no_wait: bool) -> Any:
    with quieting.dots():
        return commands.finished(here.ml.online_deployments.begin_create_or_update(wanted), no_wait)
