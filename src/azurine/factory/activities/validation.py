"""Validation: waits until a dataset is there, is large enough, or has something in it. https://learn.microsoft.com/azure/data-factory/control-flow-validation-activity

It looks every `sleep` seconds (10 when nothing is said), and fails when its `timeout` is over. minimumSize is for a file; childItems for a folder:
true when it must hold something, false when it must be empty.
"""

from dataclasses import replace
from typing import Any

from azurine.factory import definitions, moving
from azurine.factory.sight import Checking, Progress, Sight, Sort, end, failed, over
from azurine.model import states
from azurine.model.decisions import Perform
from azurine.model.resources import Json
from azurine.model.states import State

SLEEP = 10.0
TIMEOUT = "ActivityTimedOut"
_LONGEST = 7 * definitions.DAY


def check(checking: Checking) -> None:
    checking.require("dataset")


def step(sight: Sight) -> Progress:
    if sight.ending:
        return end(_at(sight, sight.memory), moving.DATA) if sight.memory is not None else over()
    if sight.memory is None:
        return _begun(sight)
    memory = sight.memory
    if memory.get("again") is not None:
        return _waiting(sight, memory)
    outcome = sight.outcome(_key(sight, memory))
    if outcome is None or not states.is_final(outcome["state"]):
        return Progress(effects=(Perform(_key(sight, memory), moving.DATA, memory["arguments"]),), wake_at=memory["until"])
    if outcome["state"] != State.SUCCEEDED:
        error = outcome.get("error") or {}
        return failed(moving.CODES["metadata"], str(error.get("message") or "The dataset could not be looked at."))
    told = outcome["output"]
    if _is_met(told, memory):
        return moving.output(sight, {key: value for key, value in told.items() if key != "children"})
    if sight.now >= memory["until"]:
        return _timed_out(sight)
    return _waiting(sight, {**memory, "again": sight.now + memory["sleep"]})


def _begun(sight: Sight) -> Progress:
    shown = {key: value for key, value in sight.properties().items() if key != "dataset"}
    dataset = moving.told(sight, sight.activity.properties.get("dataset"), ("files", "sql"))
    timeout = definitions.seconds(shown.get("timeout"))
    memory: dict[str, Any] = {
        "arguments": {"do": "look", "dataset": dataset},
        "look": 0,
        "again": None,
        "sleep": float(SLEEP if shown.get("sleep") is None else shown["sleep"]),
        "until": sight.now + (_LONGEST if timeout is None else timeout),
        "size": None if shown.get("minimumSize") is None else int(shown["minimumSize"]),
        "children": None if shown.get("childItems") is None else str(shown["childItems"]).lower() == "true",
    }
    return Progress(
        input={**shown, "dataset": sight.activity.properties.get("dataset")},
        memory=memory,
        effects=(Perform(_key(sight, memory), moving.DATA, memory["arguments"]),),
        wake_at=memory["until"],
    )


def _waiting(sight: Sight, memory: Json) -> Progress:
    """Between two looks."""
    due = min(float(memory["again"]), float(memory["until"]))
    if sight.now < due:
        return Progress(memory=memory, wake_at=due)
    if sight.now >= memory["until"]:
        return _timed_out(sight)
    following = {**memory, "look": memory["look"] + 1, "again": None}
    return Progress(memory=following, effects=(Perform(_key(sight, following), moving.DATA, following["arguments"]),), wake_at=memory["until"])


def _timed_out(sight: Sight) -> Progress:
    return failed(TIMEOUT, f"The activity '{sight.activity.name}' has run out of time: the dataset was not as it should be.")


def _is_met(told: Json, memory: Json) -> bool:
    if not told["exists"]:
        return False
    if memory["size"] is not None and int(told.get("size") or 0) < memory["size"]:
        return False
    return memory["children"] is None or told.get("itemType") != "Folder" or bool(told.get("children")) == memory["children"]


def _key(sight: Sight, memory: Json) -> str:
    return f"{sight.key}/look-{memory['look']}"


def _at(sight: Sight, memory: Json | None) -> Sight:
    return replace(sight, key=_key(sight, memory or {"look": 0}))


SORT = Sort("Validation", step, check, raw=("dataset",), works=True, timed=False)
