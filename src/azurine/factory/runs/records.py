"""The records of activity runs: made once when an attempt is over, kept on pages, shown as Data Factory's ActivityRun.

All that ends in one look is written as one page, a resource of its own that never changes; each page names the one before it. So
the cost of a record is the same in a run of ten activities and in one of ten thousand. What is going is shown from the run's status.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from azurine.factory import kinds
from azurine.factory.definitions import Activity
from azurine.factory.sight import Error
from azurine.model import clock
from azurine.model.kinds import Admission, Kind
from azurine.model.resources import Json, Resource

MASK = "***"
IN_PROGRESS, QUEUED, INACTIVE = "InProgress", "Queued", "Inactive"


def error_of(error: Error | None, activity: Activity) -> dict[str, Any]:
    """As `activity('X').error` and monitoring tell it."""
    if error is None:
        return {"errorCode": "", "message": "", "failureType": "", "target": activity.name, "details": ""}
    return {"errorCode": error.code, "message": error.message, "failureType": error.failure_type, "target": activity.name, "details": []}


def record(
    activity: Activity, status: str, *, id: str, began: float, ended: float | None, attempt: int = 0, hash: str = "", **more: Any
) -> dict[str, Any]:
    """more: input, output, error, userProperties, recovery. Secrets are hidden here, before anything is kept."""
    shown_input, shown_output = more.get("input"), more.get("output")
    if activity.policy.secure_input and shown_input is not None:
        shown_input = {"secureInput": MASK}
    if activity.policy.secure_output and shown_output is not None:
        shown_output = {"secureOutput": MASK}
    said = {
        "id": id,
        "name": activity.name,
        "type": activity.written.get("type"),
        "status": status,
        "began": began,
        "ended": ended,
        "attempt": attempt or None,
        "hash": hash,
        "input": shown_input,
        "output": shown_output,
        "error": more.get("error"),
        "user": more.get("user"),
        "recovery": more.get("recovery"),
        "linked": (activity.written.get("linkedServiceName") or {}).get("referenceName"),
    }
    return {key: value for key, value in said.items() if value not in (None, "")}


def show(run: Resource, address: str, said: Json) -> dict[str, Any]:
    """One ActivityRun. address: the run's ARM id."""
    began, ended = said.get("began"), said.get("ended")
    return {
        "activityRunEnd": clock.iso(ended) if ended is not None else None,
        "activityName": said["name"],
        "activityRunStart": clock.iso(began) if began is not None else None,
        "activityType": said["type"],
        "durationInMs": round((ended - began) * 1000) if ended is not None and began is not None else None,
        "retryAttempt": said.get("attempt"),
        "error": said.get("error") or {"errorCode": "", "message": "", "failureType": "", "target": said["name"], "details": ""},
        "activityRunId": said["id"],
        "iterationHash": said.get("hash", ""),
        "input": said.get("input") or {},
        "linkedServiceName": said.get("linked") or "",
        "output": said.get("output") or {},
        "userProperties": said.get("user") or {},
        "pipelineName": run.spec["pipeline"]["name"],
        "pipelineRunId": run.name,
        "status": said["status"],
        "recoveryStatus": said.get("recovery") or "None",
        "integrationRuntimeNames": [],
        "executionDetails": {},
        "id": f"{address}/activityruns/{said['id']}",
    }


def chained(run: Resource, pages: Mapping[str, Resource]) -> Iterator[Json]:
    """The records of a run, newest page first. pages: by name. What no page of the chain leads to was never acknowledged."""
    name = run.status.get("page")
    while name:
        page = pages.get(str(name))
        if page is None:
            return
        yield from page.spec["records"]
        name = page.spec.get("before")


def _admit(admission: Admission) -> Json:
    return dict(admission.body)


KIND = Kind(kinds.PAGES, _admit, kinds.show, provider=kinds.PROVIDER, door="closed")
