"""`azurine batch-endpoint …`: create, list, show, update, delete, invoke, list-jobs."""

from typing import Annotated, Any

import typer

from azurine.cli import commands, endpoints, faults
from azurine.cli.commands import Here, Name, NoWait, Sets, SomeFile, SomeName
from azurine.cli.printing import Column

app = commands.noun("Batch endpoints: addresses that are told where data lies, and answer with a job.")

_COLUMNS = (
    Column("name", "name"),
    Column("default", "defaults.deployment_name"),
    Column("provisioning", "provisioning_state"),
    Column("address", "scoring_uri"),
)
_JOBS = (Column("name", "name"), Column("status", "status"))


@commands.command(app, "create", _COLUMNS)
def create(here: Here, file: SomeFile = None, name: SomeName = None, set_: Sets = None, no_wait: NoWait = False) -> Any:
    """Creates an endpoint from a YAML file, or from a name alone."""
    from azure.ai.ml import load_batch_endpoint

    if file is None and name is None:
        raise faults.Failure("An endpoint needs a file or a name.", advice="azurine batch-endpoint create -n NAME", code=faults.USAGE)
    if file is not None:
        here.read(file)
    wanted = load_batch_endpoint(file, params_override=commands.overrides(set_, name=name))
    return endpoints.put(here.ml.batch_endpoints, wanted, no_wait)


@commands.command(app, "update", _COLUMNS)
def update(
    here: Here,
    name: Name,
    defaults: Annotated[
        str | None, typer.Option("--defaults", metavar="deployment_name=NAME", help="The default deployment.", show_default=False)
    ] = None,
    no_wait: NoWait = False,
) -> Any:
    """Chooses the default deployment."""
    found = here.ml.batch_endpoints.get(name)
    if defaults is not None:
        key, _, deployment = defaults.rpartition("=")
        if key not in ("", "deployment_name") or not deployment:
            raise faults.Failure(f"{defaults!r} is not of the form deployment_name=NAME.", code=faults.USAGE)
        found.defaults = {"deployment_name": deployment}
    return endpoints.put(here.ml.batch_endpoints, found, no_wait)


@commands.command(app, "list-jobs", _JOBS)
def list_jobs(here: Here, name: Name) -> Any:
    """The jobs that calls of an endpoint have become."""
    return here.ml.batch_endpoints.list_jobs(name)


@commands.command(app, "invoke", _JOBS)
def invoke(
    here: Here,
    name: Name,
    data: Annotated[str, typer.Option("--input", "-i", help="A folder or file here, azureml:NAME:VERSION, or an address.", show_default=False)],
    input_type: Annotated[str, typer.Option("--input-type", help="uri_folder or uri_file.")] = "uri_folder",
    deployment: Annotated[str | None, typer.Option("--deployment-name", "-d", help="This deployment, not the default.", show_default=False)] = None,
    output_path: Annotated[str | None, typer.Option("--output-path", help="Folder where the rows go, in a datastore.", show_default=False)] = None,
    mini_batch_size: Annotated[int | None, typer.Option("--mini-batch-size", "-m", min=1, help="Files in a mini-batch.", show_default=False)] = None,
    instance_count: Annotated[int | None, typer.Option("--instance-count", "-c", min=1, help="Nodes.", show_default=False)] = None,
    job_name: Annotated[str | None, typer.Option("--job-name", help="The name of the job.", show_default=False)] = None,
    experiment: Annotated[str | None, typer.Option("--experiment-name", help="The experiment of the job.", show_default=False)] = None,
    set_: Sets = None,
) -> Any:
    """Starts a job for the data, and prints it."""
    from azure.ai.ml import Input, Output

    changed = commands.overrides(set_, mini_batch_size=mini_batch_size)
    if instance_count is not None:
        changed.append({"compute": {"instance_count": instance_count}})
    outputs = {"score": Output(type="uri_folder", path=output_path)} if output_path else None
    given = Input(type=input_type, path=data)
    return here.ml.batch_endpoints.invoke(
        name, deployment_name=deployment, input=given, outputs=outputs, params_override=changed, job_name=job_name, experiment_name=experiment
    )


endpoints.add(app, lambda ml: ml.batch_endpoints, _COLUMNS, "batch")
