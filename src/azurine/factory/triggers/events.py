"""What event triggers are told of. Both sorts are plain values, made at the edge of the server."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from azurine.factory import kinds
from azurine.factory.triggers import firing
from azurine.factory.triggers.sorts import Told
from azurine.model.decisions import Create
from azurine.model.resources import Resource

UNSUBSCRIBED = "unsubscribed"
"""Written into a trigger that must not hear of events for a while."""


@dataclass(frozen=True, slots=True)
class Blob:
    """A blob was created or deleted. version: its ETag; the same blob written again is another event."""

    account: str
    container: str
    path: str
    size: int
    version: str
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Custom:
    """topic: the ARM id to which it was published. event: in Event Grid's schema: id, subject, eventType, data, …"""

    topic: str
    event: Mapping[str, Any]


def fired(trigger: Resource, told: Told | None, event: Blob | Custom, now: float) -> Create | None:
    """The run of a trigger for an event; None when the event is not meant for it."""
    properties = trigger.spec["properties"]
    body = told(properties, event) if told is not None else None
    if body is None:
        return None
    run = firing.run_id(trigger, _cause(event))
    about = {"trigger": trigger.name, "type": properties["type"], "started": now, "event": body, "pipelines": firing.listed(properties)}
    return Create(run, kinds.TRIGGER_RUNS, about, owned=False)


def _cause(event: Blob | Custom) -> str:
    if isinstance(event, Blob):
        return f"{'deleted' if event.deleted else 'created'} {event.account}/{event.container}/{event.path} {event.version}"
    return f"event {event.topic.lower()} {event.event.get('id')}"
