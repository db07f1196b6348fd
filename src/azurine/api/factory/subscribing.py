"""Event triggers and their events: `subscribeToEvents`, `unsubscribeFromEvents`, `getEventSubscriptionStatus`.

There is no other service to subscribe to: the answer holds at once.
https://learn.microsoft.com/rest/api/datafactory/triggers/subscribe-to-events
"""

from collections.abc import Callable
from typing import Any

from azurine.api import resources
from azurine.api.actions import Asked, Question, Table
from azurine.model.resources import Json, Resource

Change = Callable[[Resource], Json]
"""trigger → its new spec"""


def table(triggers: str, subscribe: Change, unsubscribe: Change, status: Callable[[Resource], Json]) -> Table:
    """triggers: the name of their kind."""

    def changed(change: Change) -> Question:
        def answer(asked: Asked) -> dict[str, Any]:
            return dict(status(resources.change(asked.house, asked.id, change, asked.by)))

        return answer

    return {
        (triggers, "subscribeToEvents"): changed(subscribe),
        (triggers, "unsubscribeFromEvents"): changed(unsubscribe),
        (triggers, "getEventSubscriptionStatus"): lambda asked: status(asked.resource),
    }
