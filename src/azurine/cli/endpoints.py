"""What endpoints and deployments have in common on the command line, online and batch.

A noun's file says how one of them is created and what only its sort can do; `add` and `add_deployments` give it the verbs that both sorts have.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

from azurine.cli import commands, faults, quieting
from azurine.cli.commands import Here, Name, NoWait, Yes
from azurine.cli.printing import Column

Operations = Callable[[Any], Any]
Endpoint = Annotated[str, typer.Option("--endpoint-name", "-e", help="The endpoint.", show_default=False)]
SomeEndpoint = Annotated[str | None, typer.Option("--endpoint-name", "-e", help="The endpoint; wins over the one in the file.", show_default=False)]
InstanceCount = Annotated[int | None, typer.Option("--instance-count", "-c", min=1, help="How many instances.", show_default=False)]


def add(app: typer.Typer, of: Operations, columns: Sequence[Column], noun: str) -> None:
    """of: picks the client's operations for the endpoints (`lambda ml: ml.online_endpoints`). noun: "online", "batch"."""

    @commands.command(app, "list", columns)
    def list_(here: Here) -> Any:
        return of(here.ml).list()

    @commands.command(app, "show", columns)
    def show(here: Here, name: Name) -> Any:
        """One endpoint."""
        return of(here.ml).get(name)

    @commands.command(app, "delete")
    def delete(here: Here, name: Name, yes: Yes = False, no_wait: NoWait = False) -> Any:
        """Deletes an endpoint with all its deployments."""
        commands.confirmed(f"Delete the endpoint {name} with all its deployments?", yes)
        with quieting.dots():
            commands.finished(of(here.ml).begin_delete(name), no_wait)

    _tell(app, "list", f"The {noun} endpoints.")


def add_deployments(app: typer.Typer, of: Operations, columns: Sequence[Column]) -> None:
    """of: picks the client's operations for the deployments."""

    @commands.command(app, "list", columns)
    def list_(here: Here, endpoint_name: Endpoint) -> Any:
        """The deployments of an endpoint."""
        return of(here.ml).list(endpoint_name)

    @commands.command(app, "show", columns)
    def show(here: Here, name: Name, endpoint_name: Endpoint) -> Any:
        """One deployment."""
        return of(here.ml).get(name, endpoint_name)

    @commands.command(app, "delete")
    def delete(here: Here, name: Name, endpoint_name: Endpoint, yes: Yes = False, no_wait: NoWait = False) -> Any:
        """Deletes a deployment."""
        commands.confirmed(f"Delete the deployment {name} of {endpoint_name}?", yes)
        with quieting.dots():
            commands.finished(of(here.ml).begin_delete(name, endpoint_name), no_wait)


def put(operations: Any, wanted: Any, no_wait: bool = False) -> Any:
    """Creates or changes an endpoint or a deployment, and waits until it is done."""
    with quieting.dots():
        return commands.finished(operations.begin_create_or_update(wanted), no_wait)


def change(found: Any, sets: Sequence[str] | None, **fields: Any) -> Any:
    """What stands (an entity of the client) with fields changed: those of `--set`, by their paths as in the file, then the flags that were given."""
    for one in commands.overrides(sets, **fields):
        for path, value in one.items():
            *above, last = path.split(".")
            target = found
            for part in above:
                target = _below(target, part, path)
            _below(target, last, path)
            if isinstance(target, dict):
                target[last] = value
            else:
                setattr(target, last, value)
    return found


def _below(target: Any, part: str, path: str) -> Any:
    if isinstance(target, dict):
        return target.get(part)
    if target is None or part.startswith("_") or not hasattr(target, part):
        raise faults.Failure(f"--set {path}: there is no {part} to be changed.", advice="create it again from the changed file", code=faults.USAGE)
    return getattr(target, part)


def _tell(app: typer.Typer, verb: str, text: str) -> None:
    for registered in app.registered_commands:
        if registered.name == verb:
            registered.help = text
