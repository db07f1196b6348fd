"""Triggers: when a pipeline is run by itself. Started and stopped; a started one cannot be changed or deleted.

One file per type (`schedules`, …); what a trigger fires is the same for all (`firing`), and so are its runs (`runs`). A type that this
server does not fire is kept as it is, and cannot be started.

https://learn.microsoft.com/azure/data-factory/concepts-pipeline-execution-triggers
"""

from collections.abc import Mapping
from typing import Any

from azurine.factory import kinds, names, references
from azurine.factory.faults import Faults
from azurine.factory.triggers import blob_events, custom_events, events, runs, schedules, windows
from azurine.factory.triggers.sorts import STARTED, STOPPED, Sort, is_started
from azurine.model.decisions import Create, Decision
from azurine.model.errors import Invalid
from azurine.model.kinds import Admission, Kind, Look, References
from azurine.model.resources import Json, Resource

ENABLED = "TriggerEnabledCannotUpdate"
TABLE: Mapping[str, Sort] = {sort.type.lower(): sort for sort in (schedules.SORT, windows.SORT, windows.RERUN, blob_events.SORT, custom_events.SORT)}


def admit(admission: Admission) -> Json:
    names.check(admission.id, names.PART)
    if admission.previous is not None:
        _check_stopped(admission.previous)
    faults = Faults()
    properties = kinds.properties(admission, faults)
    type = faults.text(properties, "type", "properties", required=True) if not faults else ""
    references.check(admission.id, properties, "properties", admission.references, faults)
    sort = TABLE.get(type.lower())
    if sort is not None:
        sort.check(admission, properties, faults)
    faults.finish()
    # Whatever was sent: a trigger is started by its own request.
    return {**kinds.kept(admission), "properties": {**properties, "runtimeState": STOPPED}}


def decide(look: Look) -> Decision:
    trigger = look.resource
    sort = _sort(trigger)
    if sort is None or trigger.deleting or not is_started(trigger.spec["properties"]):
        return Decision(trigger.status, settled=True)
    # One that is told of things is not settled either: after a restart the server asks which ones are started.
    return sort.decide(look) if sort.decide else Decision(trigger.status)


def start(trigger: Resource, body: Json) -> Json:
    """Raises errors.Invalid for a trigger without a pipeline, or of a type that is not fired here."""
    sort, properties = _sort(trigger), trigger.spec["properties"]
    if sort is None:
        message = f"The trigger '{trigger.name}' is of the type '{properties['type']}', which this server keeps but does not fire."
        raise Invalid(message, code="TriggerTypeNotSupported", path="properties.type")
    if not sort.pipelines(properties):
        raise Invalid(f"The trigger '{trigger.name}' cannot be started: it has no pipeline.", code="BadRequest", path="properties.pipelines")
    return {key: value for key, value in _with_state(trigger, STARTED).items() if key != events.UNSUBSCRIBED}


def stop(trigger: Resource, body: Json) -> Json:
    return _with_state(trigger, STOPPED)


def subscribe(trigger: Resource) -> Json:
    """Hears of events again. Raises errors.Invalid for a trigger of another type."""
    _check_hearing(trigger)
    return {key: value for key, value in trigger.spec.items() if key != events.UNSUBSCRIBED}


def unsubscribe(trigger: Resource) -> Json:
    """Hears of no events until it is subscribed or started again. Raises errors.Invalid."""
    _check_hearing(trigger)
    return {**trigger.spec, events.UNSUBSCRIBED: True}


def subscription(trigger: Resource) -> Json:
    """How it stands with its events. Raises errors.Invalid."""
    _check_hearing(trigger)
    return {"triggerName": trigger.name, "status": "Disabled" if trigger.spec.get(events.UNSUBSCRIBED) else "Enabled"}


def hears(trigger: Resource) -> bool:
    """Is it to be told of events?"""
    sort = _sort(trigger)
    is_open = is_started(trigger.spec["properties"]) and not trigger.deleting and not trigger.spec.get(events.UNSUBSCRIBED)
    return sort is not None and sort.told is not None and is_open


def called(trigger: Resource, event: events.Blob | events.Custom, now: float) -> Create | None:
    """The run of a trigger that hears of an event; None when the event is not meant for it."""
    sort = _sort(trigger)
    return events.fired(trigger, sort.told if sort else None, event, now)


def show(trigger: Resource) -> Json:
    return {key: value for key, value in trigger.spec.items() if key != events.UNSUBSCRIBED}


def release(trigger: Resource, known: References) -> None:
    _check_stopped(trigger)
    references.release(trigger, known)


def _sort(trigger: Resource) -> Sort | None:
    return TABLE.get(str(trigger.spec["properties"].get("type")).lower())


def _check_hearing(trigger: Resource) -> None:
    sort = _sort(trigger)
    if sort is None or sort.told is None:
        message = f"The trigger '{trigger.name}' is of the type '{trigger.spec['properties']['type']}', which has nothing to do with events."
        raise Invalid(message, code="BadRequest", path="properties.type")


def _with_state(trigger: Resource, state: str) -> dict[str, Any]:
    return {**trigger.spec, "properties": {**trigger.spec["properties"], "runtimeState": state}}


def _check_stopped(trigger: Resource) -> None:
    if is_started(trigger.spec["properties"]):
        raise Invalid("Cannot update enabled Trigger; the trigger needs to be disabled first.", code=ENABLED)


KIND = Kind(
    kinds.TRIGGERS,
    admit,
    show,
    decide,
    wishes={"start": start, "stop": stop},
    provider=kinds.PROVIDER,
    without_operations=True,
    leaves_at_once=True,
    release=release,
)
KINDS = (KIND, runs.KIND, windows.TICKET)
