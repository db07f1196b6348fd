"""What is wrong with a drafted pipeline: everything, each with its node, its parameter or port, and its place in the draft.

A pipeline job is planned for practice, exactly as it would be at submission, and what that finds is told by node. What only a canvas wants
to know is looked for besides: whether what flows between components of the library is of the sort that the port takes (a table, a
learner, a trained model, …), which the components say in their tags and Azure's types do not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from azurine.expressions import bindings
from azurine.ml import interfaces, jobs, references, registry_ids
from azurine.ml.jobs import parts
from azurine.model import errors, ids
from azurine.model.kinds import Admission, References
from azurine.model.resources import Json, Resource

SORT_OF_TYPE = {"uri_folder": "DataFrameDirectory", "mltable": "DataFrameDirectory", "custom_model": "ModelDirectory", "uri_file": "AnyFile"}
"""What flows through a port of a component of the library whose tags say nothing of it."""
_PRACTICE = "draft-for-practice"
_SIDES = {"inputs": "input", "outputs": "output"}


@dataclass(frozen=True, slots=True)
class Port:
    """What is known of a node's component. sorts: port → what flows there, for a component of the library."""

    spec: Mapping[str, Any]
    sorts: Mapping[str, str] | None


def check(draft: Resource, known: References) -> list[dict[str, Any]]:
    """[{"node", "input" or "output", "kind", "path", "code", "message"}], in the order in which they were found; [] when all is well."""
    properties = draft.spec["properties"]
    workspace = ids.up_to(draft.id, ids.WORKSPACES)
    job = {**properties["job"], "jobType": properties["job"].get("jobType") or "Pipeline"}
    components = _components(job, known, workspace)
    faults = _practised(workspace, job, known)
    told = {one.path for one in faults}
    faults += [one for one in _mismatches(job, components) if one.path not in told]
    return [_told(one, components) for one in faults]


def _practised(workspace: str, job: Json, known: References) -> list[errors.Detail]:
    try:
        plan = jobs.admit(Admission(ids.child(workspace, "jobs", _PRACTICE), {"properties": job}, known))["plan"]
    except errors.AzurineError as error:
        return list(error.details) or [errors.Detail(error.code, error.message, error.path)]
    if plan.get("type") != "pipeline":
        return [errors.Detail("InvalidType", "a draft is a pipeline; jobType must be Pipeline", "properties.jobType")]
    return []


def _components(job: Json, known: References, workspace: str) -> dict[str, Port]:
    """The components of the nodes, as far as they are there."""
    found: dict[str, Port] = {}
    nodes = job.get("jobs")
    for name, node in nodes.items() if isinstance(nodes, Mapping) else ():
        text = node.get("componentId") if isinstance(node, Mapping) else None
        if not isinstance(text, str):
            continue
        try:
            component = references.find_version(known, workspace, "components", text)
        except errors.AzurineError:
            continue  # told by the practice
        spec = parts.definition(component)
        found[str(name)] = Port(spec, _sorts(spec) if registry_ids.of_library(component) else None)
    return found


def _sorts(spec: Mapping[str, Any]) -> dict[str, str]:
    """port → sort: what the component's tag says, else what its type tells."""
    said = str((spec.get("tags") or {}).get("ports") or "")
    pairs = [one.partition(":") for one in said.replace(";", ",").split(",")]
    named = {port.strip(): sort.strip() for port, _, sort in pairs if sort}
    ports = {name: one for name, one in spec["inputs"].items() if interfaces.is_data(one)} | dict(spec["outputs"])
    return {name: named.get(name) or SORT_OF_TYPE.get(str(one.get("type")), "") for name, one in ports.items()}


def _mismatches(job: Json, components: Mapping[str, Port]) -> list[errors.Detail]:
    found: list[errors.Detail] = []
    for name, port in components.items():
        given, sorts = job["jobs"][name].get("inputs"), port.sorts or {}
        for key, value in given.items() if isinstance(given, Mapping) else ():
            wanted = sorts.get(str(key), "")
            source, output, made = _made(value, components)
            if wanted and made and made != wanted:
                message = f"{source}.{output} is a {made}; the component wants a {wanted} here"
                found.append(errors.Detail("InvalidBinding", message, f"properties.jobs.{name}.inputs.{key}"))
    return found


def _made(value: Any, components: Mapping[str, Port]) -> tuple[str, str, str]:
    """(node, output, sort) of what is bound; "" for what is not known."""
    text = value.get("value", value.get("uri", value.get("path"))) if isinstance(value, Mapping) else value
    try:
        reference = bindings.whole(text) if isinstance(text, str) else None
    except errors.Invalid:
        return "", "", ""
    names = reference.names if reference is not None else ()
    if names[:2] != ("parent", "jobs") or len(names) < 5 or names[3] != "outputs" or names[2] not in components:
        return "", "", ""
    output = ".".join(names[4:])
    return names[2], output, (components[names[2]].sorts or {}).get(output, "")


def _told(fault: errors.Detail, components: Mapping[str, Port]) -> dict[str, Any]:
    steps = fault.path.split(".")
    found: dict[str, Any] = {
        "node": None,
        "path": fault.path.replace("properties", "properties.job", 1),
        "code": fault.code,
        "message": fault.message,
    }
    rest = steps[1:]
    if rest[:1] == ["jobs"] and len(rest) > 1:
        found["node"], rest = rest[1], rest[2:]
    if len(rest) > 1 and rest[0] in _SIDES:
        name = rest[1].split("[")[0]
        found[_SIDES[rest[0]]] = name
        found["kind"] = _kind(components.get(str(found["node"])), rest[0], name)
    return found


def _kind(port: Port | None, side: str, name: str) -> str:
    """Is it a parameter (a plain value), or a port (something flows)?"""
    declared = port.spec[side].get(name) if port is not None else None
    if declared is None:
        return "parameter" if port is None and side == "inputs" else "port"
    return "port" if side == "outputs" or interfaces.is_data(declared) else "parameter"
