"""Runs of triggers: what became of one due time, one event, one window. Shown as Data Factory's TriggerRun.

A run whose pipelines have been begun has succeeded; whatever keeps one of them from beginning is its message. The run of a window goes on
until its pipeline has ended (`window_runs`). To run again is a wish: each time is another attempt, with pipeline runs of its own.

https://learn.microsoft.com/rest/api/datafactory/trigger-runs
"""

from typing import Any

from azurine.expressions.factory import ExpressionError
from azurine.factory import kinds
from azurine.factory.triggers import firing, window_runs
from azurine.model import clock, ids, states
from azurine.model.decisions import Create, Decision
from azurine.model.errors import Conflict
from azurine.model.kinds import Admission, Kind, Look
from azurine.model.resources import Json, Resource
from azurine.model.states import State

WORDS = {State.RUNNING: "Inprogress", State.SUCCEEDED: "Succeeded", State.FAILED: "Failed", State.CANCELLED: "Cancelled"}


def admit(admission: Admission) -> Json:
    """body: {"trigger", "type", "started", "at": when it was due, "event": what happened, "window": [begin, end], "number", "pipelines"}."""
    return dict(admission.body)


def decide(look: Look) -> Decision:
    return window_runs.decide(look) if "window" in look.resource.spec else _fired(look)


def again(run: Resource, body: Json) -> Json:
    """The wish to run again. Raises errors.Conflict for one that has not ended."""
    if not states.is_final(firing.state(run)):
        raise Conflict(f"The trigger run '{run.name}' has not ended yet.", code="TriggerRunNotEnded")
    return {**run.spec, "attempt": firing.attempt(run) + 1}


def cancel(run: Resource, body: Json) -> Json:
    """The wish to cancel. Raises errors.Conflict for one that has ended."""
    if states.is_final(firing.state(run)):
        raise Conflict(f"The trigger run '{run.name}' is {word(run)} and cannot be cancelled any more.", code="TriggerRunNotCancellable")
    return {**run.spec, "cancel": firing.attempt(run)}


def word(run: Resource) -> str:
    current = State(firing.state(run))
    return WORDS.get(current) or str(run.status.get("why") or "Waiting")


def show(run: Resource) -> Json:
    spec, status = run.spec, run.status
    told = {"TriggerTime": clock.iso(float(spec["started"]))}
    if spec.get("at") is not None:
        told["ScheduleTime"] = clock.iso(float(spec["at"]))
    told |= {name: value for name, value in firing.trigger(spec)["outputs"].items() if isinstance(value, str)}
    return {
        "triggerRunId": run.name,
        "triggerName": spec["trigger"],
        "triggerType": spec["type"],
        "triggerRunTimestamp": told["TriggerTime"],
        "status": word(run),
        "message": status.get("message", ""),
        "properties": told,
        "triggeredPipelines": dict(status.get("pipelines") or {}),
        "runDimension": {},
        "dependencyStatus": dict(status.get("dependencies") or {}),
    }


def _fired(look: Look) -> Decision:
    run = look.resource
    number = firing.attempt(run)
    outcomes = run.status.get("outcomes", {})
    refused = [one for one in outcomes.values() if one.get("error")] if run.status.get("attempt") == number else []
    if states.is_final(firing.state(run)) and not refused:
        return Decision(run.status, settled=True)
    try:
        wanted = firing.creates(run, run.spec["pipelines"], str(number))
    except ExpressionError as error:
        return _ended(number, State.FAILED, f"{error.path}: {error.message}")
    if refused:
        begun = [one for one in wanted if f"create:{one.id}" not in outcomes]
        return _ended(number, State.FAILED, str(refused[0]["error"].get("message")), begun, taken=frozenset(outcomes))
    return _ended(number, State.SUCCEEDED, "", wanted)


def _ended(number: int, state: State, message: str, begun: list[Create] | None = None, taken: frozenset[str] = frozenset()) -> Decision:
    pipelines: dict[str, Any] = {str(one.body["pipeline"]): ids.name(one.id) for one in begun or ()}
    effects = tuple(begun or ()) if state == State.SUCCEEDED else ()
    return Decision({"attempt": number, "state": state, "message": message, "pipelines": pipelines}, effects, settled=True, taken=taken)


KIND = Kind(
    kinds.TRIGGER_RUNS,
    admit,
    show,
    decide,
    wishes={"rerun": again, "cancel": cancel},
    provider=kinds.PROVIDER,
    without_operations=True,
    leaves_at_once=True,
    door="read",
)
