"""What a formula's surroundings give: the pipeline, activities, variables, the item of a loop, trigger, dataset, linked service."""

from collections.abc import Mapping
from typing import Any

from azurine.expressions.formulas.faults import Refused
from azurine.expressions.scope import Absent, Scope
from azurine.expressions.signatures import TEXT, Family

FAMILY = Family("Surroundings")


@FAMILY.seeing("pipeline")
def pipeline(scope: Scope) -> Any:
    return _there("pipeline", scope.pipeline)


@FAMILY.seeing("variables", TEXT)
def variables(scope: Scope, name: str) -> Any:
    found, value = _named(_there("variables", scope.variables), name)
    if not found:
        raise Refused(f"Template language expression cannot be evaluated: the template variable '{name}' cannot be found.", 0)
    return value


@FAMILY.seeing("activity", TEXT)
def activity(scope: Scope, name: str) -> Any:
    found, value = _named(_there("activity", scope.activities), name)
    if not found:
        raise Refused(f"Template language expression cannot be evaluated: the template action '{name}' is not defined at current scope.", 0)
    return value


@FAMILY.seeing("item")
def item(scope: Scope) -> Any:
    return _there("item", scope.item)


@FAMILY.seeing("trigger")
def trigger(scope: Scope) -> Any:
    return _there("trigger", scope.trigger)


@FAMILY.seeing("triggerBody")
def trigger_body(scope: Scope) -> Any:
    return _there("triggerBody", scope.trigger_body)


@FAMILY.seeing("dataset")
def dataset(scope: Scope) -> Any:
    return _there("dataset", scope.dataset)


@FAMILY.seeing("linkedService")
def linked_service(scope: Scope) -> Any:
    return _there("linkedService", scope.linked_service)


# ── What the language had before it was Data Factory's; samples still use it. ──────────────────────────────────────


@FAMILY.seeing("actions", TEXT)
def actions(scope: Scope, name: str) -> Any:
    seen = activity(scope, name)
    return {**seen, "outputs": seen.get("output")} if isinstance(seen, Mapping) else seen


@FAMILY.seeing("outputs", TEXT)
def outputs(scope: Scope, name: str) -> Any:
    seen = activity(scope, name)
    return _named(seen, "output")[1]


@FAMILY.seeing("body", TEXT)
def body(scope: Scope, name: str) -> Any:
    output = outputs(scope, name)
    return _named(output, "body")[1] if isinstance(output, Mapping) else None


FAMILY.also("actionOutputs", "outputs")


def _there(name: str, value: Any) -> Any:
    if (value is None and name != "item" and name != "triggerBody") or isinstance(value, Absent):
        raise Refused(f"The template function '{name}' is not expected at this location.")
    return value


def _named(values: Mapping[str, Any], name: str) -> tuple[bool, Any]:
    """Is there such a name, in letters of any size, and its value."""
    if name in values:
        return True, values[name]
    small = name.casefold()
    return next(((True, value) for known, value in values.items() if known.casefold() == small), (False, None))
