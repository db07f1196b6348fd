"""AppendVariable: adds a value to an array variable. https://learn.microsoft.com/azure/data-factory/control-flow-append-variable-activity"""

from azurine.factory import variables
from azurine.factory.sight import INVALID, Checking, Progress, Sight, Sort, failed, succeeded


def check(checking: Checking) -> None:
    checking.require("variableName")
    variables.check_named(checking, only="Array")


def step(sight: Sight) -> Progress:
    name, value = str(sight.value("variableName")), sight.value("value")
    problem = variables.unfit(sight.run.definition, name, [value])
    if problem:
        return failed(INVALID, problem)
    return succeeded({"name": name, "value": value}, input={"variableName": name, "value": value}, append=((name, value),))


SORT = Sort("AppendVariable", step, check)
