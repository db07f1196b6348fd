"""`azurine job …`: create, list, show, stream, cancel, download, archive, restore, update, validate."""

import sys
import webbrowser
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from azurine.cli import commands, faults, following, manner, printing, progress
from azurine.cli.commands import All, Archived, File, Here, Most, Name, Sets, SomeName, WithArchived
from azurine.cli.printing import Column

app = commands.noun("Jobs: create, list, show, stream, cancel, download.")

_COLUMNS = (
    Column("name", "name"),
    Column("display name", "display_name"),
    Column("type", "type"),
    Column("experiment", "experiment_name"),
    Column("status", "status"),
    Column("created", "creation_context.created_at"),
)
Stream = Annotated[bool, typer.Option("--stream", "-s", help="Follow it until it is over, and take its result for the command's.")]
Web = Annotated[bool, typer.Option("--web", "-e", help="Open its page in a browser.")]


@commands.command(app, "create", _COLUMNS)
def create(
    here: Here,
    file: File,
    name: SomeName = None,
    set_: Sets = None,
    stream: Stream = False,
    web: Web = False,
    skip_validation: Annotated[bool, typer.Option("--skip-validation", help="Leave the checking to the server.")] = False,
) -> Any:
    """Submits a job from a YAML file."""
    job = _loaded(here, file, name, set_)
    created = here.ml.jobs.create_or_update(job, skip_validation=skip_validation)
    if web:
        _open(created)
    return submitted(here, created.name, stream, created)


@commands.command(app, "validate")
def validate(here: Here, file: File, set_: Sets = None) -> Any:
    """Checks a job's YAML file without submitting it."""
    job = _loaded(here, file, None, set_)
    result = here.ml.jobs.validate(job)
    if not result.passed:
        causes = [f"{path}: {trouble}" if path else str(trouble) for path, trouble in result.error_messages.items()]
        raise faults.Failure(f"{file} is not valid.", *causes)
    return {"result": "Succeeded"}


@commands.command(app, "list", _COLUMNS)
def list_(
    here: Here,
    parent: Annotated[str | None, typer.Option("--parent-job-name", "-p", help="Only the steps of this pipeline.", show_default=False)] = None,
    most: Most = 50,
    everything: All = False,
    archived_only: Archived = False,
    include_archived: WithArchived = False,
) -> Any:
    """The jobs, newest first."""
    found: Iterable[Any] = here.ml.jobs.list(parent_job_name=parent, list_view_type=commands.view(archived_only, include_archived))
    some = list(found) if everything else list(islice(found, most + 1))
    if not everything and len(some) > most:
        manner.note(f"the newest {most}; --all-results shows them all")
        some = some[:most]
    # The client answers None for a job of a kind that it does not know.
    return [job for job in some if job is not None]


@commands.command(app, "show", _COLUMNS)
def show(here: Here, name: Name, web: Web = False) -> Any:
    """One job."""
    job = here.ml.jobs.get(name)
    if web:
        _open(job)
    return job


@commands.command(app, "stream")
def stream(here: Here, name: Name) -> Any:
    """Follows a job, its logs included, until it is over. The exit code is the job's result."""
    return commands.Result(None, code(follow(here, name, sys.stdout)))


@commands.command(app, "cancel")
def cancel(here: Here, name: Name, no_wait: commands.NoWait = False) -> Any:
    """Ends a running job, with everything that it has started."""
    commands.finished(here.ml.jobs.begin_cancel(name), no_wait)


@commands.command(app, "download")
def download(
    here: Here,
    name: Name,
    output_name: Annotated[str | None, typer.Option("--output-name", help="Only this output.", show_default=False)] = None,
    everything: Annotated[bool, typer.Option("--all", help="All outputs and the logs.")] = False,
    folder: Annotated[Path, typer.Option("--download-path", "-p", help="The folder to put it in.")] = Path("."),
) -> Any:
    """Downloads a finished job's logs and outputs."""
    here.ml.jobs.download(name, download_path=folder, output_name=output_name, all=everything)
    manner.note(f"downloaded to {folder.resolve()}")


@commands.command(app, "archive")
def archive(here: Here, name: Name) -> Any:
    """Hides a job from the list."""
    here.ml.jobs.archive(name)


@commands.command(app, "restore")
def restore(here: Here, name: Name) -> Any:
    """Shows an archived job again."""
    here.ml.jobs.restore(name)


@commands.command(app, "update", _COLUMNS)
def update(here: Here, name: Name, set_: Sets = None) -> Any:
    """Changes what may be changed of a job: display_name, description, tags.KEY."""
    job = here.ml.jobs.get(name)
    for change in commands.overrides(set_):
        for path, value in change.items():
            _change(job, path, value)
    return here.ml.jobs.create_or_update(job)


def _loaded(here: Here, file: Path, name: str | None, sets: list[str] | None) -> Any:
    # Here: with it comes the official client.
    from azure.ai.ml import load_job

    here.read(file)
    return load_job(file, params_override=commands.overrides(sets, name=name))


def submitted(here: Here, name: str, stream: bool, job: Any = None) -> Any:
    """What a command answers that has submitted a job. job: as it is known already, where nobody follows it."""
    manner.note(f"job {name}")
    if stream:
        status = follow(here, name, sys.stderr)
        return commands.Result(here.ml.jobs.get(name), code(status))
    return job or here.ml.jobs.get(name)


def follow(here: Here, name: str, logs: TextIO) -> following.Step:
    """Shows the job until it is over; answers how it ended. Ctrl-C only ends the looking."""
    connection = here.connection
    follower = following.Follower(following.History(connection.http, connection.url, connection.workspace_id), name)
    last: following.Sight | None = None
    try:
        with progress.screen(logs) as screen:
            for last in follower.looks():
                screen.show(last)
    except KeyboardInterrupt:
        raise faults.Failure(
            f"No longer following {name}; it goes on.",
            advice=f"azurine job stream -n {name} follows it again; azurine job cancel -n {name} ends it",
            code=faults.INTERRUPTED,
        ) from None
    assert last is not None  # there is always a first sight
    _tell_end(last)
    return last.job


def _tell_end(sight: following.Sight) -> None:
    job = sight.job
    lasted = f" after {printing.seconds_text(job.seconds)}" if job.seconds is not None else ""
    if job.status != "Failed":
        manner.note(f"job {job.name}: {job.status}{lasted}")
        return
    failed = [step for step in sight.steps if step.status == "Failed"]
    causes = [f"{step.title}: {step.error or 'no reason was given'}" for step in failed] or [job.error or "no reason was given"]
    where = failed[0].name if failed else job.name
    sys.stderr.write(
        f"azurine: {faults.Fault(f'The job {job.name} failed{lasted}.', tuple(causes), f'azurine job download -n {where} fetches its logs')}\n"
    )


def code(job: following.Step) -> int:
    return 0 if job.status == "Completed" else faults.FAILED


def _open(job: Any) -> None:
    address = job.studio_url
    if not address:
        raise faults.Failure(f"The job {job.name} has no page.")
    manner.note(address)
    webbrowser.open(address)


def _change(job: Any, path: str, value: Any) -> None:
    field, _, key = path.partition(".")
    if field == "tags" and key:
        job.tags = {**(job.tags or {}), key: str(value)}
    elif field in ("display_name", "description", "tags") and not key:
        setattr(job, field, value)
    else:
        raise faults.Failure(f"{path} cannot be changed once a job was submitted.", "display_name, description and tags can", code=faults.USAGE)
