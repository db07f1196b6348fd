"""Whether the jobs of a pipeline are wired rightly: every binding leads somewhere, types agree, and there is no ring.

A binding in a node's inputs is `${{parent.inputs.x}}` or `${{parent.jobs.a.outputs.b}}`; the latter is an edge of the graph.
Everything wrong is noted with its path; nothing is resolved to a value here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from azurine.expressions import bindings
from azurine.graph import order
from azurine.ml import names, references
from azurine.ml.interfaces import fits, literal, missing
from azurine.ml.reading import Reader, clipped
from azurine.model import errors
from azurine.model.kinds import References
from azurine.model.resources import Json

TYPES = ("command", "parallel", "pipeline")
_READ = ("inputs", "outputs", "compute", "computeId", "environment_variables", "limits", "resources")
_EVERY_JOB_HAS = ("artifacts", "default")
"""Outputs that no component declares: the job's default artifact store."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What may be spoken of: the pipeline's inputs and outputs, and each node's declared inputs and outputs.

    unclear: nodes of which nobody knows what they declare. That is said of them, and not of those that speak of them.
    """

    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]
    nodes: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]]
    unclear: frozenset[str] = frozenset()


def check_nodes(pipeline: Reader, known: References, workspace: str) -> None:
    """Checks the `jobs` of a pipeline (with `inputs` and `outputs` beside them), noting what is wrong."""
    jobs = pipeline.mapping("jobs")
    if pipeline.has("jobs") and not jobs.value:
        pipeline.fault("jobs", "a pipeline needs at least one job", "MissingField")
    interfaces = {}
    for name in map(str, jobs.value):
        if not names.fits(name, names.NODE):
            jobs.fault(name, f"{clipped(name)} cannot be the name of a job; a name has {names.NODE.words}", "InvalidName")
        node = jobs.mapping(name, required=True)
        found = _interface(node, known, workspace) if isinstance(jobs.value[name], Mapping) else None
        if found is not None:
            interfaces[name] = found
    unclear = frozenset(map(str, jobs.value)) - set(interfaces)
    sight = Sight(pipeline.mapping("inputs").value, pipeline.mapping("outputs").value, interfaces, unclear)
    edges = []
    for name in interfaces:
        edges += [(needed, name) for needed in _check_node(name, jobs.mapping(name), sight) if needed in interfaces]
    ring = order.find_cycle(list(interfaces), edges)
    if ring:
        jobs.fault(ring[0], f"these jobs wait for each other: {order.ring_as_text(ring)}", "CyclicPipeline")


def _interface(node: Reader, known: References, workspace: str) -> tuple[Mapping[str, Any], Mapping[str, Any]] | None:
    """The inputs and outputs that the node's component declares; None (and a note) when it cannot be told."""
    sort = node.text("type") or "command"
    if sort not in TYPES:
        node.fault("type", f"jobs of type {clipped(sort)} do not run here; {', '.join(TYPES[:-1])} and {TYPES[-1]} do", "NotSupported")
        return None
    text = node.text("componentId", required=True)
    if not text:
        return None
    try:
        component = references.find_version(known, workspace, "components", text)
    except errors.Invalid as error:
        node.fault("componentId", error.message, error.code)
        return None
    spec = component.spec["properties"]["componentSpec"]
    return spec.get("inputs") or {}, spec.get("outputs") or {}


def _check_node(name: str, node: Reader, sight: Sight) -> list[str]:
    """Notes what is wrong with one node; answers the nodes it needs."""
    declared, made = sight.nodes[name]
    given = node.mapping("inputs")
    for key in given.value:
        if key not in declared:
            given.fault(str(key), f"the component has no input {clipped(key)}; it has: {', '.join(declared) or 'none'}", "UnknownInput")
    for key in missing(declared, given.value):
        given.fault(key, f"the required input {key} is not given", "MissingInput")
    for key in node.mapping("outputs").value:
        if key not in made and key not in _EVERY_JOB_HAS:
            node.mapping("outputs").fault(
                str(key), f"the component has no output {clipped(key)}; it has: {', '.join(made) or 'none'}", "UnknownOutput"
            )
    for key, declaration in declared.items():
        _check_input(given, key, declaration, sight)
    return _check_bindings(node, sight)


def _check_bindings(node: Reader, sight: Sight) -> list[str]:
    """Every expression of the node must lead somewhere; answers the nodes whose outputs it takes."""
    needed = []
    for part in _READ:
        if not (said := node.value.get(part)):
            continue
        try:
            found = list(bindings.references_within(said, node.at(part)))
        except errors.Invalid as error:
            node.include(error)
            continue
        for path, reference in found:
            problem = _problem(reference, sight)
            if problem:
                node.faults.append(errors.Detail("InvalidBinding", problem, path.removesuffix(".value").removesuffix(".uri")))
            elif reference.names[:2] == ("parent", "jobs") and reference.names[3] == "outputs":
                needed.append(reference.names[2])
    return needed


def _problem(reference: bindings.Reference, sight: Sight) -> str:
    parts = reference.names
    if parts[0] != "parent":
        return "" if parts[0] in bindings.LOCATION else f"{reference} may not stand here; a job of a pipeline speaks of its parent"
    side, rest = parts[1] if len(parts) > 1 else "", ".".join(parts[2:])
    if side in ("inputs", "outputs"):
        there = sight.inputs if side == "inputs" else sight.outputs
        return "" if rest in there else f"the pipeline has no {side[:-1]} {rest or '(no name)'}; it has: {', '.join(there) or 'none'}"
    if side != "jobs" or len(parts) < 5 or parts[3] not in ("inputs", "outputs"):
        return f"{reference} should read parent.inputs.<name>, parent.outputs.<name> or parent.jobs.<job>.outputs.<name>"
    if parts[2] in sight.unclear:
        return ""
    if parts[2] not in sight.nodes:
        return f"the pipeline has no job {parts[2]}; it has: {', '.join(sight.nodes) or 'none'}"
    there = sight.nodes[parts[2]][0 if parts[3] == "inputs" else 1]
    port = ".".join(parts[4:])
    if port in there or (parts[3] == "outputs" and port in _EVERY_JOB_HAS):
        return ""
    return f"the job {parts[2]} has no {parts[3][:-1]} {port}; it has: {', '.join(there) or 'none'}"


def _check_input(given: Reader, key: str, declared: Json, sight: Sight) -> None:
    """A literal must fit its declaration; a binding must come from something of a type that does."""
    entry = given.value.get(key)
    text = entry.get("value") if isinstance(entry, dict | Mapping) else entry
    if text is None or isinstance(text, dict | list | Mapping) or not isinstance(declared, dict | Mapping):
        return
    wanted = str(declared.get("type") or "")
    try:
        reference = bindings.whole(text)
        if reference is not None:
            produced = _type_of(reference, sight)
            if not fits(produced, wanted):
                given.fault(key, f"{reference} is of type {produced}; the component wants {wanted} here", "InvalidBinding")
        elif not bindings.has_expression(text) and wanted in ("string", "number", "integer", "boolean"):
            literal(declared, text, given.at(key))
    except errors.Invalid as error:
        # A malformed expression is noted by the look at all bindings.
        if error.code != "InvalidExpression":
            given.include(error)


def _type_of(reference: bindings.Reference, sight: Sight) -> str:
    """The declared type of what is bound; "" when it is not declared."""
    parts = reference.names
    there: Mapping[str, Any] = {}
    if parts[:2] == ("parent", "inputs"):
        there = sight.inputs
    elif parts[:2] == ("parent", "jobs") and len(parts) > 4 and parts[2] in sight.nodes:
        there = sight.nodes[parts[2]][0 if parts[3] == "inputs" else 1]
    name = ".".join(parts[2:]) if parts[1:2] == ("inputs",) else ".".join(parts[4:])
    declared = there.get(name)
    return str(declared.get("type") or "").lower() if isinstance(declared, Mapping) else ""
