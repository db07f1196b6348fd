"""ExecutePipeline: runs another pipeline, and waits for its end or not. https://learn.microsoft.com/azure/data-factory/control-flow-execute-pipeline-activity

Waiting is the default here (Azure's page says so, its client's text says otherwise; pipelines always write it). The other run belongs to
this one: it is cancelled with it when that is asked for.
"""

from collections.abc import Mapping
from uuid import NAMESPACE_URL, uuid5

from azurine.factory import kinds
from azurine.factory.sight import Checking, Progress, Sight, Sort, failed, over, succeeded
from azurine.model import ids, states
from azurine.model.decisions import Create, Update
from azurine.model.resources import Json, Resource
from azurine.model.states import State

DEEPEST = 40
"""Pipelines that call pipelines."""
FAILED = "2011"


def check(checking: Checking) -> None:
    checking.require("pipeline")


def step(sight: Sight) -> Progress:
    identifier = ids.child(sight.run.factory, "pipelineruns", str(uuid5(NAMESPACE_URL, sight.key)))
    child = sight.references.get(identifier)
    if sight.ending:
        return _ended(child)
    if child is None or sight.memory is None:
        return _begun(sight, identifier)
    output = {"pipelineName": child.spec["pipeline"]["name"], "pipelineRunId": child.name}
    if not sight.memory["wait"]:
        return succeeded(output)
    if not states.is_final(child.status.get("state", "")):
        return Progress()
    if child.status.get("returned") is not None:
        output["pipelineReturnValue"] = child.status["returned"]
    if child.status["state"] == State.SUCCEEDED:
        return succeeded(output)
    message = str(child.status.get("message") or f"The pipeline run {child.name} was {child.status['state']}.")
    return failed(FAILED, message, output=output)


def _begun(sight: Sight, identifier: str) -> Progress:
    refused = sight.outcomes.get(f"create:{identifier}")
    if refused is not None:
        error: Json = refused.get("error") or {}
        return failed(str(error.get("code") or "BadRequest"), str(error.get("message") or "The pipeline could not be run."))
    if sight.memory is not None:
        return Progress(effects=(_create(sight, identifier, sight.memory["body"]),))
    if sight.run.depth >= DEEPEST:
        return failed(
            "BadRequest", f"Pipelines call each other more than {DEEPEST} deep; is there a circle? The last one is '{sight.run.definition.name}'."
        )
    called, arguments = sight.value("pipeline"), sight.value("parameters", {})
    if not isinstance(called, Mapping) or not isinstance(arguments, Mapping):
        return failed("BadRequest", f"'pipeline' and 'parameters' of the activity '{sight.activity.name}' must be objects.")
    body = {
        "pipeline": called.get("referenceName"),
        "parameters": arguments,
        "invokedBy": {
            "id": sight.id,
            "name": sight.activity.name,
            "invokedByType": "PipelineActivity",
            "pipelineName": sight.run.definition.name,
            "pipelineRunId": ids.name(sight.run.id),
        },
        "depth": sight.run.depth + 1,
        "masked": sight.activity.policy.secure_input,
    }
    shown = {"pipeline": called, "parameters": body["parameters"]}
    wait = str(sight.value("waitOnCompletion", True)).lower() != "false"
    going = {"pipelineName": called.get("referenceName"), "pipelineRunId": ids.name(identifier)}
    return Progress(input=shown, output=going, memory={"body": body, "wait": wait}, effects=(_create(sight, identifier, body),))


def _create(sight: Sight, identifier: str, body: Json) -> Create:
    return Create(identifier, kinds.RUNS, body)


def _ended(child: Resource | None) -> Progress:
    """Whether the other run goes on is asked with the cancelling; the walker calls this only when it does not."""
    if child is None or states.is_final(child.status.get("state", "")):
        return over()
    return Progress(effects=(Update(child.id, {"cancel": {"recursive": True}}),))


SORT = Sort("ExecutePipeline", step, check, works=True, timed=False)
