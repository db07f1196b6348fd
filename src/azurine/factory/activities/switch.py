"""Switch: one of several lists, by the value of an expression. https://learn.microsoft.com/azure/data-factory/control-flow-switch-activity

Values are compared as text, upper and lower case being different; without a case that matches, the default list is walked.
"""

from collections.abc import Mapping
from typing import Any

from azurine.factory import inner, variables
from azurine.factory.sight import INVALID, Branch, Checking, Progress, Sight, Sort, failed, succeeded
from azurine.model.resources import Json

DEFAULT = "defaultActivities"
MOST_CASES = 25


def lists(properties: Json) -> Mapping[str, tuple[str, Any]]:
    found: dict[str, tuple[str, Any]] = {}
    cases = properties.get("cases")
    for place, case in enumerate(cases if isinstance(cases, list) else ()):
        if isinstance(case, Mapping) and case.get("activities"):
            found[f"case {place}"] = (f"cases[{place}].activities", case["activities"])
    if properties.get(DEFAULT):
        found[DEFAULT] = (DEFAULT, properties[DEFAULT])
    return found


def check(checking: Checking) -> None:
    checking.require("on")
    cases = checking.faults.listed(checking.properties, "cases", f"{checking.path}.typeProperties")
    if len(cases) > MOST_CASES:
        checking.note("cases", f"Activity '{checking.activity.get('name')}': a Switch has at most {MOST_CASES} cases, not {len(cases)}.")
    for place, case in enumerate(cases):
        if not isinstance(case, Mapping):
            checking.note(f"cases[{place}]", f"Activity '{checking.activity.get('name')}': a case must be an object with 'value' and 'activities'.")
    values = [str(case.get("value")) for case in cases if isinstance(case, Mapping)]
    for value in dict.fromkeys(one for one in values if values.count(one) > 1):
        checking.note("cases", f"Activity '{checking.activity.get('name')}': the case '{value}' is there more than once.")


def step(sight: Sight) -> Progress:
    if sight.memory is not None:
        return inner.result(sight, succeeded())
    value = sight.value("on")
    if value is None or isinstance(value, Mapping | list):
        return failed(INVALID, f"The expression of the activity '{sight.activity.name}' must be evaluated to a text.")
    chosen = variables.text(value)
    cases = sight.activity.properties.get("cases") or ()
    place = next((number for number, case in enumerate(cases) if str(case.get("value")) == chosen), None)
    line = DEFAULT if place is None else f"case {place}"
    if line not in sight.activity.lists:
        return succeeded(input={"on": chosen})
    return Progress(input={"on": chosen}, memory={}, open=(Branch(line, line),))


SORT = Sort("Switch", step, check, lists=lists)
