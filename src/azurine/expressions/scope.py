"""What the formulas of a factory may speak of at one place and moment.

Each part is the JSON that its function answers; a part that is None (or `ABSENT`, where null is a value) makes its function "not
expected at this location". Nothing here is ever changed: a loop makes a new scope for each item with `dataclasses.replace`.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

Json = Any


class Absent:
    """There is no value here, and null would be one."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = Absent()


@dataclass(frozen=True, slots=True)
class Scope:
    """pipeline: {"parameters", "globalParameters", "Pipeline", "RunId", "GroupId", "DataFactory", "TriggerType", "TriggerId",
    "TriggerName", "TriggerTime", "TriggeredByPipelineName", …}. variables: their values. activities: {name: {"output", "status",
    "error", …}} of those that are finished and may be seen. item: the element of the innermost loop. trigger, trigger_body: what
    `trigger()` and `triggerBody()` answer. dataset, linked_service: the arguments of the one that the formula stands in.

    now: seconds since 1970 (UTC), the only time there is; None asks the clock. chance: where rand() and guid() come from; None for
    the system's own.
    """

    pipeline: Mapping[str, Json] | None = None
    variables: Mapping[str, Json] | None = None
    activities: Mapping[str, Mapping[str, Json]] | None = None
    item: Json | Absent = ABSENT
    trigger: Mapping[str, Json] | None = None
    trigger_body: Json | Absent = ABSENT
    dataset: Mapping[str, Json] | None = None
    linked_service: Mapping[str, Json] | None = None
    now: float | None = None
    chance: random.Random | None = None

    @classmethod
    def of(cls, written: Mapping[str, Json]) -> "Scope":
        """From JSON: {"pipeline": …, "variables": …, "item": …, "activity": {name: …}, "trigger": …, "triggerBody": …, "dataset": …, "linkedService": …}.

        A pipeline, its variables and activities are always there, if empty.
        """
        return cls(
            pipeline=written.get("pipeline") or {},
            variables=written.get("variables") or {},
            activities=written.get("activity") or written.get("activities") or {},
            item=written.get("item", ABSENT),
            trigger=written.get("trigger"),
            trigger_body=written.get("triggerBody", ABSENT),
            dataset=written.get("dataset"),
            linked_service=written.get("linkedService"),
        )
