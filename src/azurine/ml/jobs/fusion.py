"""Which nodes of a pipeline run together: library components, connected and on the same compute, as one lazy plan in one warm process.

A node that may take part is found when the pipeline is admitted (`may_take_part`). That it is a component of the library is known by its
component's id: the registry `azureml` is filled by the server alone. What runs is the library's own code. A node is left alone that brings
the user's code (a Python script), that has a time limit, an environment, variables or resources of its own, or whose compute is not known yet.

Which of them run together is decided when the first can start (`groups`): those that are ready, and those that need nothing but what is done
and what the group makes. A node whose earlier result may stand for it stays out of the group, and so does what needs it; so does a node
that would go on without a failed one (an optional input). Each node of a group is still a job of its own (`attempts`), which says in its
plan, under `fused`, with which it runs, whose outputs it is handed, and which of its outputs are wanted in a folder:

    those that the user named or bound, those that a node outside the group needs, those that nobody needs,
    and all of a node whose result can be reused: everything before it is deterministic, so the same addresses will come again.

https://learn.microsoft.com/azure/machine-learning/component-reference/component-reference
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from azurine.expressions import bindings
from azurine.ml import registry_ids
from azurine.ml.jobs import nodes, outputs, parts
from azurine.ml.reading import Reader
from azurine.model import ids
from azurine.model.kinds import Look
from azurine.model.resources import Json, Resource
from azurine.model.states import State

MOST = 500
"""Nodes of one group."""
_OF_ITS_OWN = ("limits", "resources", "distribution", "environment", "environment_variables", "identity", "services")

Results = Mapping[str, Mapping[str, Json]]


def may_take_part(node: Mapping[str, Any], component: Resource, compute: str) -> Json | None:
    """{"component", "compute", "outputs"} of a node that may run together with others; None of one that may not.

    node: as it was given. compute: of nodes that name none.
    """
    name = registry_ids.library_name(component.id) if registry_ids.of_library(component) else ""
    definition = parts.definition(component)
    where = str(node.get("computeId") or node.get("compute") or compute)
    if not name or any(node.get(key) for key in _OF_ITS_OWN) or bindings.has_expression(where):
        return None
    if "python" in str((definition.get("tags") or {}).get("scripts") or ""):
        return None
    return {"component": name, "compute": where, "outputs": definition["outputs"]}


def is_fresh(component: Resource) -> bool:
    """Is what it makes never the same, as far as is known?"""
    definition = parts.definition(component)
    return definition.get("type") == "pipeline" or str(definition.get("is_deterministic", True)).lower() != "true"


def groups(look: Look, ready: Sequence[str], seen: Mapping[str, str], soft: frozenset[tuple[str, str]], lone: frozenset[str]) -> list[list[str]]:
    """Nodes that start together, those needed by others first. seen: how those are doing that were started. soft: (needed, node) that do not insist.

    lone: ready nodes that stay out, because an earlier result may stand for them.
    """
    plan = look.resource.spec["plan"]
    known: Mapping[str, Json] = plan.get("fusable") or {}
    edges: Mapping[str, Mapping[str, Sequence[str]]] = plan["edges"]
    chosen: dict[str, None] = {name: None for name in ready if name in known and name not in lone}
    grown = bool(chosen)
    while grown and len(chosen) < MOST:
        more = [name for name in known if name not in chosen and name not in seen and name not in lone and _joins(name, plan, chosen, seen, soft)]
        chosen |= dict.fromkeys(more)
        grown = bool(more)
    return _connected(list(chosen), edges)


def bodies(look: Look, group: Sequence[str], results: Results, child_id: Any) -> Iterator[tuple[str, Json]]:
    """(node, the job to PUT for it) for a group; what its nodes hand on is where each would put it by itself."""
    plan = look.resource.spec["plan"]
    made: dict[str, Mapping[str, Json]] = dict(results)
    members = {name: ids.name(child_id(look.resource, name)) for name in group}
    stable = _stable(plan)
    for name in group:
        body = nodes.body(name, plan["nodes"][name], nodes.Sight(plan, made))
        declared = plan["fusable"][name]["outputs"]
        given = Reader(body["properties"].get("outputs"))
        planned = outputs.plan(given, declared, members[name], str(plan["datastore"]), look.references, str(plan["workspace"]))
        made[name] = outputs.results(planned, {})
        fused = {
            "component": plan["fusable"][name]["component"],
            "members": members,
            "sources": _sources(plan["nodes"][name], members),
            "wanted": list(declared) if name in stable else _wanted(plan, name, members, declared),
            "halt": not plan["continue"],
        }
        yield name, {**body, "fused": fused}


def _joins(name: str, plan: Json, chosen: Mapping[str, None], seen: Mapping[str, str], soft: frozenset[tuple[str, str]]) -> bool:
    """Does the node need nothing but what is done and what the group makes?"""
    known, needs = plan["fusable"], plan["edges"][name]
    inside = [needed for needed in needs if needed in chosen]
    if not inside or any(known[needed]["compute"] != known[name]["compute"] for needed in inside):
        return False
    if any((needed, name) in soft for needed in needs if seen.get(needed) != State.SUCCEEDED):
        return False
    if not all(needed in chosen or seen.get(needed) == State.SUCCEEDED for needed in needs):
        return False
    handed = _sources(plan["nodes"][name], chosen)
    return all(port in handed for needed in inside for port in needs[needed]) and all(
        port in known[needed]["outputs"] for needed, port in handed.values()
    )


def _sources(node: nodes.Node, members: Mapping[str, object]) -> dict[str, list[str]]:
    """{input: [node, output]} for the inputs that are an output of a member, whole."""
    found = {}
    for port, value in (node.get("inputs") or {}).items():
        text = value.get("value", value.get("uri", value.get("path"))) if isinstance(value, Mapping) else value
        reference = bindings.whole(text) if isinstance(text, str) else None
        names = reference.names if reference is not None else ()
        if names[:2] == ("parent", "jobs") and names[3:4] == ("outputs",) and names[2] in members:
            found[port] = [names[2], ".".join(names[4:])]
    return found


def _connected(chosen: list[str], edges: Mapping[str, Mapping[str, object]]) -> list[list[str]]:
    """The chosen ones in groups that have nothing to do with each other, each with those first that others need."""
    belongs = {name: name for name in chosen}

    def root(name: str) -> str:
        while belongs[name] != name:
            name = belongs[name]
        return name

    for name in chosen:
        for needed in edges[name]:
            if needed in belongs:
                belongs[root(name)] = root(needed)
    found: dict[str, list[str]] = {}
    for name in chosen:
        found.setdefault(root(name), []).append(name)
    return list(found.values())


def _wanted(plan: Json, name: str, members: Mapping[str, object], declared: Mapping[str, object]) -> list[str]:
    """The outputs that are wanted in a folder: bound or named by the user, needed outside, or needed by nobody."""
    handed: set[str] = set()
    outside: set[str] = set()
    for other, needs in plan["edges"].items():
        if name not in needs:
            continue
        used = _sources(plan["nodes"][other], {name: None})
        if other in members:
            handed |= {port for _, port in used.values()}
        elif set(needs[name]) <= set(used):
            outside |= {port for _, port in used.values()}
        else:
            outside |= set(declared)  # a part of a text speaks of it: which output that is does not matter
    asked = {port for port, value in (plan["nodes"][name].get("outputs") or {}).items() if _is_asked(value)}
    return [port for port in declared if port in asked | outside or port not in handed]


def _is_asked(value: Any) -> bool:
    """Says the user anything of the output but its type?"""
    if isinstance(value, Mapping):
        return any(one for key, one in value.items() if key not in ("type", "job_output_type", "jobOutputType", "mode"))
    return bool(value)


def _stable(plan: Json) -> set[str]:
    """The nodes whose result may be found again: they are deterministic, and so is all that they need."""
    edges: Mapping[str, Mapping[str, object]] = plan["edges"]
    unsure = set(plan["fresh"])
    while more := {name for name, needs in edges.items() if name not in unsure and any(needed in unsure for needed in needs)}:
        unsure |= more
    return {name for name in plan["fusable"] if name not in unsure}
