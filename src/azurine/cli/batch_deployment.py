"""`azurine batch-deployment …`: create, update, list, show, delete, list-jobs."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from azurine.cli import commands, endpoints, faults
from azurine.cli.commands import File, Here, Name, NoWait, Sets, SomeName
from azurine.cli.endpoints import Endpoint, InstanceCount, SomeEndpoint
from azurine.cli.printing import Column

app = commands.noun("Batch deployments: what runs when a batch endpoint is called.")

_COLUMNS = (
    Column("name", "name"),
    Column("endpoint", "endpoint_name"),
    Column("model", "model"),
    Column("compute", "compute"),
    Column("provisioning", "provisioning_state"),
)


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
    made = endpoints.put(here.ml.batch_deployments, wanted, no_wait)
    if set_default:
        endpoint = here.ml.batch_endpoints.get(wanted.endpoint_name)
        endpoint.defaults = {"deployment_name": wanted.name}
        endpoints.put(here.ml.batch_endpoints, endpoint)
    return made


@commands.command(app, "update", _COLUMNS)
def update(
    here: Here,
    name: Name,
    endpoint_name: Endpoint,
    instance_count: InstanceCount = None,
    mini_batch_size: Annotated[int | None, typer.Option("--mini-batch-size", "-m", min=1, help="Files in a mini-batch.", show_default=False)] = None,
    set_: Sets = None,
    no_wait: NoWait = False,
) -> Any:
    """Changes settings of a deployment that stands; calls that come later are run with them."""
    found = here.ml.batch_deployments.get(name, endpoint_name)
    if found.model is None:
        raise faults.Failure(f"{name} is a deployment of a pipeline.", advice="azurine batch-deployment create -f the changed file")
    endpoints.change(found, set_, instance_count=instance_count, mini_batch_size=mini_batch_size)
    return endpoints.put(here.ml.batch_deployments, found, no_wait)


@commands.command(app, "list-jobs", (Column("name", "name"), Column("status", "status")))
def list_jobs(here: Here, name: Name, endpoint_name: Endpoint) -> Any:
    """The jobs that calls of a deployment have become."""
    return here.ml.batch_deployments.list_jobs(endpoint_name, name=name)


endpoints.add_deployments(app, lambda ml: ml.batch_deployments, _COLUMNS)


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
