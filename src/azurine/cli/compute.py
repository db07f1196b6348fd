"""`azurine compute …`: create, list, show, update, delete, start, stop, list-nodes, list-sizes, list-usage."""

from typing import Annotated, Any

import typer

from azurine.cli import commands, faults
from azurine.cli.commands import Here, Name, NoWait, Sets, SomeFile, SomeName, Yes
from azurine.cli.printing import Column

app = commands.noun("Compute targets.")

_COLUMNS = (
    Column("name", "name"),
    Column("type", "type"),
    Column("size", "size"),
    Column("least", "min_instances"),
    Column("most", "max_instances"),
    Column("state", "state"),
    Column("provisioning", "provisioning_state"),
)
Kind = Annotated[str | None, typer.Option("--type", "-t", help="amlcompute, computeinstance, kubernetes, …", show_default=False)]
Size = Annotated[str | None, typer.Option("--size", help="Size of its machines, such as Standard_DS3_v2.", show_default=False)]
Least = Annotated[int | None, typer.Option("--min-instances", min=0, help="Nodes that are always there.", show_default=False)]
Most = Annotated[int | None, typer.Option("--max-instances", min=0, help="Nodes at most.", show_default=False)]
Idle = Annotated[int | None, typer.Option("--idle-time-before-scale-down", min=0, help="Seconds after which an idle node goes.", show_default=False)]


@commands.command(app, "create", _COLUMNS)
def create(
    here: Here,
    file: SomeFile = None,
    name: SomeName = None,
    kind: Kind = None,
    size: Size = None,
    min_instances: Least = None,
    max_instances: Most = None,
    idle_time: Idle = None,
    tier: Annotated[str | None, typer.Option("--tier", help="dedicated or low_priority.", show_default=False)] = None,
    description: Annotated[str | None, typer.Option("--description", help="A description.", show_default=False)] = None,
    set_: Sets = None,
    no_wait: NoWait = False,
) -> Any:
    """Creates a compute target from a YAML file, or from flags alone."""
    from azure.ai.ml import load_compute

    if file is None and (kind is None or name is None):
        raise faults.Failure(
            "A compute target needs a file, or a name and a type.", advice="azurine compute create -n NAME --type amlcompute", code=faults.USAGE
        )
    if file is not None:
        here.read(file)
    changes = commands.overrides(
        set_,
        name=name,
        type=kind,
        size=size,
        min_instances=min_instances,
        max_instances=max_instances,
        idle_time_before_scale_down=idle_time,
        tier=tier,
        description=description,
    )
    return commands.finished(here.ml.compute.begin_create_or_update(load_compute(file, params_override=changes)), no_wait)


@commands.command(app, "list", _COLUMNS)
def list_(here: Here, kind: Kind = None) -> Any:
    """The compute targets."""
    return here.ml.compute.list(compute_type=kind)


@commands.command(app, "show", _COLUMNS)
def show(here: Here, name: Name) -> Any:
    """One compute target."""
    return here.ml.compute.get(name)


@commands.command(app, "update", _COLUMNS)
def update(here: Here, name: Name, min_instances: Least = None, max_instances: Most = None, idle_time: Idle = None, no_wait: NoWait = False) -> Any:
    """Changes how many nodes a cluster may have, and how long they wait for work."""
    compute = here.ml.compute.get(name)
    for field, value in (("min_instances", min_instances), ("max_instances", max_instances), ("idle_time_before_scale_down", idle_time)):
        if value is not None:
            if not hasattr(compute, field):
                raise faults.Failure(f"{name} is of the type {compute.type}, which has no {field}.")
            setattr(compute, field, value)
    return commands.finished(here.ml.compute.begin_update(compute), no_wait)


@commands.command(app, "delete")
def delete(here: Here, name: Name, yes: Yes = False, no_wait: NoWait = False) -> Any:
    """Deletes a compute target."""
    commands.confirmed(f"Delete the compute target {name}?", yes)
    commands.finished(here.ml.compute.begin_delete(name), no_wait)


@commands.command(app, "start")
def start(here: Here, name: Name, no_wait: NoWait = False) -> Any:
    """Starts a compute instance."""
    commands.finished(here.ml.compute.begin_start(name), no_wait)


@commands.command(app, "stop")
def stop(here: Here, name: Name, no_wait: NoWait = False) -> Any:
    """Stops a compute instance."""
    commands.finished(here.ml.compute.begin_stop(name), no_wait)


@commands.command(app, "list-nodes", (Column("node", "node_id"), Column("state", "node_state"), Column("job", "current_job_name")))
def list_nodes(here: Here, name: Name) -> Any:
    """The nodes of a cluster."""
    return here.ml.compute.list_nodes(name)
