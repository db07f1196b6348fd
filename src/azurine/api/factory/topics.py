"""Where events are published: POST …/providers/Microsoft.EventGrid/topics/{topic}/api/events, one event or an array, in Event Grid's schema.

    [{"id": "1", "subject": "models/diabetes", "eventType": "Drift.Found", "eventTime": "2024-01-01T08:00:00Z", "data": {…}, "dataVersion": "1"}]

A topic need not be made: it is the ARM id in the path, and whoever listens names the same. The answer is 200 when every event is kept by
all for whom it is meant; an event that nobody waits for is gone, as in Event Grid. The same id published twice counts once.

https://learn.microsoft.com/azure/event-grid/event-schema
"""

from collections.abc import Callable, Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from azurine.api import answers, body
from azurine.api.house import Authorize
from azurine.model import errors

PATH = "/subscriptions/{subscription}/{groups}/{group}/providers/{provider}/topics/{topic}/api/events"
ACTION = "Microsoft.EventGrid/topics/events/send/action"
PROVIDER = "microsoft.eventgrid"
REQUIRED = ("id", "subject", "eventType")
LIMIT = 1024 * 1024
MOST = 5000
Publish = Callable[[str, Mapping[str, Any]], None]
"""(topic, event)"""


def routes(publish: Publish, may: Authorize) -> list[BaseRoute]:
    async def published(request: Request) -> Response:
        topic = _topic(request)
        if not may(answers.principal(request), ACTION, topic):
            raise errors.Denied(f"You may not perform {ACTION!r} over the scope {topic!r}")
        events = _events(body.value(await body.read_bytes(request, LIMIT)), topic)
        await run_in_threadpool(_all, publish, topic, events)
        return answers.nothing(200)

    return [Route(PATH, published, methods=["POST"])]


def _topic(request: Request) -> str:
    found = request.path_params
    if found["provider"].lower() != PROVIDER or found["groups"].lower() != "resourcegroups":
        raise errors.Missing(f"There is nothing at {answers.raw_path(request)[:300]!r}", code="NotFound")
    return f"/subscriptions/{found['subscription']}/resourceGroups/{found['group']}/providers/Microsoft.EventGrid/topics/{found['topic']}"


def _events(sent: Any, topic: str) -> list[dict[str, Any]]:
    listed = sent if isinstance(sent, list) else [sent]
    if len(listed) > MOST:
        raise errors.TooLarge(f"{len(listed)} events at once are more than {MOST}")
    found = []
    for place, one in enumerate(listed):
        if not isinstance(one, dict):
            raise errors.Invalid("An event must be an object.", code="BadRequest", path=f"[{place}]")
        for key in REQUIRED:
            if not isinstance(one.get(key), str) or not one[key]:
                raise errors.Invalid(f"An event needs '{key}', a string.", code="BadRequest", path=f"[{place}].{key}")
        found.append({**one, "topic": topic})
    return found


def _all(publish: Publish, topic: str, events: list[dict[str, Any]]) -> None:
    for event in events:
        publish(topic, event)
