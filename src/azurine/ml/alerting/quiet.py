"""May an alert be told? Not while its monitor is silenced, and, when the monitor has alerted before, only as its rule for that says.

    Always        every breach is told
    OnWorse       one that is worse than the last that was told; any one, when a silence is given and has passed since
    AfterSilence  one after which nothing was told for the silence (a day unless one is given)

Worse is a greater percentage; where there is none, more breaches. Judged once, when the alert comes to be, against those of its monitor that came
before it; those of one moment come in the order of their names, which is that of their windows.
"""

from collections.abc import Sequence

from azurine.ml import reading
from azurine.ml.alerting import recipients
from azurine.model import clock
from azurine.model.resources import Json, Resource

DAY = 86_400.0


class Undecided(Exception):
    """One that came before has not been judged yet."""


def reason(alert: Resource, others: Sequence[Resource], now: float) -> str:
    """Why it is kept quiet; "" when it is told. others: all alerts there are. Raises Undecided."""
    said = alert.spec["properties"]
    before = sorted((one for one in others if _is_before(one, alert)), key=_order)
    if any("told" not in one.status for one in before):
        raise Undecided
    until = max((float(one.status.get("silencedUntil") or 0) for one in before), default=0.0)
    if until > now:
        return f"the monitor is silenced until {clock.iso(until)}"
    last = next((one for one in reversed(before) if one.status["told"]), None)
    if last is None:
        return ""
    silence = reading.duration(str(said.get("silence") or ""))
    passed = now - last.created_at
    match said.get("reAlert") or recipients.ALWAYS:
        case recipients.AFTER_SILENCE if passed < (silence if silence is not None else DAY):
            return f"{last.name} was told, and the monitor is quiet until {clock.iso(last.created_at + (silence if silence is not None else DAY))}"
        case recipients.ON_WORSE if _badness(said) <= _badness(last.spec["properties"]) and (silence is None or passed < silence):
            return f"it is no worse than {last.name}, which was told"
    return ""


def _is_before(one: Resource, alert: Resource) -> bool:
    same = one.spec["properties"]["monitor"] == alert.spec["properties"]["monitor"]
    return same and one.id != alert.id and not one.deleting and _order(one) < _order(alert)


def _order(alert: Resource) -> tuple[float, str]:
    return alert.created_at, alert.id


def _badness(said: Json) -> tuple[float, int]:
    return float(said.get("driftPercentage") or 0.0), len(said.get("breaches") or ())
