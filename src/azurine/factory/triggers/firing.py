"""What a trigger fires: its pipelines, with parameters that may speak of the trigger (`trigger()`, `triggerBody()`).

Everything that a run of a trigger needs is computed from what the run was made from, so that at every look it is the same.
https://learn.microsoft.com/azure/data-factory/how-to-use-trigger-parameterization
"""

import random
from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from azurine.expressions import factory as formulas
from azurine.expressions.factory import ABSENT, ExpressionError, Scope
from azurine.factory import kinds
from azurine.factory.faults import Faults
from azurine.model import clock, ids
from azurine.model.decisions import Create
from azurine.model.resources import Json, Resource
from azurine.model.states import State


def run_id(trigger: Resource, cause: str) -> str:
    """The run of a trigger for one cause (a due time, an event, a window): always the same, so that none fires twice."""
    return ids.child(trigger.id, "triggerRuns", str(uuid5(NAMESPACE_URL, f"{trigger.id}#{cause}")))


def window_id(trigger: Resource, begin: float) -> str:
    return run_id(trigger, f"window {clock.iso(begin)}")


def attempt(run: Resource) -> int:
    """How often it was wished that a run of a trigger runs again."""
    return int(run.spec.get("attempt", 0))


def state(run: Resource) -> str:
    """Of the newest attempt."""
    return str(run.status["state"]) if run.status.get("attempt") == attempt(run) else State.PENDING


def listed(properties: Mapping[str, Any]) -> list[Json]:
    """`pipelines` of a trigger that may have several: [{"name", "parameters"}]."""
    found = properties.get("pipelines")
    return [_wanted(one) for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def only(properties: Mapping[str, Any]) -> list[Json]:
    """The same of one that has one, in `pipeline`."""
    found = properties.get("pipeline")
    return [_wanted(found)] if isinstance(found, Mapping) and found else []


def check_listed(properties: Mapping[str, Any], faults: Faults) -> None:
    for place, one in enumerate(faults.listed(properties, "pipelines", "properties")):
        _check(one, f"properties.pipelines[{place}]", faults)


def check_only(properties: Mapping[str, Any], faults: Faults) -> None:
    if properties.get("pipeline"):
        _check(properties["pipeline"], "properties.pipeline", faults)


def creates(run: Resource, pipelines: list[Json], attempt: str) -> list[Create]:
    """The pipeline runs of one attempt. Raises ExpressionError, its path being that of the parameter."""
    spec = run.spec
    scope = Scope(
        trigger=trigger(spec), trigger_body=spec.get("event", ABSENT), now=float(spec["started"]), chance=random.Random(f"{run.id}{attempt}")
    )
    invoked = {"id": run.name, "name": spec["trigger"], "invokedByType": spec["type"], "time": clock.iso(float(spec["started"]))}
    made = []
    for place, one in enumerate(pipelines):
        name = uuid5(NAMESPACE_URL, f"{run.id}#{place}#{attempt}")
        parameters = formulas.evaluate(one["parameters"], scope, f"pipelines[{place}].parameters")
        body = {"pipeline": one["name"], "parameters": parameters, "invokedBy": invoked}
        made.append(Create(kinds.of(run.id, kinds.RUNS, str(name)), kinds.RUNS, body, owned="window" in spec))
    return made


def trigger(spec: Json) -> dict[str, Any]:
    """What `trigger()` answers."""
    told: dict[str, Any] = {"name": spec["trigger"], "startTime": clock.iso(float(spec["started"]))}
    told["scheduledTime"] = clock.iso(float(spec["at"])) if spec.get("at") is not None else told["startTime"]
    outputs: dict[str, Any] = {}
    if spec.get("window"):
        begin, end = spec["window"]
        outputs = {"windowStartTime": clock.iso(float(begin)), "windowEndTime": clock.iso(float(end))}
    if "event" in spec:
        outputs["body"] = spec["event"]
    return {**told, "outputs": outputs}


def _wanted(one: Mapping[str, Any]) -> Json:
    reference = one.get("pipelineReference") or {}
    return {"name": reference.get("referenceName"), "parameters": one.get("parameters") or {}}


def _check(one: Any, path: str, faults: Faults) -> None:
    if not isinstance(one, Mapping):
        faults.note(path, "A pipeline of a trigger must be an object with 'pipelineReference'.")
        return
    reference = faults.mapping(one, "pipelineReference", path, required=True)
    if reference:
        faults.text(reference, "referenceName", f"{path}.pipelineReference", required=True)
    try:
        formulas.compile(faults.mapping(one, "parameters", path), f"{path}.parameters")
    except ExpressionError as error:
        faults.note(error.path, error.message, error.code)
