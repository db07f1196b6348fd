"""What data, models, environments and components have in common on the command line: names, versions, labels, archiving.

A noun's file says how one of them is created; `add` gives it the verbs that they share.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import typer

from azurine.cli import commands, faults, manner
from azurine.cli.commands import All, Archived, Here, Label, Most, Name, Registry, SomeName, Version, WithArchived
from azurine.cli.printing import Column

Operations = Callable[[Any], Any]


def add(app: typer.Typer, of: Operations, columns: Sequence[Column], noun: str) -> None:
    """of: picks the client's operations for the noun (`lambda ml: ml.data`)."""

    @commands.command(app, "list", columns)
    def list_(
        here: Here,
        name: SomeName = None,
        most: Most = 50,
        everything: All = False,
        archived_only: Archived = False,
        include_archived: WithArchived = False,
        registry: Registry = None,
    ) -> Any:
        found: Iterable[Any] = of(here.ml_of(registry)).list(name=name, list_view_type=commands.view(archived_only, include_archived))
        some = list(found) if everything else list(islice(found, most + 1))
        if not everything and len(some) > most:
            manner.note(f"the first {most}; --all-results shows them all")
            some = some[:most]
        return some

    @commands.command(app, "show", columns)
    def show(here: Here, name: Name, version: Version = None, label: Label = None, registry: Registry = None) -> Any:
        version, label = which(version, label)
        return of(here.ml_of(registry)).get(name=name, version=version, label=label)

    @commands.command(app, "archive")
    def archive(here: Here, name: Name, version: Version = None, label: Label = None) -> Any:
        of(here.ml).archive(name=name, version=version, label=label)

    @commands.command(app, "restore")
    def restore(here: Here, name: Name, version: Version = None, label: Label = None) -> Any:
        of(here.ml).restore(name=name, version=version, label=label)

    texts = {
        "list": f"Names of {noun}s; with --name, the versions of one.",
        "show": f"One {noun}: a version, or the latest.",
        "archive": f"Hides a {noun}, or one version of it, from the list.",
        "restore": f"Shows an archived {noun} again.",
    }
    for registered in app.registered_commands:
        registered.help = texts.get(registered.name or "", registered.help)


def which(version: str | None, label: str | None) -> tuple[str | None, str | None]:
    """The version or label that is meant: `latest` when neither is given."""
    if version and label:
        raise faults.Failure("--version and --label exclude each other.", code=faults.USAGE)
    return version, label if version or label else "latest"


def path_text(path: str | None) -> str | None:
    """A path given as a flag starts from where the user is; one written in a file from where the file is. Addresses stay as they are."""
    if path is None or "://" in path or path.startswith(("azureml:", "runs:", "file:")):
        return path
    return str(Path(path).expanduser().absolute())
