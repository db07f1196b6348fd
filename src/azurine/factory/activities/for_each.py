"""ForEach: a list of activities for each element of an array, some of them at once.

Each iteration goes on to its end whether others failed or not; when all are over and one has failed, so has the ForEach. The items
are put aside once; what is carried along is only which iterations are going, so that ten thousand cost ten thousand times one.
https://learn.microsoft.com/azure/data-factory/control-flow-for-each-activity
"""

from typing import Any

from azurine.factory import inner
from azurine.factory.sight import INVALID, Branch, Checking, Progress, Sight, Sort, failed, succeeded

LINE = "activities"
USUAL, MOST = 20, 50
MOST_ITEMS = 100_000
PAGE = "items"


def check(checking: Checking) -> None:
    checking.require("items")
    count = checking.properties.get("batchCount")
    if count is not None and (isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= MOST):
        checking.note("batchCount", f"Activity '{checking.activity.get('name')}': 'batchCount' must be a number from 1 to {MOST}.")
    if not checking.properties.get(LINE):
        checking.note(LINE, f"Activity '{checking.activity.get('name')}' must have at least one inner activity.")
    if any(one in ("foreach", "until") for one in checking.within):
        checking.note("", f"Activity '{checking.activity.get('name')}': a ForEach cannot be nested in another ForEach or an Until activity.")


def step(sight: Sight) -> Progress:
    if sight.memory is None:
        return _begun(sight)
    memory = dict(sight.memory)
    for ended in sight.ended.values():
        memory["going"] -= 1
        if ended.failed and not memory.get("failed"):
            memory["failed"] = inner.message(ended)
    page = sight.page(PAGE)
    items = page["items"] if page is not None else []
    free = min(memory["at_once"] - memory["going"], len(items) - memory["next"])
    if free <= 0 and not memory["going"]:
        return failed(inner.FAILED, memory["failed"]) if memory.get("failed") else succeeded()
    return _opened(memory, items, free)


def _begun(sight: Sight) -> Progress:
    items = sight.value("items")
    if not isinstance(items, list):
        return failed(INVALID, f"The value of 'items' of the activity '{sight.activity.name}' must be an array.")
    if len(items) > MOST_ITEMS:
        return failed(INVALID, f"The activity '{sight.activity.name}' has {len(items)} items; at most {MOST_ITEMS} are possible.")
    sequential = str(sight.value("isSequential", False)).lower() == "true"
    at_once = 1 if sequential else int(sight.activity.properties.get("batchCount") or USUAL)
    shown: dict[str, Any] = {"itemsCount": len(items)}
    if not items or LINE not in sight.activity.lists:
        return succeeded(input=shown)
    opened = _opened({"at_once": at_once, "next": 0, "going": 0}, items, min(at_once, len(items)))
    return Progress(input=shown, memory=opened.memory, open=opened.open, pages={PAGE: {"items": items}})


def _opened(memory: dict[str, Any], items: list[Any], free: int) -> Progress:
    first = memory["next"]
    branches = tuple(Branch(str(place), LINE, items[place]) for place in range(first, first + max(free, 0)))
    return Progress(memory={**memory, "next": first + len(branches), "going": memory["going"] + len(branches)}, open=branches)


SORT = Sort("ForEach", step, check, lists=inner.named(LINE))
