"""Model monitors as they are written: what is read of them, what is wrong with them, what they do at their times, and how they are answered."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from azurine.ml import schedules
from azurine.ml.model_monitors import answers, data, definitions, firing
from azurine.ml.reading import Reader
from azurine.model import errors
from azurine.model.decisions import Create, Decision
from azurine.model.kinds import Admission, Look
from azurine.model.resources import Resource
from azurine.store.memory import MemoryLog
from azurine.store.references import LogReferences

WORKSPACE = "subscriptions/s/resourceGroups/g/workspaces/w"
SCHEDULE = f"{WORKSPACE}/schedules/watch"
DAILY = {"triggerType": "Recurrence", "frequency": "Day", "interval": 1, "startTime": "2026-05-01T00:00:00"}
PRODUCTION = {
    "inputDataType": "Trailing",
    "jobInputType": "uri_folder",
    "uri": "https://example.org/requests",
    "windowSize": "P2D",
    "windowOffset": "P1D",
}
TRAINING = {"inputDataType": "Fixed", "jobInputType": "uri_file", "uri": "https://example.org/training.csv", "columns": {"target_column_name": "Ill"}}
DRIFT = {"signalType": "DataDrift", "mode": "Enabled", "productionData": PRODUCTION, "referenceData": TRAINING}
AT = datetime(2026, 5, 10, tzinfo=UTC)


def read(definition: Any, period: str = "P7D") -> tuple[definitions.Monitor, list[errors.Detail]]:
    reader = Reader(definition)
    return definitions.read(reader, AT, period), reader.faults


def threshold(role: str, metric: str, value: Any) -> dict[str, Any]:
    return {"metricThresholds": [{"dataType": role, "metric": metric, "threshold": {"value": value}}]}


def test_a_signal_becomes_a_plan() -> None:
    more = {
        **threshold("Numerical", "PopulationStabilityIndex", 0.2),
        "features": {"filterType": "FeatureSubset", "features": ["Age"]},
        "featureDataTypeOverride": {"Age": "Categorical"},
        "dataSegment": {"feature": "City", "values": ["Oslo", 3]},
    }
    found, faults = read({"signals": {"inputs": {**DRIFT, **more}}, "monitoringTarget": {"taskType": "Classification"}})
    assert faults == []
    (plan,) = found.plans
    assert (plan.type, plan.alert, plan.task, plan.features, plan.top) == ("data_drift", True, "classification", ["Age"], None)
    assert (plan.thresholds, plan.overrides, plan.segment) == (
        {"numerical": {"population_stability_index": 0.2}},
        {"Age": "categorical"},
        ("City", ["Oslo", "3"]),
    )
    assert [(one.start, one.end) for one in plan.production] == [("2026-05-07T00:00:00+00:00", "2026-05-09T00:00:00+00:00")]
    assert plan.reference is not None
    assert (plan.reference.start, plan.reference.columns) == ("", {"target_column": "Ill"})
    assert found.inputs == {
        "data_0": {"jobInputType": "uri_folder", "uri": PRODUCTION["uri"]},
        "data_1": {"jobInputType": "uri_file", "uri": TRAINING["uri"]},
    }


def test_what_two_signals_look_at_is_one_input() -> None:
    found, _ = read({"signals": {"a": DRIFT, "b": {**DRIFT, "signalType": "DataQuality"}, "c": {**DRIFT, "signalType": "prediction_drift"}}})
    assert len(found.inputs) == 2
    assert [one.type for one in found.plans] == ["data_drift", "data_quality", "prediction_drift"]


@pytest.mark.parametrize(
    ("sort", "usual"),
    [
        ("DataDrift", {"numerical": {"normalized_wasserstein_distance": 0.1}, "categorical": {"jensen_shannon_distance": 0.1}}),
        ("PredictionDrift", {"numerical": {"normalized_wasserstein_distance": 0.1}, "categorical": {"jensen_shannon_distance": 0.1}}),
        (
            "DataQuality",
            {role: dict.fromkeys(("null_value_rate", "data_type_error_rate", "out_of_bounds_rate"), 0.0) for role in ("numerical", "categorical")},
        ),
    ],
)
def test_what_is_measured_when_nothing_is_said(sort: str, usual: Any) -> None:
    found, _ = read({"signals": {"s": {**DRIFT, "signalType": sort, "metricThresholds": None}}})
    assert found.plans[0].thresholds == usual


def test_a_p_value_that_has_no_threshold_has_one_of_five_percent() -> None:
    found, _ = read({"signals": {"s": {**DRIFT, "metricThresholds": [{"dataType": "Numerical", "metric": "twoSampleKolmogorovSmirnovTest"}]}}})
    assert found.plans[0].thresholds == {"numerical": {"two_sample_kolmogorov_smirnov_test": 0.05}}


@pytest.mark.parametrize(
    ("trigger", "period"),
    [
        ({"frequency": "Minute", "interval": 5}, "P1D"),
        ({"frequency": "hour", "interval": 1}, "P1D"),
        ({"frequency": "Day", "interval": 3}, "P3D"),
        ({"frequency": "Week", "interval": 2}, "P14D"),
        ({"frequency": "Month", "interval": 1}, "P30D"),
        ({"frequency": "Month", "interval": 10**9}, "P7D"),
    ],
)
def test_a_window_that_does_not_say_is_as_long_as_the_period(trigger: Any, period: str) -> None:
    assert definitions.period({"triggerType": "Recurrence", **trigger}) == period
    assert definitions.period({"triggerType": "Cron", "expression": "0 0 * * *"}) == "P7D"
    found, faults = read({"signals": {"s": {**DRIFT, "productionData": {**PRODUCTION, "windowSize": "default", "windowOffset": None}}}}, "P1D")
    assert (faults, found.plans[0].production[0].start) == ([], "2026-05-09T00:00:00+00:00")


STATIC = {**TRAINING, "inputDataType": "Static", "windowStart": "2026-01-01T00:00:00.000Z", "windowEnd": "2026-02-01T00:00:00.000Z"}
AREA = "properties.action.monitorDefinition"
WRONG: list[tuple[Any, str, str]] = [
    ({"signals": {}}, "signals", "a monitor needs signals"),
    ({"signals": {"a/b": DRIFT}}, "signals.a/b", "cannot be the name of a signal"),
    ({"signals": {"s": {**DRIFT, "signalType": "Weather"}}}, "signals.s.signalType", "data_drift"),
    ({"signals": {"s": {**DRIFT, "referenceData": None}}}, "signals.s.referenceData", "is required"),
    ({"signals": {"s": {**DRIFT, "productionData": None}}}, "signals.s.productionData", "is required"),
    ({"signals": {"s": {**DRIFT, "productionData": {**PRODUCTION, "uri": ""}}}}, "signals.s.productionData.uri", "must not be empty"),
    ({"signals": {"s": {**DRIFT, "productionData": STATIC}}}, "signals.s.productionData.inputDataType", "Trailing would be right"),
    (
        {"signals": {"s": {**DRIFT, "productionData": {**PRODUCTION, "windowSize": "a week"}}}},
        "signals.s.productionData.windowSize",
        "write it like P7D",
    ),
    ({"signals": {"s": {**DRIFT, "productionData": {**PRODUCTION, "windowSize": "P0D"}}}}, "signals.s.productionData.windowSize", "has a length"),
    (
        {"signals": {"s": {**DRIFT, "productionData": {**PRODUCTION, "windowOffset": "-P1D"}}}},
        "signals.s.productionData.windowOffset",
        "not a duration",
    ),
    ({"signals": {"s": {**DRIFT, "productionData": [PRODUCTION, PRODUCTION]}}}, "signals.s.productionData", "one set of production data, not 2"),
    (
        {"signals": {"s": {**DRIFT, "referenceData": {**STATIC, "windowEnd": "2025-01-01T00:00:00Z"}}}},
        "signals.s.referenceData.windowEnd",
        "before it",
    ),
    ({"signals": {"s": {**DRIFT, "referenceData": {**STATIC, "windowStart": "new year"}}}}, "signals.s.referenceData.windowStart", "must be a time"),
    ({"signals": {"s": {**DRIFT, "referenceData": {**TRAINING, "dataContext": "gossip"}}}}, "signals.s.referenceData.dataContext", "model_inputs"),
    ({"signals": {"s": {**DRIFT, **threshold("Numerical", "Vibes", 0.1)}}}, "signals.s.metricThresholds[0].metric", "is not measured here"),
    (
        {"signals": {"s": {**DRIFT, **threshold("Categorical", "NormalizedWassersteinDistance", 1)}}},
        "signals.s.metricThresholds[0].metric",
        "is not measured",
    ),
    (
        {"signals": {"s": {**DRIFT, **threshold("Numerical", "JensenShannonDistance", 1.5)}}},
        "signals.s.metricThresholds[0].threshold.value",
        "from 0 to 1",
    ),
    (
        {"signals": {"s": {**DRIFT, **threshold("Numerical", "PopulationStabilityIndex", -1)}}},
        "signals.s.metricThresholds[0].threshold.value",
        "from 0 on",
    ),
    (
        {"signals": {"s": {**DRIFT, **threshold("Numerical", "PopulationStabilityIndex", "x")}}},
        "signals.s.metricThresholds[0].threshold.value",
        "from 0 on",
    ),
    ({"signals": {"s": {**DRIFT, **threshold("Weighty", "PopulationStabilityIndex", 1)}}}, "signals.s.metricThresholds[0].dataType", "numerical"),
    ({"signals": {"s": {**DRIFT, "features": {"filterType": "FeatureSubset", "features": []}}}}, "signals.s.features.features", "at least one"),
    ({"signals": {"s": {**DRIFT, "features": {"filterType": "TopNFeaturesByAttribution", "top": 0}}}}, "signals.s.features.top", "it must be"),
    ({"signals": {"s": {**DRIFT, "featureDataTypeOverride": {"Age": "colour"}}}}, "signals.s.featureDataTypeOverride.Age", "numerical"),
    ({"signals": {"s": {**DRIFT, "dataSegment": {"feature": "City", "values": []}}}}, "signals.s.dataSegment.values", "names the values"),
    ({"signals": {"s": DRIFT}, "computeConfiguration": {"computeType": "Abacus"}}, "computeConfiguration.computeType", "ServerlessSpark"),
    (
        {"signals": {"s": DRIFT}, "alertNotificationSetting": {"emailNotificationSetting": {"emails": ["nobody"]}}},
        "alertNotificationSetting.emailNotificationSetting.emails[0]",
        "is not an e-mail address",
    ),
    ({"monitoringTarget": {"deploymentId": "azureml:diabetes:blue"}}, "monitoringTarget.deploymentId", "there is no deployment"),
]


@pytest.mark.parametrize(("definition", "path", "says"), WRONG, ids=[f"{place} {path}" for place, (_, path, _) in enumerate(WRONG)])
def test_what_is_wrong_is_said_with_its_path(definition: Any, path: str, says: str) -> None:
    body = {"properties": {"trigger": DAILY, "action": {"actionType": "CreateMonitor", "monitorDefinition": definition}}}
    with pytest.raises(errors.Invalid) as caught:
        schedules.admit(Admission(SCHEDULE, body, LogReferences(MemoryLog()), now=AT.timestamp()))
    found = {one.path: one.message for one in caught.value.details}
    assert says in found.get(f"{AREA}.{path}", ""), found


def test_who_else_is_told_is_json() -> None:
    reader = Reader({"properties": {firing.ALERTS: '{"webhooks": ["https://example.org/hook"], "silence": "P1D"}'}}, "properties")
    firing.check_alerts(reader)
    assert reader.faults == []
    for text in ("webhook", '{"webhooks": ["example"]}'):
        wrong = Reader({"properties": {firing.ALERTS: text}}, "properties")
        firing.check_alerts(wrong)
        assert [one.path.startswith("properties.properties.azurine.alerts") for one in wrong.faults] == [True]


def schedule(status: Any = None, **more: Any) -> Resource:
    definition = {"signals": {"inputs": DRIFT}, "alertNotificationSetting": {"emailNotificationSetting": {"emails": ["ops@example.org"]}}}
    action = {"actionType": "CreateMonitor", "monitorDefinition": definition}
    spec = {"properties": {"isEnabled": True, "trigger": DAILY, "action": action, **more}}
    return Resource(SCHEDULE, schedules.NAME, spec, status or {}, updated_at=datetime(2026, 5, 1, 12, tzinfo=UTC).timestamp())


def look(resource: Resource, now: datetime) -> Decision:
    return schedules.decide(Look(resource, (), now.timestamp(), LogReferences(MemoryLog())))


def made(decision: Decision) -> list[tuple[str, str]]:
    return [(one.kind, one.id.rpartition("/")[2]) for one in decision.effects if isinstance(one, Create)]


def test_at_each_time_there_is_a_run_and_its_job_and_what_was_missed_is_made_up_for() -> None:
    before = look(schedule(), datetime(2026, 5, 1, 13, tzinfo=UTC))
    assert made(before) == []
    due = look(schedule(before.status), datetime(2026, 5, 2, tzinfo=UTC))
    assert made(due) == [("workspaces/schedules/runs", "watch-20260502000000"), ("workspaces/jobs", "watch-20260502000000")]
    # Two days without a server: all of the last day, and in any case the last time.
    late = look(schedule(due.status), datetime(2026, 5, 5, 1, tzinfo=UTC))
    assert [name for kind, name in made(late) if kind == "workspaces/jobs"] == ["watch-20260505000000"]
    assert look(schedule(before.status, isEnabled=False), datetime(2026, 5, 2, tzinfo=UTC)).effects == ()


def test_a_run_knows_its_windows_its_job_and_whom_to_tell() -> None:
    properties = schedule(properties={firing.ALERTS: '{"webhooks": ["https://example.org/hook"], "silence": "P1D"}'}).spec["properties"]
    run = firing.run("watch", "watch-1", properties, AT.timestamp())
    assert (run["start"], run["end"], run["frequency"]) == ("2026-05-07T00:00:00+00:00", "2026-05-09T00:00:00+00:00", "Day")
    assert run["alert"] == {"emailAddresses": ["ops@example.org"], "webhooks": ["https://example.org/hook"], "silence": "P1D"}
    order = json.loads(run["job"]["environmentVariables"]["DRIFT_ORDER"])
    assert (order["monitor"], order["inputs"], [one["name"] for one in order["signals"]]) == ("watch", ["data_0", "data_1"], ["inputs"])
    assert "$" not in run["job"]["environmentVariables"]["DRIFT_ORDER"]


def test_answers_have_what_clients_read_without_asking() -> None:
    bare = {key: value for key, value in PRODUCTION.items() if key != "windowOffset"}
    shown = answers.shown({"signals": {"s": {"signalType": "DataDrift", "productionData": bare, "referenceData": TRAINING}}})
    signal = shown["signals"]["s"]
    assert (signal["productionData"]["windowOffset"], signal["productionData"]["dataContext"], signal["metricThresholds"]) == ("P0D", None, [])
    assert "windowOffset" not in signal["referenceData"]
    assert answers.shown({"signals": None})["signals"] == {}


def test_columns_go_by_many_names() -> None:
    said = {"target_column": "a", "prediction": "b", "prediction_probability": "c", "correlation_id": "d", "timestamp_column": "e", "other": "f"}
    assert data.columns(Reader(said)) == {
        "target_column": "a",
        "prediction_column": "b",
        "prediction_probability_column": "c",
        "correlation_id": "d",
        "timestamp_column": "e",
    }


def test_performance_takes_its_thresholds_where_the_client_puts_them() -> None:
    text = '[{"modelType":"classification","metric":"Accuracy","threshold":{"value":0.9}}, {"modelType":"regression","metric":"MeanAbsoluteError","threshold":{"value":3}}]'
    given = {
        **DRIFT,
        "signalType": "ModelPerformance",
        "productionData": [PRODUCTION],
        "properties": {"azureml.modelmonitor.model_performance_thresholds": text},
    }
    found, faults = read({"signals": {"p": given}})
    assert (faults, found.plans[0].thresholds) == ([], {"classification": {"accuracy": 0.9}, "regression": {"mae": 3.0}})
    broken = {**given, "properties": {"azureml.modelmonitor.model_performance_thresholds": "[{"}}
    assert [one.message for one in read({"signals": {"p": broken}})[1]] == ["'[{' is not JSON"]
