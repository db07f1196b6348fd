"""A pipeline job: a graph of jobs, each started when what it needs is there.

Here its body becomes a plan. The whole graph is checked at submission, nested pipelines too: every node is planned once for
practice, with stand-ins for what other nodes will make, so that a missing input, an unknown name, a wrong type or a cycle is found
before anything runs. How it then goes: `progress`.

https://learn.microsoft.com/azure/machine-learning/reference-yaml-job-pipeline
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from azurine.ml import interfaces, wiring
from azurine.ml import references as assets
from azurine.ml.jobs import fusion, inputs, nodes, outputs, parts
from azurine.ml.reading import Reader, clipped
from azurine.model import ids
from azurine.model.errors import Invalid
from azurine.model.kinds import Admission, References
from azurine.model.resources import Json

MOST_NODES = 5000
"""Jobs in one pipeline, those of the pipelines in it included."""

_STAND_IN = "azureml://datastores/workspaceblobstore/paths/stand-in"

Practice = Callable[[Admission, Reader, Json], object]
"""(the job that a node would become, where it is told what is wrong, the pipeline's plan): plans it without keeping the plan."""


def plan(request: Admission, given: Reader, common: Json, practice: Practice) -> dict[str, Any]:
    """The graph, every reference pinned. What is wrong is noted at its path.

    given: at the body's `properties`. common: what is planned for any job (workspace, experiment, datastore, …).
    """
    known, workspace = request.references, str(common["workspace"])
    component = parts.component(given, known, workspace, "pipeline")
    settings = given.mapping("settings")
    planned: dict[str, Any] = {
        **common,
        "type": "pipeline",
        "datastore": parts.datastore(settings, "default_datastore", known, workspace) or common["datastore"],
        "compute": _compute(given, settings, known, common),
        "reuse": common["reuse"] is not False and not _flag(settings, "force_rerun", False),
        "continue": _flag(settings, "continue_on_step_failure", bool(common["continue"])),
        "continue_optional": _flag(settings, "continue_run_on_failed_optional_input", True),
        "inputs": inputs.plan(given.mapping("inputs"), component.get("inputs"), known, workspace),
    }
    jobs = given.mapping("jobs").value or component.get("jobs") or {}
    stated = _outputs(given, component)
    _check_graph(given, jobs, {**given.mapping("inputs").value, **(component.get("inputs") or {})}, stated, known, workspace)
    if given.faults:
        return planned
    below = Reader(jobs, given.at("jobs"), given.faults)
    pinned, interfaces_of = _pinned(jobs, known, workspace)
    planned["nodes"] = nodes.settle(pinned, {name: _defaults(declared) for name, (declared, _) in interfaces_of.items()}, below)
    planned["edges"] = nodes.edges(planned["nodes"])
    planned["optional"] = {
        name: [port for port, one in declared.items() if interfaces.is_optional(one)] for name, (declared, _) in interfaces_of.items()
    }
    planned["modes"] = {
        name: {port: one["mode"] for port, one in declared.items() if one.get("mode")} for name, (declared, _) in interfaces_of.items()
    }
    planned |= _together(jobs, pinned, str(planned["compute"]), known)
    typed = Reader(_typed(stated, planned["nodes"], interfaces_of), given.at("outputs"), given.faults)
    planned["outputs"] = outputs.plan(typed, None, ids.name(request.id), str(planned["datastore"]), known, workspace)
    if not given.faults:
        _rehearse(request, below, planned, interfaces_of, practice)
    return planned


Interface = tuple[Mapping[str, Json], Mapping[str, Json]]
"""A component's declared inputs and outputs."""


def _check_graph(given: Reader, jobs: Json, taken: Json, made: Json, known: References, workspace: str) -> None:
    """Notes what is wrong with how the nodes are wired."""
    if not jobs:
        given.fault("jobs", "a pipeline needs at least one job", "MissingField")
    elif len(jobs) > MOST_NODES:
        given.fault("jobs", f"{len(jobs)} jobs are too many for one pipeline; at most {MOST_NODES} are possible", "TooManyJobs")
    else:
        wiring.check_nodes(Reader({"jobs": jobs, "inputs": taken, "outputs": made}, given.path, given.faults), known, workspace)


def _compute(given: Reader, settings: Reader, known: References, common: Json) -> str:
    """The compute of nodes that name none; "" when there is no such default."""
    workspace = str(common["workspace"])
    default = parts.compute(settings, "default_compute", known, workspace, str(common["compute"]))
    return parts.compute(given, "computeId", known, workspace, default)


def _defaults(declared: Mapping[str, Json]) -> dict[str, Any]:
    return {port: one["default"] for port, one in declared.items() if one.get("default") is not None}


def _outputs(given: Reader, component: Mapping[str, Any]) -> dict[str, Json]:
    """The pipeline's outputs: as its component declares them, overlaid with what the body says of them."""
    said = given.mapping("outputs")
    declared: Mapping[str, Json] = component.get("outputs") or {}
    for name in said.value if component else ():
        if name not in declared and name != "default":
            said.fault(name, f"the component has no output {clipped(name)}; it has: {', '.join(declared) or 'none'}", "UnknownOutput")
    stated = {name: _without_nothing(said.mapping(name).value) for name in said.value if name != "default"}
    return {**declared, **{name: {**declared.get(name, {}), **one} for name, one in stated.items()}}


def _typed(stated: Mapping[str, Json], jobs: Mapping[str, nodes.Node], interfaces_of: Mapping[str, Interface]) -> Json:
    """The pipeline's outputs, each of the type of the node's output bound to it.

    That one counts, whatever the body says: the official client writes uri_folder where nothing was said (parity).
    """
    typed = {name: dict(one) for name, one in stated.items()}
    for name, node in jobs.items():
        for port, value in (node.get("outputs") or {}).items():
            goal = typed.get(nodes.target(value))
            sort = interfaces_of[name][1].get(port, {}).get("type")
            if goal is not None and sort:
                goal["jobOutputType"] = sort
    return typed


def _pinned(jobs: Mapping[str, nodes.Node], known: References, workspace: str) -> tuple[dict[str, nodes.Node], dict[str, Interface]]:
    """The nodes with their components, environments and data as these are now, and what the components declare."""
    pinned: dict[str, nodes.Node] = {}
    declared: dict[str, Interface] = {}
    for name, node in jobs.items():
        component = assets.find_version(known, workspace, "components", str(node["componentId"]))
        spec = parts.definition(component)
        declared[name] = spec["inputs"], spec["outputs"]
        own = {
            "type": spec.get("type") or "command",
            "componentId": component.id,
            "inputs": {
                port: inputs.pinned(one, spec["inputs"].get(port) or {}, known, workspace) for port, one in (node.get("inputs") or {}).items()
            },
        }
        environment = _environment_of({**spec, **{key: node[key] for key in ("environment", "task") if node.get(key)}})
        pinned[name] = {**node, **own, **parts.pinned_environment(environment, known, workspace)}
    return pinned, declared


def _together(jobs: Json, pinned: Mapping[str, nodes.Node], compute: str, known: References) -> dict[str, Any]:
    """What is known of nodes that may run together, and the names of those whose results are never the same."""
    components = {name: component for name, node in pinned.items() if (component := known.get(str(node["componentId"]))) is not None}
    may = {name: fusion.may_take_part(jobs[name], component, compute) for name, component in components.items()}
    return {
        "fusable": {name: one for name, one in may.items() if one is not None},
        "fresh": [name for name, component in components.items() if fusion.is_fresh(component)],
    }


def _rehearse(request: Admission, below: Reader, planned: Mapping[str, Any], interfaces_of: Mapping[str, Interface], practice: Practice) -> None:
    """Plans every node for practice, with stand-ins for what the others will make."""
    results = {
        name: {**nodes.store_of("stand-in"), **{port: _stand_in(one) for port, one in made.items()}} for name, (_, made) in interfaces_of.items()
    }
    sight = nodes.Sight(planned, results)
    for name, node in planned["nodes"].items():
        place = Reader(None, below.at(name), below.faults)
        try:
            body = nodes.body(name, node, sight)
        except Invalid as error:
            place.fault(error.path, error.message, error.code)
            continue
        _speak_for(node, body["properties"]["inputs"], interfaces_of, name)
        # The child is told nothing of itself yet but its name, which makes its outputs its own.
        child = replace(request, id=f"{request.id}-{name}", body=body, previous=None)
        practice(child, Reader(body["properties"], place.path, below.faults), planned)


def _environment_of(spec: Mapping[str, Any]) -> str:
    """A parallel step's environment is its task's."""
    task = spec.get("task")
    return str((task.get("environment") if isinstance(task, Mapping) else None) or spec.get("environment") or "")


def _speak_for(node: nodes.Node, given: dict[str, Any], interfaces_of: Mapping[str, Interface], name: str) -> None:
    """Puts a fitting value where a node will be given what another one says, which nobody knows yet."""
    for port, value in (node.get("inputs") or {}).items():
        source = nodes.source(value)
        if source is not None and not interfaces.is_data(interfaces_of[source[0]][1].get(source[1], {})):
            given[port] = {"jobInputType": inputs.LITERAL, "value": interfaces.sample(interfaces_of[name][0].get(port, {}))}


def _stand_in(output: Json) -> Json:
    return {"uri": _STAND_IN, "type": str(output.get("type") or "uri_folder")}


def _without_nothing(one: Json) -> dict[str, Any]:
    return {key: value for key, value in one.items() if value is not None}


def _flag(settings: Reader, key: str, default: bool) -> bool:
    """The client writes booleans of the settings as booleans or as text."""
    found = settings.value.get(key)
    if found is None:
        return default
    if str(found).lower() not in ("true", "false"):
        settings.fault(key, f"{key} must be true or false, not {clipped(found)}", "InvalidType")
    return str(found).lower() == "true"
