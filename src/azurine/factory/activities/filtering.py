"""Filter: the elements of an array for which a condition holds. https://learn.microsoft.com/azure/data-factory/control-flow-filter-activity

The condition is evaluated once per element, with `item()`; it must be true or false.
"""

from dataclasses import replace

from azurine.factory.sight import INVALID, Checking, Progress, Sight, Sort, failed, succeeded


def check(checking: Checking) -> None:
    checking.require("items", "condition")


def step(sight: Sight) -> Progress:
    items = sight.value("items")
    if not isinstance(items, list):
        return failed(INVALID, f"The function 'filter' of the activity '{sight.activity.name}' needs an array as 'items'.")
    condition = sight.activity.templates["condition"]
    kept = []
    for item in items:
        verdict = condition.evaluate(replace(sight.scope, item=item))
        if not isinstance(verdict, bool):
            return failed(
                INVALID, f"The condition of the activity '{sight.activity.name}' must be true or false, and it is neither for one of the items."
            )
        if verdict:
            kept.append(item)
    shown = {"items": items, "condition": condition.written}
    return succeeded({"ItemsCount": len(items), "FilteredItemsCount": len(kept), "Value": kept}, input=shown)


SORT = Sort("Filter", step, check)
