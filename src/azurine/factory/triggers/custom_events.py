"""Custom event triggers: a pipeline is run for each event that is published to a topic.

Types are compared without regard to case; the subject must begin and end as it says, and every advanced filter must let the event pass
(`filters`). Pipelines are given the event: `@triggerBody().event.data.key`.

https://learn.microsoft.com/azure/data-factory/how-to-create-custom-event-trigger
"""

from collections.abc import Mapping
from typing import Any

from azurine.factory.faults import Faults
from azurine.factory.triggers import filters, firing
from azurine.factory.triggers.events import Custom
from azurine.factory.triggers.sorts import Sort
from azurine.model.kinds import Admission
from azurine.model.resources import Json

TYPE = "CustomEventsTrigger"
_PATH = "properties.typeProperties"


def check(admission: Admission, properties: Mapping[str, Any], faults: Faults) -> None:
    given = faults.mapping(properties, "typeProperties", "properties", required=True)
    faults.text(given, "scope", _PATH, required=True)
    for key in ("subjectBeginsWith", "subjectEndsWith"):
        faults.text(given, key, _PATH)
    for place, one in enumerate(faults.listed(given, "events", _PATH, required=True)):
        if not isinstance(one, str) or not one:
            faults.note(f"{_PATH}.events[{place}]", "An event type must be a string.")
    for place, one in enumerate(faults.listed(given, "advancedFilters", _PATH)):
        filters.check(one, f"{_PATH}.advancedFilters[{place}]", faults)
    firing.check_listed(properties, faults)


def told(properties: Mapping[str, Any], event: Any) -> Json | None:
    given = properties["typeProperties"]
    if not isinstance(event, Custom) or str(given.get("scope")).strip("/").lower() != event.topic.strip("/").lower():
        return None
    if str(event.event.get("eventType")).lower() not in [str(one).lower() for one in given.get("events") or ()]:
        return None
    subject = str(event.event.get("subject") or "").lower()
    begins, ends = (str(given.get(key) or "").lower() for key in ("subjectBeginsWith", "subjectEndsWith"))
    if not (subject.startswith(begins) and subject.endswith(ends)):
        return None
    if not all(filters.passes(one, event.event) for one in given.get("advancedFilters") or ()):
        return None
    return {"event": event.event}


SORT = Sort(TYPE, check, firing.listed, told=told)
