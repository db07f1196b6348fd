"""Reuse: a deterministic step whose program, literals and data references are those of an earlier one is not run again.

What counts: the command, the code's content, the environment, the literals, the addresses and asset ids of the data, the settings
of the outputs. What does not: the compute, names, and the content behind an address. Only steps of pipelines are reused, and only
as long as the job that made the result is there. The earlier result is found under its fingerprint, a resource of the kind
`workspaces/results`.

https://learn.microsoft.com/azure/machine-learning/how-to-debug-pipeline-reuse-issues
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from azurine.ml.reading import Reader
from azurine.model import ids
from azurine.model.decisions import Create, Decision, Effect, Perform, Update
from azurine.model.kinds import Admission, Kind, Look, References
from azurine.model.resources import Json, Resource
from azurine.model.states import State

RESULTS = "workspaces/results"
_COUNTED = ("command", "environment", "inputs", "variables", "distribution", "instances", "parallel", "model")
_OF_SOME = ("parallel", "model")
"""Not every step has these; a plan without them keeps the fingerprint it always had."""


def fingerprint(plan: Mapping[str, Any]) -> str:
    """64 hexadecimal digits that are the same when a step of this plan must give the same result."""
    counted: dict[str, Any] = {name: plan.get(name) for name in _COUNTED if name in plan or name not in _OF_SOME}
    counted["code"] = plan.get("code_hash") or plan.get("code")
    counted["outputs"] = {name: {key: value for key, value in output.items() if key != "uri"} for name, output in plan["outputs"].items()}
    return hashlib.sha256(json.dumps(counted, sort_keys=True).encode()).hexdigest()


def earlier(look: Look) -> Resource | None:
    """The job whose result may stand for this one's; None when there is none, or the job must be run."""
    job = look.resource
    return None if job.status.get("attempt") else found(job.spec["plan"], job.id, look.references)


def found(plan: Json, job: str, references: References) -> Resource | None:
    """The job whose result may stand for that of a job with this plan. job: its own id."""
    if not (plan.get("deterministic") and plan.get("reuse")):
        return None
    known = references.get(_place(plan))
    if known is None:
        return None
    one = references.get(ids.child(plan["workspace"], "jobs", known.spec["job"]))
    if one is None or one.id == job or one.deleting or one.status.get("state") != State.SUCCEEDED:
        return None
    return one


def take_over(look: Look, before: Resource) -> Decision:
    """This job is done: its outputs are the earlier job's, and so are its metrics (copied by a performer first)."""
    job = look.resource
    key = f"{job.id}#{job.created_at:.6f}#reuse"
    outcome = look.outcome(key)
    if outcome is None or outcome["state"] in (State.PENDING, State.RUNNING):
        copy = Perform(key, "tracking.copy", {"from": before.name, "to": job.name, "workspace": job.spec["plan"]["workspace"]})
        return Decision({**job.status, "state": State.PENDING}, (copy,))
    moments = {"started": look.now, "ended": look.now, "seen": {"started": look.now, "ended": look.now}}
    outputs = before.status.get("outputs", {})
    return Decision({**job.status, **moments, "state": State.SUCCEEDED, "reused": before.name, "outputs": outputs}, settled=True)


def remember(look: Look) -> tuple[Effect, ...]:
    """Keeps a fresh result under its fingerprint, or puts it in the place of one whose job is gone or is not to be reused."""
    job = look.resource
    plan = job.spec["plan"]
    if not (job.owner and plan.get("deterministic")) or not fused_whole(plan):
        return ()
    known = look.references.get(_place(plan))
    if known is None:
        return (Create(_place(plan), RESULTS, {"job": job.name}, owned=False),)
    before = look.references.get(ids.child(plan["workspace"], "jobs", known.spec["job"]))
    if before is None or before.deleting or not plan.get("reuse"):
        return (Update(known.id, {"job": job.name}),)
    return ()


def fused_whole(plan: Json) -> bool:
    """Are all outputs in folders? Those that were only handed on within a group of nodes are not, and nobody could find them again."""
    return "fused" not in plan or set(plan["outputs"]) <= set(plan["fused"]["wanted"])


def _place(plan: Json) -> str:
    return ids.child(plan["workspace"], "results", plan["fingerprint"])


def _admit(request: Admission) -> Json:
    return {"job": Reader(request.body).text("job")}


def _show(result: Resource) -> Json:
    return {"properties": {"job": result.spec["job"]}}


KIND = Kind(name=RESULTS, admit=_admit, show=_show)
