"""Schedules: a job is submitted at the times of a recurrence or of a cron expression, for as long as the schedule is enabled. The job is the one that
the schedule holds, or that of its model monitor (`model_monitors`), which has a run of its own below the schedule (`monitor_runs`).

The first time is the first one after the schedule was written; what was due while the server was away is made up for: all of the last day,
and in any case the last time. A job's name is the schedule's with the time, so none is submitted twice. What the schedule would submit is
checked when it is written; a job that is refused at its time is told in the schedule's `lastError`. Schedules of data imports are not here.

https://learn.microsoft.com/azure/machine-learning/how-to-schedule-pipeline-job
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from azurine.expressions.dates import zones
from azurine.ml import assets, jobs, monitor_runs, names, pipelines
from azurine.ml.model_monitors import answers, defaults, definitions, firing
from azurine.ml.reading import Reader, clipped
from azurine.model import errors, ids
from azurine.model.decisions import Create, Decision
from azurine.model.kinds import Admission, Kind, Look, References
from azurine.model.resources import Json, Resource
from azurine.recurrence import crons, reading, rules
from azurine.recurrence.crons import Cron, NoCron
from azurine.recurrence.rules import Rule

NAME = "workspaces/schedules"
RUNS = f"{NAME}/runs"
HORIZON = 86_400.0
"""Seconds back to which missed times are made up for."""
JOB, MONITOR = "CreateJob", "CreateMonitor"
_LONGEST = 200
_PRACTICE = "practice"


def admit(request: Admission) -> Json:
    names.check(ids.name(request.id), names.JOB)
    body, properties = assets.begin(request)
    properties.text("displayName")
    properties.flag("isEnabled", True)
    _times(properties.mapping("trigger", required=True), request.now)
    action = properties.mapping("action", required=True)
    sort = action.choice("actionType", (JOB, MONITOR), required=True)
    if sort == JOB:
        _practised(request, action)
    filled = _practised_monitor(request, properties, action) if sort == MONITOR else action.value
    if len(ids.name(request.id)) > _LONGEST:
        body.fault("name", f"the name of a schedule has at most {_LONGEST} characters: its jobs are named after it", "InvalidName")
    body.finish()
    kept = assets.keep(request, {"isEnabled": True})
    return {**kept, "properties": {**kept["properties"], "action": filled}}


def decide(look: Look) -> Decision:
    schedule = look.resource
    properties, since = schedule.spec["properties"], schedule.updated_at
    times = _times(Reader(properties["trigger"], "properties.trigger"), since)
    told = {"lastError": _refused(schedule)} if _refused(schedule) else {}
    taken = frozenset(schedule.status.get("outcomes", {}))
    if times is None or schedule.deleting or properties.get("isEnabled") is False:
        return Decision({**told, "since": since, "due": None}, settled=True, taken=taken)
    due: float | None = schedule.status.get("due") if schedule.status.get("since") == since else times.after(since)
    effects: list[Create] = []
    if due is not None:
        for at in rules.missed(times, due, look.now, HORIZON):
            effects += submitted(schedule, at, look.references)
            due = times.after(at)
    # A refusal of this look is taken in by the next.
    return Decision({**told, "since": since, "due": due}, tuple(effects), wake_at=due, settled=due is None, taken=taken)


def submitted(schedule: Resource, at: float, known: References) -> tuple[Create, ...]:
    """The job of one time, last; before it the run that looks after it, for a monitor."""
    workspace = ids.up_to(schedule.id, ids.WORKSPACES)
    name = f"{schedule.name}-{datetime.fromtimestamp(at, UTC):%Y%m%d%H%M%S}"
    action, job = schedule.spec["properties"]["action"], ids.child(workspace, "jobs", name)
    if action["actionType"] == JOB:
        return (Create(job, jobs.NAME, {"properties": _definition(action["jobDefinition"], workspace, known)}, owned=False),)
    run = firing.run(schedule.name, name, schedule.spec["properties"], at)
    return Create(ids.child(schedule.id, "runs", name), RUNS, run, owned=False), Create(job, jobs.NAME, {"properties": run["job"]}, owned=False)


def show(schedule: Resource) -> Json:
    shown = dict(assets.show(schedule)["properties"])
    if shown["action"]["actionType"] == MONITOR:
        shown["action"] = {**shown["action"], "monitorDefinition": answers.shown(shown["action"]["monitorDefinition"])}
    problem = schedule.status.get("lastError") or _refused(schedule)
    return {"properties": {**shown, **({"lastError": problem} if problem else {}), "provisioningState": "Succeeded"}}


def _times(trigger: Reader, begin: float) -> Rule | Cron | None:
    """None: something was noted."""
    word = trigger.choice("triggerType", ("Recurrence", "Cron"), required=True)
    if word == "Recurrence":
        return reading.rule(_plain(trigger.value), trigger.path, _zone, lambda path, message: _note(trigger, path, message), begin)
    if word != "Cron":
        return None
    zone = _zone(str(trigger.value.get("timeZone") or "UTC"))
    if zone is None:
        trigger.fault("timeZone", f"there is no time zone {clipped(trigger.value['timeZone'])}; 'UTC' is one, 'W. Europe Standard Time' another")
        return None
    start, end = (_moment(trigger, key, zone) for key in ("startTime", "endTime"))
    try:
        return crons.read(trigger.text("expression", required=True), zone, start, end)
    except NoCron as problem:
        trigger.fault("expression", str(problem))
        return None


def _plain(trigger: Mapping[str, Any]) -> dict[str, Any]:
    """Without the slots that clients send empty."""
    schedule = trigger.get("schedule")
    slots = {key: value for key, value in schedule.items() if value not in (None, [])} if isinstance(schedule, Mapping) else schedule
    return {**trigger, "schedule": slots or None}


def _note(trigger: Reader, path: str, message: str) -> None:
    trigger.fault(path.removeprefix(f"{trigger.path}."), message)


def _moment(trigger: Reader, key: str, zone: ZoneInfo) -> float | None:
    text = trigger.text(key)
    found = reading.moment(text, zone) if text else None
    if text and found is None:
        trigger.fault(key, f"{key} must be a time such as 2024-01-31T08:00:00, not {clipped(text)}")
    return found


def _zone(name: str) -> ZoneInfo | None:
    try:
        return zones.find(name)
    except zones.Unknown:
        return None


def _practised(request: Admission, action: Reader) -> None:
    """Notes what is wrong with the job that would be submitted."""
    workspace = ids.up_to(request.id, ids.WORKSPACES)
    definition = action.mapping("jobDefinition", required=True)
    if not definition.value:
        return
    try:
        _tried(request, _definition(definition.value, workspace, request.references), definition)
    except errors.AzurineError as error:
        _told(error, definition)


def _tried(request: Admission, job: Json, definition: Reader) -> None:
    workspace = ids.up_to(request.id, ids.WORKSPACES)
    try:
        jobs.admit(Admission(ids.child(workspace, "jobs", _PRACTICE), {"properties": job}, request.references, None, request.now, request.by))
    except errors.AzurineError as error:
        _told(error, definition)


def _told(error: errors.AzurineError, definition: Reader) -> None:
    for one in error.details or [errors.Detail(error.code, error.message, error.path)]:
        definition.fault(one.path.removeprefix("properties").removeprefix("."), one.message, one.code)


def _practised_monitor(request: Admission, properties: Reader, action: Reader) -> Json:
    """The action, with signals. Notes what is wrong with the monitor, and with the data that a run of it would be given."""
    firing.check_alerts(properties)
    definition, trigger = action.mapping("monitorDefinition", required=True), properties.mapping("trigger").value
    if not definition.value:
        return action.value
    period = definitions.period(trigger)
    filled = {
        **action.value,
        "monitorDefinition": defaults.filled(definition, period, ids.up_to(request.id, ids.WORKSPACES), request.references),
    }
    definitions.read(Reader(filled["monitorDefinition"], definition.path, definition.faults), datetime.fromtimestamp(request.now, UTC), period)
    if not definition.faults:
        run = firing.run(ids.name(request.id), _PRACTICE, {"action": filled, "trigger": trigger}, request.now)
        _tried(request, run["job"], definition)
    return filled


def _definition(given: Json, workspace: str, known: References) -> Json:
    """The job's properties; of one that only names another job, that job's. Raises errors.Invalid when there is none."""
    source = given.get("sourceJobId")
    if given.get("jobs") or not source:
        return {key: value for key, value in given.items() if key != "sourceJobId"}
    found = known.get(ids.child(workspace, "jobs", str(source).rpartition("/")[2].rpartition(":")[2]))
    if found is None or found.spec.get("plan", {}).get("type") != "pipeline":
        raise errors.Invalid(
            f"there is no run of a pipeline {clipped(source)} in the workspace", code="ResourceNotFound", path="properties.sourceJobId"
        )
    said = {key: value for key, value in given.items() if value not in (None, "", {}, []) and key not in ("sourceJobId", "isArchived")}
    return {**pipelines.of_run(found), **said}


def _refused(schedule: Resource) -> str:
    """Why the last job that was refused was refused; what was told before, when none was since."""
    for outcome in reversed(list(schedule.status.get("outcomes", {}).values())):
        if outcome.get("error"):
            return str(outcome["error"].get("message"))
    return str(schedule.status.get("lastError") or "")


KIND = Kind(name=NAME, admit=admit, show=show, decide=decide, leaves_at_once=True)
KINDS = (KIND, monitor_runs.kind(NAME))
