"""Questions about tables: `preview` and `profile`, POST on a job (any of its ports), a data version, or a datastore (any path).

    POST …/jobs/{job}/preview            {"output": "made"} or {"input": "raw"}, and "node": "prep" for a step of a pipeline; "rows": 50
    POST …/data/{name}/versions/{v}/profile      {"path": "part/of/it"} when it is a folder; "bins": 20
    POST …/datastores/{name}/preview     {"path": "raw/patients.csv"}

An action each, since looking needs the right to read what is there and changes nothing. What is looked at must lie on this server and must be
finished. Where an output lies is read from the body that the job shows. What components handed on to each other without keeping it is made again
for the look, of what there is now (`madeAgain`).
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from azurine.api import resources
from azurine.api.actions import Asked, Question, Table
from azurine.model import errors, ids
from azurine.model.resources import Json, Resource

JOBS, DATA, DATASTORES = "workspaces/jobs", "workspaces/data/versions", "workspaces/datastores"
WHAT = ("preview", "profile")
ROWS, MOST_ROWS = 50, 1000
BINS, MOST_BINS = 20, 100
Locate = Callable[[str, str], Path | None]
"""(workspace, address) → its path on this machine; None for what lies elsewhere."""
Look = Callable[[Path | Json, str, int, int], Json]
"""(path or graph, "preview" or "profile", rows, bins) → what is seen. Raises errors.Invalid for what is no table."""
Given = Callable[[Resource, str], str]
"""(job, input) → the address of the data that the job was given; "" when that is no data."""
Again = Callable[[Resource, str], Json | None]
"""(job, output) → the graph that makes an output which was handed on and not kept; None when there is none."""


def table(locate: Locate, look: Look, given: Given, again: Again) -> Table:
    places: Mapping[str, Callable[[Asked], str]] = {JOBS: lambda asked: _of_job(asked, given), DATA: _of_data, DATASTORES: _of_datastore}
    return {(kind, what): _question(what, place, locate, look, again) for kind, place in places.items() for what in WHAT}


def _question(what: str, place: Callable[[Asked], str], locate: Locate, look: Look, again: Again) -> Question:
    def answer(asked: Asked) -> Mapping[str, Any]:
        rows, bins = _whole(asked.body, "rows", ROWS, MOST_ROWS), _whole(asked.body, "bins", BINS, MOST_BINS)
        address = place(asked)
        path = locate(ids.up_to(asked.id, ids.WORKSPACES), address)
        if path is None:
            raise errors.Unsupported(f"{address} lies elsewhere; only what lies on this server can be looked at")
        if not path.exists():
            graph = again(_node(asked, asked.resource), str(asked.body["output"])) if asked.body.get("output") and not _path(asked.body) else None
            if graph is not None:
                return {"uri": address, "madeAgain": True, **look(graph, what, rows, bins)}
            raise errors.Missing(f"there is nothing at {address}", code="DataNotFound", path="path")
        return {"uri": address, **look(path, what, rows, bins)}

    return answer


def _of_job(asked: Asked, given: Given) -> str:
    job = _node(asked, asked.resource)
    body = asked.body
    said = [side for side in ("output", "input") if body.get(side) is not None]
    if len(said) != 1 or not isinstance(body[said[0]], str):
        raise errors.Invalid("name one port of the job, as output or as input", path="output", code="MissingField")
    side, name = said[0], str(body[said[0]])
    shown = asked.house.show(job)["properties"]
    ports: Mapping[str, Any] = shown.get(f"{side}s") or {}
    if side == "output" and shown.get("status") not in ("Completed", "Failed", "Canceled"):
        raise errors.Conflict(f"{job.name} is {shown.get('status')}; its outputs can be looked at when it has ended", code="JobNotFinished")
    port = ports.get(name)
    if port is None:
        known = ", ".join(one for one in ports if one != "default") or "none"
        raise errors.Invalid(f"{job.name} has no {side} {name[:80]!r}; it has: {known}", code=f"Unknown{side.title()}", path=side)
    address = given(job, name) if side == "input" else port.get("uri")
    if not isinstance(address, str) or not address:
        raise errors.Invalid(f"the {side} {name} is a plain value, no data: {str(port.get('value'))[:200]}", code="NoTable", path=side)
    return _joined(address, _path(body))


def _node(asked: Asked, job: Resource) -> Resource:
    """The step of a pipeline that is meant, or the job itself. `a.b`: the step b of the pipeline that is the step a."""
    node = asked.body.get("node")
    if node is None:
        return job
    if not isinstance(node, str):
        raise errors.Invalid("node must be the name of a step", path="node")
    for name in node.split("."):
        steps = {str(one.spec["node"]): one for one in asked.house.log.owned_by(job.id) if one.spec.get("node")}
        if name not in steps:
            known = ", ".join(sorted(steps)[:30]) or "none that has begun"
            raise errors.Missing(f"{job.name} has no step {name[:80]!r}; it has: {known}", code="StepNotFound", path="node")
        job = steps[name]
    return job


def _of_data(asked: Asked) -> str:
    properties = asked.house.show(resources.get(asked.house, asked.id))["properties"]
    return _joined(str(properties.get("dataUri") or ""), _path(asked.body))


def _of_datastore(asked: Asked) -> str:
    path = _path(asked.body)
    if not path:
        raise errors.Invalid("path is required: what is to be looked at in the datastore", path="path", code="MissingField")
    return f"azureml://datastores/{asked.resource.name}/paths/{path}"


def _path(body: Mapping[str, Any]) -> str:
    found = body.get("path")
    if found is None:
        return ""
    if not isinstance(found, str) or "\0" in found or ".." in found.split("/"):
        raise errors.Invalid("path must be a path below it, without '..'", path="path")
    return found.strip("/")


def _joined(address: str, path: str) -> str:
    return f"{address.rstrip('/')}/{path}" if path else address


def _whole(body: Mapping[str, Any], key: str, default: int, most: int) -> int:
    found = body.get(key)
    if found is None:
        return default
    if type(found) is not int or not 1 <= found <= most:
        raise errors.Invalid(f"{key} must be a whole number between 1 and {most}, not {str(found)[:40]!r}", path=key)
    return found
