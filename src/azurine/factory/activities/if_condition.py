"""IfCondition: one of two lists, by an expression. https://learn.microsoft.com/azure/data-factory/control-flow-if-condition-activity"""

from azurine.factory import inner
from azurine.factory.sight import INVALID, Branch, Checking, Progress, Sight, Sort, failed, succeeded

TRUE, FALSE = "ifTrueActivities", "ifFalseActivities"


def check(checking: Checking) -> None:
    checking.require("expression")


def step(sight: Sight) -> Progress:
    if sight.memory is not None:
        return inner.result(sight, succeeded())
    verdict = sight.value("expression")
    if not isinstance(verdict, bool):
        # parity: text that reads as a boolean will do, as pipelines in the wild compare it.
        verdict = {"true": True, "false": False}.get(str(verdict).lower()) if isinstance(verdict, str) else None
    if verdict is None:
        return failed(INVALID, f"The expression of the activity '{sight.activity.name}' must be evaluated to true or false.")
    shown = {"expression": verdict}
    line = TRUE if verdict else FALSE
    if line not in sight.activity.lists:
        return succeeded(input=shown)
    return Progress(input=shown, memory={}, open=(Branch(line, line),))


SORT = Sort("IfCondition", step, check, lists=inner.named(TRUE, FALSE))
