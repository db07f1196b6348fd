"""Runs of monitors: a job that compares two tables, what came of it, and an alert for each window that has drifted.

    made (by a user's `run` or `backfill`, or by the monitor itself) ──▶ its job is created and watched ──▶ the job's `summary` is kept here
                                                                                                     └──▶ one alert for each window with a breach

The run has the job's name. What the job measured comes through its output `summary`, a value (`drift.documents.summary`); all else that it found
lies in its output `result`. A run is made by its monitor only; it goes with it, its job stays.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from azurine.ml import jobs
from azurine.ml.alerting import drift_alerts
from azurine.ml.jobs import words
from azurine.model import ids, states
from azurine.model.decisions import Cease, Create, Decision, Effect, Perform, Update
from azurine.model.kinds import Admission, Kind, Look
from azurine.model.resources import Json, Resource
from azurine.model.states import State

WORK = "monitor.run"
"""What a run wishes for: to hear of the end of its job."""
SUMMARY, RESULT = "summary", "result"
ADHOC, BACKFILL, SCHEDULED = "Adhoc", "BackFill", "Scheduled"
_WORDS = {State.SUCCEEDED: "Completed", State.FAILED: "Failed", State.CANCELLED: "Canceled"}


def kind(monitors: str) -> Kind:
    """The kind of the runs of one kind of monitors (its name)."""
    return Kind(name=f"{monitors}/runs", admit=_admit, show=show, decide=decide, door="read")


def job_id(run: Resource) -> str:
    return ids.child(ids.up_to(run.id, ids.WORKSPACES), "jobs", run.name)


def decide(look: Look) -> Decision:
    run, job = look.resource, job_id(look.resource)
    key = f"{run.id}#{run.created_at:.6f}#job"
    if states.is_final(run.status.get("state", "")):
        return Decision(run.status, settled=True)
    outcome = look.outcome(key)
    over = outcome is not None and states.is_final(outcome["state"])
    if run.deleting:
        return Decision(run.status, (), settled=True) if over or not run.status.get("state") else Decision(run.status, (Cease(key, WORK),))
    refused = look.outcome(f"create:{job}")
    if refused is not None:
        return Decision({"state": State.FAILED, "error": refused.get("error"), "ended": look.now}, settled=True)
    if outcome is None or not over:
        wishes = Create(job, jobs.NAME, {"properties": run.spec["job"]}, owned=False), Perform(key, WORK, {"job": job})
        return Decision({"state": State.RUNNING}, wishes)
    return _ended(look, outcome, key)


def told(job: Resource) -> Json:
    """What a run hears of its job that has come to rest."""
    made = (job.status.get("outputs") or {}).get(SUMMARY) or {}
    summary = json.loads(made["value"]) if made.get("value") else {}
    return {"state": job.status["state"], "error": job.status.get("error"), "ended": job.status.get("ended"), "summary": summary}


def show(run: Resource) -> Json:
    spec, status = run.spec, run.status
    summary: Mapping[str, Any] = status.get("summary") or {}
    windows = summary.get("windows") or []
    numbered = [one for one in windows if one.get("driftPercentage") is not None]
    shown = {
        **{name: spec.get(name) for name in ("monitor", "type", "start", "end", "frequency", "threshold")},
        "status": _WORDS.get(status.get("state", ""), "Running"),
        "run": run.name,
        "job": words.address(job_id(run)),
        "experimentName": spec["job"].get("experimentName"),
        "driftPercentage": numbered[-1]["driftPercentage"] if numbered else None,
        "hasDrift": any(one.get("hasDrift") for one in windows) if windows else None,
        "windows": windows,
        "metrics": summary.get("metrics") or {},
        "warnings": [*(summary.get("warnings") or []), *_refusals(run)],
    }
    return {"properties": {**shown, **({"error": status["error"]} if status.get("error") else {})}}


def _ended(look: Look, outcome: Json, key: str) -> Decision:
    """The job has come to rest; what it said is taken in."""
    run, heard = look.resource, outcome["output"]
    if outcome["state"] != State.SUCCEEDED or heard.get("state") != State.SUCCEEDED:
        problem = outcome.get("error") or heard.get("error") or {"code": "JobNotCompleted", "message": f"the job {run.name} did not complete"}
        state = State.CANCELLED if heard.get("state") == State.CANCELLED else State.FAILED
        return Decision({"state": state, "error": problem, "ended": heard.get("ended") or look.now}, settled=True, taken=(key,))
    status = {"state": State.SUCCEEDED, "summary": heard["summary"], "ended": heard.get("ended") or look.now}
    effects: tuple[Effect, ...] = (*alerts(run, heard["summary"].get("windows") or []), *_marked(look, heard["summary"].get("tags") or {}))
    return Decision(status, effects, settled=True, taken=(key,))


def alerts(run: Resource, windows: Sequence[Json]) -> tuple[Create, ...]:
    """One alert for each window that has drifted; named by run and window, so that there is one only, however often this is wished."""
    asked, workspace = run.spec.get("alert") or {}, ids.up_to(run.id, ids.WORKSPACES)
    shared = {
        **{"monitor": ids.parent(run.id), "run": run.name, "threshold": run.spec.get("threshold")},
        **{key: asked[key] for key in ("silence", "reAlert") if asked.get(key)},
        "report": f"azureml://jobs/{run.name}/outputs/{RESULT}/paths/report.html",
        "to": {"emails": asked.get("emailAddresses") or [], "webhooks": asked.get("webhooks") or [], "topic": asked.get("topic")},
    }
    return tuple(drift_alerts.wished(workspace, run.name, str(one["start"]), {**shared, **_found(one)}) for one in windows if _is_breach(one))


def _marked(look: Look, tags: Json) -> tuple[Update, ...]:
    """The job bears what its run is marked with, where clients look for it."""
    job = look.references.get(job_id(look.resource))
    if job is None or not tags:
        return ()
    properties = job.spec["properties"]
    return (Update(job.id, {"properties": {**properties, "tags": {**(properties.get("tags") or {}), **tags}}}),)


def _is_breach(window: Json) -> bool:
    """Of a window of signals, only those count whose alerts are wanted."""
    signals = window.get("signals")
    if signals is None:
        return bool(window.get("hasDrift"))
    return any(one.get("breached") and one.get("alert", True) for one in signals)


def _found(window: Json) -> Json:
    span = {"start": window["start"], "end": window["end"]}
    return {"window": span, "driftPercentage": window.get("driftPercentage"), "breaches": window.get("breaches") or []}


def _refusals(run: Resource) -> list[str]:
    """Alerts that could not be made."""
    refused = [(key, one) for key, one in run.status.get("outcomes", {}).items() if key.startswith("create:") and one.get("error")]
    return [f"{key.rpartition('/')[2]}: {one['error'].get('message')}" for key, one in refused]


def _admit(request: Admission) -> Json:
    return dict(request.body)
