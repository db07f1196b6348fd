"""One expression, or any JSON with expressions in it, evaluated with chosen surroundings."""

from collections.abc import Mapping
from typing import Any

from azurine.expressions import factory as formulas
from azurine.expressions.factory import ABSENT, Scope
from azurine.model import clock
from azurine.testing.answers import Failure

Json = Any
NAME = "test"
START = 1_704_164_645.0
"""2024-01-02T03:04:05Z"""


def evaluate(
    value: Json,
    parameters: Mapping[str, Json] | None = None,
    *,
    global_parameters: Mapping[str, Json] | None = None,
    variables: Mapping[str, Json] | None = None,
    activities: Mapping[str, Json | Failure] | None = None,
    item: Json = ABSENT,
    pipeline: Mapping[str, Json] | None = None,
    trigger: Mapping[str, Json] | None = None,
    trigger_body: Json = ABSENT,
    dataset: Mapping[str, Json] | None = None,
    linked_service: Mapping[str, Json] | None = None,
    now: str = "",
    path: str = "",
) -> Any:
    """Any JSON with expressions in it, evaluated. activities: {name: its output, or a Failure}. pipeline: what else `pipeline()` has. now: a timestamp.

    Raises ExpressionError."""
    moment = seconds(now) if now else START
    system = {"DataFactory": NAME, "Pipeline": NAME, "RunId": NAME, "GroupId": NAME, "TriggerType": "Manual", "TriggerTime": clock.iso(moment)}
    scope = Scope(
        pipeline={**system, **(pipeline or {}), "parameters": parameters or {}, "globalParameters": global_parameters or {}},
        variables=variables or {},
        activities={name: _seen(answer) for name, answer in (activities or {}).items()},
        item=item,
        trigger=trigger,
        trigger_body=trigger_body,
        dataset=dataset,
        linked_service=linked_service,
        now=moment,
    )
    return formulas.evaluate(value, scope, path)


def seconds(stamp: str) -> float:
    """A timestamp in seconds since 1970. Raises errors.Invalid."""
    found = Scope.of({"now": stamp}).now
    assert found is not None
    return found


def _seen(answer: Json | Failure) -> dict[str, Json]:
    """What `activity('X')` answers."""
    if isinstance(answer, Failure):
        error = {"errorCode": answer.code, "message": answer.message, "failureType": answer.type}
        return {"output": None, "error": error, "Status": "Failed", "StatusCode": "400"}
    return {"output": answer, "error": None, "Status": "Succeeded", "StatusCode": "200"}
