"""`azurine draft …`: create, list, show, update, clone, validate, submit, delete, compare."""

import json
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from azurine.cli import asking, bodies, commands, faults, job, manner
from azurine.cli.commands import Here, Name, Sets, Yes
from azurine.cli.printing import Column

app = commands.noun("Drafts: pipelines that are still being worked on.")

_COLUMNS = (
    Column("name", "name"),
    Column("display name", "display_name"),
    Column("steps", "steps"),
    Column("last submitted", "last_submitted_job"),
    Column("changed", "changed"),
)
_PROBLEMS = (Column("node", "node"), Column("input", "input"), Column("output", "output"), Column("problem", "message"), Column("at", "path"))
_DIFFERENCES = (Column("node", "node"), Column("what", "what"), Column("name", "name"), Column("left", "left"), Column("right", "right"))
_DRAFTS = "pipelineDrafts"
DisplayName = Annotated[str | None, typer.Option("--display-name", help="What it is called.", show_default=False)]
Description = Annotated[str | None, typer.Option("--description", help="A description.", show_default=False)]
DraftFile = Annotated[
    Path | None,
    typer.Option("--file", "-f", help="A pipeline job's YAML file; or JSON: its body as it is PUT, finished or not.", show_default=False),
]


@commands.command(app, "create", _COLUMNS)
def create(
    here: Here,
    name: Name,
    file: DraftFile = None,
    run: Annotated[str | None, typer.Option("--job", "-j", help="Begin with a copy of this run.", show_default=False)] = None,
    pipeline: Annotated[
        str | None, typer.Option("--pipeline", help="Begin with a copy of this published pipeline (its id).", show_default=False)
    ] = None,
    display_name: DisplayName = None,
    description: Description = None,
    set_: Sets = None,
) -> Any:
    """Makes a draft: from a file, a run, a published pipeline, or empty."""
    if sum(one is not None for one in (file, run, pipeline)) > 1:
        raise faults.Failure("--file, --job and --pipeline exclude each other.", code=faults.USAGE)
    source: dict[str, Any] = (
        {"jobName": run} if run else {"pipelineId": pipeline} if pipeline else _drafted(here, file, set_) if file else {"job": {}}
    )
    return _shown(_put(here, name, {"displayName": display_name, "description": description, **source}, only_new=True))


@commands.command(app, "list", _COLUMNS)
def list_(here: Here) -> Any:
    """The drafts, newest first."""
    return [_shown(one) for one in asking.pages(here, _DRAFTS)]


@commands.command(app, "show", _COLUMNS)
def show(here: Here, name: Name) -> Any:
    """One draft."""
    return _shown(_get(here, name))


@commands.command(app, "update", _COLUMNS)
def update(
    here: Here, name: Name, file: DraftFile = None, display_name: DisplayName = None, description: Description = None, set_: Sets = None
) -> Any:
    """Changes a draft: another body from a file, or single fields of it with `--set jobs.train.inputs.rate=0.1`."""
    before = _get(here, name)["properties"]
    changes: dict[str, Any] = {"displayName": display_name, "description": description}
    if file is not None:
        changes |= _drafted(here, file, set_)
    elif set_:
        changed = json.loads(json.dumps(before["job"]))
        for path, value in commands.assigned(set_).items():
            _place(changed, path, value)
        changes["job"] = changed
    return _shown(_put(here, name, {**before, **asking.stated(changes)}))


@commands.command(app, "clone", _COLUMNS)
def clone(here: Here, name: Name, new: Annotated[str | None, typer.Option("--new-name", help="The copy's name.", show_default=False)] = None) -> Any:
    """Copies a draft."""
    return _shown(asking.arm(here, "POST", f"{_path(name)}/clone", {"name": new} if new else {}))


@commands.command(app, "validate", _PROBLEMS)
def validate(here: Here, name: Name) -> Any:
    """Says what is wrong with a draft, by node and by port or parameter. The exit code is 4 when something is."""
    found = asking.arm(here, "POST", f"{_path(name)}/validate")
    if found["valid"]:
        manner.note(f"the draft {name} can be submitted")
        return []
    return commands.Result(found["problems"], faults.CHECK)


@commands.command(app, "submit")
def submit(
    here: Here,
    name: Name,
    set_: Sets = None,
    experiment: Annotated[str | None, typer.Option("--experiment-name", help="The experiment.", show_default=False)] = None,
    job_name: Annotated[str | None, typer.Option("--job-name", help="The job's name.", show_default=False)] = None,
    display_name: DisplayName = None,
    stream: job.Stream = False,
) -> Any:
    """Submits a draft as a pipeline job; `--set name=value …` gives its inputs their values."""
    said = {"parameters": commands.assigned(set_), "experimentName": experiment, "name": job_name, "displayName": display_name}
    made = asking.arm(here, "POST", f"{_path(name)}/submit", asking.stated(said))
    return job.submitted(here, made["name"], stream)


@commands.command(app, "delete")
def delete(here: Here, name: Name, yes: Yes = False) -> Any:
    """Deletes a draft; its runs stay."""
    _get(here, name)
    commands.confirmed(f"Delete the draft {name}?", yes)
    asking.arm(here, "DELETE", _path(name))


@commands.command(app, "compare", _DIFFERENCES)
def compare(
    here: Here,
    left: Annotated[str, typer.Argument(help="A run, by its name.", show_default=False)],
    right: Annotated[str, typer.Argument(help="Another run.", show_default=False)],
    whole: Annotated[bool, typer.Option("--whole", help="Both runs and every node beside each other, too; as JSON.")] = False,
) -> Any:
    """Says how two runs differ: parameters, inputs, components, status, metrics."""
    found = asking.arm(here, "POST", f"jobs/{quote(left, safe='')}/compare", {"with": right})
    for side in ("left", "right"):
        one = found[side]
        lasted = f" after {one['seconds']} s" if one["seconds"] is not None else ""
        manner.note(f"{side}: {one['name']}, {one['status']}{lasted}")
    return found if whole else found["differences"]


def _drafted(here: Here, file: Path, sets: list[str] | None) -> dict[str, Any]:
    """What a file says: YAML goes through the official client, JSON is taken as it stands."""
    if file.suffix.lower() != ".json":
        return {"job": bodies.pipeline(here, file, sets, checked=False)}
    here.read(file)
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as problem:
        raise faults.Failure(f"{file} is not JSON: {problem}.") from problem
    if not isinstance(said, dict):
        raise faults.Failure(f"{file} must hold a JSON object.")
    inside = said.get("properties")
    whole = inside if isinstance(inside, dict) and "jobs" not in said and "jobType" not in said else said
    return {key: whole[key] for key in ("job", "layout") if key in whole} if "job" in whole else {"job": whole}


def _place(body: dict[str, Any], path: str, value: Any) -> None:
    """Sets a field by its dotted path; objects on the way are made."""
    *above, last = path.split(".")
    for key in above:
        body = body.setdefault(key, {})
        if not isinstance(body, dict):
            raise faults.Failure(f"{path}: {key} is no object.", code=faults.USAGE)
    body[last] = value


def _path(name: str) -> str:
    return f"{_DRAFTS}/{quote(name, safe='')}"


def _get(here: Here, name: str) -> dict[str, Any]:
    found: dict[str, Any] = asking.arm(here, "GET", _path(name))
    return found


def _put(here: Here, name: str, properties: dict[str, Any], only_new: bool = False) -> dict[str, Any]:
    if only_new and any(one["name"] == name for one in asking.pages(here, _DRAFTS)):
        raise faults.Failure(f"There is a draft {name} already.", advice=f"azurine draft update -n {name}")
    made: dict[str, Any] = asking.arm(here, "PUT", _path(name), {"properties": asking.stated(properties)})
    return made


def _shown(found: dict[str, Any]) -> dict[str, Any]:
    properties = found["properties"]
    jobs = properties["job"].get("jobs")
    return {
        "name": found["name"],
        "display_name": properties["displayName"],
        "description": properties.get("description"),
        "steps": len(jobs) if isinstance(jobs, dict) else 0,
        "last_submitted_job": properties.get("lastSubmittedJobName"),
        "tags": properties["tags"],
        "created": found["systemData"]["createdAt"],
        "changed": found["systemData"]["lastModifiedAt"],
        "job": properties["job"],
        "layout": properties["layout"],
    }
