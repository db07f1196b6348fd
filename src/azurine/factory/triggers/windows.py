"""Tumbling window triggers: every window of time has a run of a pipeline, those of the past too, the oldest first.

A window is due when it has ended and the delay is over. Some windows more than may run at once are opened ahead; each is a run
(`window_runs`) with a ticket, which goes when the run is over: then the trigger looks again and opens the next. The trigger keeps
the number of the next window, so stopped, started or killed it goes on where it was.

https://learn.microsoft.com/azure/data-factory/how-to-create-tumbling-window-trigger
"""

from collections.abc import Mapping
from typing import Any

from azurine.factory import kinds
from azurine.factory.faults import Faults
from azurine.factory.triggers import dependencies, firing, tumbling
from azurine.factory.triggers.sorts import Sort
from azurine.model import clock
from azurine.model.decisions import Create, Decision, Effect, Update
from azurine.model.kinds import Admission, Kind, Look
from azurine.model.resources import Json

AHEAD = 20
_FIXED = ("frequency", "interval")


def check(admission: Admission, properties: Mapping[str, Any], faults: Faults) -> None:
    definition = tumbling.read(properties, faults.note)
    firing.check_only(properties, faults)
    if definition is None:
        return
    dependencies.check(admission, definition, faults)
    before = admission.previous.spec["properties"] if admission.previous is not None else {}
    if str(before.get("type")).lower() == tumbling.TYPE.lower():
        for key in _FIXED:
            if before["typeProperties"].get(key) != properties["typeProperties"].get(key):
                faults.note(f"{tumbling.PATH}.{key}", f"'{key}' of a tumbling window trigger cannot be changed any more.")


def check_part(admission: Admission, properties: Mapping[str, Any], faults: Faults) -> None:
    tumbling.read_part(properties, faults.note)


def decide(look: Look) -> Decision:
    trigger = look.resource
    definition = tumbling.of(trigger, look.references)
    if definition is None:
        return Decision(trigger.status, settled=True)
    windows = definition.windows
    said = [windows.frequency, windows.interval, windows.start, definition.first]
    number = int(trigger.status["next"]) if trigger.status.get("windows") == said else definition.first
    tickets = [one for one in look.children if one.kind == kinds.OPEN_WINDOWS and not one.deleting]
    effects: list[Effect] = []
    since = trigger.updated_at
    if trigger.status.get("since") != since:
        # Those that waited while it was stopped hear that it is started.
        effects += [Update(str(one.spec["run"]), {"called": clock.iso(since)}) for one in tickets]
    room = definition.concurrency + AHEAD - len(tickets)
    while room > 0 and (window := windows.window(number)) is not None and window[1] + definition.delay <= look.now:
        opened = _opened(look, number, window)
        effects += opened
        room -= bool(opened)
        number += 1
    following = windows.window(number)
    # Without room it looks again when a ticket goes.
    wake_at = following[1] + definition.delay if following is not None and room > 0 else None
    return Decision({"windows": said, "next": number, "since": since}, tuple(effects), wake_at, settled=following is None)


def _opened(look: Look, number: int, window: tuple[float, float]) -> list[Effect]:
    trigger = look.resource
    run = firing.window_id(trigger, window[0])
    if look.references.get(run) is not None:  # it was there before the trigger's start was changed
        return []
    body = {"trigger": trigger.name, "type": tumbling.TYPE, "started": look.now, "window": list(window), "number": number}
    ticket = f"{trigger.id}/openwindows/{run.rpartition('/')[2]}"
    return [Create(run, kinds.TRIGGER_RUNS, body, owned=False), Create(ticket, kinds.OPEN_WINDOWS, {"run": run, "number": number})]


def _admit(admission: Admission) -> Json:
    return dict(admission.body)


def _parents(properties: Mapping[str, Any]) -> list[Json]:
    """A rerun trigger fires the pipeline of its parent."""
    return [{"name": "", "parameters": {}}]


SORT = Sort(tumbling.TYPE, check, firing.only, decide)
RERUN = Sort(tumbling.RERUN, check_part, _parents, decide)
TICKET = Kind(kinds.OPEN_WINDOWS, _admit, kinds.show, provider=kinds.PROVIDER, door="closed")
