"""The monitor that was written → the plans of its signals, for one time. What is wrong is noted at its path, whatever it is."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from azurine.drift.signals import windows
from azurine.drift.signals.plans import Plan
from azurine.ml.alerting import recipients
from azurine.ml.model_monitors import signals
from azurine.ml.model_monitors.data import Room
from azurine.ml.reading import Reader, clipped
from azurine.model.resources import Json

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,99}")
MOST = 100
"""Signals of a monitor."""
TASKS = ("Classification", "Regression", "QuestionAnswering", "Question_Answering")
PERIODS = {"day": 1, "week": 7, "month": 30}
WEEK = "P7D"


@dataclass(frozen=True, slots=True)
class Monitor:
    """inputs: of the job, by name. emails: who is told."""

    plans: list[Plan]
    inputs: Mapping[str, Json]
    emails: list[str]


def read(definition: Reader, at: datetime, period: str) -> Monitor:
    """period: how far a signal looks back that does not say."""
    _compute(definition.mapping("computeConfiguration"))
    target = definition.mapping("monitoringTarget")
    task = target.choice("taskType", TASKS).lower()
    room = Room(at, period)
    found = []
    for name, given in definition.entries("signals"):
        if not NAME.fullmatch(name):
            definition.mapping("signals").fault(name, f"{clipped(name)} cannot be the name of a signal: letters, digits, spaces, dots, _ and -")
        found.append(signals.read(name, given, room, task if task in ("classification", "regression") else ""))
    if len(found) > MOST:
        definition.fault("signals", f"a monitor has at most {MOST} signals, not {len(found)}")
    if not found and not definition.faults:
        definition.fault("signals", "a monitor needs signals, or a deployment whose inputs and outputs are collected", "MissingField")
    return Monitor(found, room.inputs, emails(definition))


def period(trigger: Json) -> str:
    """How long a window is that does not say, by how often the monitor runs (parity: the official client says the same)."""
    if str(trigger.get("triggerType", "")).lower() != "recurrence":
        return WEEK
    word, interval = str(trigger.get("frequency", "")).lower(), trigger.get("interval")
    if word in ("minute", "hour"):
        return "P1D"
    days = PERIODS.get(word, 0) * (interval if isinstance(interval, int) and interval > 0 else 1)
    said = f"P{days}D"
    return said if days and windows.duration(said) else WEEK


def emails(definition: Reader) -> list[str]:
    """parity: in either spelling that clients and service have used."""
    for key, below in (("alertNotificationSetting", "emailNotificationSetting"), ("alertNotificationSettings", "emailNotificationSettings")):
        said = definition.mapping(key).mapping(below)
        if said.value:
            recipients.check(said, "emails")
            return [str(one) for one in said.items("emails")]
    return []


def _compute(given: Reader) -> None:
    """Where Azure would run it. It is run where steps run; what is said is kept."""
    given.choice("computeType", ("ServerlessSpark",))
    given.text("instanceType")
    given.text("runtimeVersion")
