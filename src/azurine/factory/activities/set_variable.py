"""SetVariable: gives a variable another value, or says what the pipeline returns to its caller.

A variable keeps its declared type. With `setSystemVariable` the variable is `pipelineReturnValue`, and the value is a list of
{key, value: {type, content}}; the caller finds them in `activity('…').output.pipelineReturnValue`.
https://learn.microsoft.com/azure/data-factory/control-flow-set-variable-activity
"""

from collections.abc import Mapping
from typing import Any

from azurine.expressions import factory as formulas
from azurine.expressions.factory import ExpressionError
from azurine.factory import variables
from azurine.factory.sight import INVALID, Checking, Progress, Sight, Sort, failed, succeeded

RETURNED = "pipelineReturnValue"


def check(checking: Checking) -> None:
    checking.require("variableName")
    if checking.properties.get("setSystemVariable"):
        if checking.properties.get("variableName") != RETURNED:
            checking.note("variableName", f"The only system variable that can be set is '{RETURNED}'.")
        return
    variables.check_named(checking)
    name = str(checking.properties.get("variableName"))
    try:
        spoken = formulas.compile(checking.properties.get("value")).names("variable")
    except ExpressionError:
        return  # it is told with its place by whoever looks at all expressions
    if name.lower() in {one.lower() for one in spoken}:
        checking.note("value", f"The variable '{name}' cannot be referenced in its own value: self-referencing is not supported in SetVariable.")


def step(sight: Sight) -> Progress:
    name = str(sight.value("variableName"))
    if sight.activity.properties.get("setSystemVariable"):
        return _returned(sight, name)
    value = sight.value("value")
    problem = variables.unfit(sight.run.definition, name, value)
    if problem:
        return failed(INVALID, problem)
    shown = {"name": name, "value": value}
    return succeeded(shown, input={"variableName": name, "value": value}, variables=((name, value),))


def _returned(sight: Sight, name: str) -> Progress:
    given = sight.activity.properties.get("value")
    if not isinstance(given, list):
        return failed(INVALID, f"The value of '{RETURNED}' must be a list of keys with values.")
    value = {str(one.get("key")): _content(sight, one.get("value")) for one in given if isinstance(one, Mapping)}
    return succeeded({"name": name, "value": value}, input={"variableName": name, "value": value}, returned=value)


def _content(sight: Sight, said: Any) -> Any:
    """One value of {type, content}: Expression is evaluated, Array is a list of such, Null is null; the others are what they say."""
    if not isinstance(said, Mapping) or "type" not in said:
        return sight.evaluate(said)
    kind, content = str(said["type"]).lower(), said.get("content")
    if kind == "null":
        return None
    if kind == "array" and isinstance(content, list):
        return [_content(sight, one) for one in content]
    if kind == "object" and isinstance(content, list):
        return {str(one.get("key")): _content(sight, one.get("value")) for one in content if isinstance(one, Mapping)}
    return sight.evaluate(content) if kind == "expression" else content


SORT = Sort("SetVariable", step, check)
