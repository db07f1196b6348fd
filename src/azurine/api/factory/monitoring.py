"""What ran: `queryPipelineRuns`, `queryActivityruns`, `queryTriggerRuns`, `querytriggers`.

Each lists what there is, keeps what the query asks for, and answers one page of it.
https://learn.microsoft.com/rest/api/datafactory/activity-runs/query-by-pipeline-run
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from azurine.api.actions import Asked, Table
from azurine.api.factory import asking
from azurine.api.factory.asking import Column, Columns, Shown
from azurine.api.house import House
from azurine.model import errors
from azurine.model.resources import Resource

BATCH = 500
Told = Callable[[Resource, str, Sequence[Resource]], Sequence[Shown]]
"""(run, its ARM id, its pages) → its activity runs."""


@dataclass(frozen=True, slots=True)
class Names:
    """Of the kinds that are asked about. pages: where the records of a run are kept."""

    factories: str
    runs: str
    pages: str
    triggers: str
    trigger_runs: str


def _member(*names: str) -> Column:
    def column(shown: Shown) -> Any:
        found: Any = shown
        for name in names:
            found = found.get(name) if isinstance(found, Mapping) else None
        return found

    return column


RUNS = Columns(
    {
        "pipelinename": _member("pipelineName"),
        "status": _member("status"),
        "runstart": _member("runStart"),
        "runend": _member("runEnd"),
        "rungroupid": _member("runGroupId"),
        "latestonly": _member("isLatest"),
        "triggername": _member("invokedBy", "name"),
    },
    _member("lastUpdated"),
)
ACTIVITIES = Columns(
    {
        "activityname": _member("activityName"),
        "activityrunstart": _member("activityRunStart"),
        "activityrunend": _member("activityRunEnd"),
        "activitytype": _member("activityType"),
        "status": _member("status"),
        "pipelinename": _member("pipelineName"),
    },
    lambda shown: shown.get("activityRunEnd") or shown.get("activityRunStart"),
)
TRIGGER_RUNS = Columns(
    {"triggername": _member("triggerName"), "triggerruntimestamp": _member("triggerRunTimestamp"), "status": _member("status")},
    _member("triggerRunTimestamp"),
)


def table(names: Names, told: Told) -> Table:
    def runs(asked: Asked) -> dict[str, Any]:
        query = asking.read(asked.body, RUNS)
        found = (_shown(asked.house, one) for one in _all(asked.house, names.runs, asked.resource.id))
        return asking.answer([shown for shown in found if query.keeps(shown, RUNS)], query)

    def activities(asked: Asked) -> dict[str, Any]:
        query = asking.read(asked.body, ACTIVITIES)
        run = asked.resource
        pages = list(_all(asked.house, names.pages, run.id))
        found = told(run, asked.house.addresses.arm_id(run.id), pages)
        return asking.answer([shown for shown in found if query.keeps(shown, ACTIVITIES)], query)

    def trigger_runs(asked: Asked) -> dict[str, Any]:
        query = asking.read(asked.body, TRIGGER_RUNS)
        owners = _all(asked.house, names.triggers, asked.resource.id)
        found = (_shown(asked.house, one) for owner in owners for one in _all(asked.house, names.trigger_runs, owner.id))
        return asking.answer([shown for shown in found if query.keeps(shown, TRIGGER_RUNS)], query)

    def triggers(asked: Asked) -> dict[str, Any]:
        wanted = asked.body.get("parentTriggerName")
        if wanted is not None and not isinstance(wanted, str):
            raise errors.Invalid("'parentTriggerName' must be a string.", code="BadRequest", path="parentTriggerName")
        found = [asked.house.answer(one) for one in _all(asked.house, names.triggers, asked.resource.id)]
        return {"value": [one for one in found if not wanted or _parent(one) == wanted]}

    return {
        (names.factories, "queryPipelineRuns"): runs,
        (names.runs, "queryActivityruns"): activities,
        (names.factories, "queryTriggerRuns"): trigger_runs,
        (names.factories, "querytriggers"): triggers,
    }


def _shown(house: House, one: Resource) -> dict[str, Any]:
    return {**house.show(one), "id": house.addresses.arm_id(one.id)}


def _parent(trigger: Shown) -> str:
    found = _member("properties", "typeProperties", "parentTrigger", "referenceName")(trigger)
    return str(found or "")


def _all(house: House, kind: str, parent: str) -> Iterator[Resource]:
    """All of a kind under a parent, newest first."""
    after: int | None = None
    while True:
        batch = house.log.page(kind, parent, after=after, limit=BATCH)
        yield from batch
        if len(batch) < BATCH:
            return
        after = batch[-1].created
