"""How a command job goes: what each look at it decides.

    an earlier result may stand for it (`reuse`) ──▶ its outputs are the earlier job's ──▶ succeeded
    its environment is made ready ──▶ an attempt ──▶ succeeded ──▶ its named outputs are registered ──▶ final
                                         │  node lost: the next attempt, `MOST_ATTEMPTS` in all
                                         └──▶ failed, or cancelled by its limit of time or by a user

A step that fails by itself is not tried again. A job that runs together with others of its pipeline (`fusion`) wishes for "graph" instead of
"step": who performs that waits for all of them. It is skipped when one fails that it needs.

Nothing is done here: what should be done is wished for.
"""

from collections.abc import Mapping
from typing import Any

from azurine.ml import computes
from azurine.ml.jobs import outputs, parts, reuse
from azurine.model import ids
from azurine.model.decisions import Cease, Decision, Perform
from azurine.model.errors import Invalid
from azurine.model.kinds import Look
from azurine.model.resources import Json, Resource
from azurine.model.states import State

MOST_ATTEMPTS = 4
ORDERED = ("command", "code", "inputs", "outputs", "variables", "timeout", "distribution", "instances", "compute", "workspace", "experiment", "root")
"""What of the plan the guest is told."""


def decide(look: Look) -> Decision:
    job = look.resource
    if job.spec.get("cancel") or job.deleting:
        return _cancelled(look)
    earlier = reuse.earlier(look) if "fused" not in job.spec["plan"] else None
    if earlier is not None:
        return reuse.take_over(look, earlier)
    python = environment(look)
    return python if isinstance(python, Decision) else _attempted(look, python)


def step_key(job: Resource, attempt: int) -> str:
    """Names one attempt for ever; a job that was deleted and made again under its name is another job."""
    return f"{job.id}#{job.created_at:.6f}#run#{attempt}"


def environment_key(job: Resource) -> str:
    return f"{job.id}#{job.created_at:.6f}#environment"


def environment(look: Look) -> Decision | str:
    """The interpreter of the job's environment ("": the server's own); until it is ready, or when it cannot be made, what to do."""
    job = look.resource
    definition = job.spec["plan"]["environment"]
    if definition.get("host"):
        return ""
    outcome = look.outcome(environment_key(job))
    if outcome is not None and outcome["state"] == State.SUCCEEDED:
        return str(outcome["output"]["python"])
    if outcome is not None and outcome["state"] == State.FAILED:
        return failed(look, job.status, outcome.get("error") or {})
    arguments = {"definition": definition, "run": job.name, "workspace": job.spec["plan"]["workspace"]}
    return Decision({**job.status, "state": State.PENDING, "phase": "preparing"}, (Perform(environment_key(job), "environment", arguments),))


def _attempted(look: Look, python: str) -> Decision:
    job = look.resource
    attempt = int(job.status.get("attempt", 1))
    outcome = look.outcome(step_key(job, attempt))
    if outcome is not None and outcome["state"] == State.FAILED and outcome["output"].get("lost") and attempt < MOST_ATTEMPTS:
        attempt += 1
        outcome = look.outcome(step_key(job, attempt))
    if outcome is None:
        why_not = "" if attempt == job.status.get("attempt") else gone(look)
        if why_not:
            return failed(look, job.status, {"code": "ComputeNotFound", "message": why_not})
        status = {**job.status, "state": State.PENDING, "phase": "provisioning" if python else "queued", "attempt": attempt}
        return Decision(status, (_wish(job, attempt, python),))
    return _followed(look, attempt, outcome, python)


def gone(look: Look) -> str:
    """Why the compute takes no step any more; "" when it does."""
    compute = str(look.resource.spec["plan"]["compute"])
    if compute == parts.HERE:
        return ""
    found = look.references.get(compute)
    if found is None:
        return f"the compute {ids.name(compute)!r} was deleted before the job could start on it"
    return "" if computes.started(found) else f"the compute {found.name!r} was stopped before the job could start on it"


def _wish(job: Resource, attempt: int, python: str) -> Perform:
    plan = job.spec["plan"]
    arguments = {**{name: plan.get(name) for name in ORDERED}, "python": python, "run": job.name}
    if "fused" in plan:
        arguments |= {"fused": plan["fused"], "node": job.spec["node"], "pipeline": job.owner, "attempt": attempt}
    return Perform(step_key(job, attempt), _work(job), arguments)


def _work(job: Resource) -> str:
    return "graph" if "fused" in job.spec["plan"] else "step"


def _followed(look: Look, attempt: int, outcome: Json, python: str) -> Decision:
    """The attempt is under way or over."""
    job = look.resource
    told = outcome["output"]
    status: dict[str, Any] = {**job.status, "attempt": attempt}
    match outcome["state"]:
        case State.PENDING:
            waiting = "provisioning" if python else "queued"
            return Decision({**status, "state": State.PENDING, "phase": waiting}, (_wish(job, attempt, python),))
        case State.RUNNING:
            phase = str(told.get("phase") or "running")
            if phase == "preparing":
                # Bringing the data and the code: Preparing, unless that word was for the environment already.
                return Decision({**status, "state": State.PENDING, "phase": "starting" if python else phase}, (_wish(job, attempt, python),))
            return Decision({**running(look, status, told), "phase": phase}, (_wish(job, attempt, python),))
        case State.SUCCEEDED:
            return succeeded(look, running(look, status, told), told)
        case State.CANCELLED:
            problem = outcome.get("error")
            return Decision(ended(look, status | ({"error": problem} if problem else {}), State.CANCELLED, told.get("ended")), settled=True)
        case State.SKIPPED:
            return Decision(ended(look, {**job.status, "error": outcome.get("error")}, State.SKIPPED), settled=True)
        case _:
            return failed(look, running(look, status, told), outcome.get("error") or {}, told.get("ended"))


def running(look: Look, status: Mapping[str, Any], told: Json) -> dict[str, Any]:
    """The status of a job whose command has begun. started: when; seen: since when that is known, the order in which the journal tells."""
    if status.get("started"):
        return {**status, "state": State.RUNNING}
    phases, end = told.get("phases") or {}, told.get("ended")
    started = float(end) - float(phases.get("run_s", 0)) - float(phases.get("finalize_s", 0)) if end and phases else look.now
    return {**status, "state": State.RUNNING, "started": started, "seen": {"started": look.now}}


def succeeded(look: Look, status: Mapping[str, Any], told: Json) -> Decision:
    """The work is done: named outputs become assets, and when they stand the result is kept for reuse and the job is final."""
    job = look.resource
    planned = job.spec["plan"]["outputs"]
    try:
        values = outputs.spoken(planned, told.get("values") or {})
    except Invalid as wrong:
        return failed(look, status, {"code": wrong.code, "message": f"{wrong.path}: {wrong.message}"})
    registered = outputs.register(job, planned, look)
    if registered.problem is not None:
        return failed(look, status, registered.problem)
    if registered.waiting:
        return Decision({**status, "state": State.RUNNING, "phase": "finalizing"}, registered.effects, wake_at=look.now)
    final = ended(look, {**status, "outputs": outputs.results(planned, registered.assets, values)}, State.SUCCEEDED, told.get("ended"))
    return Decision(final, reuse.remember(look), settled=True)


def failed(look: Look, status: Mapping[str, Any], error: Json, at: float | None = None) -> Decision:
    problem = {"code": error.get("code") or "UserError", "message": error.get("message") or "the job failed"}
    return Decision(ended(look, {**status, "error": problem}, State.FAILED, at), settled=True)


def ended(look: Look, status: Mapping[str, Any], state: State, at: float | None = None) -> dict[str, Any]:
    """The final status. at: when it really ended; known since `look.now`."""
    final = {**status, "state": state, "ended": at or look.now, "seen": {**status.get("seen", {}), "ended": look.now}}
    final.pop("phase", None)
    return final


def _cancelled(look: Look) -> Decision:
    """Cancel is a wish: the work is told to end, and the job is cancelled when it has ended."""
    job = look.resource
    final = ended(look, job.status, State.CANCELLED)
    if job.status.get("attempt"):
        key = step_key(job, int(job.status["attempt"]))
        outcome = look.outcome(key)
        if outcome is None or outcome["state"] in (State.PENDING, State.RUNNING):
            # Who performs a graph finds it by the wish, also after a restart.
            wish = (_wish(job, int(job.status["attempt"]), ""),) if "fused" in job.spec["plan"] else ()
            return Decision(job.status, (*wish, Cease(key, _work(job))))
        if outcome["state"] == State.SUCCEEDED:
            return succeeded(look, running(look, job.status, outcome["output"]), outcome["output"])
    elif job.status.get("phase") == "preparing":
        return Decision(final, (Cease(environment_key(job), "environment"),), settled=True)
    return Decision(final, settled=True)
