"""Pipeline runs: what becomes of a pipeline that is run.

`admit` pins everything that the run needs (the pipeline as it stands, arguments, global parameters), so that later changes do not touch it.
`decide` walks as far as it can (`walk`); records of activity runs are kept on pages of their own (`records`). Cancel is a wish in the
spec. A run that begins where another one stopped is told what to keep (`recovery`).

https://learn.microsoft.com/rest/api/datafactory/pipeline-runs
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from azurine.expressions import factory as formulas
from azurine.expressions.factory import ExpressionError, Scope
from azurine.factory import activities, global_parameters, kinds, secrets, variables
from azurine.factory.definitions import Definition, fingerprint
from azurine.factory.runs import frames, records, recovery, scopes, turns, verdicts
from azurine.factory.runs import walk as walking
from azurine.factory.runs.walk import Walk, message_of
from azurine.factory.sight import Run, Sort
from azurine.model import clock, ids, states
from azurine.model.decisions import Create, Decision, Update
from azurine.model.errors import Conflict, Invalid
from azurine.model.kinds import Admission, Kind, Look
from azurine.model.resources import Json, Resource
from azurine.model.states import State

WORDS = {
    State.PENDING: "Queued",
    State.RUNNING: "InProgress",
    State.SUCCEEDED: "Succeeded",
    State.FAILED: "Failed",
    State.CANCELLED: "Cancelled",
}
CANCELING = "Canceling"
MANUAL: Json = {"name": "Manual", "invokedByType": "Manual"}


def admit(admission: Admission) -> Json:
    """body: {"pipeline": name, "parameters", "invokedBy", "recovery", "depth", "masked"}. Raises errors.Invalid for an unknown pipeline,
    a parameter that is missing or of another type."""
    body = admission.body
    name = str(body.get("pipeline") or "")
    found = admission.references.get(kinds.of(admission.id, kinds.PIPELINES, name)) if name else None
    if found is None or found.deleting:
        raise Invalid(f"The document could not be retrieved because it does not exist: the pipeline '{name}'.", code="BadRequest", path="pipeline")
    recovered = recovery.read(admission, body.get("recovery") or {})
    properties = secrets.whole(found)
    pipeline = recovered.pipeline or {"name": found.name, "properties": properties, "print": fingerprint(properties)}
    definition = _definition(pipeline)
    given = {**recovered.parameters, **(body.get("parameters") or {})}
    values = variables.arguments(definition, given)
    return {
        "pipeline": pipeline,
        "parameters": values,
        "globalParameters": global_parameters.values(kinds.factory_of(admission.id), admission.references),
        "invokedBy": {**MANUAL, "id": ids.name(admission.id), **(body.get("invokedBy") or {})},
        "group": recovered.group or ids.name(admission.id),
        "kept": recovered.kept,
        "follows": recovered.earlier,
        "depth": int(body.get("depth") or 0),
        "masked": bool(body.get("masked")),
    }


def cancel(run: Resource, body: Json) -> Json:
    """The wish to cancel. Raises errors.Conflict when the run has ended already."""
    if states.is_final(run.status.get("state", "")):
        raise Conflict(f"The pipeline run '{run.name}' is {word(run)} and cannot be cancelled any more.", code="PipelineRunNotCancellable")
    return {**run.spec, "cancel": {"recursive": bool(body.get("recursive", True))}}


def decide(look: Look, table: Mapping[str, Sort] = activities.TABLE) -> Decision:
    """table: what types of activities do; unit tests of pipelines put others in their place."""
    run = look.resource
    definition = _definition(run.spec["pipeline"])
    if states.is_final(run.status.get("state", "")):
        return _ended(look, definition, run.status, Decision(run.status, settled=True))
    if run.status.get("state") != State.RUNNING:
        waiting = _waiting(look, definition)
        if waiting is not None:
            return waiting
    return _walked(look, definition, table)


def word(run: Resource) -> str:
    state = State(run.status.get("state", State.PENDING))
    wished = (run.spec.get("cancel") or run.deleting) and not states.is_final(state)
    return CANCELING if wished else WORDS[state]


def show(run: Resource) -> Json:
    """PipelineRun, as Data Factory's monitoring tells it."""
    spec, status = run.spec, run.status
    began, ended = status.get("began"), status.get("ended")
    written: Mapping[str, Any] = spec["pipeline"]["properties"]
    shown = variables.shown(_definition(spec["pipeline"]), spec["parameters"])
    return {
        "runId": run.name,
        "debugRunId": None,
        "runGroupId": spec["group"],
        "pipelineName": spec["pipeline"]["name"],
        "parameters": dict.fromkeys(shown, variables.MASK) if spec.get("masked") else shown,
        "invokedBy": {key: value for key, value in spec["invokedBy"].items() if key != "time"},
        "runStart": clock.iso(began if began is not None else run.created_at),
        "runEnd": clock.iso(ended) if ended is not None else None,
        "durationInMs": round((ended - (began or run.created_at)) * 1000) if ended is not None else None,
        "status": word(run),
        "message": status.get("message", ""),
        "lastUpdated": clock.iso(status.get("updated") or run.updated_at),
        "annotations": written.get("annotations") or [],
        "runDimension": status.get("dimensions") or {},
        "isLatest": not spec.get("superseded", False),
    }


def told(run: Resource, address: str, pages: Sequence[Resource]) -> list[dict[str, Any]]:
    """All activity runs of a run, in the order in which they ended, those that are going last. address: the run's ARM id."""
    over = list(records.chained(run, {page.name: page for page in pages}))[::-1]
    return [records.show(run, address, one) for one in [*over, *_going(run)]]


def _going(run: Resource) -> list[dict[str, Any]]:
    if run.status.get("state") != State.RUNNING:
        return []
    root = frames.thaw(_definition(run.spec["pipeline"]).line, run.status.get("walk") or {})
    found = []
    for frame, name, going in walking.all_of(root):
        if going.id and going.retry_at is None:
            activity = frame.line.activities[name]
            said = records.record(
                activity,
                records.IN_PROGRESS,
                id=going.id,
                began=going.began,
                ended=None,
                attempt=going.attempt,
                hash=frame.hash,
                input=going.input,
                output=going.output,
            )
            found.append(said)
    return found


def _waiting(look: Look, definition: Definition) -> Decision | None:
    """A run that must not begin yet, or never will; None for one that may."""
    run = look.resource
    if run.spec.get("cancel") or run.deleting:
        ended = {"state": State.CANCELLED, "ended": look.now, "updated": look.now, "message": ""}
        return _ended(look, definition, ended, Decision(ended, settled=True))
    if not definition.concurrency:
        return None
    place, effects = turns.place(look)
    if place is not None and place < definition.concurrency:
        return None
    if place is not None and place >= definition.concurrency + turns.MOST_WAITING:
        message = f"There are too many pending runs of the pipeline '{definition.name}'; at most {turns.MOST_WAITING} can wait."
        refused = {"state": State.FAILED, "ended": look.now, "updated": look.now, "message": message}
        return _ended(look, definition, refused, Decision(refused, settled=True))
    # Its place in the line is known only once the ticket is written: then it looks again.
    return Decision({"state": State.PENDING, "updated": run.created_at}, effects, wake_at=look.now if effects else None)


def _ended(look: Look, definition: Definition, status: Json, rest: Decision) -> Decision:
    """Whoever stood in line gives the place back before coming to rest."""
    if not definition.concurrency:
        return rest
    gone, effects = turns.given_back(look, definition.concurrency)
    return rest if gone else Decision(status, (*rest.effects, *effects), taken=rest.taken)


def _walked(look: Look, definition: Definition, table: Mapping[str, Sort]) -> Decision:
    run, status = look.resource, look.resource.status
    walk = _walk(look, definition, table)
    walk.advance()
    made: dict[str, Any] = {key: value for key, value in status.items() if key not in ("outcomes", "updated")}
    made.update(state=State.RUNNING, began=status.get("began", look.now), variables=walk.values, walk=frames.freeze(walk.root))
    if "dimensions" not in made:
        made["dimensions"] = _dimensions(definition, walk.scope)
    if walk.returned is not None:
        made["returned"] = walk.returned
    effects = list(walk.effects)
    if walk.records and not run.deleting:  # what leaves has nobody to tell
        number = int(status.get("pages", 0)) + 1
        page = f"{run.revision}-{number}"
        effects.append(Create(f"{run.id}/pages/{page}", kinds.PAGES, {"records": walk.records[::-1], "before": status.get("page")}, owned=False))
        made.update(page=page, pages=number)
    if run.spec.get("follows"):
        effects.append(Update(str(run.spec["follows"]), {"superseded": True}))
    if walk.is_over:
        made.update(_result(walk))
        made["ended"] = look.now
    before = {key: value for key, value in status.items() if key not in ("outcomes", "updated")}
    made["updated"] = look.now if made != before else status.get("updated", look.now)
    rest = Decision(made, tuple(effects), walk.wake_at, settled=walk.is_over, taken=_taken(walk, effects))
    return _ended(look, definition, made, rest) if walk.is_over else rest


def _walk(look: Look, definition: Definition, table: Mapping[str, Sort]) -> Walk:
    run, status = look.resource, look.resource.status
    wish = run.spec.get("cancel") or ({"recursive": True} if run.deleting else None)
    values = (
        dict(status["variables"]) if "variables" in status else {**variables.initial(definition), **(run.spec["kept"] or {}).get("variables", {})}
    )
    about = Run(run.id, ids.parent(run.id), definition, run.spec["parameters"], run.name, int(run.spec["depth"]))
    shared = Scope(pipeline=scopes.pipeline(run, run.spec["parameters"]), variables=values, now=look.now)
    root = frames.thaw(definition.line, status.get("walk") or {})
    walk = Walk(look, about, root, shared, values, "Cancelled" if wish else "", bool((wish or {}).get("recursive", True)), table)
    if "walk" not in status:
        recovery.keep(walk, run.spec["kept"] or {})
        walk.enter(root)
    return walk


def _result(walk: Walk) -> dict[str, Any]:
    if walk.ending:
        return {"state": State.CANCELLED, "message": ""}
    name = verdicts.culprit(walk.root.line, walk.root.results())
    if not name:
        return {"state": State.SUCCEEDED, "message": ""}
    return {"state": State.FAILED, "message": f"Operation on target {name} failed: {message_of(walk.root.over[name])}"}


def _taken(walk: Walk, effects: list[Any]) -> frozenset[str]:
    """Outcomes of what is over: nobody will ask for them again."""
    outcomes: Mapping[str, Any] = walk.look.resource.status.get("outcomes", {})
    if not outcomes:
        return frozenset()
    going = {f"{walk.run.id}#{going.id}" for _, _, going in walk.live() if going.id}
    wished = {f"create:{one.id}" for one in effects if isinstance(one, Create)}
    # Keys of one attempt's work begin with its own key, which ends with its id.
    length = len(walk.run.id) + 1 + len(str(UUID(int=0)))
    return frozenset(key for key in outcomes if key not in wished and key[:length] not in going)


def _dimensions(definition: Definition, scope: Scope) -> dict[str, str | None]:
    given = definition.written.get("runDimensions")
    said: dict[str, str | None] = {}
    for name, value in given.items() if isinstance(given, Mapping) else ():
        try:
            said[str(name)] = variables.text(formulas.evaluate(value, scope))
        except ExpressionError as problem:
            said[str(name)] = problem.message
    return said


def _definition(pipeline: Json) -> Definition:
    return activities.DEFINITIONS.of(str(pipeline["name"]), pipeline["properties"], str(pipeline["print"]))


KIND = Kind(
    kinds.RUNS,
    admit,
    show,
    decide,
    provider=kinds.PROVIDER,
    without_operations=True,
    door="read",
)
KINDS = (KIND, records.KIND, turns.KIND)
