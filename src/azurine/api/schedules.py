"""`POST …/schedules/{s}/trigger`: what a schedule would do at a time is done once, now. The same time twice is once.

https://learn.microsoft.com/rest/api/azureml/schedules
"""

from collections.abc import Callable, Sequence
from typing import Any

from azurine.api.actions import Asked, Table
from azurine.api.factory.asking import moment
from azurine.model import errors, ids
from azurine.model.decisions import Create
from azurine.model.kinds import References
from azurine.model.resources import Resource
from azurine.store import admission
from azurine.store.references import LogReferences

Submitted = Callable[[Resource, float, References], Sequence[Create]]
"""(schedule, time) → what is made; the job is the last of it"""


def table(schedules: str, submitted: Submitted) -> Table:
    """schedules: the name of their kind."""

    def once(asked: Asked) -> dict[str, Any]:
        text = asked.body.get("scheduleTime")
        at = asked.house.clock() if text is None else moment(text)
        if at is None:
            raise errors.Invalid(f"scheduleTime must be a time such as 2024-01-31T08:00:00Z, not {str(text)[:40]!r}", path="scheduleTime")
        wanted = submitted(asked.resource, at, LogReferences(asked.house.log))
        for one in wanted:
            if asked.house.log.get(one.id) is None:
                _made(asked, one)
        return {"scheduleActionType": asked.resource.spec["properties"]["action"]["actionType"], "submissionId": ids.name(wanted[-1].id)}

    return {(schedules, "trigger"): once}


def _made(asked: Asked, one: Create) -> None:
    request = admission.Request(one.id, lambda _: one.body, by=asked.by)
    admission.admit(asked.house.log, asked.house.kinds, request, asked.house.clock())
