"""What the expressions of an activity may speak of: the run, its variables, the item of the loop, the activities that are over.

`activity('X')` is looked for in the activity's own list, then in those around it. The run's facts are the same at every look.
https://learn.microsoft.com/azure/data-factory/control-flow-system-variables
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from azurine.expressions.factory import Scope
from azurine.factory.runs.frames import Frame
from azurine.model import clock, ids
from azurine.model.resources import Json, Resource


class Seen(Mapping[str, Mapping[str, Any]]):
    """The activities that are over, from one frame outwards, whatever the case of their names."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame

    def __getitem__(self, name: str) -> Mapping[str, Any]:
        frame: Frame | None = self._frame
        while frame is not None:
            spelled = frame.line.spelled.get(name.lower())
            if spelled is not None and spelled in frame.over:
                return told(frame.over[spelled])
            frame = frame.above[0] if frame.above is not None else None
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        try:
            return isinstance(name, str) and self[name] is not None
        except KeyError:
            return False

    def __iter__(self) -> Iterator[str]:
        frame: Frame | None = self._frame
        while frame is not None:
            yield from frame.over
            frame = frame.above[0] if frame.above is not None else None

    def __len__(self) -> int:
        return sum(1 for _ in self)


def told(result: Any) -> dict[str, Any]:
    """What `activity('X')` answers."""
    if isinstance(result, str):
        return {"output": None, "error": None, "Status": result, "StatusCode": "200" if result == "Succeeded" else "400"}
    began, ended = result.get("b"), result.get("f")
    return {
        "output": result.get("o"),
        "error": result.get("e"),
        "Status": result["s"],
        "StatusCode": "200" if result["s"] == "Succeeded" else "400",
        "ActivityRunId": result.get("i"),
        "PipelineName": result.get("p"),
        "ExecutionStartTime": clock.iso(began) if began is not None else None,
        "ExecutionEndTime": clock.iso(ended) if ended is not None else None,
        "Duration": _timespan(ended - began) if began is not None and ended is not None else None,
    }


def pipeline(run: Resource, parameters: Json) -> dict[str, Any]:
    """What `pipeline()` answers."""
    spec = run.spec
    by: Mapping[str, Any] = spec.get("invokedBy") or {}
    kind = str(by.get("invokedByType") or "Manual")
    return {
        "DataFactory": ids.name(ids.parent(run.id)),
        "Pipeline": spec["pipeline"]["name"],
        "RunId": run.name,
        "GroupId": spec.get("group") or run.name,
        "TriggerType": kind,
        "TriggerId": by.get("id") or run.name,
        "TriggerName": by.get("name") or "Manual",
        "TriggerTime": by.get("time") or clock.iso(run.created_at),
        "TriggeredByPipelineName": by.get("pipelineName"),
        "TriggeredByPipelineRunId": by.get("pipelineRunId"),
        "parameters": parameters,
        "globalParameters": spec.get("globalParameters") or {},
    }


def of(frame: Frame, shared: Scope) -> Scope:
    """The scope of a frame. shared: the run's, with its variables."""
    if frame.scope is None:
        frame.scope = replace(shared, activities=Seen(frame), item=frame.item)
    return frame.scope


def drawing(scope: Scope, attempt: str) -> Scope:
    """The scope of one attempt that draws lots: the same lots at every look."""
    return replace(scope, chance=random.Random(attempt))


def _timespan(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}.{int((seconds - whole) * 1e7):07}"
