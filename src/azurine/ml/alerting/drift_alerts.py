"""Alerts: a monitor has found a drift, and whoever is to know of it is told: by e-mail, by webhook, by an event that starts pipelines.

A monitor's run makes one for each window that breaches; a user may PUT one to try whether it arrives. Each delivery goes its own way:

    Pending ──► Delivered
       │  ▲
       ▼  │ after 15 seconds, then twice as long each time, an hour at most
    Failing  (with the last error; after a week without success it is left alone, until `retry`)

    Silenced: it is not told, because of the monitor's rules or because somebody said `silence`

A delivery is begun again after a kill, with the same id: it arrives at least once. `silence` {"for": "P1D"} stops what has not been delivered,
and keeps the monitor's later alerts quiet for that long; `retry` tries now what fails.

Azure's monitors tell by e-mail and Event Grid only, and keep no record of it.
https://learn.microsoft.com/azure/machine-learning/how-to-monitor-datasets
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from azurine.ml import assets, names, reading
from azurine.ml.alerting import letters, quiet, recipients
from azurine.ml.reading import Reader, clipped
from azurine.model import clock, errors, ids, states
from azurine.model.decisions import Create, Decision, Perform
from azurine.model.kinds import Admission, Kind, Look
from azurine.model.resources import Json, Resource
from azurine.model.states import State

NAME = "workspaces/driftAlerts"
MAIL, HOOK, EVENT = "alert.mail", "alert.webhook", "event"
PENDING, DELIVERED, FAILING, SILENCED, RECORDED = "Pending", "Delivered", "Failing", "Silenced", "Recorded"
FIRST, LONGEST, LASTING = 15.0, 3600.0, 7 * 86_400.0
"""Seconds: until the second attempt, between two attempts at most, and until nothing is tried any more."""
MOMENT = 1.0
"""Seconds until an alert is looked at again that waits for an earlier one to be judged."""
MOST_BREACHES = 1000
LONGEST_SILENCE = 366 * 86_400.0


def wished(workspace: str, run: str, start: str, properties: Json) -> Create:
    """The alert of a window of a run: always the same one, so that it is made once. start: of the window, ISO 8601."""
    when = f"{datetime.fromisoformat(start):%Y%m%dT%H%M%S}"
    return Create(ids.child(workspace, "driftAlerts", f"{run[:230]}-{when}"), NAME, {"properties": dict(properties)}, owned=False)


def admit(request: Admission) -> Json:
    names.check(ids.name(request.id), names.JOB)
    if request.previous is not None:
        raise errors.Conflict(f"there is an alert {ids.name(request.id)!r} already, and alerts do not change", code="UserError")
    body, given = assets.begin(request)
    for key in ("monitor", "run"):
        given.text(key, required=True, longest=2000)
    window = given.mapping("window", required=True)
    for key in ("start", "end"):
        window.text(key, required=True, longest=100)
    for key in ("driftPercentage", "threshold"):
        _number(given, key)
    breaches = given.items("breaches")
    if len(breaches) > MOST_BREACHES:
        given.fault("breaches", f"{len(breaches)} of them are more than {MOST_BREACHES}")
    for place, one in enumerate(breaches):
        if not isinstance(one, Mapping):
            given.fault(f"breaches[{place}]", "a breach is an object such as {feature, measure, value, threshold}", "InvalidType")
    recipients.check(given.mapping("to"), "emails")
    recipients.check_manner(given)
    body.finish()
    return assets.keep(request, {"to": {}, "breaches": []})


def decide(look: Look) -> Decision:
    alert = look.resource
    status: dict[str, Any] = {key: value for key, value in alert.status.items() if key != "outcomes"}
    if "told" not in status:
        try:
            why = quiet.reason(alert, look.references.children(ids.parent(alert.id), NAME), look.now)
        except quiet.Undecided:
            return Decision(status, wake_at=look.now + MOMENT)
        status |= {"told": not why, "why": why, "deliveries": _begun(alert, SILENCED if why else PENDING, why)}
    _obey(alert, status, look.now)
    effects, taken, wakes = [], [], []
    for delivery in status["deliveries"]:
        if delivery["state"] in (DELIVERED, SILENCED):
            continue
        key = _key(alert, delivery)
        outcome = look.outcome(key)
        if outcome is not None and states.is_final(outcome["state"]):
            taken.append(key)
            _note(delivery, outcome, alert, look.now)
        if delivery["state"] == DELIVERED or delivery["next"] is None:
            continue
        if delivery["next"] > look.now:
            wakes.append(delivery["next"])
        else:
            effects.append(Perform(_key(alert, delivery), delivery["work"], _order(alert, delivery)))
    settled = not effects and not wakes
    return Decision(status, tuple(effects), wake_at=min(wakes, default=None), settled=settled, taken=frozenset(taken))


def silence(alert: Resource, body: Json) -> Json:
    """The wish to be left alone: {"for": an ISO 8601 duration}; PT0S ends it."""
    given = Reader(body)
    given.text("for", required=True)
    seconds = given.seconds("for")
    if seconds > LONGEST_SILENCE:
        given.fault("for", f"{clipped(body.get('for'))} is longer than a year")
    given.finish()
    return {**alert.spec, "silence": {"number": int(alert.spec.get("silence", {}).get("number", 0)) + 1, "seconds": seconds}}


def retry(alert: Resource, body: Json) -> Json:
    """The wish to try now what fails."""
    return {**alert.spec, "retries": int(alert.spec.get("retries", 0)) + 1}


def show(alert: Resource) -> Json:
    status = alert.status
    deliveries = [_shown(one) for one in status.get("deliveries", ())]
    until = status.get("silencedUntil")
    told: dict[str, Any] = {"state": state(alert), "deliveries": deliveries, "createdTime": clock.iso(alert.created_at)}
    if status.get("why"):
        told["reason"] = status["why"]
    if until:
        told["silencedUntil"] = clock.iso(float(until))
    return {"properties": {**alert.spec["properties"], **told, "provisioningState": "Succeeded"}}


def state(alert: Resource) -> str:
    """Of all deliveries, the one that most needs somebody to look."""
    if "told" not in alert.status:
        return PENDING
    found = {one["state"] for one in alert.status["deliveries"]}
    return next((one for one in (FAILING, PENDING, DELIVERED, SILENCED) if one in found), SILENCED if alert.status["why"] else RECORDED)


def _begun(alert: Resource, begin: str, why: str) -> list[dict[str, Any]]:
    to = alert.spec["properties"].get("to") or {}
    wanted = [(MAIL, "Email", one) for one in to.get("emails") or ()] + [(HOOK, "Webhook", one) for one in to.get("webhooks") or ()]
    wanted += [(EVENT, "Event", to["topic"])] if to.get("topic") else []
    plain = {"state": begin, "attempts": 0, "error": why or None, "next": alert.created_at, "ended": None}
    return [{"work": work, "type": type_, "to": one, **plain} for work, type_, one in dict.fromkeys(wanted)]


def _obey(alert: Resource, status: dict[str, Any], now: float) -> None:
    """What users have wished since the last look."""
    wish = alert.spec.get("silence")
    if wish and wish["number"] != status.get("silences"):
        until = now + wish["seconds"] if wish["seconds"] else None
        status |= {"silences": wish["number"], "silencedUntil": until}
        if until is not None:
            why = f"it was silenced until {clock.iso(until)}"
            status["deliveries"] = [
                one if one["state"] == DELIVERED else {**one, "state": SILENCED, "error": why, "next": None} for one in status["deliveries"]
            ]
    if alert.spec.get("retries", 0) != status.get("retries", 0):
        begun = {"since": now, "next": now}
        status["retries"] = alert.spec["retries"]
        status["deliveries"] = [{**one, **begun} if one["state"] == FAILING else one for one in status["deliveries"]]
    status["deliveries"] = [dict(one) for one in status["deliveries"]]


def _note(delivery: dict[str, Any], outcome: Json, alert: Resource, now: float) -> None:
    """How an attempt has ended."""
    delivery["attempts"] += 1
    if outcome["state"] == State.SUCCEEDED:
        delivery |= {"state": DELIVERED, "error": None, "next": None, "ended": now}
        return
    error = outcome.get("error") or {}
    since = float(delivery.get("since") or alert.created_at)
    again = now + min(LONGEST, FIRST * 2.0 ** min(delivery["attempts"] - 1, 20))
    delivery |= {"state": FAILING, "error": str(error.get("message") or "It was given up."), "next": again if again - since < LASTING else None}


def _key(alert: Resource, delivery: Mapping[str, Any]) -> str:
    return f"{alert.id}#{delivery['work']}#{delivery['to']}#{delivery['attempts'] + 1}"


def _order(alert: Resource, delivery: Mapping[str, Any]) -> Json:
    name = f"{delivery['work']}#{delivery['to']}"
    if delivery["work"] == MAIL:
        return {"id": letters.mark(alert, name), "to": delivery["to"], "subject": letters.subject(alert), "text": letters.text(alert)}
    if delivery["work"] == HOOK:
        return {"id": letters.mark(alert, name), "url": delivery["to"], "body": letters.hook(alert, name)}
    return {"topic": delivery["to"], "event": letters.event(alert, name)}


def _shown(delivery: Mapping[str, Any]) -> dict[str, Any]:
    said = {"type": delivery["type"], "to": delivery["to"], "state": delivery["state"], "attempts": delivery["attempts"]}
    if delivery["error"]:
        said["reason" if delivery["state"] == SILENCED else "lastError"] = delivery["error"]
    if delivery["state"] == FAILING:
        said["nextAttempt"] = clock.iso(delivery["next"]) if delivery["next"] is not None else None
    if delivery["ended"] is not None:
        said["deliveredTime"] = clock.iso(delivery["ended"])
    return said


def _number(given: Reader, key: str) -> None:
    found = given.value.get(key)
    if found is not None and (isinstance(found, str) or reading.as_number(found) is None):
        given.fault(key, f"{key} must be a number, not {clipped(found)}", "InvalidType")


KIND = Kind(
    name=NAME, admit=admit, show=show, decide=decide, wishes={"silence": silence, "retry": retry}, leaves_at_once=True, without_operations=True
)
