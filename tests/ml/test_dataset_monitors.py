"""Dataset monitors as plays: what is refused and where, what a request to run becomes, and what is due by itself on a clock that is moved."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from azurine.ml import dataset_monitors, jobs, monitor_runs
from azurine.ml.alerting import drift_alerts
from azurine.ml.dataset_monitors import requests
from azurine.model import errors
from azurine.model.decisions import Cease, Create, Decision, Perform
from azurine.model.kinds import Admission, Look
from azurine.model.resources import Json, Resource
from ml.conftest import WORKSPACE, House

BODY: Json = {
    "baseline": "azureml:patients:1",
    "target": {"data": "azureml:patients@latest", "timestampColumn": "date"},
    "frequency": "Week",
    "featureList": ["Age", "BMI"],
}
MONITOR = f"{WORKSPACE}/datasetMonitors/watch"


def admitted(house: House, name: str = "watch", **changes: Any) -> Resource:
    identifier = f"{WORKSPACE}/datasetMonitors/{name}"
    body = {"properties": {key: value for key, value in {**BODY, **changes}.items() if value is not None}}
    spec = dataset_monitors.admit(Admission(identifier, body, house))
    return Resource(identifier, dataset_monitors.NAME, spec, created_at=at("2026-01-01"))


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def test_what_is_not_said_has_its_usual_value(house: House) -> None:
    shown = dataset_monitors.show(admitted(house, frequency=None, featureList=None))["properties"]
    assert {key: shown[key] for key in ("frequency", "latency", "driftThreshold", "featureList", "state")} == {
        "frequency": "Day",
        "latency": 0,
        "driftThreshold": 0.2,
        "featureList": [],
        "state": "Disabled",
    }
    assert shown["target"] == BODY["target"]


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("name", {"name": "-watch"}, "name"),
    ("long-name", {"name": "w" * 37}, "name"),
    ("dotted-name", {"name": "a.b"}, "name"),
    ("no-baseline", {"baseline": None}, "properties.baseline"),
    ("unknown-baseline", {"baseline": "azureml:nobody:1"}, "properties.baseline"),
    ("no-version", {"baseline": "azureml:patients"}, "properties.baseline"),
    ("baseline-a-number", {"baseline": 7}, "properties.baseline"),
    ("no-target", {"target": None}, "properties.target"),
    ("unknown-target", {"target": {"data": "azureml:nobody@latest", "timestampColumn": "date"}}, "properties.target.data"),
    ("target-without-data", {"target": {"timestampColumn": "date"}}, "properties.target.data"),
    ("missing-timestamp", {"target": "azureml:patients:1"}, "properties.target.timestampColumn"),
    ("climbing", {"target": {"data": "azureml://datastores/workspaceblobstore/paths/../x", "timestampColumn": "d"}}, "properties.target.data"),
    ("many-features", {"featureList": [f"f{number}" for number in range(201)]}, "properties.featureList"),
    ("feature-a-number", {"featureList": ["Age", 7]}, "properties.featureList[1]"),
    ("feature-twice", {"featureList": ["Age", "Age"]}, "properties.featureList[1]"),
    ("unknown-frequency", {"frequency": "Often"}, "properties.frequency"),
    ("latency", {"latency": 1001}, "properties.latency"),
    ("latency-before", {"latency": -1}, "properties.latency"),
    ("threshold", {"driftThreshold": 1.5}, "properties.driftThreshold"),
    ("threshold-text", {"driftThreshold": "much"}, "properties.driftThreshold"),
    ("threshold-below", {"driftThreshold": -0.1}, "properties.driftThreshold"),
    ("compute", {"compute": "azureml:nowhere"}, "properties.compute"),
    ("state", {"state": "On"}, "properties.state"),
    ("start", {"scheduleStart": "soon"}, "properties.scheduleStart"),
    ("address", {"alertConfiguration": {"emailAddresses": ["nobody"]}}, "properties.alertConfiguration.emailAddresses[0]"),
    ("rule", {"alertConfiguration": {"reAlert": "Never"}}, "properties.alertConfiguration.reAlert"),
]


@pytest.mark.parametrize(("changes", "path"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_what_is_wrong_is_said_with_its_path(house: House, changes: dict[str, Any], path: str) -> None:
    with pytest.raises(errors.Invalid) as caught:
        admitted(house, **changes)
    assert path in {one.path for one in caught.value.details} | {caught.value.path}


def test_the_asset_may_name_its_timestamp(house: House) -> None:
    place = {"dataUri": "azureml://datastores/workspaceblobstore/paths/stream/", "properties": {"timestampColumn": "seen"}}
    house.put("data/stream/versions/1", {"properties": place})
    monitor = admitted(house, target="azureml:stream:1")
    assert order(monitor, house)["timestamp"] == "seen"


def test_everything_wrong_is_said_at_once(house: House) -> None:
    with pytest.raises(errors.Invalid) as caught:
        admitted(house, frequency="Often", driftThreshold=7, target="azureml:patients:1")
    assert len(caught.value.details) == 3


def order(monitor: Resource, house: House, **said: Any) -> Any:
    body = requests.body(monitor, monitor_runs.ADHOC, {"targetDate": "2026-03-17", **said}, "r1", house)
    return json.loads(body["job"]["environmentVariables"]["DRIFT_ORDER"])


def test_a_run_is_a_job_with_an_order(house: House) -> None:
    monitor = admitted(house, compute="local")
    body = requests.body(monitor, monitor_runs.ADHOC, {"targetDate": "2026-03-17T10:00:00+02:00", "driftThreshold": 0.3}, "r1", house)
    assert (body["type"], body["start"], body["end"]) == ("Adhoc", "2026-03-15T00:00:00+00:00", "2026-03-22T00:00:00+00:00")
    job = body["job"]
    assert (job["experimentName"], job["computeId"]) == ("watch-Monitor-Runs", "local")
    # What is to be submitted can be.
    assert jobs.admit(Admission(f"{WORKSPACE}/jobs/r1", {"properties": job}, house))["plan"]["experiment"] == "watch-Monitor-Runs"
    told = json.loads(job["environmentVariables"]["DRIFT_ORDER"])
    assert told == {
        "monitor": "watch",
        "run": "r1",
        "frequency": "Week",
        "threshold": 0.3,
        "features": ["Age", "BMI"],
        "timestamp": "date",
        "windows": [[body["start"], body["end"]]],
        "baseline": {"name": "patients", "version": "1", "uri": "azureml://datastores/workspaceblobstore/paths/p1/"},
        "target": {"name": "patients", "version": "2", "uri": "azureml://datastores/workspaceblobstore/paths/p2/"},
    }


CLUSTERS: list[tuple[str, Json, Json | None]] = [
    ("several-nodes", {"computeType": "AmlCompute", "properties": {"scaleSettings": {"maxNodeCount": 4}}}, {"instanceCount": 4}),
    ("very-many", {"computeType": "AmlCompute", "properties": {"scaleSettings": {"maxNodeCount": 900}}}, {"instanceCount": requests.MOST_NODES}),
    ("one-node", {"computeType": "AmlCompute", "properties": {"scaleSettings": {"maxNodeCount": 1}}}, None),
    ("unsaid", {"computeType": "AmlCompute"}, None),
    ("instance", {"computeType": "ComputeInstance"}, None),
    ("by-name", {"computeType": "Kubernetes"}, None),
]


@pytest.mark.parametrize(("compute", "resources"), [row[1:] for row in CLUSTERS], ids=[row[0] for row in CLUSTERS])
def test_on_a_cluster_of_several_nodes_a_run_may_be_spread(house: House, compute: Json, resources: Json | None) -> None:
    house.put("computes/nodes", {"properties": compute})
    body = requests.body(admitted(house, compute="azureml:nodes"), monitor_runs.ADHOC, {"targetDate": "2026-03-17"}, "r1", house)
    plan = jobs.admit(Admission(f"{WORKSPACE}/jobs/r1", {"properties": body["job"]}, house))["plan"]
    if resources is None:
        assert "resources" not in body["job"]
        assert "spread" not in plan
    else:
        assert body["job"]["resources"] == {**resources, "properties": {"azurine.spread": True}}
        assert (plan["spread"], plan["instances"]) == (True, resources["instanceCount"])


def test_a_feature_that_looks_like_an_expression_is_none(house: House) -> None:
    monitor = admitted(house, featureList=["${{inputs.baseline}}"])
    body = requests.body(monitor, monitor_runs.ADHOC, {"targetDate": "2026-03-17"}, "r1", house)
    assert "${{" not in body["job"]["environmentVariables"]["DRIFT_ORDER"]
    assert order(monitor, house)["features"] == ["${{inputs.baseline}}"]


def test_the_timestamp_is_no_feature(house: House) -> None:
    assert order(admitted(house), house, featureList=["date", "Age"])["features"] == ["Age"]


@pytest.mark.parametrize(
    ("type", "said", "path"),
    [
        ("Adhoc", {}, "targetDate"),
        ("Adhoc", {"targetDate": "tomorrow"}, "targetDate"),
        ("Adhoc", {"targetDate": 20260317}, "targetDate"),
        ("Adhoc", {"targetDate": "9999-12-31"}, "targetDate"),
        ("Adhoc", {"targetDate": "2026-03-17", "driftThreshold": 2}, "driftThreshold"),
        ("Adhoc", {"targetDate": "2026-03-17", "featureList": "Age"}, "featureList"),
        ("BackFill", {"startDate": "2026-03-17"}, "endDate"),
        ("BackFill", {"startDate": "2026-03-17", "endDate": "2026-03-01"}, "endDate"),
        ("BackFill", {"startDate": "2020-01-01", "endDate": "2026-03-01"}, "endDate"),
    ],
)
def test_requests_that_cannot_be(house: House, type: str, said: dict[str, Any], path: str) -> None:
    with pytest.raises(errors.Invalid) as caught:
        requests.body(admitted(house), type, said, "r1", house)
    assert path in {one.path for one in caught.value.details} | {caught.value.path}


def test_a_backfill_has_31_periods_at_most(house: House) -> None:
    monitor = admitted(house, frequency="Day")
    asked = requests.asked(monitor, monitor_runs.BACKFILL, {"startDate": "2026-03-01", "endDate": "2026-03-31"})
    assert len(asked.windows) == 31


# ── by itself ────────────────────────────────────────────────────────────────────────────────────────────────────────


def look(monitor: Resource, house: House, now: str, status: Json | None = None) -> Decision:
    seen = Resource(monitor.id, monitor.kind, monitor.spec, status or {}, created_at=monitor.created_at)
    return dataset_monitors.decide(Look(seen, (), at(now), house))


def windows(decision: Decision) -> list[str]:
    """The starts of what is to be looked at."""
    found = []
    for one in decision.effects:
        assert isinstance(one, Create)
        told = json.loads(one.body["job"]["environmentVariables"]["DRIFT_ORDER"])
        found += [start[:10] for start, _ in told["windows"]]
    return found


def test_enabled_it_looks_back_and_then_at_each_period(house: House) -> None:
    monitor = admitted(house, state="Enabled", latency=24)
    first = look(monitor, house, "2026-03-17T12:00:00")
    assert (len(windows(first)), windows(first)[0], windows(first)[-1]) == (10, "2026-01-04", "2026-03-08")
    assert first.wake_at == at("2026-03-23")
    assert windows(look(monitor, house, "2026-03-20", first.status)) == []
    early = look(monitor, house, "2026-03-22T23:59:59", first.status)
    assert (windows(early), early.wake_at) == ([], at("2026-03-23"))
    due = look(monitor, house, "2026-03-23", early.status)
    assert windows(due) == ["2026-03-15"]
    assert windows(look(monitor, house, "2026-03-23", due.status)) == []


def test_what_was_missed_is_made_up_for_in_one_run(house: House) -> None:
    monitor = admitted(house, state="Enabled", frequency="Day")
    before = look(monitor, house, "2026-03-17T01:00:00").status
    assert windows(look(monitor, house, "2026-03-20T01:00:00", before)) == ["2026-03-17", "2026-03-18", "2026-03-19"]
    assert len(windows(look(monitor, house, "2026-06-01", before))) == 10


def test_the_same_look_wishes_for_the_same_run(house: House) -> None:
    monitor = admitted(house, state="Enabled")
    one, other = (look(monitor, house, "2026-03-17T12:00:00") for _ in range(2))
    assert [effect.id for effect in one.effects if isinstance(effect, Create)] == [
        effect.id for effect in other.effects if isinstance(effect, Create)
    ]


def test_a_start_in_the_future_is_waited_for_and_one_in_the_past_bounds_the_look_back(house: House) -> None:
    later = look(admitted(house, state="Enabled", scheduleStart="2026-04-01"), house, "2026-03-17")
    assert (later.effects, later.wake_at) == ((), at("2026-04-01"))
    bounded = look(admitted(house, state="Enabled", scheduleStart="2026-03-01"), house, "2026-03-17")
    assert windows(bounded) == ["2026-03-01", "2026-03-08"]


def test_disabled_it_rests_and_remembers(house: House) -> None:
    status = {"until": "2026-03-15T00:00:00+00:00", "lastRun": "r"}
    decision = look(admitted(house), house, "2026-03-17", status)
    assert (decision.settled, decision.effects, decision.status) == (True, (), status)


def test_months(house: House) -> None:
    monitor = admitted(house, state="Enabled", frequency="Month")
    assert windows(look(monitor, house, "2026-03-01", {"until": "2026-01-01T00:00:00+00:00"})) == ["2026-01-01", "2026-02-01"]


def test_data_that_is_gone_is_told_and_tried_again(house: House) -> None:
    monitor = admitted(house, state="Enabled")
    before = {"until": "2026-03-08T00:00:00+00:00"}
    del house.resources[f"{WORKSPACE}/data/patients/versions/1"]
    failed = look(monitor, house, "2026-03-16", before)
    assert failed.effects == ()
    assert "patients" in failed.status["lastError"]
    seen = Resource(monitor.id, monitor.kind, monitor.spec, failed.status)
    assert dataset_monitors.show(seen)["properties"]["lastError"] == failed.status["lastError"]
    place = {"dataUri": "azureml://datastores/workspaceblobstore/paths/p1/"}
    house.put("data/patients/versions/1", {"properties": place})
    assert windows(look(monitor, house, "2026-03-23", failed.status)) == ["2026-03-08", "2026-03-15"]


def test_enable_and_disable_are_wishes(house: House) -> None:
    monitor = admitted(house)
    enabled = dataset_monitors.enable(monitor, {"scheduleStart": "2026-04-01"})
    assert (enabled["properties"]["state"], enabled["properties"]["scheduleStart"]) == ("Enabled", "2026-04-01")
    assert dataset_monitors.disable(monitor, {})["properties"]["state"] == "Disabled"
    with pytest.raises(errors.Invalid):
        dataset_monitors.enable(monitor, {"scheduleStart": "soon"})


# ── runs ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


RUN = f"{MONITOR}/runs/r1"
WINDOW: Json = {"start": "2026-03-15T00:00:00+00:00", "end": "2026-03-22T00:00:00+00:00", "rows": 60, "driftPercentage": 53.5, "hasDrift": True}
QUIET: Json = {**WINDOW, "start": "2026-03-22T00:00:00+00:00", "driftPercentage": 3.0, "hasDrift": False}


def run(house: House, status: Json | None = None, **changes: Any) -> Resource:
    body = requests.body(admitted(house, **changes), monitor_runs.BACKFILL, {"startDate": "2026-03-17", "endDate": "2026-03-24"}, "r1", house)
    return Resource(RUN, dataset_monitors.RUNS, body, status or {}, created_at=5.0)


def heard(run: Resource, output: Json, state: str = "succeeded") -> Resource:
    outcome = {"state": state, "output": output, "error": None}
    return Resource(run.id, run.kind, run.spec, {**run.status, "outcomes": {f"{RUN}#5.000000#job": outcome}}, created_at=5.0)


def seen(run: Resource, house: House) -> Decision:
    return monitor_runs.decide(Look(run, (), 100.0, house))


def test_a_run_makes_its_job_and_waits_for_it(house: House) -> None:
    decision = seen(run(house), house)
    made, watch = decision.effects
    assert isinstance(made, Create)
    assert isinstance(watch, Perform)
    assert (made.id, made.owned, watch.work, watch.arguments) == (f"{WORKSPACE}/jobs/r1", False, monitor_runs.WORK, {"job": f"{WORKSPACE}/jobs/r1"})
    assert monitor_runs.show(run(house, decision.status))["properties"]["status"] == "Running"


def test_each_window_that_drifted_has_an_alert(house: House) -> None:
    alerting = {"emailAddresses": ["ops@example.org"], "silence": "P1D", "reAlert": "OnWorse"}
    summary = {"windows": [WINDOW, QUIET], "metrics": {"frequency": "Week"}, "warnings": ["w"]}
    decision = seen(heard(run(house, alertConfiguration=alerting), {"state": "succeeded", "summary": summary, "ended": 90.0}), house)
    [alert] = decision.effects
    assert isinstance(alert, Create)
    assert alert.id == f"{WORKSPACE}/driftAlerts/r1-20260315T000000"
    spec = drift_alerts.admit(Admission(alert.id, alert.body, house))["properties"]
    assert (spec["monitor"], spec["threshold"], spec["silence"], spec["to"]["emails"]) == (MONITOR, 0.2, "P1D", ["ops@example.org"])
    shown = monitor_runs.show(run(house, decision.status))["properties"]
    assert (shown["status"], shown["driftPercentage"], shown["hasDrift"], shown["warnings"]) == ("Completed", 3.0, True, ["w"])
    again = seen(run(house, decision.status), house)
    assert (again.settled, again.effects) == (True, ())


@pytest.mark.parametrize(("state", "word"), [("failed", "Failed"), ("cancelled", "Canceled")])
def test_a_job_that_does_not_succeed(house: House, state: str, word: str) -> None:
    decision = seen(heard(run(house), {"state": state, "error": {"code": "UserError", "message": "no such column"}, "summary": {}}), house)
    shown = monitor_runs.show(run(house, decision.status))["properties"]
    assert (shown["status"], shown["error"]["message"], shown["driftPercentage"], decision.effects) == (word, "no such column", None, ())


def test_a_job_that_is_refused(house: House) -> None:
    refusal = {"state": "failed", "output": {}, "error": {"code": "X", "message": "the compute is stopped"}}
    decision = seen(run(house, {"state": "running", "outcomes": {f"create:{WORKSPACE}/jobs/r1": refusal}}), house)
    assert (decision.status["state"], decision.status["error"]["message"], decision.settled) == ("failed", "the compute is stopped", True)


def test_a_run_that_goes_stops_waiting(house: House) -> None:
    waiting = run(house, {"state": "running"})
    going = Resource(waiting.id, waiting.kind, waiting.spec, waiting.status, created_at=5.0, deleting=True)
    [cease] = seen(going, house).effects
    assert isinstance(cease, Cease)
    over = heard(going, {}, "cancelled")
    gone = Resource(over.id, over.kind, over.spec, over.status, created_at=5.0, deleting=True)
    assert seen(gone, house).settled


def test_what_a_run_hears_of_its_job() -> None:
    value = json.dumps({"windows": [WINDOW]})
    job = Resource("j", jobs.NAME, {}, {"state": "succeeded", "ended": 1.0, "outputs": {"summary": {"uri": "u", "value": value}}})
    assert monitor_runs.told(job)["summary"] == {"windows": [WINDOW]}
    assert monitor_runs.told(Resource("j", jobs.NAME, {}, {"state": "failed", "error": {"code": "c"}}))["summary"] == {}


def test_days_of_a_long_look_back_begin_where_periods_do(house: House) -> None:
    found = windows(look(admitted(house, state="Enabled", frequency="Day"), house, "2026-03-17T12:00:00"))
    assert found == [f"{datetime(2026, 3, 7) + timedelta(days=day):%Y-%m-%d}" for day in range(10)]
