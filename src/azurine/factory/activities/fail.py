"""Fail: ends with an error of the user's own. https://learn.microsoft.com/azure/data-factory/control-flow-fail-activity"""

from azurine.expressions.factory import ExpressionError
from azurine.factory.sight import Checking, Progress, Sight, Sort, failed

NOT_STRING = "ErrorCodeNotString"


def check(checking: Checking) -> None:
    checking.require("message", "errorCode")


def step(sight: Sight) -> Progress:
    try:
        message, code = sight.value("message", ""), sight.value("errorCode", "")
    except ExpressionError:
        return failed("FailActivity", f"Failed to interpret {sight.activity.name} fail message or error code")
    shown = {"message": message, "errorCode": code}
    if not isinstance(code, str) or not code:
        code = NOT_STRING
    if not isinstance(message, str) or not message:
        message = f"Failed to interpret {sight.activity.name} fail message or error code"
    return failed(code, message, input=shown)


SORT = Sort("Fail", step, check)
