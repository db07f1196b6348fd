"""What activities with inner lists share: where the lists are, and what it means when one of them has failed."""

from collections.abc import Mapping
from typing import Any

from azurine.factory.sight import Ended, Lists, Progress, Sight, failed
from azurine.model.resources import Json

FAILED = "ActionFailed"


def named(*keys: str) -> Lists:
    """The lists that stand directly under these properties; empty ones are none."""

    def lists(properties: Json) -> Mapping[str, tuple[str, Any]]:
        return {key: (key, properties[key]) for key in keys if properties.get(key)}

    return lists


def message(ended: Ended) -> str:
    return f"Activity failed because an inner activity failed; Inner activity name: {ended.failed}, Error: {ended.message}"


def result(sight: Sight, good: Progress) -> Progress:
    """Of an activity that walks one list: still at it, or as the list went."""
    for ended in sight.ended.values():
        return failed(FAILED, message(ended)) if ended.failed else good
    return Progress()
