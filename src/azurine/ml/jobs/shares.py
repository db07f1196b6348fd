"""How a job of several instances goes: each takes a share of what is to be done, and what is decided at each look at it.

    environment ready ──▶ a share for each instance ──▶ one says that all is done ──▶ named outputs registered ──▶ succeeded
                              │  node lost: the same share again, `attempts.MOST_ATTEMPTS` in all; what was done stays done
                              └──▶ failed: the others are told to end ──▶ failed

What an instance takes is between the guests (`guest.batch.ledger`). Once all is done, shares that wait for a node are not begun any more.

A parallel job begins with all its instances. A command that may be spread begins with one, which knows how much there is to do and says by the word
`wanted-3` how many there should be (`guest.instances`); its plan says how many there may be.
"""

from collections.abc import Mapping
from typing import Any

from azurine.ml.jobs import attempts, reuse
from azurine.model import states
from azurine.model.decisions import Cease, Decision, Effect, Perform
from azurine.model.kinds import Look
from azurine.model.resources import Json, Resource
from azurine.model.states import State

_ORDERED = (*attempts.ORDERED, "parallel", "model")


def decide(look: Look) -> Decision:
    job = look.resource
    if job.spec.get("cancel") or job.deleting:
        return _cancelled(look)
    earlier = reuse.earlier(look)
    if earlier is not None:
        return reuse.take_over(look, earlier)
    python = attempts.environment(look)
    return python if isinstance(python, Decision) else _shared(look, python)


def key(job: Resource, share: int, attempt: int) -> str:
    return f"{job.id}#{job.created_at:.6f}#share#{share}.{attempt}"


def _shared(look: Look, python: str) -> Decision:
    job = look.resource
    tries = _tries(look)
    begun = job.status.get("tries") is not None
    if tries != job.status.get("tries") and begun and (why_not := attempts.gone(look)):
        return attempts.failed(look, job.status, {"code": "ComputeNotFound", "message": why_not})
    tries += [1] * (_wanted(look, tries) - len(tries))
    outcomes = [look.outcome(key(job, share, attempt)) for share, attempt in enumerate(tries)]
    going = [share for share, outcome in enumerate(outcomes) if outcome is None or not states.is_final(outcome["state"])]
    status: dict[str, Any] = {**job.status, "attempt": 1, "tries": tries}
    final = [outcome for outcome in outcomes if outcome is not None and states.is_final(outcome["state"])]
    done = next((one for one in final if one["output"].get("complete")), None)
    problem = next((one for one in final if one["state"] == State.FAILED), None) if done is None else None
    if done is not None or problem is not None:
        effects = tuple(Cease(key(job, share, tries[share]), "step") for share in going if _may_be_ended(outcomes[share], problem))
        if going:
            return Decision({**attempts.running(look, status, {}), "phase": "finalizing"}, effects)
    if done is not None:
        return attempts.succeeded(look, attempts.running(look, status, done["output"]), done["output"])
    if problem is not None:
        told = problem["output"]
        return attempts.failed(look, attempts.running(look, status, told), problem.get("error") or {}, told.get("ended"))
    if not going:
        return attempts.failed(look, status, {"code": "InternalError", "message": "no instance has finished what was to be done"})
    return _followed(look, status, outcomes, python)


def _followed(look: Look, status: Mapping[str, Any], outcomes: list[Json | None], python: str) -> Decision:
    """Some share waits or runs; as far as the farthest is the job."""
    job = look.resource
    tries: list[int] = status["tries"]
    wishes = tuple(_wish(job, share, tries[share], python) for share, one in enumerate(outcomes) if one is None or not states.is_final(one["state"]))
    phases = [str(one["output"].get("phase") or "running") for one in outcomes if one is not None and one["state"] == State.RUNNING]
    if job.status.get("started") or any(phase != "preparing" for phase in phases):
        return Decision({**attempts.running(look, status, {}), "phase": "running"}, wishes)
    waiting = ("starting" if python else "preparing") if phases else ("provisioning" if python else "queued")
    return Decision({**status, "state": State.PENDING, "phase": waiting}, wishes)


def _tries(look: Look) -> list[int]:
    """Of each share the attempt that counts: a lost one is followed by the next."""
    job = look.resource
    plan = job.spec["plan"]
    tries = list(job.status.get("tries") or [1] * (1 if plan.get("spread") else max(1, int(plan["instances"]))))
    for share, attempt in enumerate(tries):
        outcome = look.outcome(key(job, share, attempt))
        is_lost = outcome is not None and outcome["state"] == State.FAILED and outcome["output"].get("lost")
        if is_lost and attempt < attempts.MOST_ATTEMPTS:
            tries[share] = attempt + 1
    return tries


def _wanted(look: Look, tries: list[int]) -> int:
    """How many instances a command that may be spread has asked for; as many as there are, when it has not, or where there is no place for more."""
    plan = look.resource.spec["plan"]
    told = [look.outcome(key(look.resource, share, attempt)) for share, attempt in enumerate(tries)] if plan.get("spread") else []
    words = [str(one["output"].get("phase") or "") for one in told if one is not None]
    asked = max((int(word.removeprefix("wanted-")) for word in words if word.startswith("wanted-")), default=0)
    return len(tries) if asked <= len(tries) or attempts.gone(look) else min(asked, int(plan["instances"]))


def _may_be_ended(outcome: Json | None, problem: Json | None) -> bool:
    """When all is done, those that run find out by themselves, and may have something to tidy up."""
    return problem is not None or outcome is None or outcome["state"] == State.PENDING


def _wish(job: Resource, share: int, attempt: int, python: str) -> Perform:
    plan = job.spec["plan"]
    told = {"share": share, "attempt": attempt, "of": f"{job.id}#{job.created_at:.6f}"}
    arguments = {**{name: plan.get(name) for name in _ORDERED}, "python": python, "run": job.name, "part": told}
    return Perform(key(job, share, attempt), "step", arguments)


def _cancelled(look: Look) -> Decision:
    """Cancel is a wish: every share is told to end, and the job is cancelled when all have ended."""
    job = look.resource
    final = attempts.ended(look, job.status, State.CANCELLED)
    tries = job.status.get("tries")
    if not tries:
        key_ = attempts.environment_key(job)
        ends: tuple[Effect, ...] = (Cease(key_, "environment"),) if job.status.get("phase") == "preparing" else ()
        return Decision(final, ends, settled=True)
    keys = [key(job, share, attempt) for share, attempt in enumerate(tries)]
    outcomes = [look.outcome(one) for one in keys]
    done = next((one for one in outcomes if one is not None and one["output"].get("complete")), None)
    going = [one for one, outcome in zip(keys, outcomes, strict=True) if outcome is None or not states.is_final(outcome["state"])]
    if going:
        return Decision(job.status, tuple(Cease(one, "step") for one in going))
    if done is not None:
        return attempts.succeeded(look, attempts.running(look, job.status, done["output"]), done["output"])
    return Decision(final, settled=True)
