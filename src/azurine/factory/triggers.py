"""Triggers: when a pipeline is run by itself. Started and stopped; a started one cannot be changed or deleted.

https://learn.microsoft.com/azure/data-factory/concepts-pipeline-execution-triggers
"""

from typing import Any

from azurine.factory import kinds, names, references
from azurine.factory.faults import Faults
from azurine.model.errors import Invalid
from azurine.model.kinds import Admission, Kind, References
from azurine.model.resources import Json, Resource

STARTED, STOPPED = "Started", "Stopped"
ENABLED = "TriggerEnabledCannotUpdate"


def admit(admission: Admission) -> Json:
    names.check(admission.id, names.PART)
    if admission.previous is not None:
        _check_stopped(admission.previous)
    faults = Faults()
    properties = kinds.properties(admission, faults)
    if not faults:
        faults.text(properties, "type", "properties", required=True)
    references.check(admission.id, properties, "properties", admission.references, faults)
    faults.finish()
    # Whatever was sent: a trigger is started by its own request.
    return {**kinds.kept(admission), "properties": {**properties, "runtimeState": STOPPED}}


def start(trigger: Resource, body: Json) -> Json:
    return _with_state(trigger, STARTED)


def stop(trigger: Resource, body: Json) -> Json:
    return _with_state(trigger, STOPPED)


def release(trigger: Resource, known: References) -> None:
    _check_stopped(trigger)
    references.release(trigger, known)


def _with_state(trigger: Resource, state: str) -> dict[str, Any]:
    return {**trigger.spec, "properties": {**trigger.spec["properties"], "runtimeState": state}}


def _check_stopped(trigger: Resource) -> None:
    if trigger.spec["properties"].get("runtimeState") == STARTED:
        raise Invalid("Cannot update enabled Trigger; the trigger needs to be disabled first.", code=ENABLED)


KIND = Kind(
    kinds.TRIGGERS,
    admit,
    kinds.show,
    wishes={"start": start, "stop": stop},
    provider=kinds.PROVIDER,
    without_operations=True,
    release=release,
)
