"""How a pipeline goes: what each look at it decides.

Each look starts the nodes whose needs are there, and ends the pipeline when no more can be started. A node that failed keeps
those that need it from starting; whether branches that have nothing to do with it go on is the pipeline's setting. Components of the library
start together with those that need them (`fusion`).
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any
from uuid import NAMESPACE_URL

from azurine.graph import readiness
from azurine.ml.jobs import attempts, fusion, nodes, outputs, reuse, words
from azurine.model import ids, states
from azurine.model.decisions import Create, Decision, Effect, Update
from azurine.model.kinds import Look
from azurine.model.resources import Json, Resource
from azurine.model.states import State

JOBS = "workspaces/jobs"
_BAD = frozenset({State.FAILED, State.CANCELLED})
MOST_DRAWN = 64
"""Graphs that are kept drawn: those of the pipelines looked at last."""
_drawn: dict[int, tuple[Mapping[str, Any], readiness.Graph]] = {}


Forecast = Callable[[str, Json], Json]
"""(id of a node's job, its body) → the plan that the job would have."""


def decide(look: Look, forecast: Forecast) -> Decision:
    job = look.resource
    plan = job.spec["plan"]
    children = {str(one.spec["node"]): one for one in look.children if one.kind == JOBS and one.spec.get("node")}
    stand = {name: str(one.status.get("state") or State.PENDING) for name, one in children.items()}
    going = [children[name] for name, state in stand.items() if state not in states.FINAL]
    started = {"seen": {"started": look.now}, **job.status, "state": State.RUNNING, "started": job.status.get("started") or look.now}
    if job.spec.get("cancel") or job.deleting:
        return Decision(started, _cancel(going)) if going else Decision(attempts.ended(look, started, State.CANCELLED), settled=True)
    refused = _refused(look)
    seen = {**dict.fromkeys(refused, State.FAILED), **stand} if refused else stand
    halted = not plan["continue"] and not _BAD.isdisjoint(seen.values())
    if halted and going:
        return Decision(started, _cancel(going))
    sight = _classified(plan, seen)
    if sight.ready and not halted:
        needed = children if plan.get("fusable") else {one for name in sight.ready for one in plan["edges"][name]}
        return Decision(started, tuple(_start(look, sight.ready, seen, _results(children, needed), forecast)))
    if going:
        return Decision(started)
    return _over(look, children, started, refused)


def child_id(pipeline: Resource, node: str) -> str:
    """The id of a node's job: the same at every look."""
    workspace = ids.parent(pipeline.id)
    return ids.child(workspace, "jobs", ids.unique(NAMESPACE_URL, f"{pipeline.id}/{pipeline.created_at}/{node}"))


def _classified(plan: Mapping[str, Any], seen: Mapping[str, str]) -> readiness.Readiness:
    return _graph(plan).classify(seen, continue_on_failure=plan["continue"])


def _graph(plan: Mapping[str, Any]) -> readiness.Graph:
    """Drawn once for a plan: the same one is looked at each time a node moves."""
    known = _drawn.get(id(plan))
    if known is not None and known[0] is plan:
        return known[1]
    edges: Mapping[str, Mapping[str, Sequence[str]]] = plan["edges"]
    graph = readiness.Graph(list(plan["nodes"]), [(needed, name) for name, needs in edges.items() for needed in needs], _soft(plan))
    while len(_drawn) >= MOST_DRAWN:
        _drawn.pop(next(iter(_drawn)), None)
    # With the plan itself, so that no other gets its address meanwhile.
    _drawn[id(plan)] = (plan, graph)
    return graph


def _soft(plan: Mapping[str, Any]) -> frozenset[tuple[str, str]]:
    """(needed, node) where the node goes on without what it needs, when that has failed."""
    if not plan["continue_optional"]:
        return frozenset()
    edges: Mapping[str, Mapping[str, Sequence[str]]] = plan["edges"]
    optional = {name: set(ports) for name, ports in plan["optional"].items()}
    return frozenset((needed, name) for name, needs in edges.items() for needed, ports in needs.items() if optional[name].issuperset(ports))


def _start(look: Look, ready: Sequence[str], seen: Mapping[str, str], results: fusion.Results, forecast: Forecast) -> Iterator[Create]:
    """The jobs of nodes that are ready, and of those that run together with them."""
    plan = look.resource.spec["plan"]
    fusable = plan.get("fusable") or {}
    lone = frozenset(name for name in ready if name in fusable and _is_known(look, name, results, forecast))
    together = fusion.groups(look, ready, seen, _soft(plan), lone) if fusable else []
    grouped = {name for group in together for name in group}
    for name in ready:
        if name not in grouped:
            yield _child(look, name, results)
    for group in together:
        for name, body in fusion.bodies(look, group, results, child_id):
            yield Create(child_id(look.resource, name), JOBS, body)


def _is_known(look: Look, name: str, results: fusion.Results, forecast: Forecast) -> bool:
    """May an earlier result stand for the node's?"""
    plan = look.resource.spec["plan"]
    if not plan["reuse"] or name in plan["fresh"]:
        return False
    child = _child(look, name, results)
    return reuse.found(forecast(child.id, child.body), child.id, look.references) is not None


def _child(look: Look, name: str, results: fusion.Results) -> Create:
    plan = look.resource.spec["plan"]
    return Create(child_id(look.resource, name), JOBS, nodes.body(name, plan["nodes"][name], nodes.Sight(plan, results)))


def _over(look: Look, children: Mapping[str, Resource], status: Mapping[str, Any], refused: Mapping[str, Json]) -> Decision:
    """No child is going and none can be started."""
    problem = _problem(children, refused)
    if problem is not None:
        return attempts.failed(look, status, problem)
    made = _made(look.resource, children)
    registered = outputs.register(look.resource, made, look)
    if registered.problem is not None:
        return attempts.failed(look, status, registered.problem)
    if registered.waiting:
        return Decision({**status, "phase": "finalizing"}, registered.effects, wake_at=look.now)
    results = outputs.results(made, registered.assets)
    return Decision(attempts.ended(look, {**status, "outputs": results}, State.SUCCEEDED), settled=True)


def _problem(children: Mapping[str, Resource], refused: Mapping[str, Json]) -> Json | None:
    """Why the pipeline failed: the first node that failed by itself, else the first that was cancelled."""
    for name, error in refused.items():
        return {"code": error.get("code"), "message": f"the job {name} could not be started: {error.get('message')}"}
    for state in (State.FAILED, State.CANCELLED):
        for name, child in children.items():
            if _state(child) == state:
                error = child.status.get("error") or {}
                said = error.get("message") or f"it was {words.status(child).lower()}"
                return {"code": error.get("code"), "message": f"the job {name} ({child.name}) did not complete: {said}"}
    return None


def _made(job: Resource, children: Mapping[str, Resource]) -> dict[str, Json]:
    """The pipeline's outputs where they really are: a reused node's stand where the earlier run left them."""
    plan = job.spec["plan"]
    made = dict(plan["outputs"])
    for name, node in plan["nodes"].items():
        for port, value in (node.get("outputs") or {}).items():
            goal = nodes.target(value)
            found = children[name].status.get("outputs", {}).get(port) if name in children else None
            if goal in made and found:
                made[goal] = {**made[goal], **{key: found[key] for key in ("uri", "value") if key in found}}
    return made


def _state(child: Resource) -> str:
    return str(child.status.get("state", State.PENDING))


def _cancel(going: Sequence[Resource]) -> tuple[Effect, ...]:
    return tuple(Update(one.id, {"cancel": True}) for one in going if not one.spec.get("cancel"))


def _refused(look: Look) -> dict[str, Json]:
    """Why nodes' jobs could not be created, by node."""
    outcomes: Mapping[str, Json] = look.resource.status.get("outcomes", {})
    if not any(key.startswith("create:") for key in outcomes):
        return {}
    keys = {name: f"create:{child_id(look.resource, name)}" for name in look.resource.spec["plan"]["nodes"]}
    return {name: outcomes[key]["error"] or {} for name, key in keys.items() if key in outcomes}


def _results(children: Mapping[str, Resource], needed: Collection[str]) -> dict[str, dict[str, Json]]:
    """What those of the nodes that are done have made which somebody needs, their artifact stores included."""
    results: dict[str, dict[str, Json]] = {}
    for name in needed:
        one = children.get(name)
        if one is not None and _state(one) == State.SUCCEEDED:
            results[name] = {**nodes.store_of(str(one.status.get("reused") or one.name)), **one.status.get("outputs", {})}
    return results
