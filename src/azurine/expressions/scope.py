"""What the formulas of a factory may speak of at one place and moment.

Each part is the JSON that its function answers; a part that is None (or `ABSENT`, where null is a value) makes its function "not
expected at this location". Nothing here is ever changed: a loop makes a new scope for each item with `dataclasses.replace`.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from azurine.expressions.dates import reading
from azurine.expressions.dates.moments import EPOCH, SECOND
from azurine.model import errors

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
        """From JSON: {"pipeline": …, "variables": …, "item": …, "activity": {name: …}, "trigger": …, "triggerBody": …, "dataset": …, "linkedService": …, "now": a timestamp}.

        A pipeline, its variables and activities are always there, if empty. Raises errors.Invalid for what has another shape.
        """
        return cls(
            pipeline=_object(written, "pipeline") or {},
            variables=_object(written, "variables") or {},
            activities=_object(written, "activity", "activities") or {},
            item=written.get("item", ABSENT),
            trigger=_object(written, "trigger"),
            trigger_body=written.get("triggerBody", ABSENT),
            dataset=_object(written, "dataset"),
            linked_service=_object(written, "linkedService", "linked_service"),
            now=_seconds(written.get("now")),
        )


def _object(written: Mapping[str, Json], *names: str) -> Mapping[str, Json] | None:
    for name in names:
        found = written.get(name)
        if found is not None and not isinstance(found, Mapping):
            raise errors.Invalid(f"{name} in a scope is an object; here it is {found!r:.40}", path=name)
        if found is not None:
            return found
    return None


def _seconds(stamp: Json) -> float | None:
    if stamp is None:
        return None
    moment = reading.read(stamp) if isinstance(stamp, str) else None
    if moment is None:
        raise errors.Invalid(f"now in a scope is a timestamp such as 2024-01-02T03:04:05Z; here it is {stamp!r:.40}", path="now")
    return (moment.ticks - EPOCH) / SECOND
