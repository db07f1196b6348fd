"""Jobs: what a user runs. One kind, four types: `command`, `parallel`, `pipeline`, and runs that only track themselves.

`admit` turns the body into a plan in which every reference is pinned; the body itself is kept as it was PUT. A job that
was admitted never changes, but for its display name, description, tags, properties and archive mark. Cancel is a wish in
the spec.

https://learn.microsoft.com/azure/machine-learning/how-to-train-model
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from azurine.ml import names
from azurine.ml.jobs import attempts, command, outputs, parallel, pipeline, progress, published, reuse, shares, words
from azurine.ml.reading import Reader, clipped
from azurine.model import ids, states
from azurine.model.decisions import Decision
from azurine.model.errors import Conflict, Invalid, Unsupported
from azurine.model.kinds import Admission, Kind, Look
from azurine.model.resources import Json, Resource

NAME = "workspaces/jobs"
TYPES = ("Command", "Pipeline", "Parallel", "Tracked")
NOT_HERE = ("AutoML", "Sweep", "Spark", "Labeling", "FineTuning", "Import")
"""Types that Azure has and this server has not."""
DEEPEST = 16
"""Pipelines in pipelines."""
MUTABLE = ("displayName", "description", "tags", "properties", "isArchived")
OURS = ("plan", "cancel", "fused")
"""What stands beside the body in a job's spec, and is not taken from a body."""
ANSWERED = ("status", "services", "error", "parentJobName", "startTimeUtc", "endTimeUtc")
"""What comes back from clients that send what they were shown, and does not count."""


def admit(request: Admission) -> Json:
    """Checks the body and plans the work.

    Raises errors.Invalid with everything that is wrong, each with its JSON path; errors.Unsupported for a type of job that does not
    run here; errors.Conflict when the job exists and the body differs in what cannot change.
    """
    names.check(ids.name(request.id), names.JOB)
    body = Reader(request.body)
    properties = body.mapping("properties", required=True)
    body.finish()
    _check_shared(properties)
    if request.previous is not None:
        body.finish()
        return _revised(request.previous, properties.value)
    owner = request.references.get(request.owner) if request.owner else None
    # Another sort of owner, such as a run of a factory, is no pipeline that the job would take after.
    parent = owner.spec["plan"] if owner is not None and owner.kind == NAME else {}
    request, properties, pipeline_id = published.read(request, properties, parent)
    plan = _marked(_plan(request, properties, parent, _Room()))
    _finish(body)
    if parent and "fused" in request.body:
        # Said by the pipeline alone: what a user writes there does not count.
        plan["fused"] = request.body["fused"]
    kept = {key: value for key, value in request.body.items() if key not in OURS}
    return {**kept, "plan": {**plan, "published": pipeline_id} if pipeline_id else plan}


def decide(look: Look) -> Decision:
    job = look.resource
    if states.is_final(job.status.get("state", "")):
        return Decision(job.status, settled=True)
    match job.spec["plan"]["type"]:
        case "pipeline":
            return progress.decide(look, lambda identifier, body: _forecast(look, identifier, body))
        case "command":
            return shares.decide(look) if job.spec["plan"].get("spread") else attempts.decide(look)
        case "parallel":
            return shares.decide(look)
        case _:
            return Decision(job.status, settled=True)


def cancel(job: Resource, body: Json) -> Json:
    """The wish to cancel. Raises errors.Conflict when the job has ended already, as Azure does."""
    if states.is_final(job.status.get("state", "")):
        raise Conflict(f"the job {job.name!r} is {words.status(job)} and cannot be cancelled any more", code="UserError")
    return {**job.spec, "cancel": True}


@dataclass(slots=True)
class _Room:
    """What is left of the bounds of one submission: how deep it may still go, how many jobs it may still have."""

    depth: int = DEEPEST
    jobs: int = pipeline.MOST_NODES


def _plan(request: Admission, given: Reader, parent: Json, room: _Room) -> dict[str, Any]:
    """given: at what is `properties` of the job's body. parent: the plan of the pipeline it is a step of, {} for none."""
    common = _common(request, given, parent)
    said = given.text("jobType", required=True)
    sort = {one.lower(): one for one in (*TYPES, *NOT_HERE)}.get(said.lower(), "")
    match sort:
        case "Command":
            return command.plan(request, given, common)
        case "Parallel":
            return parallel.plan(request, given, common)
        case "Pipeline":
            return pipeline.plan(request, given, common, lambda child, where, mine: _practised(child, where, mine, room))
        case "Tracked":
            return {**common, "type": "tracked"}
    runs = " and ".join(TYPES[:2])
    if sort:
        given.fault("jobType", f"{sort} jobs do not run here; {runs} jobs do", "NotSupported")
    elif said:
        given.fault("jobType", f"{clipped(said)} is not a type of job; {runs} would be right")
    return {}


def _forecast(look: Look, identifier: str, body: Json) -> Json:
    """The plan that a node's job would have if it were created now."""
    owner = look.resource
    request = Admission(identifier, body, look.references, None, look.now, owner.created_by, owner.id)
    request, properties, _ = published.read(request, Reader(body["properties"]), owner.spec["plan"])
    return _marked(_plan(request, properties, owner.spec["plan"], _Room()))


def _marked(plan: dict[str, Any]) -> dict[str, Any]:
    """With what an earlier result of the same is found by. What is only planned for practice does without."""
    return {**plan, "fingerprint": reuse.fingerprint(plan)} if "outputs" in plan and plan.get("type") != "pipeline" else plan


def _practised(child: Admission, where: Reader, mine: Json, room: _Room) -> None:
    """A step is planned for practice. A pipeline in which too much is nested is not gone through to its end."""
    room.jobs -= 1
    if room.jobs < 0 or room.depth == 0:
        what = f"more than {pipeline.MOST_NODES} jobs in all" if room.jobs < 0 else f"pipelines nested more than {DEEPEST} deep"
        if not where.faults:
            where.fault("", f"this makes {what}", "TooManyJobs" if room.jobs < 0 else "TooDeep")
        return
    room.depth -= 1
    _plan(child, where, mine, room)
    room.depth += 1


def _common(request: Admission, given: Reader, parent: Json) -> dict[str, Any]:
    """What any job's plan holds; a step takes after its pipeline."""
    experiment = given.text("experimentName") or str(parent.get("experiment") or "Default")
    if not names.fits(experiment, names.EXPERIMENT):
        given.fault("experimentName", f"{clipped(experiment)} cannot be the name of an experiment; it has {names.EXPERIMENT.words}", "InvalidName")
    return {
        "workspace": ids.up_to(request.id, ids.WORKSPACES),
        "experiment": experiment,
        "root": parent.get("root") or ids.name(request.id),
        "datastore": parent.get("datastore") or outputs.DEFAULT_STORE,
        "compute": parent.get("compute") or "",
        "reuse": parent.get("reuse"),
        "continue": parent.get("continue", True),
    }


def _check_shared(properties: Reader) -> None:
    """The fields that all jobs have."""
    for key in ("displayName", "description"):
        properties.text(key)
    for key in ("tags", "properties"):
        properties.labels(key)
    for key in ("services", "identity"):
        properties.mapping(key)
    properties.flag("isArchived")
    for side in ("inputs", "outputs"):
        for name, one in properties.mapping(side).value.items():
            if side == "outputs" and one is not None and not isinstance(one, Mapping):
                properties.mapping(side).fault(name, f"an output is an object, such as {{}}, not {clipped(one)}", "InvalidType")


def _revised(previous: Resource, after: Json) -> Json:
    """The spec after a second PUT: what may change is changed, the rest must be the same, as it was PUT or as it is shown."""
    before, shown = previous.spec["properties"], words.show(previous)["properties"]
    for name in sorted({*before, *after} - {*MUTABLE, *ANSWERED}):
        said = after.get(name)
        if said in (None, {}, [], "") or said in (before.get(name), shown.get(name)):
            continue
        if name == "outputs" and _told(said) in (_told(before.get(name)), _told(shown.get(name))):
            continue
        message = f"the job {previous.name!r} exists already with another {name}; a job cannot be changed once it is submitted, choose another name"
        raise Conflict(message, code="UserError", path=f"properties.{name}")
    changes = {name: after[name] for name in MUTABLE if name in after}
    return {**previous.spec, "properties": {**before, **changes}}


def _told(outputs_said: Any) -> Any:
    """Outputs without the one that every job has."""
    if not isinstance(outputs_said, Mapping):
        return {}
    return {name: one for name, one in outputs_said.items() if name != words.DEFAULT_OUTPUT}


def _finish(body: Reader) -> None:
    try:
        body.finish()
    except Invalid as error:
        if error.code == "NotSupported":
            raise Unsupported(error.message, code=error.code, path=error.path, details=error.details) from error
        raise


def _show(job: Resource) -> Json:
    shown = words.show(job)
    # parity: the official client knows no such types of a job that stands by itself.
    if job.spec.get("plan", {}).get("type") in ("tracked", "parallel"):
        command_shown = shown["properties"].get("command") or "(tracked from outside)"
        return {"properties": {**shown["properties"], "jobType": "Command", "command": command_shown}}
    return shown


KIND = Kind(name=NAME, admit=admit, show=_show, decide=decide, wishes={"cancel": cancel}, archivable=True)
KINDS = (KIND, reuse.KIND)
