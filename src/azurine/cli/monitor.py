"""`azurine monitor …`: create, list, show, run, backfill, enable, disable, results, report, delete; and the alerts (`monitor_alerts`)."""

import sys
import threading
import webbrowser
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from azurine.cli import asking, commands, faults, job, manner, monitor_alerts, monitor_files
from azurine.cli.commands import File, Here, Name, NoWait, Sets, SomeName, Yes
from azurine.cli.printing import Column

app = commands.noun("Monitors of drift, and their alerts.")

_COLUMNS = (
    Column("name", "name"),
    Column("baseline", "baseline"),
    Column("target", "target"),
    Column("frequency", "frequency"),
    Column("threshold", "drift_threshold"),
    Column("state", "state"),
    Column("last run", "last_run"),
    Column("error", "last_error"),
)
_WINDOWS = (
    Column("from", "start"),
    Column("to", "end"),
    Column("rows", "rows"),
    Column("drift", "drift"),
    Column("over", "has_drift"),
    Column("worst features", "worst"),
    Column("run", "run"),
)
_FEATURES = (
    Column("from", "start"),
    Column("feature", "feature"),
    Column("contribution", "contribution"),
    Column("measure", "measure"),
    Column("distance", "distance"),
    Column("measure", "other_measure"),
    Column("distance", "other_distance"),
)
_MONITORS = "datasetMonitors"
WORST = 3
LOOKS, PAUSE = 300, 0.1
Features = Annotated[list[str] | None, typer.Option("--feature", help="Only this feature; may be repeated.", show_default=False)]
Threshold = Annotated[float | None, typer.Option("--drift-threshold", help="Instead of the monitor's, from 0 to 1.", show_default=False)]
Compute = Annotated[str | None, typer.Option("--compute", help="Instead of the monitor's compute.", show_default=False)]
SomeRun = Annotated[str | None, typer.Option("--run", help="Of this run only.", show_default=False)]
Date = Annotated[str | None, typer.Option(metavar="DATE", help="Such as 2026-03-01.", show_default=False)]


@commands.command(app, "create", _COLUMNS)
def create(here: Here, file: File, name: SomeName = None, set_: Sets = None) -> Any:
    """Makes a monitor from a YAML file, or changes it."""
    said = monitor_files.read(here, file, commands.overrides(set_, name=name))
    try:
        return _shown(asking.arm(here, "PUT", _path(said.name), {"properties": said.properties}))
    except faults.Failure as failure:
        raise monitor_files.placed(failure, file) from failure


@commands.command(app, "list", _COLUMNS)
def list_(here: Here) -> Any:
    """The monitors, newest first."""
    return [_shown(one) for one in asking.pages(here, _MONITORS)]


@commands.command(app, "show", _COLUMNS)
def show(here: Here, name: Name) -> Any:
    """One monitor."""
    return _shown(asking.arm(here, "GET", _path(name)))


@commands.command(app, "run", _WINDOWS)
def run(
    here: Here,
    name: Name,
    target_date: Annotated[str, typer.Option("--target-date", metavar="DATE", help="A date in the period to look at.", show_default=False)],
    feature: Features = None,
    drift_threshold: Threshold = None,
    compute: Compute = None,
    no_wait: NoWait = False,
) -> Any:
    """Looks at the day, week or month of one date. The exit code is the run's result; drift is no failure."""
    return _begun(here, name, "run", _said(feature, drift_threshold, compute, targetDate=target_date), no_wait)


@commands.command(app, "backfill", _WINDOWS)
def backfill(
    here: Here,
    name: Name,
    start: Annotated[str, typer.Option("--start", metavar="DATE", help="A date in the first period.", show_default=False)],
    end: Annotated[str, typer.Option("--end", metavar="DATE", help="A date in the last period.", show_default=False)],
    feature: Features = None,
    drift_threshold: Threshold = None,
    compute: Compute = None,
    no_wait: NoWait = False,
) -> Any:
    """Looks at all periods from the one to the other, both included."""
    return _begun(here, name, "backfill", _said(feature, drift_threshold, compute, startDate=start, endDate=end), no_wait)


@commands.command(app, "enable", _COLUMNS)
def enable(
    here: Here, name: Name, start: Annotated[str | None, typer.Option("--start", metavar="DATE", help="Not before then.", show_default=False)] = None
) -> Any:
    """Lets a monitor run by itself, whenever a period is over."""
    asking.arm(here, "POST", f"{_path(name)}/enable", {"scheduleStart": start} if start else {})
    return show(here, name)


@commands.command(app, "disable", _COLUMNS)
def disable(here: Here, name: Name) -> Any:
    """Keeps a monitor from running by itself."""
    asking.arm(here, "POST", f"{_path(name)}/disable", {})
    return show(here, name)


@commands.command(app, "results", _WINDOWS)
def results(here: Here, name: Name, run: SomeRun = None, start: Date = None, end: Date = None) -> Any:
    """What was found, window by window."""
    return list(_windows(_results(here, name, run, start, end)))


@commands.command(app, "features", _FEATURES)
def features(here: Here, name: Name, run: SomeRun = None, start: Date = None, end: Date = None) -> Any:
    """What was found of each feature, the worst of each window first."""
    found = _results(here, name, run, start, end)
    return [row for one in found["metrics"] for row in _rows(one["metrics"][0])]


@commands.command(app, "report")
def report(
    here: Here,
    name: Name,
    run: SomeRun = None,
    file: Annotated[Path | None, typer.Option("--file", "-f", help="Where to put it; RUN.html unless it is given.", show_default=False)] = None,
    web: Annotated[bool, typer.Option("--web", "-e", help="Open it in a browser.")] = False,
) -> Any:
    """Fetches the report of a run (of the newest one that is complete) as a page that opens anywhere."""
    if run is None:
        done = [one["name"] for one in asking.pages(here, f"{_path(name)}/runs") if one["properties"]["status"] == "Completed"]
        if not done:
            raise faults.Failure(
                f"No run of {name} is complete yet.", advice=f"azurine monitor run -n {name} --target-date DATE", code=faults.MISSING
            )
        run = done[0]
    page = asking.arm(here, "POST", f"{_path(name)}/runs/{quote(run, safe='')}/report", {})["page"]
    target = file or Path(f"{run}.html")
    target.write_text(page, encoding="utf-8")
    manner.note(f"the report of {run} is in {target.resolve()}")
    if web:
        webbrowser.open(target.resolve().as_uri())


@commands.command(app, "delete")
def delete(here: Here, name: Name, yes: Yes = False) -> Any:
    """Deletes a monitor with what its runs have found; their jobs and files stay."""
    show(here, name)
    commands.confirmed(f"Delete the monitor {name}?", yes)
    asking.arm(here, "DELETE", _path(name))


monitor_alerts.register(app)


def _begun(here: Here, name: str, word: str, body: Mapping[str, Any], no_wait: bool) -> Any:
    begun = asking.arm(here, "POST", f"{_path(name)}/{word}", dict(body))
    manner.note(f"run {begun['run']}: {begun['start'][:10]} to {begun['end'][:10]}")
    if no_wait:
        return [{"run": begun["run"], "start": begun["start"][:10], "end": begun["end"][:10]}]
    status = job.follow(here, begun["run"], sys.stderr)
    if job.code(status):
        return commands.Result(None, job.code(status))
    _heard(here, f"{_path(name)}/runs/{quote(begun['run'], safe='')}")
    return list(_windows(_results(here, name, begun["run"], None, None)))


def _heard(here: Here, run: str) -> None:
    """The job is over; in a moment the run has heard of it."""
    waiting = threading.Event()
    for _ in range(LOOKS):
        if asking.arm(here, "GET", run)["properties"]["status"] != "Running":
            return
        waiting.wait(PAUSE)
    raise faults.Failure("The run has not heard of the end of its job yet.", advice="azurine monitor results", code=faults.FAILED)


def _results(here: Here, name: str, run: str | None, start: str | None, end: str | None) -> Mapping[str, Any]:
    body = {key: value for key, value in (("run", run), ("startDate", start), ("endDate", end)) if value is not None}
    found: Mapping[str, Any] = asking.arm(here, "POST", f"{_path(name)}/results", body)
    return found


def _windows(found: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for one in found["windows"]:
        for text in [one["sentence"]] if one["sentence"] else []:
            manner.note(f"{one['start'][:10]}: {text}")
        much = one["driftPercentage"]
        shares = [(each["feature"], each["value"]) for each in one.get("contributions") or []][:WORST]
        yield {
            "start": one["start"][:10],
            "end": one["end"][:10],
            "rows": one["rows"],
            "drift": f"{much:.2f} %" if much is not None else None,
            "drift_percentage": much,
            "has_drift": one["hasDrift"],
            "worst": ", ".join(f"{feature} {100 * share:.0f} %" for feature, share in shares),
            "sentence": one["sentence"],
            "contributions": {each["feature"]: each["value"] for each in one.get("contributions") or []},
            "run": one["run"],
        }


def _rows(found: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for column in found["column_metrics"]:
        for feature, measures in column.items():
            share = next((one["value"] for one in measures if one["name"] == "datadrift_contribution"), None)
            told = [one for one in measures if one["name"] != "datadrift_contribution"]
            row: dict[str, Any] = {
                "start": found["start_date"],
                "feature": feature,
                "contribution": f"{100 * share:.1f} %" if share is not None else None,
            }
            for prefix, one in zip(("", "other_"), told, strict=False):
                row |= {f"{prefix}measure": one["name"], f"{prefix}distance": round(one["value"], 6)}
            yield {**row, "measures": {one["name"]: one["value"] for one in measures}}


def _said(feature: list[str] | None, threshold: float | None, compute: str | None, **dates: str) -> dict[str, Any]:
    said = {"featureList": feature, "driftThreshold": threshold, "compute": compute, **dates}
    return {key: value for key, value in said.items() if value is not None}


def _path(name: str) -> str:
    return f"{_MONITORS}/{quote(name, safe='')}"


def _shown(found: Mapping[str, Any]) -> dict[str, Any]:
    said = found["properties"]
    target = said["target"]
    return {
        "name": found["name"],
        "baseline": said["baseline"] if isinstance(said["baseline"], str) else said["baseline"]["data"],
        "target": target if isinstance(target, str) else target["data"],
        **monitor_files.written(said),
        "last_run": said.get("lastRun"),
        "last_error": said.get("lastError"),
        "created": found["systemData"]["createdAt"],
    }
