"""Until: a list of activities again and again, until an expression is true. At least once; no longer than its time-out.

The expression may speak of the activities inside, as their last pass left them. An activity that fails in one pass does not end the
loop. When the expression has become true, the Until has gone as its last pass went.
https://learn.microsoft.com/azure/data-factory/control-flow-until-activity
"""

from collections import ChainMap
from dataclasses import replace

from azurine.factory import definitions, inner
from azurine.factory.sight import INVALID, Branch, Checking, Ended, Progress, Sight, Sort, failed, succeeded

LINE = "activities"
USUAL = 7 * definitions.DAY
TIMED_OUT = "ActionTimedOut"


def check(checking: Checking) -> None:
    checking.require("expression")
    if not checking.properties.get(LINE):
        checking.note(LINE, f"Activity '{checking.activity.get('name')}' must have at least one inner activity.")
    if any(one in ("foreach", "until") for one in checking.within):
        checking.note("", f"Activity '{checking.activity.get('name')}': an Until cannot be nested in a ForEach or another Until activity.")


def step(sight: Sight) -> Progress:
    if sight.memory is None:
        return _begun(sight)
    until = float(sight.memory["until"])
    if sight.now >= until:
        return failed(TIMED_OUT, f"The activity '{sight.activity.name}' did not reach its condition within its time-out.")
    for ended in sight.ended.values():
        verdict = _inside(sight, ended).value("expression")
        if not isinstance(verdict, bool):
            return failed(INVALID, f"The expression of the activity '{sight.activity.name}' must be evaluated to true or false.")
        if verdict:
            return failed(inner.FAILED, inner.message(ended)) if ended.failed else succeeded()
        passes = int(sight.memory["passes"]) + 1
        return Progress(memory={"until": until, "passes": passes}, open=(Branch(str(passes), LINE),), wake_at=until)
    return Progress(wake_at=until)


def _inside(sight: Sight, ended: Ended) -> Sight:
    """The same sight, in which the activities of the last pass are seen too."""
    return (
        replace(sight, scope=replace(sight.scope, activities=ChainMap({**ended.seen}, {**(sight.scope.activities or {})}))) if ended.seen else sight
    )


def _begun(sight: Sight) -> Progress:
    said = sight.value("timeout")
    length = USUAL if said is None else definitions.seconds(said)
    if length is None:
        return failed(INVALID, f"The time-out of the activity '{sight.activity.name}' must be written like 0.12:00:00, not '{said}'.")
    if LINE not in sight.activity.lists:
        return failed(INVALID, f"The activity '{sight.activity.name}' has no inner activities.")
    until = sight.now + length
    return Progress(memory={"until": until, "passes": 0}, open=(Branch("0", LINE),), wake_at=until)


SORT = Sort("Until", step, check, lists=inner.named(LINE), inward=True)
