"""Which windows another window waits for: those of a trigger, or of its own, that lie where the dependency says.

    [begin + offset, begin + offset + size)        begin: of the window that waits

All windows that share time with that stretch must have succeeded. One that never is (before its trigger's start, after its end) holds
nobody up. What is needed is asked of the triggers as they stand now, at each look.

https://learn.microsoft.com/azure/data-factory/tumbling-window-trigger-dependency
"""

from azurine.factory import kinds
from azurine.factory.faults import Faults
from azurine.factory.triggers import firing, tumbling
from azurine.factory.triggers.tumbling import Tumbling
from azurine.model import clock
from azurine.model.kinds import Admission, References
from azurine.model.resources import Resource
from azurine.model.states import State

SHOWN = 5


def lacking(run: Resource, trigger: Resource, definition: Tumbling, known: References) -> dict[str, str]:
    """{window that is needed and has not succeeded: how it is}; the first few of each dependency."""
    begin, end = run.spec["window"]
    found: dict[str, str] = {}
    for need in definition.needs:
        other = known.get(kinds.of(trigger.id, kinds.TRIGGERS, need.trigger)) if need.trigger else trigger
        wanted = (tumbling.of(other, known) if need.trigger else definition) if other is not None else None
        if other is None or wanted is None:
            found[need.trigger] = "it is no tumbling window trigger any more"
            continue
        first = begin + need.offset
        shown = 0
        for number in wanted.windows.overlapping(first, first + (need.size if need.size is not None else end - begin)):
            window = wanted.windows.window(number)
            one = known.get(firing.window_id(other, window[0])) if window else None
            state = firing.state(one) if one is not None else State.PENDING
            if window is None or state == State.SUCCEEDED or (other.id == trigger.id and one is not None and one.id == run.id):
                continue
            found[f"{other.name} {clock.iso(window[0])}"] = str(state)
            shown += 1
            if shown == SHOWN:
                break
    return found


def check(admission: Admission, definition: Tumbling, faults: Faults) -> None:
    """Notes dependencies on triggers of other types, and circles."""
    own = admission.id
    for place, need in enumerate(definition.needs):
        if not need.trigger:
            continue
        path = f"{tumbling.PATH}.dependsOn[{place}].referenceTrigger"
        identifier = kinds.of(own, kinds.TRIGGERS, need.trigger)
        other = admission.references.get(identifier)
        if identifier == own:
            faults.note(path, "A trigger that needs windows of its own says so with the type SelfDependencyTumblingWindowTriggerReference.")
        elif other is not None and tumbling.of(other, admission.references) is None:
            faults.note(path, f"'{need.trigger}' is no tumbling window trigger.")
        elif other is not None and _leads_to(own, other, admission.references):
            faults.note(path, f"The triggers '{need.trigger}' and '{own.rpartition('/')[2]}' wait for each other.")


def _leads_to(own: str, begin: Resource, known: References) -> bool:
    pending, seen = [begin], {begin.id}
    while pending:
        one = pending.pop()
        definition = tumbling.of(one, known)
        for need in definition.needs if definition else ():
            identifier = kinds.of(own, kinds.TRIGGERS, need.trigger) if need.trigger else one.id
            if identifier == own:
                return True
            other = known.get(identifier)
            if other is not None and identifier not in seen:
                seen.add(identifier)
                pending.append(other)
    return False
