"""Schedule triggers: a pipeline is run at the times of a recurrence.

The first time is the first one after the trigger was started; what was before is not made up for. What was due while the server was
away is: all of the last day, and in any case the last time. Each time has a run of its own, named by it, so none fires twice.

https://learn.microsoft.com/azure/data-factory/how-to-create-schedule-trigger
"""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from azurine.expressions.dates import zones
from azurine.factory import kinds
from azurine.factory.faults import Faults
from azurine.factory.triggers import firing
from azurine.factory.triggers.sorts import Sort
from azurine.model import clock
from azurine.model.decisions import Create, Decision
from azurine.model.kinds import Admission, Look
from azurine.recurrence import reading, rules
from azurine.recurrence.rules import Rule

TYPE = "ScheduleTrigger"
_PATH = "properties.typeProperties"
HORIZON = 86_400.0
"""Seconds back to which missed times are made up for."""


def check(admission: Admission, properties: Mapping[str, Any], faults: Faults) -> None:
    given = faults.mapping(properties, "typeProperties", "properties", required=True)
    recurrence = faults.mapping(given, "recurrence", _PATH, required=True)
    if recurrence:
        reading.rule(recurrence, f"{_PATH}.recurrence", zone, faults.note, admission.now)
    firing.check_listed(properties, faults)


def zone(name: str) -> ZoneInfo | None:
    """A zone by the name that Windows or IANA has for it."""
    try:
        return zones.find(name)
    except zones.Unknown:
        return None


def decide(look: Look) -> Decision:
    trigger = look.resource
    properties = trigger.spec["properties"]
    since = trigger.updated_at  # it was started then: nothing else is written into a started one
    rule = _rule(properties, since)
    if rule is None:
        return Decision(trigger.status, settled=True)
    due: float | None = trigger.status["due"] if trigger.status.get("since") == since else rule.after(since)
    effects = []
    if due is not None:
        for at in rules.missed(rule, due, look.now, HORIZON):
            body = {"trigger": trigger.name, "type": TYPE, "at": at, "started": look.now, "pipelines": firing.listed(properties)}
            effects.append(Create(firing.run_id(trigger, clock.iso(at)), kinds.TRIGGER_RUNS, body, owned=False))
            due = rule.after(at)
    return Decision({"since": since, "due": due}, tuple(effects), wake_at=due, settled=due is None)


def _rule(properties: Mapping[str, Any], begin: float) -> Rule | None:
    return reading.rule(properties["typeProperties"]["recurrence"], _PATH, zone, lambda path, message: None, begin)


SORT = Sort(TYPE, check, firing.listed, decide)
