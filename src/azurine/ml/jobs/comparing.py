"""Two runs beside each other: what each was given, which components its nodes are, how they went, and what they measured.

    {"left", "right": {"name", "displayName", "status", "seconds", …}, "differences": [{"node", "what", "name", "left", "right"}], "nodes": […]}

`what` is parameter, input, component, environment, code, compute, setting, status, metric or node (there on one side only). Durations differ
always and are told per node, not as differences. What a node takes from another node is compared as it is bound, not as the folder it
happened to be. Steps of a pipeline that is itself a step are named `outer.inner`.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from azurine.ml.jobs import words
from azurine.model.resources import Json, Resource

DEEPEST = 16
Metrics = Mapping[str, float]
Steps = Callable[[Resource], Mapping[str, Resource]]
"""job → the jobs of its nodes, by the node's name."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One job, as it is compared. facts: (what, name) → value."""

    job: Resource
    facts: Mapping[tuple[str, str], Any] = field(default_factory=dict)


def compare(left: Resource, right: Resource, steps: Steps, metrics: Callable[[list[Resource]], Mapping[str, Metrics]]) -> dict[str, Any]:
    """metrics: jobs → what each measured last, by the job's id."""
    sides = [dict(_below("", one, None, steps, 0)) for one in (left, right)]
    measured = metrics([seen.job for side in sides for seen in side.values()])
    whole = [{node: {**seen.facts, **_measured(measured.get(seen.job.id) or {})} for node, seen in side.items()} for side in sides]
    nodes = list(dict.fromkeys([*sides[0], *sides[1]]))
    differences = [one for node in nodes for one in _differences(node, whole[0].get(node), whole[1].get(node))]
    return {
        "left": _told(left),
        "right": _told(right),
        "differences": differences,
        "nodes": [{"node": node, **_beside(sides, node)} for node in nodes if node],
    }


def _below(node: str, job: Resource, bound: Json | None, steps: Steps, depth: int) -> Iterator[tuple[str, Seen]]:
    """The job and all jobs below it, by their nodes; "" is the run itself."""
    yield node, Seen(job, dict(_facts(job, bound or {})))
    if depth < DEEPEST:
        planned: Mapping[str, Json] = job.spec.get("plan", {}).get("nodes") or {}
        for name, child in steps(job).items():
            yield from _below(f"{node}.{name}" if node else name, child, planned.get(name), steps, depth + 1)


def _facts(job: Resource, bound: Json) -> Iterator[tuple[tuple[str, str], Any]]:
    plan: Mapping[str, Any] = job.spec.get("plan") or {}
    properties: Mapping[str, Any] = job.spec.get("properties") or {}
    for name, one in (plan.get("inputs") or {}).items():
        if "uri" not in one:
            yield ("parameter", name), one.get("value")
        else:
            yield ("input", name), _binding((bound.get("inputs") or {}).get(name)) or one.get("asset") or one["uri"]
    yield ("component", ""), _component(properties.get("componentId"))
    yield ("environment", ""), plan.get("environment_id") or None
    yield ("code", ""), plan.get("code_hash") or None
    yield ("compute", ""), str(plan.get("compute") or "").rpartition("/")[2] or None
    for name, one in (properties.get("settings") or {}).items():
        if not str(name).startswith("_"):
            yield ("setting", str(name)), one
    yield ("status", ""), words.status(job)


def _binding(given: Any) -> str:
    """How an input is bound to what another node makes; "" when it is not."""
    text = given.get("value", given.get("uri", given.get("path"))) if isinstance(given, Mapping) else given
    return text if isinstance(text, str) and "parent.jobs." in text else ""


def _component(text: Any) -> str | None:
    """`prep:2`, whichever way it was written."""
    if not isinstance(text, str) or not text:
        return None
    parts = text.rstrip("/").split("/")
    return f"{parts[-3]}:{parts[-1]}" if len(parts) > 3 and parts[-2] == "versions" else text.removeprefix("azureml:")


def _measured(found: Metrics) -> dict[tuple[str, str], Any]:
    # What is no number cannot be told as one.
    return {("metric", name): value if math.isfinite(value) else str(value) for name, value in found.items()}


def _differences(node: str, left: Mapping[tuple[str, str], Any] | None, right: Mapping[tuple[str, str], Any] | None) -> Iterator[dict[str, Any]]:
    if left is None or right is None:
        yield {"node": node, "what": "node", "name": "", "left": left is not None, "right": right is not None}
        return
    for what, name in dict.fromkeys([*left, *right]):
        one, other = left.get((what, name)), right.get((what, name))
        if one != other:
            yield {"node": node or None, "what": what, "name": name, "left": one, "right": other}


def _beside(sides: list[dict[str, Seen]], node: str) -> dict[str, Any]:
    return {side: _told(seen[node].job) if node in seen else None for side, seen in zip(("left", "right"), sides, strict=True)}


def _told(job: Resource) -> dict[str, Any]:
    begun, ended = job.status.get("started"), job.status.get("ended")
    return {
        "name": job.name,
        "displayName": (job.spec.get("properties") or {}).get("displayName") or job.name,
        "status": words.status(job),
        "seconds": round(float(ended) - float(begun), 3) if begun and ended else None,
        "reused": bool(job.status.get("reused")),
        "component": _component((job.spec.get("properties") or {}).get("componentId")),
        **words.times(job),
    }
