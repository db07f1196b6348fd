"""Alerts on a clock that is moved: who is told, what happens when nobody answers, and when a monitor is quiet."""

from collections.abc import Mapping
from typing import Any

import pytest

from azurine.ml.alerting import drift_alerts, letters, recipients
from azurine.ml.alerting.drift_alerts import DELIVERED, FAILING, PENDING, RECORDED, SILENCED
from azurine.ml.reading import Reader
from azurine.model import errors, ids
from azurine.model.clock import Movable
from azurine.model.decisions import Create, Outcome
from azurine.model.kinds import Admission
from azurine.model.resources import Resource
from azurine.reconcile.loop import Loop
from azurine.reconcile.performers import File, Request
from azurine.store import log
from azurine.store.memory import MemoryLog
from azurine.store.references import LogReferences

WORKSPACE = "subscriptions/s/resourceGroups/g/workspaces/w"
TOPIC = "/subscriptions/s/resourceGroups/g/providers/Microsoft.EventGrid/topics/models"
OPS, HOOK = "ops@example.org", "https://chat.example.org/hook"
DAY = 86_400.0


class Post:
    """A performer that writes down what it was told and answers as the play says; None: it does not answer."""

    def __init__(self) -> None:
        self.answer: Outcome | None = Outcome("succeeded")
        self.sent: list[Request] = []
        self.open: list[File] = []

    def perform(self, request: Request, file: File) -> None:
        self.sent.append(request)
        if self.answer is None:
            self.open.append(file)
        else:
            file(self.answer)

    def cease(self, key: str, file: File) -> None:
        raise AssertionError("nothing of an alert is called back")


def failed(message: str) -> Outcome:
    return Outcome("failed", {}, {"code": "NoResponse", "message": message})


class House:
    def __init__(self) -> None:
        self.store = MemoryLog()
        self.clock = Movable()
        self.mail, self.web, self.events = Post(), Post(), Post()
        self.loop = self.begin()

    def begin(self) -> Loop:
        """Also how it begins again after a kill: nothing but the store is kept."""
        performers = {drift_alerts.MAIL: self.mail, drift_alerts.HOOK: self.web, drift_alerts.EVENT: self.events}
        return Loop(self.store, {drift_alerts.NAME: drift_alerts.KIND}, performers, self.clock)

    def alert(self, name: str, percentage: float | None = 40.0, *, monitor: str = "watch", breaches: int = 1, **more: Any) -> str:
        identifier = f"{WORKSPACE}/driftAlerts/{name}"
        spec = drift_alerts.KIND.admit(Admission(identifier, body(percentage, monitor, breaches, **more), LogReferences(self.store)))
        self.store.write([log.Create(identifier, drift_alerts.NAME, WORKSPACE, spec, settled=False)], self.clock())
        self.loop.settle()
        return identifier

    def later(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.loop.settle()

    def wish(self, identifier: str, word: str, given: Mapping[str, Any]) -> None:
        found = self.found(identifier)
        spec = drift_alerts.KIND.wishes[word](found, given)
        self.store.write([log.Update(identifier, spec, "user", found.revision, False)], self.clock())
        self.loop.settle()

    def found(self, identifier: str) -> Resource:
        found = self.store.get(identifier)
        assert found is not None
        return found

    def shown(self, identifier: str) -> Mapping[str, Any]:
        shown: Mapping[str, Any] = drift_alerts.KIND.show(self.found(identifier))["properties"]
        return shown

    def state(self, identifier: str) -> str:
        return str(self.shown(identifier)["state"])


def body(percentage: float | None = 40.0, monitor: str = "watch", breaches: int = 1, /, **more: Any) -> dict[str, Any]:
    given = {
        "monitor": f"{WORKSPACE}/datasetMonitors/{monitor}",
        "run": f"{monitor}-1",
        "window": {"start": "2026-03-08T00:00:00Z", "end": "2026-03-15T00:00:00Z"},
        "driftPercentage": percentage,
        "threshold": 0.1,
        "breaches": [{"feature": f"F{place}", "measure": "wasserstein_distance", "value": 1.5, "threshold": 0.1} for place in range(breaches)],
        "to": {"emails": [OPS]},
    }
    return {"properties": {**given, **more}}


@pytest.fixture
def house() -> House:
    return House()


def test_everyone_is_told_once(house: House) -> None:
    alert = house.alert("a", to={"emails": [OPS, "two@example.org"], "webhooks": [HOOK], "topic": TOPIC})
    assert house.state(alert) == DELIVERED
    assert [one.arguments["to"] for one in house.mail.sent] == [OPS, "two@example.org"]
    assert [one.arguments["url"] for one in house.web.sent] == [HOOK]
    assert [one.arguments["topic"] for one in house.events.sent] == [TOPIC]
    assert [(one["type"], one["state"], one["attempts"]) for one in house.shown(alert)["deliveries"]] == [
        ("Email", "Delivered", 1),
        ("Email", "Delivered", 1),
        ("Webhook", "Delivered", 1),
        ("Event", "Delivered", 1),
    ]
    house.later(30 * DAY)
    assert len(house.mail.sent) + len(house.web.sent) + len(house.events.sent) == 4 and house.found(alert).settled


def test_one_that_cannot_be_told_is_kept_and_tried_again_ever_later(house: House) -> None:
    house.mail.answer = failed("the connection was refused")
    begun = house.clock()
    alert = house.alert("a", to={"emails": [OPS], "webhooks": [HOOK]})
    (mail, hook) = house.shown(alert)["deliveries"]
    assert (house.state(alert), mail["state"], mail["lastError"], hook["state"]) == (FAILING, FAILING, "the connection was refused", DELIVERED)
    times = []
    while (due := house.loop.next_due()) is not None and len(times) < 12:
        times.append(due - begun)
        house.later(due - house.clock())
    waits = [after - before for before, after in zip([0.0, *times], times, strict=False)]
    assert waits[:4] == [15, 30, 60, 120] and waits[-1] == 3600
    assert len({one.arguments["id"] for one in house.mail.sent}) == 1 and len({one.key for one in house.mail.sent}) == len(house.mail.sent) == 13
    house.mail.answer = Outcome("succeeded")
    house.later(3600)
    assert (house.state(alert), len(house.web.sent)) == (DELIVERED, 1)
    assert house.shown(alert)["deliveries"][0]["attempts"] == 14 and house.loop.next_due() is None


def test_after_a_week_it_is_left_alone_until_somebody_says_retry(house: House) -> None:
    house.mail.answer = failed("gone")
    alert = house.alert("a")
    while (due := house.loop.next_due()) is not None:
        house.later(due - house.clock())
    (delivery,) = house.shown(alert)["deliveries"]
    assert (delivery["state"], delivery["nextAttempt"], house.found(alert).settled) == (FAILING, None, True)
    assert 7 * 24 < delivery["attempts"] < 8 * 24
    house.mail.answer = Outcome("succeeded")
    house.wish(alert, "retry", {})
    assert house.state(alert) == DELIVERED


def test_a_kill_while_it_is_sent_begins_the_same_delivery_again_and_no_other(house: House) -> None:
    house.mail.answer = None
    alert = house.alert("a", to={"emails": [OPS], "webhooks": [HOOK]})
    assert house.state(alert) == PENDING
    house.loop = house.begin()
    house.loop.rouse()
    house.loop.settle()
    assert [one.key for one in house.mail.sent] == [house.mail.sent[0].key] * 2 and len(house.web.sent) == 1
    house.mail.open[-1](Outcome("succeeded"))
    house.loop.settle()
    assert house.state(alert) == DELIVERED


def test_nobody_to_tell_is_recorded(house: House) -> None:
    alert = house.alert("a", to={})
    assert (house.state(alert), house.shown(alert)["deliveries"], house.found(alert).settled) == (RECORDED, [], True)


RULES: list[tuple[dict[str, Any], list[tuple[float, float | None]], list[str]]] = [
    # how alerts say it, (seconds since the one before, percentage) of each, what becomes of each
    ({}, [(0, 40.0), (60, 40.0), (60, 30.0)], [DELIVERED, DELIVERED, DELIVERED]),
    ({"reAlert": "Always", "silence": "P1D"}, [(0, 40.0), (60, 40.0)], [DELIVERED, DELIVERED]),
    ({"reAlert": "AfterSilence", "silence": "PT2H"}, [(0, 40.0), (3600, 90.0), (3600, 20.0), (60, 99.0)], [DELIVERED, SILENCED, DELIVERED, SILENCED]),
    ({"reAlert": "AfterSilence"}, [(0, 40.0), (DAY - 1, 40.0), (1, 40.0)], [DELIVERED, SILENCED, DELIVERED]),
    ({"reAlert": "OnWorse"}, [(0, 40.0), (DAY, 40.0), (DAY, 41.0), (DAY, 40.5)], [DELIVERED, SILENCED, DELIVERED, SILENCED]),
    ({"reAlert": "OnWorse", "silence": "P1D"}, [(0, 40.0), (60, 41.0), (60, 41.0), (DAY, 30.0)], [DELIVERED, DELIVERED, SILENCED, DELIVERED]),
]


@pytest.mark.parametrize(("how", "times", "states"), RULES, ids=[str(place) for place in range(len(RULES))])
def test_a_monitor_that_goes_on_drifting_is_told_of_again_by_its_rule(
    house: House, how: dict[str, Any], times: list[tuple[float, float | None]], states: list[str]
) -> None:
    made = []
    for place, (seconds, percentage) in enumerate(times):
        house.later(seconds)
        made.append(house.alert(f"a{place}", percentage, **how))
    assert [house.state(one) for one in made] == states
    assert len(house.mail.sent) == states.count(DELIVERED)


def test_without_percentages_more_breaches_are_worse(house: House) -> None:
    made = [house.alert(f"a{place}", None, breaches=count, reAlert="OnWorse") for place, count in enumerate((1, 1, 2))]
    assert [house.state(one) for one in made] == [DELIVERED, SILENCED, DELIVERED]
    assert "no worse than a0" in house.shown(made[1])["reason"]


def test_those_of_one_moment_are_judged_in_the_order_of_their_windows(house: House) -> None:
    """As a run over several windows makes them, whichever is looked at first."""
    made = []
    for name in ("run-20260322T000000", "run-20260308T000000", "run-20260315T000000"):
        spec = drift_alerts.KIND.admit(Admission(f"{WORKSPACE}/driftAlerts/{name}", body(reAlert="AfterSilence"), LogReferences(house.store)))
        made.append(log.Create(f"{WORKSPACE}/driftAlerts/{name}", drift_alerts.NAME, WORKSPACE, spec, settled=False))
    house.store.write(made, house.clock())
    house.loop.settle()
    house.later(1)
    house.later(1)
    assert [house.state(one.id) for one in made] == [SILENCED, DELIVERED, SILENCED]


def test_monitors_do_not_silence_each_other(house: House) -> None:
    made = [house.alert(f"a-{monitor}", monitor=monitor, reAlert="AfterSilence") for monitor in ("one", "two")]
    assert [house.state(one) for one in made] == [DELIVERED, DELIVERED]


def test_silence_stops_what_fails_and_keeps_the_monitor_quiet_for_that_long(house: House) -> None:
    house.mail.answer = failed("gone")
    alert = house.alert("a")
    house.wish(alert, "silence", {"for": "PT4H"})
    assert house.state(alert) == SILENCED and house.shown(alert)["silencedUntil"].endswith("Z")
    house.mail.answer = Outcome("succeeded")
    house.later(3600)
    quiet, other = house.alert("b"), house.alert("c", monitor="other")
    assert (house.state(quiet), house.state(other)) == (SILENCED, DELIVERED)
    assert "silenced until" in house.shown(quiet)["reason"]
    house.wish(alert, "silence", {"for": "PT0S"})
    assert house.state(house.alert("d")) == DELIVERED
    house.wish(alert, "silence", {"for": "PT4H"})
    house.later(4 * 3600)
    assert house.state(house.alert("e")) == DELIVERED


def test_what_was_delivered_stays_delivered_when_it_is_silenced(house: House) -> None:
    alert = house.alert("a")
    house.wish(alert, "silence", {"for": "P1D"})
    assert house.state(alert) == DELIVERED


@pytest.mark.parametrize("given", [{}, {"for": ""}, {"for": "long"}, {"for": 5}, {"for": "P400D"}])
def test_a_silence_that_cannot_be_read_is_refused(house: House, given: dict[str, Any]) -> None:
    alert = house.alert("a")
    with pytest.raises(errors.Invalid) as caught:
        house.wish(alert, "silence", given)
    assert caught.value.path == "for"


def test_what_is_said(house: House) -> None:
    alert = house.alert("a", 74.25, breaches=12, to={"emails": [OPS], "webhooks": [HOOK], "topic": TOPIC})
    mail, hook, event = (post.sent[0].arguments for post in (house.mail, house.web, house.events))
    assert mail["subject"] == "Drift in watch: 74.2 %"
    assert "watch: 74.2 % drift in the window from 2026-03-08, over the threshold of 10 %." in mail["text"]
    assert "F9: wasserstein_distance 1.5 (threshold 0.1)\n  and 2 more" in mail["text"]
    assert (hook["body"]["driftPercentage"], hook["body"]["monitor"], hook["body"]["alert"]) == (74.25, "watch", "a")
    assert hook["body"]["text"].startswith("watch: 74.2 % drift")
    told = event["event"]
    assert (told["eventType"], told["topic"], told["subject"]) == (letters.TYPE, TOPIC, "datadrifts/watch/runs/watch-1")
    assert (told["data"]["DriftCoefficient"], told["data"]["DataDriftName"], told["data"]["driftPercentage"]) == (0.7425, "watch", 74.25)
    assert len({mail["id"], hook["id"], told["id"]}) == 3 and ids.name(alert) == "a"


def test_a_subject_is_one_line_whatever_is_in_it(house: House) -> None:
    house.alert("a", monitor="w\r\nBcc: all@example.org")
    assert house.mail.sent[0].arguments["subject"] == "Drift in w Bcc: all@example.org: 40.0 %"


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"monitor": ""}, "properties.monitor"),
    ({"run": 7}, "properties.run"),
    ({"window": None}, "properties.window"),
    ({"window": {"start": "x"}}, "properties.window.end"),
    ({"driftPercentage": "much"}, "properties.driftPercentage"),
    ({"driftPercentage": float("nan")}, "properties.driftPercentage"),
    ({"threshold": True}, "properties.threshold"),
    ({"breaches": [3]}, "properties.breaches[0]"),
    ({"breaches": [{}] * 1001}, "properties.breaches"),
    ({"to": {"emails": ["ops"]}}, "properties.to.emails[0]"),
    ({"to": {"emails": ["a@b\r\nBcc: c@d"]}}, "properties.to.emails[0]"),
    ({"to": {"emails": [OPS] * 51}}, "properties.to.emails"),
    ({"to": {"webhooks": ["ftp://x"]}}, "properties.to.webhooks[0]"),
    ({"to": {"webhooks": ["https://"]}}, "properties.to.webhooks[0]"),
    ({"to": {"topic": "models"}}, "properties.to.topic"),
    ({"silence": "long"}, "properties.silence"),
    ({"reAlert": "Sometimes"}, "properties.reAlert"),
]


@pytest.mark.parametrize(("more", "path"), WRONG, ids=[f"{path}-{place}" for place, (_, path) in enumerate(WRONG)])
def test_what_is_wrong_is_said_with_its_path(more: dict[str, Any], path: str) -> None:
    with pytest.raises(errors.Invalid) as caught:
        drift_alerts.admit(Admission(f"{WORKSPACE}/driftAlerts/a", body(**more), LogReferences(MemoryLog())))
    found = {one.path for one in caught.value.details} | {caught.value.path}
    assert path in found, found


def test_an_alert_does_not_change(house: House) -> None:
    alert = house.alert("a")
    with pytest.raises(errors.Conflict):
        drift_alerts.admit(Admission(alert, body(), LogReferences(house.store), house.found(alert)))


def test_the_alert_of_a_window_is_always_the_same() -> None:
    made = drift_alerts.wished(WORKSPACE, "watch-1", "2026-03-08T00:00:00+00:00", body()["properties"])
    assert made == Create(f"{WORKSPACE}/driftAlerts/watch-1-20260308T000000", drift_alerts.NAME, {"properties": body()["properties"]}, owned=False)


def test_the_configuration_of_a_monitor_is_read_the_same_way() -> None:
    reader = Reader({"emailAddresses": ["ops"], "webhooks": ["x"], "topic": "t", "silence": "s", "reAlert": "r"}, "properties.alertConfiguration")
    recipients.check_configuration(reader)
    assert [one.path.rpartition("alertConfiguration.")[2] for one in reader.faults] == [
        "emailAddresses[0]",
        "webhooks[0]",
        "topic",
        "silence",
        "reAlert",
    ]
    fine = Reader({"emailAddresses": [OPS], "webhooks": [HOOK], "topic": TOPIC, "silence": "P1D", "reAlert": "onworse"}, "a")
    recipients.check_configuration(fine)
    assert fine.faults == []
