"""What every command that talks to a server has in common: where the server is, how to print, what to say when it fails.

A noun's file writes plain functions: `here` first, then its own options; what they return is printed. `command` adds the
options that all have (`-o`, `--query`, `-g`, `-w`, …), connects when `here.ml` is first used, and turns whatever is raised into
one sentence and an exit code (`faults`), naming the line of the YAML file it was about. (What all commands of `azurine` share,
those of the server's too, is `manner`.) Tests pass another way to connect as Click's `obj`.
"""

import functools
import inspect
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Protocol

import typer
from typer.core import TyperCommand

from azurine.cli import faults, manner, printing, quieting


class Connection(Protocol):
    """The part of `azurine.client.Connection` that the commands use."""

    @property
    def ml(self) -> Any:
        """The official `azure.ai.ml.MLClient`."""
        ...

    def registry(self, name: str) -> Any:
        """The official client for a registry."""
        ...

    @property
    def http(self) -> Any:
        """A `requests.Session` that trusts the server and signs its requests."""
        ...

    @property
    def url(self) -> str: ...

    @property
    def workspace_id(self) -> str:
        """`/subscriptions/…/workspaces/…`, as Azure writes it."""
        ...


@dataclass(frozen=True, slots=True)
class Address:
    """Which server, and which workspace on it. None: as the settings say."""

    home: str | None = None
    subscription: str | None = None
    resource_group: str | None = None
    workspace: str | None = None


@dataclass(frozen=True, slots=True)
class Door:
    """How a command comes to its connection."""

    open: Callable[[Address], Connection]


@dataclass(frozen=True, slots=True)
class Result:
    """What a command answers when its exit code is not 0 though nothing was raised."""

    value: Any
    code: int


@dataclass
class Here:
    """What a command is given. file: the YAML file it is reading, so that a fault can name the line."""

    door: Door
    address: Address
    file: Path | None = None
    _connection: Connection | None = field(default=None, repr=False)

    @property
    def connection(self) -> Connection:
        if self._connection is None:
            self._connection = self.door.open(self.address)
        return self._connection

    @property
    def ml(self) -> Any:
        return self.connection.ml

    def ml_of(self, registry: str | None) -> Any:
        """The official client for a registry; for the workspace when none is named."""
        return self.connection.registry(registry) if registry else self.ml

    def read(self, file: Path) -> None:
        """This file is being read from now on. That there is none is said before anything is asked of the server."""
        self.file = file
        if not file.is_file():
            raise faults.Failure(f"There is no file {file}.")


def official(address: Address) -> Connection:
    """The official clients, for the server of the home."""
    # Here: with it come the clients' own imports, more than a second; `--help` must not wait for them.
    from azurine import client

    return client.connect(address.home, workspace=address.workspace, resource_group=address.resource_group, subscription=address.subscription)


Name = Annotated[str, typer.Option("--name", "-n", help="The name.", show_default=False)]
SomeName = Annotated[str | None, typer.Option("--name", "-n", help="The name; wins over the one in the file.", show_default=False)]
Version = Annotated[str | None, typer.Option("--version", "-v", help="The version.", show_default=False)]
Label = Annotated[str | None, typer.Option("--label", "-l", help="A label in the place of a version, such as `latest`.", show_default=False)]
Registry = Annotated[str | None, typer.Option("--registry-name", help="Of a registry instead of the workspace: azureml.", show_default=False)]
File = Annotated[Path, typer.Option("--file", "-f", help="The YAML file.", show_default=False)]
SomeFile = Annotated[Path | None, typer.Option("--file", "-f", help="The YAML file.", show_default=False)]
Sets = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="PATH=VALUE …", help="Changes a field of the file: inputs.rate=0.1 jobs.train.compute=azureml:big", show_default=False
    ),
]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Do not wait until it is done.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Archived = Annotated[bool, typer.Option("--archived-only", help="Only what is archived.")]
WithArchived = Annotated[bool, typer.Option("--include-archived", help="What is archived, too.")]
Most = Annotated[int, typer.Option("--max-results", "-r", min=1, help="How many at most.")]
All = Annotated[bool, typer.Option("--all-results", help="However many there are.")]

_EVERY: dict[str, tuple[Any, Any]] = {
    "output": (
        Annotated[printing.Format | None, typer.Option("--output", "-o", help="How to print; table at a terminal, else json.", show_default=False)],
        None,
    ),
    "query": (Annotated[str, typer.Option("--query", help="What to print of it, in JMESPath.", show_default=False)], ""),
    "resource_group": (Annotated[str | None, typer.Option("--resource-group", "-g", help="The resource group.", show_default=False)], None),
    "workspace": (Annotated[str | None, typer.Option("--workspace-name", "-w", help="The workspace.", show_default=False)], None),
    "subscription": (Annotated[str | None, typer.Option("--subscription", help="The subscription.", show_default=False)], None),
    "home": (Annotated[str | None, typer.Option("--home", help="The server's home folder.", show_default=False)], None),
}

Body = Callable[..., Any]


class _Command(TyperCommand):
    """Lets `--set a=1 b=2` be written as with `az`: Click itself takes one value per flag."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, list(_spread(args)))


def command(app: typer.Typer, name: str, columns: Sequence[printing.Column] = ()) -> Callable[[Body], Body]:
    """Adds a function to a noun as a verb. columns: what a table of its result shows."""

    def add(body: Body) -> Body:
        own = list(inspect.signature(body).parameters.values())[1:]
        names = [parameter.name for parameter in own]
        shared = {shared: given for shared, given in _EVERY.items() if shared not in names}

        @functools.wraps(body)
        def run(context: typer.Context, **values: Any) -> None:
            common = {name: values.pop(name, default) for name, (_, default) in shared.items()}
            here = Here(
                context.find_object(Door) or Door(official),
                Address(common.get("home"), common.get("subscription"), common.get("resource_group"), common.get("workspace")),
            )
            with guarded(here):
                answer = body(here, **values)
                result = answer if isinstance(answer, Result) else Result(answer, 0)
                printing.show(result.value, common.get("output"), str(common.get("query") or ""), columns)
                if result.code:
                    raise typer.Exit(result.code)

        keyword = inspect.Parameter.KEYWORD_ONLY
        run.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)]
            + [parameter.replace(kind=keyword) for parameter in own]
            + [inspect.Parameter(one, keyword, default=default, annotation=annotation) for one, (annotation, default) in shared.items()]
        )
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in run.__signature__.parameters.values()}  # type: ignore[attr-defined]
        app.command(name, cls=_Command)(run)
        return body

    return add


def noun(help_text: str) -> typer.Typer:
    """A noun; its verbs are added with `command`."""
    app = typer.Typer(
        help=help_text,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(lambda: None)  # so that it stays a noun even when it has a single verb
    return app


@contextmanager
def guarded(here: Here) -> Iterator[None]:
    """Whatever is raised inside becomes a fault on stderr and an exit code."""
    with quieting.clients():
        try:
            yield
        except (typer.Exit, typer.Abort, BrokenPipeError):
            raise
        except (Exception, KeyboardInterrupt) as error:  # an edge: everything is told, with its exit code
            if manner.MANNER.debug:
                traceback.print_exc()
            fault = faults.told(error, here.file)
            sys.stderr.write(f"azurine: {fault}\n")
            raise typer.Exit(fault.code) from error


def overrides(sets: Sequence[str] | None, **fields: Any) -> list[dict[str, Any]]:
    """What a file's fields are replaced by: `--set` in order, then the flags that were given. Values that are JSON are taken as such."""
    found: list[dict[str, Any]] = []
    for text in sets or ():
        path, equals, value = text.partition("=")
        if not equals or not path.strip():
            raise faults.Failure(f"--set {text!r} is not of the form PATH=VALUE.", code=faults.USAGE)
        found.append({path.strip(): _value(value)})
    return found + [{name: value} for name, value in fields.items() if value is not None]


def assigned(sets: Sequence[str] | None) -> dict[str, Any]:
    """`--set name=value …` as one mapping."""
    return {name: value for one in overrides(sets) for name, value in one.items()}


def view(archived_only: bool, include_archived: bool) -> Any:
    """The client's word for which of them are listed."""
    from azure.ai.ml.constants import ListViewType

    if archived_only and include_archived:
        raise faults.Failure("--archived-only and --include-archived exclude each other.", code=faults.USAGE)
    if archived_only:
        return ListViewType.ARCHIVED_ONLY
    return ListViewType.ALL if include_archived else ListViewType.ACTIVE_ONLY


def finished(poller: Any, no_wait: bool = False) -> Any:
    """The result of something that takes a while; None when nobody waits for it."""
    return None if no_wait or poller is None else poller.result()


def confirmed(question: str, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise faults.Failure("This needs a yes.", advice="the same command with --yes", code=faults.USAGE)
    typer.confirm(question, abort=True, err=True)


def _value(text: str) -> Any:
    import json

    try:
        return json.loads(text)
    except ValueError:
        return text


def _spread(args: Sequence[str]) -> Iterator[str]:
    inside = False
    for place, arg in enumerate(args):
        if arg == "--set" and place + 1 < len(args):
            inside = True
        elif arg.startswith("-"):
            inside = False
            yield arg
        elif inside:
            yield from ("--set", arg)
        else:
            yield arg
