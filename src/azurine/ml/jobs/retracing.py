"""An output that was handed on and never kept: which nodes make it again, for somebody who wants to look at it.

Nodes that ran together (`fusion`) put only some of their outputs into folders. What one of the others held is found again by going back from
it to what is there: outputs in folders, data from outside, parameters. Only what the output needs is named, so nothing is exported again.
What Import Data reads is read as it is now.
"""

from collections.abc import Mapping
from typing import Any

from azurine.model.resources import Json, Resource
from azurine.model.states import State


def graph(job: Resource, port: str, steps: Mapping[str, Resource]) -> list[dict[str, Any]] | None:
    """[{"name", "component", "inputs": {port: {"value"} or {"uri"} or {"node", "port"}}}], what is needed first; None when there is no way back.

    steps: the jobs of all nodes of the pipeline, by name.
    """
    own = job.spec.get("plan", {}).get("fused")
    name = str(job.spec.get("node") or "")
    if own is None or port not in job.spec["plan"]["outputs"] or job.status.get("state") != State.SUCCEEDED:
        return None
    found: dict[str, dict[str, Any]] = {}
    return list(found.values()) if _gather(name, steps, found) else None


def _gather(name: str, steps: Mapping[str, Resource], found: dict[str, dict[str, Any]]) -> bool:
    """Puts a node behind those that it needs. False when one of them is not there any more. Groups have no rings, and at most 500 nodes."""
    step = steps.get(name)
    if step is None or "fused" not in step.spec.get("plan", {}):
        return False
    plan: Mapping[str, Any] = step.spec["plan"]
    given: dict[str, Json] = {port: dict(one) for port, one in plan["inputs"].items()}
    for port, (needed, output) in plan["fused"]["sources"].items():
        source = steps.get(str(needed))
        if source is None:
            return False
        if output in source.spec["plan"]["fused"]["wanted"]:
            given[port] = {"uri": source.spec["plan"]["outputs"][output]["uri"]}
            continue
        if needed not in found and not _gather(str(needed), steps, found):
            return False
        given[port] = {"node": needed, "port": output}
    found[name] = {"name": name, "component": plan["fused"]["component"], "inputs": given}
    return True
