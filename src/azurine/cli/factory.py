"""`azurine factory …`: import, export, map, list, show, pipelines, run, runs, cancel."""

from pathlib import Path
from typing import Annotated, Any

import typer

from azurine.cli import commands, factory_import, factory_runs, faults, manner, progress, repositories
from azurine.cli.commands import Here
from azurine.cli.factory_import import address, ask, everything
from azurine.cli.printing import Column

app = commands.noun("Data factories: import and export their folders, run their pipelines.")

_COLUMNS = (Column("name", "name"), Column("location", "location"), Column("created", "properties.createTime"))
_TROUBLES = (Column("file", "file"), Column("path", "path"), Column("reason", "reason"))
_RUNS = (
    Column("run", "runId"),
    Column("pipeline", "pipelineName"),
    Column("status", "status"),
    Column("began", "runStart"),
    Column("message", "message"),
)
_PIPELINES = (Column("name", "name"), Column("activities", "activities"), Column("parameters", "parameters"))
Factory = Annotated[str | None, typer.Option("--name", "-n", help="The factory; needed when there are several.", show_default=False)]
Map = Annotated[Path | None, typer.Option("--map", help="A YAML file that says what linked services are here.", show_default=False)]
Parameters = Annotated[
    list[str] | None, typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="A parameter of the pipeline.", show_default=False)
]


@commands.command(app, "import", _TROUBLES)
def import_(
    here: Here,
    folder: Annotated[Path, typer.Argument(help="A folder as Data Factory's Git integration saves it.")],
    name: Annotated[str | None, typer.Option("--name", "-n", help="What the factory is called here.", show_default=False)] = None,
    map_: Map = None,
    globals_: Annotated[
        list[str] | None,
        typer.Option(
            "--global", metavar="NAME=VALUE …", help="A global parameter that has another value here than in the folder.", show_default=False
        ),
    ] = None,
) -> Any:
    """Loads a folder into a factory, which is made when there is none. What does not load is listed, and the exit code is 1."""
    if not folder.is_dir():
        raise faults.Failure(f"There is no folder {folder}.")
    targets = factory_import.targets(map_) if map_ is not None else {}
    repository = repositories.read(folder)
    if repository is None:
        raise faults.Failure(f"There is no factory in {folder}.", "folders such as pipeline/ and dataset/ with JSON files in them were looked for")
    factory_import.set_globals(repository, globals_ or [])
    factory = name or repository.name or repository.root.resolve().name
    if not any(not one.collection for one in repository.documents):
        ask(here, "PUT", address(here, factory), {"location": "local"})
    loaded, troubles = factory_import.load(here, factory, repository)
    if map_ is not None:
        troubles += factory_import.map_(here, factory, targets, map_)
    manner.note(f"{len(loaded)} of {len(repository.documents) + len(repository.troubles)} files are loaded into the factory {factory}")
    started = [one.name for one in loaded if one.collection == "triggers" and one.body["properties"].get("runtimeState") == "Started"]
    if started:
        manner.note(f"triggers are loaded stopped; these were started: {', '.join(started)}")
    shown = [{"file": str(one.file), "path": one.path, "reason": one.reason} for one in troubles]
    return commands.Result(shown, faults.FAILED if shown else 0)


@commands.command(app, "export")
def export(here: Here, folder: Annotated[Path, typer.Argument(help="The folder to write to.")], name: Factory = None) -> Any:
    """Writes a factory as Git integration saves it. Secrets are not in it."""
    factory = _one(here, name)
    body = ask(here, "GET", address(here, factory))
    given = {key: value for key, value in body["properties"].items() if key not in ("provisioningState", "createTime", "version")}
    files = [repositories.write(folder, "", factory, {"name": factory, "location": body.get("location"), "properties": given})]
    for collection in repositories.WRITTEN:
        for one in everything(here, f"{address(here, factory)}/{collection}"):
            files.append(repositories.write(folder, collection, one["name"], {key: one[key] for key in ("name", "properties", "type") if key in one}))
    manner.note(f"{len(files)} files are written to {folder}")
    return [str(one) for one in files]


@commands.command(app, "map", _TROUBLES)
def map_(
    here: Here, file: Annotated[Path, typer.Argument(help="A YAML file: linkedServices: {Lake: {folder: ./data}}.")], name: Factory = None
) -> Any:
    """Says what linked services are here."""
    troubles = factory_import.map_(here, _one(here, name), factory_import.targets(file), file)
    shown = [{"file": str(one.file), "path": one.path, "reason": one.reason} for one in troubles]
    return commands.Result(shown, faults.FAILED if shown else 0)


@commands.command(app, "list", _COLUMNS)
def list_(here: Here) -> Any:
    """The factories of the resource group."""
    return everything(here, address(here))


@commands.command(app, "show", _COLUMNS)
def show(here: Here, name: Factory = None) -> Any:
    """One factory."""
    return ask(here, "GET", address(here, _one(here, name)))


@commands.command(app, "pipelines", _PIPELINES)
def pipelines(here: Here, name: Factory = None) -> Any:
    """The pipelines of a factory."""
    found = everything(here, f"{address(here, _one(here, name))}/pipelines")
    return [
        {
            "name": one["name"],
            "activities": len(one["properties"].get("activities") or []),
            "parameters": ", ".join(one["properties"].get("parameters") or {}),
        }
        for one in found
    ]


@commands.command(app, "run", _RUNS)
def run(
    here: Here,
    pipeline: Annotated[str, typer.Argument(help="The pipeline.")],
    parameters: Parameters = None,
    name: Factory = None,
    watch: Annotated[bool, typer.Option("--watch", help="Show its activities until it is over; the exit code then tells success.")] = False,
    speed: Annotated[
        bool, typer.Option("--speed", help="Run it in this process on a clock that jumps: waits take no time, and work outside needs --mocks.")
    ] = False,
    mocks: Annotated[
        Path | None,
        typer.Option("--mocks", help="With --speed: a YAML file, {activity: output}; what fails says {error: {code, message}}.", show_default=False),
    ] = None,
) -> Any:
    """Runs a pipeline."""
    factory = _one(here, name)
    given = commands.assigned(parameters)
    if speed:
        from azurine.cli import speeding

        return speeding.run(here, factory, pipeline, given, mocks)
    if mocks is not None:
        raise faults.Failure("--mocks goes with --speed.", code=faults.USAGE)
    made = ask(here, "POST", f"{address(here, factory)}/pipelines/{factory_import.asking_name(pipeline)}/createRun", given)
    if watch:
        follower = factory_runs.Follower(lambda method, path, body: ask(here, method, f"{address(here, factory)}/{path}", body), made["runId"])
        with progress.screen() as screen:
            for sight in follower.looks():
                screen.show(sight)
    over = ask(here, "GET", f"{address(here, factory)}/pipelineruns/{made['runId']}")
    return commands.Result(over, faults.FAILED if watch and over["status"] != "Succeeded" else 0)


@commands.command(app, "runs", _RUNS)
def runs(
    here: Here,
    name: Factory = None,
    pipeline: Annotated[str | None, typer.Option("--pipeline", help="Of this pipeline.", show_default=False)] = None,
) -> Any:
    """The pipeline runs of a factory, newest first."""
    body: dict[str, Any] = {"lastUpdatedAfter": "2000-01-01T00:00:00Z", "lastUpdatedBefore": "2999-01-01T00:00:00Z"}
    body["orderBy"] = [{"orderBy": "RunStart", "order": "DESC"}]
    if pipeline is not None:
        body["filters"] = [{"operand": "PipelineName", "operator": "Equals", "values": [pipeline]}]
    return ask(here, "POST", f"{address(here, _one(here, name))}/queryPipelineRuns", body)["value"]


@commands.command(app, "cancel")
def cancel(here: Here, run: Annotated[str, typer.Argument(help="The run's id.")], name: Factory = None) -> Any:
    """Cancels a pipeline run, and those that it has begun."""
    where = f"{address(here, _one(here, name))}/pipelineruns/{run}/cancel"
    here.connection.http.request("POST", where, params={**factory_import.VERSION, "isRecursive": "true"}).raise_for_status()


def _one(here: Here, name: str | None) -> str:
    """The factory that is meant. Raises faults.Failure when that is not clear."""
    if name:
        return name
    found = [str(one["name"]) for one in everything(here, address(here))]
    if len(found) == 1:
        return found[0]
    if not found:
        raise faults.Failure("There is no factory yet.", advice="azurine factory import FOLDER", code=faults.MISSING)
    raise faults.Failure("Which factory?", f"there are: {', '.join(found)}", advice="the same command with --name NAME", code=faults.USAGE)
