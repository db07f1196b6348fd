"""`azurine online-deployment …`: create, update, list, show, delete, get-logs."""

from typing import Annotated, Any

import typer

from azurine.cli import commands, endpoints, faults
from azurine.cli.commands import File, Here, Name, NoWait, Sets, SomeName
from azurine.cli.endpoints import Endpoint, InstanceCount, SomeEndpoint
from azurine.cli.printing import Column

app = commands.noun("Online deployments: the models behind an online endpoint.")

_COLUMNS = (
    Column("name", "name"),
    Column("endpoint", "endpoint_name"),
    Column("model", "model"),
    Column("instances", "instance_count"),
    Column("provisioning", "provisioning_state"),
)


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
    made = endpoints.put(here.ml.online_deployments, wanted, no_wait)
    if all_traffic:
        endpoint = here.ml.online_endpoints.get(wanted.endpoint_name)
        endpoint.traffic = {wanted.name: 100}
        endpoints.put(here.ml.online_endpoints, endpoint)
    return made


@commands.command(app, "update", _COLUMNS)
def update(here: Here, name: Name, endpoint_name: Endpoint, instance_count: InstanceCount = None, set_: Sets = None, no_wait: NoWait = False) -> Any:
    """Changes the number of instances, or other settings; no request is dropped."""
    found = endpoints.change(here.ml.online_deployments.get(name, endpoint_name), set_, instance_count=instance_count)
    return endpoints.put(here.ml.online_deployments, found, no_wait)


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


endpoints.add_deployments(app, lambda ml: ml.online_deployments, _COLUMNS)
