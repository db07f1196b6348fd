"""What a type of trigger is: a row of functions. One file defines one type, and ends with its `SORT`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from azurine.factory.faults import Faults
from azurine.model.decisions import Decision
from azurine.model.kinds import Admission, Look
from azurine.model.resources import Json

STARTED, STOPPED = "Started", "Stopped"
Check = Callable[[Admission, Mapping[str, Any], Faults], None]
"""(what is being admitted, its `properties`, what is wrong with them)"""
Told = Callable[[Mapping[str, Any], Any], Json | None]
"""(its `properties`, an event) → what `triggerBody()` answers; None when the event is not meant for it."""


@dataclass(frozen=True, slots=True)
class Sort:
    """type: as it is written. pipelines: the names of its pipelines and their parameters.

    decide: what a started one does at a look. told: what a started one makes of an event (`events`). A type has one of both.
    """

    type: str
    check: Check
    pipelines: Callable[[Mapping[str, Any]], list[Json]]
    decide: Callable[[Look], Decision] | None = None
    told: Told | None = None


def is_started(properties: Mapping[str, Any]) -> bool:
    return properties.get("runtimeState") == STARTED
