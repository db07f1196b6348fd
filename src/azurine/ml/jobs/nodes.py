"""The nodes of a pipeline: what each needs, and the job it becomes when that is there.

A node's input is a literal, data, or a binding: `${{parent.inputs.x}}` (what the pipeline was given),
`${{parent.jobs.prep.outputs.d}}` (what another node makes: an edge of the graph). A node's output may be bound to an
output of the pipeline and then goes where that one goes.
"""

from collections.abc import Mapping
from typing import Any

from azurine.expressions import bindings
from azurine.ml.jobs import inputs
from azurine.model.errors import Detail, Invalid
from azurine.model.resources import Json

_BODY_OF_JOB = {
    "environment_variables": "environmentVariables",
    "limits": "limits",
    "resources": "resources",
    "distribution": "distribution",
    "display_name": "displayName",
    "description": "description",
    "tags": "tags",
    "identity": "identity",
    "services": "services",
}


def edges(jobs: Mapping[str, Any]) -> dict[str, dict[str, list[str]]]:
    """{node: {node it needs: [its inputs that want it]}}. Raises errors.Invalid for a malformed expression."""
    found: dict[str, dict[str, list[str]]] = {}
    for name, node in jobs.items():
        needs: dict[str, list[str]] = {}
        for path, reference in bindings.references_within(
            {part: node.get(part) for part in ("inputs", "compute", "environment_variables", "limits") if node.get(part)}
        ):
            if reference.names[:2] == ("parent", "jobs") and len(reference.names) >= 5:
                needs.setdefault(reference.names[2], []).append(path.split(".")[1] if path.startswith("inputs.") else path)
        found[name] = needs
    return found


def check(
    jobs: Mapping[str, Any], given: Mapping[str, Any], made: Mapping[str, Any], path: str, outputs_of: Mapping[str, Mapping[str, Any]]
) -> list[Detail]:
    """Every binding must lead somewhere. given: the pipeline's inputs; made: its outputs; outputs_of: declared outputs per node."""
    wrong: list[Detail] = []
    for name, node in jobs.items():
        try:
            found = list(
                bindings.references_within(
                    {part: node.get(part) for part in ("inputs", "outputs", "compute", "environment_variables") if node.get(part)}
                )
            )
        except Invalid as error:
            wrong.append(Detail(error.code, error.message, f"{path}.{name}"))
            continue
        for place, reference in found:
            problem = _problem(reference, given, made, outputs_of)
            if problem:
                wrong.append(Detail("InvalidBinding", problem, f"{path}.{name}.{place.removesuffix('.value')}"))
    return wrong


def _problem(reference: bindings.Reference, given: Mapping[str, Any], made: Mapping[str, Any], outputs_of: Mapping[str, Mapping[str, Any]]) -> str:
    names = reference.names
    if names[0] != "parent" or len(names) < 3:
        return ""
    side, name = names[1], ".".join(names[2:])
    if side == "inputs" and name not in given:
        return f"the pipeline has no input {name!r}; it has: {', '.join(given) or 'none'}"
    if side == "outputs" and name not in made:
        return f"the pipeline has no output {name!r}; it has: {', '.join(made) or 'none'}"
    if side == "jobs":
        node, port = names[2], names[4] if len(names) > 4 else ""
        if node not in outputs_of:
            return f"the pipeline has no job {node!r}; it has: {', '.join(outputs_of)}"
        if names[3:4] == ("outputs",) and port not in outputs_of[node] and port not in ("artifacts", "default"):
            return f"the job {node!r} has no output {port!r}; it has: {', '.join(outputs_of[node]) or 'none'}"
    return ""


def body(
    name: str, node: Mapping[str, Any], parent: Json, given: Mapping[str, Json], made: Mapping[str, Json], results: Mapping[str, Mapping[str, Json]]
) -> Json:
    """The job to PUT for a node whose needs are there.

    parent: the pipeline's plan. given: its planned inputs. made: its planned outputs. results: outputs of the nodes that are done.
    """
    scope = _scope(given, made, results)
    properties: dict[str, Any] = {
        "jobType": "Pipeline" if node.get("type") == "pipeline" else "Command",
        "displayName": node.get("display_name") or name,
        "experimentName": parent["experiment"],
        "componentId": node.get("componentId"),
        "computeId": bindings.resolve(node.get("computeId") or node.get("compute") or "", scope) or parent.get("compute") or None,
        "inputs": {port: one for port, value in (node.get("inputs") or {}).items() if (one := _input(value, given, results, scope)) is not None},
        "outputs": {port: _output(value, made) for port, value in (node.get("outputs") or {}).items()},
    }
    for ours, theirs in _BODY_OF_JOB.items():
        if node.get(ours) and theirs not in ("displayName",):
            properties[theirs] = bindings.resolve(node[ours], scope)
    return {"properties": {key: value for key, value in properties.items() if value is not None}, "node": name}


def _scope(given: Mapping[str, Json], made: Mapping[str, Json], results: Mapping[str, Mapping[str, Json]]) -> dict[str, Any]:
    """Names an embedded expression may use, as text."""
    jobs = {node: {"outputs": {port: one["uri"] for port, one in ports.items()}} for node, ports in results.items()}
    return {
        "parent": {
            "inputs": {name: one.get("value", one.get("uri")) for name, one in given.items()},
            "outputs": {name: one["uri"] for name, one in made.items()},
            "jobs": jobs,
        }
    }


def _input(value: Any, given: Mapping[str, Json], results: Mapping[str, Mapping[str, Json]], scope: Mapping[str, Any]) -> Json | None:
    """A node's input as a job's input; None when it is bound to an optional one that has no value."""
    entry = value if isinstance(value, Mapping) else {"value": value}
    text = entry.get("value", entry.get("uri", entry.get("path")))
    reference = bindings.whole(text)
    if reference is None:
        kind = inputs.type_of(entry)
        if kind == "literal":
            return {"jobInputType": "literal", "value": bindings.resolve(text, scope)}
        return {**entry, "jobInputType": kind, "uri": bindings.resolve(text, scope)}
    mode = {"mode": entry["mode"]} if entry.get("mode") else {}
    names = reference.names
    if names[:2] == ("parent", "inputs"):
        found = given.get(".".join(names[2:]))
        if found is None:
            return None
        if "value" in found:
            return {"jobInputType": "literal", "value": found["value"]}
        return {"jobInputType": found["type"], "uri": found.get("asset") or found["uri"], "mode": found["mode"], **mode}
    if names[:2] == ("parent", "jobs"):
        made = results.get(names[2], {}).get(names[4])
        if made is None:
            return None
        return {"jobInputType": made["type"], "uri": made["uri"], **mode}
    return {"jobInputType": "literal", "value": bindings.resolve(text, scope)}


def _output(value: Any, made: Mapping[str, Json]) -> Json:
    entry = dict(value) if isinstance(value, Mapping) else {}
    text = entry.get("value") or entry.get("uri") or entry.get("path")
    reference = bindings.whole(text) if isinstance(text, str) else None
    if reference is None or reference.names[:2] != ("parent", "outputs"):
        return {("jobOutputType" if key == "job_output_type" else key): one for key, one in entry.items()}
    target = made[".".join(reference.names[2:])]
    own = {key: entry[key] for key in ("name", "version", "assetName", "assetVersion") if entry.get(key)}
    return {"jobOutputType": target["type"], "mode": entry.get("mode") or target["mode"], "uri": target["uri"], "bound": True, **own}
