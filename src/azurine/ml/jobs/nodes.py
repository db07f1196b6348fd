"""The nodes of a pipeline: what each needs, and the job it becomes when that is there.

A node's input is a literal, data, or a binding: `${{parent.inputs.x}}` (what the pipeline was given),
`${{parent.jobs.prep.outputs.d}}` (what another node makes: an edge of the graph), `${{parent.jobs.prep.inputs.k}}` (what another
node is given, too). A node's output may be bound to an output of the pipeline and then goes where that one goes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from azurine.expressions import bindings
from azurine.ml import parallel
from azurine.ml.jobs import inputs, outputs, words
from azurine.ml.reading import Reader
from azurine.model.errors import Invalid
from azurine.model.resources import Json

Node = Mapping[str, Any]

_SAME_IN_A_JOB = ("limits", "resources", "distribution", "description", "tags", "identity", "services")
_OTHERWISE_IN_A_JOB = {"environment_variables": "environmentVariables", "environment": "environmentId"}
_JOB_TYPES = {"pipeline": "Pipeline", "parallel": "Parallel"}
_FARTHEST = 50
"""Inputs that refer to inputs of other nodes, in a row."""


@dataclass(frozen=True)
class Sight:
    """What a node's bindings may speak of. parent: the pipeline's plan. results: what the nodes that are done have made, by node and output."""

    parent: Mapping[str, Any]
    results: Mapping[str, Mapping[str, Json]]

    @cached_property
    def scope(self) -> dict[str, Any]:
        """The same for embedded expressions: as text."""
        jobs = {node: {"outputs": {port: one.get("value", one["uri"]) for port, one in ports.items()}} for node, ports in self.results.items()}
        return {
            "parent": {
                "inputs": {name: one.get("value", one.get("uri")) for name, one in self.parent["inputs"].items()},
                "outputs": {name: one["uri"] for name, one in self.parent["outputs"].items()},
                "jobs": jobs,
            }
        }


def edges(jobs: Mapping[str, Node]) -> dict[str, dict[str, list[str]]]:
    """{node: {node it needs: [its inputs that want it]}}; "" stands for what is no input (a variable, a limit)."""
    found: dict[str, dict[str, list[str]]] = {}
    for name, node in jobs.items():
        needs: dict[str, list[str]] = {}
        for port, value in _speaking(node):
            for _, reference in bindings.references_within(value):
                if reference.names[:2] == ("parent", "jobs") and reference.names[3:4] == ("outputs",):
                    needs.setdefault(reference.names[2], []).append(port)
        found[name] = needs
    return found


def settle(jobs: Mapping[str, Node], defaults: Mapping[str, Mapping[str, Any]], given: Reader) -> dict[str, Node]:
    """The nodes with every `${{parent.jobs.a.inputs.x}}` replaced by what that input is; a ring of them is noted.

    defaults: of each node's component. given: at the `jobs` of the body.
    """
    settled: dict[str, Node] = {}
    for name, node in jobs.items():
        replaced: dict[str, Any] = {}
        for port, value in (node.get("inputs") or {}).items():
            try:
                replaced[port] = _followed(value, jobs, defaults, 0)
            except Invalid as error:
                given.mapping(name).mapping("inputs").fault(port, error.message, error.code)
        settled[name] = {**node, "inputs": replaced}
    return settled


def target(value: Any) -> str:
    """The pipeline's output that a node's output is bound to; "" when to none."""
    text = _text_of(value)
    reference = bindings.whole(text) if isinstance(text, str) else None
    return ".".join(reference.names[2:]) if reference is not None and reference.names[:2] == ("parent", "outputs") else ""


def source(value: Any) -> tuple[str, str] | None:
    """(node, output) that an input is bound to as a whole; None when to none."""
    text = _text_of(value)
    reference = bindings.whole(text) if isinstance(text, str) else None
    if reference is None or reference.names[:2] != ("parent", "jobs") or reference.names[3:4] != ("outputs",):
        return None
    return reference.names[2], ".".join(reference.names[4:])


def body(name: str, node: Node, sight: Sight) -> Json:
    """The job to PUT for a node whose needs are there. Raises errors.Invalid when an expression has no value."""
    scope = sight.scope
    compute = node.get("computeId") or node.get("compute")
    properties: dict[str, Any] = {
        "jobType": _JOB_TYPES.get(str(node.get("type")), "Command"),
        "displayName": node.get("display_name") or name,
        "experimentName": sight.parent["experiment"],
        "componentId": words.address(node["componentId"]),
        "computeId": bindings.resolve(compute, scope, "compute") if compute else None,
        "inputs": _inputs(name, node, sight, scope),
        "outputs": {port: _output(value, sight.parent["outputs"]) for port, value in (node.get("outputs") or {}).items()},
    }
    for key in _SAME_IN_A_JOB:
        if node.get(key):
            properties[key] = bindings.resolve(node[key], scope, key)
    if node.get("type") == "parallel":
        # Its expressions speak of the step's own inputs, so they stay as they are.
        properties |= {key: node[key] for key in parallel.SETTINGS if node.get(key) is not None}
    for ours, theirs in _OTHERWISE_IN_A_JOB.items():
        if node.get(ours):
            properties[theirs] = bindings.resolve(node[ours], scope, ours)
    return {"properties": {key: value for key, value in properties.items() if value is not None}, "node": name}


def store_of(job_name: str) -> dict[str, Json]:
    """The artifact store of a job, under the names it has among the job's outputs."""
    return {name: {"uri": words.artifacts_uri(job_name), "type": "uri_folder"} for name in words.STORE_NAMES}


def _speaking(node: Node) -> Iterator[tuple[str, Any]]:
    """(input, its value) for every input, and ("", value) for every other part that may hold expressions."""
    given = node.get("inputs")
    yield from given.items() if isinstance(given, dict | Mapping) else ()
    for part in ("compute", "computeId", "limits", "resources", "distribution", "environment", "environment_variables"):
        if node.get(part):
            yield "", node[part]


def _text_of(value: Any) -> Any:
    return value.get("value", value.get("uri", value.get("path"))) if isinstance(value, dict | Mapping) else value


def _followed(value: Any, jobs: Mapping[str, Node], defaults: Mapping[str, Mapping[str, Any]], steps: int) -> Any:
    text = _text_of(value)
    template = bindings.parse(text) if isinstance(text, str) and "${{" in text else None
    if template is None or not any(_is_input(one) for one in template.references):
        return value
    if steps > _FARTHEST:
        raise Invalid("these inputs refer to each other and never to a value", code="InvalidBinding")
    if template.whole is None:
        raise Invalid("the input of another job may be the whole value, not a part of a text", code="InvalidBinding")
    node, port = template.whole.names[2], ".".join(template.whole.names[4:])
    found = (jobs[node].get("inputs") or {}).get(port)
    followed = _followed(defaults[node].get(port) if found is None else found, jobs, defaults, steps + 1)
    mode = {"mode": value["mode"]} if isinstance(value, Mapping) and value.get("mode") else {}
    return {**followed, **mode} if isinstance(followed, Mapping) else followed


def _is_input(reference: bindings.Reference) -> bool:
    return reference.names[:2] == ("parent", "jobs") and reference.names[3:4] == ("inputs",)


def _inputs(name: str, node: Node, sight: Sight, scope: Mapping[str, Any]) -> dict[str, Json]:
    """The node's inputs as a job's, without those that are bound to an optional one that has no value."""
    modes = sight.parent.get("modes", {}).get(name, {})
    found = {port: _input(value, modes.get(port, ""), sight, scope, f"inputs.{port}") for port, value in (node.get("inputs") or {}).items()}
    return {port: one for port, one in found.items() if one is not None}


def _input(value: Any, declared_mode: str, sight: Sight, scope: Mapping[str, Any], path: str) -> Json | None:
    entry = value if isinstance(value, dict | Mapping) else {"value": value}
    text = _text_of(entry)
    reference = bindings.whole(text, path)
    if reference is None:
        sort = inputs.type_of(entry)
        resolved = bindings.resolve(text, scope, path) if isinstance(text, str) else text
        if sort.lower() == inputs.LITERAL:
            return {"jobInputType": inputs.LITERAL, "value": resolved}
        return {**entry, "jobInputType": sort, "uri": resolved}
    found = _bound(reference, sight)
    if found is None or found.get("value", "") is None:
        return None
    if "value" in found:
        return {"jobInputType": inputs.LITERAL, "value": found["value"]}
    # How the node wants it comes first, then how its component does, then how the pipeline was given it.
    mode = entry.get("mode") or declared_mode or found.get("mode")
    uri = words.address(found["asset"]) if found.get("asset") else found["uri"]
    return {"jobInputType": found["type"], "uri": uri} | ({"mode": mode} if mode else {})


def _bound(reference: bindings.Reference, sight: Sight) -> Json | None:
    """What is bound, planned or made; None when it has no value."""
    parts = reference.names
    given: Mapping[str, Json] = sight.parent["inputs"]
    planned: Mapping[str, Json] = sight.parent["outputs"]
    if parts[:2] == ("parent", "inputs"):
        return given.get(".".join(parts[2:]))
    if parts[:2] == ("parent", "jobs"):
        return sight.results.get(parts[2], {}).get(".".join(parts[4:]))
    made = planned.get(".".join(parts[2:]))
    return {"value": made["uri"]} if made is not None else None


def _output(value: Any, made: Mapping[str, Json]) -> Json:
    entry = {key: one for key, one in value.items() if one is not None} if isinstance(value, Mapping) else {}
    bound = target(value)
    if not bound:
        return {**entry, "jobOutputType": outputs.sort_of(entry)} if outputs.sort_of(entry) else entry
    goal = made[bound]
    own = {key: entry[key] for key in ("mode", "name", "version", "assetName", "assetVersion") if entry.get(key)}
    return {"jobOutputType": goal["type"], "mode": goal["mode"], "uri": goal["uri"], outputs.BOUND: True, **own}
