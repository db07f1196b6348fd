"""A pipeline job: a graph of jobs, each started when what it needs is there.

At submission the whole graph is checked, nested pipelines too: every node is admitted once for practice, with stand-ins
for what other nodes will make, so that a missing input, an unknown name, a wrong type or a cycle is found before anything
runs. Then each look creates the children that are ready, and ends the pipeline when no more can be.

https://learn.microsoft.com/azure/machine-learning/reference-yaml-job-pipeline
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from azurine.graph import order, readiness
from azurine.ml import references as assets
from azurine.ml.jobs import inputs, nodes, outputs, words
from azurine.model import ids, states
from azurine.model.decisions import Create, Decision, Effect, Update
from azurine.model.errors import AzurineError, Detail, Invalid
from azurine.model.kinds import Admission, Look
from azurine.model.resources import Json, Resource
from azurine.model.states import State

JOBS = "workspaces/jobs"
DEEPEST = 16
"""Pipelines in pipelines."""
MOST_NODES = 5000

_TYPES = ("command", "pipeline")
_STAND_IN = "azureml://datastores/workspaceblobstore/paths/stand-in"

Practice = Callable[[Admission, list[Detail]], Json]
"""Plans a child's body without keeping it; what is wrong goes on the list."""


def plan(request: Admission, properties: Mapping[str, Any], common: Json, practice: Practice, wrong: list[Detail]) -> Json:
    """The graph, every reference pinned. Everything wrong goes on the list `wrong`, with its JSON path."""
    component = _component(request, properties, common, wrong)
    jobs = properties.get("jobs") or component.get("jobs") or {}
    if not isinstance(jobs, Mapping) or not jobs:
        wrong.append(Detail("MissingJobs", "a pipeline needs at least one job", "properties.jobs"))
        return {**common, "type": "pipeline", "nodes": {}, "inputs": {}, "outputs": {}}
    if len(jobs) > MOST_NODES:
        wrong.append(Detail("TooManyJobs", f"{len(jobs)} jobs in one pipeline; at most {MOST_NODES} are possible", "properties.jobs"))
        jobs = {}
    settings = properties.get("settings") or {}
    datastore = _store(settings.get("default_datastore")) or common["datastore"]
    compute = properties.get("computeId") or settings.get("default_compute") or common.get("compute") or None
    made_by = _outputs_of(request, jobs, common, wrong)
    declared_outputs = _typed(properties.get("outputs") or component.get("outputs") or {}, jobs, made_by)
    planned = {
        **common,
        "type": "pipeline",
        "datastore": datastore,
        "compute": compute,
        "reuse": common.get("reuse_allowed", True) and not _flag(settings.get("force_rerun"), False),
        "continue": _flag(settings.get("continue_on_step_failure"), bool(common.get("continue", True))),
        "continue_optional": _flag(settings.get("continue_run_on_failed_optional_input"), True),
        "nodes": {name: node for name, node in jobs.items() if isinstance(node, Mapping)},
        "inputs": inputs.plan(
            properties.get("inputs") or {}, component.get("inputs"), request.references, common["workspace"], "properties.inputs", wrong
        ),
        "outputs": outputs.plan(declared_outputs, ids.name(request.id), datastore, "properties.outputs", wrong),
    }
    given = {**dict.fromkeys(component.get("inputs") or {}), **(properties.get("inputs") or {})}
    wrong.extend(nodes.check(planned["nodes"], given, planned["outputs"], "properties.jobs", made_by))
    if not wrong:
        _check_order(planned, wrong)
    if not wrong:
        _rehearse(request, planned, made_by, practice, wrong)
    return planned


def decide(look: Look) -> Decision:
    """Starts what is ready; ends when nothing more can be."""
    job = look.resource
    plan = job.spec["plan"]
    children = {str(one.spec["node"]): one for one in look.children if one.kind == JOBS and one.spec.get("node")}
    started = {**job.status, "state": State.RUNNING, "started": job.status.get("started") or look.now}
    going = [one for one in children.values() if not states.is_final(_state(one))]
    if job.spec.get("cancel") or job.deleting:
        if going:
            return Decision(started, _cancel(going))
        return Decision(_ended(started, State.CANCELLED, look.now), settled=True)
    refused = _refused(look)
    seen = {name: _state(one) for name, one in children.items()}
    edges = nodes.edges(plan["nodes"])
    sight = readiness.classify(
        list(plan["nodes"]),
        [(needed, name) for name, needs in edges.items() for needed in needs],
        {name: state for name, state in seen.items()},
        continue_on_failure=plan["continue"],
        optional=_optional_edges(look, edges) if plan["continue_optional"] else (),
    )
    failed = refused or (any(state in (State.FAILED, State.CANCELLED) for state in seen.values()) and not plan["continue"])
    if failed and going and not plan["continue"]:
        return Decision(started, _cancel(going))
    if not failed and sight.ready:
        results = _results(children)
        return Decision(started, tuple(_child(look, name, results) for name in sight.ready))
    if going or (sight.waiting and not failed):
        return Decision(started)
    return _over(look, children, started, refused)


def child_id(pipeline: Resource, node: str) -> str:
    """The id of a node's job: the same at every look."""
    workspace = ids.parent(pipeline.id)
    return ids.child(workspace, "jobs", str(uuid5(NAMESPACE_URL, f"{pipeline.id}/{pipeline.created_at}/{node}")))


def _child(look: Look, name: str, results: Mapping[str, Mapping[str, Json]]) -> Create:
    plan = look.resource.spec["plan"]
    body = nodes.body(name, plan["nodes"][name], plan, plan["inputs"], plan["outputs"], results)
    return Create(child_id(look.resource, name), JOBS, body)


def _over(look: Look, children: Mapping[str, Resource], status: Mapping[str, Any], refused: Json | None) -> Decision:
    """No child is going and none can be started."""
    job = look.resource
    bad = [(name, one) for name, one in children.items() if _state(one) in (State.FAILED, State.CANCELLED)]
    if refused:
        return Decision(_ended({**status, "error": refused}, State.FAILED, look.now), settled=True)
    if bad:
        name, child = next(((name, one) for name, one in bad if _state(one) == State.FAILED), bad[0])
        said = (child.status.get("error") or {}).get("message") or f"it was {words.status(child).lower()}"
        problem = {"code": (child.status.get("error") or {}).get("code") or "UserError", "message": f"the job {name!r} did not complete: {said}"}
        return Decision(_ended({**status, "error": problem}, State.FAILED, look.now), settled=True)
    made = _made(job, children)
    whole = replace(job, spec={**job.spec, "plan": {**job.spec["plan"], "outputs": made}})
    registered, effects = outputs.registrations(whole, look.references, job.spec["plan"]["workspace"])
    if effects:
        return Decision({**status, "phase": "finalizing"}, tuple(effects))
    named = {
        name: {"uri": one["uri"], "type": one["type"]} | ({"asset": registered[name]} if name in registered else {}) for name, one in made.items()
    }
    return Decision(_ended({**status, "outputs": named}, State.SUCCEEDED, look.now), settled=True)


def _made(job: Resource, children: Mapping[str, Resource]) -> dict[str, Json]:
    """The pipeline's outputs where they really are: a reused node's stand where the earlier run left them."""
    plan = job.spec["plan"]
    made = dict(plan["outputs"])
    for name, node in plan["nodes"].items():
        for port, value in (node.get("outputs") or {}).items():
            target = _target(value)
            found = children[name].status.get("outputs", {}).get(port) if name in children else None
            if target in made and found:
                made[target] = {**made[target], "uri": found["uri"]}
    return made


def _target(value: Any) -> str:
    """The pipeline's output that a node's output is bound to; "" when to none."""
    entry = value if isinstance(value, Mapping) else {}
    text = str(entry.get("value") or entry.get("uri") or entry.get("path") or "")
    return text.replace(" ", "").removeprefix("${{parent.outputs.").removesuffix("}}") if "parent.outputs." in text else ""


def _ended(status: Mapping[str, Any], state: State, at: float) -> dict[str, Any]:
    return {name: value for name, value in status.items() if name != "phase"} | {"state": state, "ended": at}


def _state(child: Resource) -> str:
    return str(child.status.get("state", State.PENDING))


def _cancel(going: list[Resource]) -> tuple[Effect, ...]:
    return tuple(Update(one.id, {"cancel": True}) for one in going if not one.spec.get("cancel"))


def _refused(look: Look) -> Json | None:
    """Why a child could not be created, if one could not."""
    for key, outcome in look.resource.status.get("outcomes", {}).items():
        if key.startswith("create:") and outcome.get("error"):
            return {"code": outcome["error"]["code"], "message": outcome["error"]["message"]}
    return None


def _results(children: Mapping[str, Resource]) -> dict[str, dict[str, Json]]:
    """What the nodes that are done have made, their default artifact store included."""
    results: dict[str, dict[str, Json]] = {}
    for name, one in children.items():
        if _state(one) == State.SUCCEEDED:
            store = {"uri": words.artifacts_uri(str(one.status.get("reused") or one.name)), "type": "uri_folder"}
            results[name] = {"artifacts": store, "default": store, **one.status.get("outputs", {})}
    return results


def _optional_edges(look: Look, edges: Mapping[str, Mapping[str, list[str]]]) -> list[tuple[str, str]]:
    """Edges that feed optional inputs only: (from, to)."""
    plan = look.resource.spec["plan"]
    found = []
    for name, needs in edges.items():
        optional = set(plan.get("optional", {}).get(name, ()))
        found += [(needed, name) for needed, ports in needs.items() if set(ports) <= optional]
    return found


def _component(request: Admission, properties: Mapping[str, Any], common: Json, wrong: list[Detail]) -> Mapping[str, Any]:
    if not properties.get("componentId") or properties.get("jobs"):
        return {}
    try:
        found = assets.find_version(request.references, common["workspace"], "components", str(properties["componentId"]))
    except AzurineError as error:
        wrong.append(Detail(error.code, error.message, "properties.componentId"))
        return {}
    spec = found.spec.get("properties", {}).get("componentSpec", {})
    return {**spec, "inputs": spec.get("inputs") or {}}


def _outputs_of(request: Admission, jobs: Mapping[str, Any], common: Json, wrong: list[Detail]) -> dict[str, dict[str, Any]]:
    """The declared outputs of each node, by its component."""
    found: dict[str, dict[str, Any]] = {}
    for name, node in jobs.items():
        path = f"properties.jobs.{name}"
        if not isinstance(node, Mapping):
            wrong.append(Detail("InvalidType", "a job of a pipeline should be an object", path))
            continue
        if node.get("type", "command") not in _TYPES:
            wrong.append(Detail("NotSupported", f"jobs of type {node.get('type')!r} do not run here; {' and '.join(_TYPES)} do", f"{path}.type"))
            continue
        if not node.get("componentId"):
            wrong.append(Detail("MissingComponent", "a job of a pipeline needs a component", f"{path}.componentId"))
            continue
        try:
            component = assets.find_version(request.references, common["workspace"], "components", str(node["componentId"]))
        except AzurineError as error:
            wrong.append(Detail(error.code, error.message, f"{path}.componentId"))
            continue
        spec = component.spec.get("properties", {}).get("componentSpec", {})
        found[name] = {port: declared or {} for port, declared in (spec.get("outputs") or {}).items()}
    return found


def _typed(declared: Mapping[str, Any], jobs: Mapping[str, Any], made_by: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The pipeline's outputs; one declared without a type has that of the node's output bound to it."""
    typed = {name: dict(one) if isinstance(one, Mapping) else {} for name, one in declared.items()}
    for name, node in jobs.items():
        for port, value in (node.get("outputs") or {}).items() if isinstance(node, Mapping) else ():
            target = typed.get(_target(value))
            if target is not None and not any(target.get(key) for key in ("jobOutputType", "job_output_type", "type")):
                target["jobOutputType"] = made_by.get(name, {}).get(port, {}).get("type")
    return typed


def _check_order(planned: Mapping[str, Any], wrong: list[Detail]) -> None:
    edges = nodes.edges(planned["nodes"])
    cycle = order.find_cycle(list(planned["nodes"]), [(needed, name) for name, needs in edges.items() for needed in needs])
    if cycle:
        wrong.append(Detail("CyclicPipeline", f"these jobs wait for each other: {' → '.join(cycle)}", f"properties.jobs.{cycle[0]}"))


def _rehearse(request: Admission, planned: dict[str, Any], made_by: Mapping[str, Mapping[str, Any]], practice: Practice, wrong: list[Detail]) -> None:
    """Admits every node for practice, with stand-ins for what the others will make; notes which inputs are optional."""
    store = {"uri": _STAND_IN, "type": "uri_folder"}
    results = {
        name: {
            "artifacts": store,
            "default": store,
            **{port: {"uri": _STAND_IN, "type": one.get("type", "uri_folder")} for port, one in ports.items()},
        }
        for name, ports in made_by.items()
    }
    planned["optional"] = {}
    for name, node in planned["nodes"].items():
        mine: list[Detail] = []
        try:
            body = nodes.body(name, node, planned, planned["inputs"], planned["outputs"], results)
        except Invalid as error:
            wrong.append(Detail(error.code, error.message, f"properties.jobs.{name}"))
            continue
        practice(replace(request, id=f"{request.id}-{name}", body=body, previous=None), mine)
        wrong.extend(Detail(one.code, one.message, one.path.replace("properties", f"properties.jobs.{name}", 1)) for one in mine)
        planned["optional"][name] = _optional_inputs(request, node, planned)


def _optional_inputs(request: Admission, node: Mapping[str, Any], planned: Mapping[str, Any]) -> list[str]:
    try:
        component = assets.find_version(request.references, planned["workspace"], "components", str(node["componentId"]))
    except AzurineError:
        # Already on the list of what is wrong: `_outputs_of` looked for the same component.
        return []
    declared = component.spec.get("properties", {}).get("componentSpec", {}).get("inputs") or {}
    return [name for name, one in declared.items() if inputs.is_optional(one or {})]


def _store(given: Any) -> str:
    return str(given or "").removeprefix("azureml:").rstrip("/").rsplit("/", 1)[-1]


def _flag(given: Any, default: bool) -> bool:
    return default if given is None else str(given).lower() == "true"
