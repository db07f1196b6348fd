"""Model monitors with the official client: schedules that look at data, at their times and by hand, and leave numbers behind."""

import json
import logging
import random
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from clients.submitting import completed, written
from running import wait_until


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """The official clients warn in the log of features that they call experimental."""
    logger = logging.getLogger("azure")
    before = logger.level
    logger.setLevel(logging.ERROR)
    yield
    logger.setLevel(before)


def rows(seed: int, shift: float, number: int = 300) -> list[dict[str, Any]]:
    chance = random.Random(seed)
    return [
        {"Age": round(chance.gauss(40 + shift, 8), 3), "BMI": round(chance.gauss(30, 4), 3), "Clinic": chance.choice(["north", "south"])}
        for _ in range(number)
    ]


def table(some: list[dict[str, Any]], extra: str = "") -> str:
    head = ",".join([*some[0], *([extra] if extra else [])])
    return "\n".join([head, *(",".join(map(str, [*one.values(), *([int(one["Age"] > 45)] if extra else [])])) for one in some)]) + "\n"


def collected(root: Path, day: str, some: list[dict[str, Any]]) -> None:
    folder = root.joinpath(*day.split("-"), "06")
    folder.mkdir(parents=True)
    lines = [
        {"specversion": "1.0", "id": str(place), "time": f"{day}T06:30:00Z", "data": some[place : place + 10], "correlationid": f"{day}-{place}"}
        for place in range(0, len(some), 10)
    ]
    (folder / "requests.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


@pytest.fixture(scope="module")
def data(connection: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Reference data, and what was collected of a deployment; registered as data assets."""
    from azure.ai.ml.entities import Data

    folder = tmp_path_factory.mktemp("monitored")
    (folder / "training.csv").write_text(table(rows(1, 0.0), "Diabetic"))
    for day, shift in (("2026-05-01", 0.0), ("2026-05-02", 9.0)):
        collected(folder / "collected", day, rows(int(day[-2:]) + 10, shift))
    tabular = folder / "table"
    tabular.mkdir()
    (tabular / "training.csv").write_text((folder / "training.csv").read_text())
    (tabular / "MLTable").write_text("type: mltable\npaths:\n  - file: ./training.csv\ntransformations:\n  - read_delimited:\n      delimiter: ','\n")
    assets = [
        Data(name="monitored-table", version="1", type="mltable", path=str(tabular)),
        Data(name="monitored-training", version="1", type="uri_file", path=str(folder / "training.csv")),
        Data(name="monitored-requests", version="1", type="uri_folder", path=str(folder / "collected")),
    ]
    return {one.name: f"azureml:{connection.ml.data.create_or_update(one).name}:1" for one in assets}


def monitor(name: str, data: dict[str, str], **more: Any) -> Any:
    from azure.ai.ml import Input
    from azure.ai.ml.entities import (
        AlertNotification,
        BaselineDataRange,
        CategoricalDriftMetrics,
        CronTrigger,
        DataDriftMetricThreshold,
        DataDriftSignal,
        MonitorDefinition,
        MonitorSchedule,
        NumericalDriftMetrics,
        ProductionData,
        ReferenceData,
        ServerlessSparkCompute,
    )

    drift = DataDriftSignal(
        production_data=ProductionData(
            input_data=Input(type="uri_folder", path=data["monitored-requests"]),
            data_context="model_inputs",
            data_window=BaselineDataRange(lookback_window_size="P1D", lookback_window_offset="P0D"),
        ),
        reference_data=ReferenceData(
            input_data=Input(type="uri_file", path=data["monitored-training"]),
            data_context="training",
            data_column_names={"target_column": "Diabetic"},
        ),
        metric_thresholds=DataDriftMetricThreshold(
            numerical=NumericalDriftMetrics(normalized_wasserstein_distance=0.3), categorical=CategoricalDriftMetrics(jensen_shannon_distance=0.3)
        ),
        alert_enabled=True,
        **more,
    )
    return MonitorSchedule(
        name=name,
        trigger=CronTrigger(expression="15 3 * * 1"),
        create_monitor=MonitorDefinition(
            compute=ServerlessSparkCompute(instance_type="standard_e4s_v3", runtime_version="3.4"),
            monitoring_signals={"inputs": drift},
            alert_notification=AlertNotification(emails=["ops@example.org"]),
        ),
    )


def result(connection: Any, name: str, folder: Path) -> dict[str, Any]:
    connection.ml.jobs.download(name, download_path=folder, output_name="result")
    found: dict[str, Any] = json.loads(next(folder.rglob("drift.json")).read_text())
    return found


def shown(connection: Any, path: str) -> dict[str, Any]:
    """The properties of a resource of the workspace, as REST answers them."""
    answer = connection.http.get(f"{connection.url}{connection.workspace_id}/{path}", params={"api-version": "2024-01-01-preview"})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["properties"]
    return found


def test_a_monitor_is_kept_whole_and_run_by_hand(connection: Any, data: dict[str, str], tmp_path: Path) -> None:
    ml = connection.ml
    made = ml.schedules.begin_create_or_update(monitor("watch-inputs", data)).result()
    got = ml.schedules.get("watch-inputs")
    for one in (made, got):
        signal = one.create_monitor.monitoring_signals["inputs"]
        assert (one.is_enabled, one.create_monitor.compute.instance_type) == (True, "standard_e4s_v3")
        assert one.create_monitor.alert_notification.emails == ["ops@example.org"]
        assert signal.production_data.data_window.lookback_window_size == "P1D"
        assert signal.reference_data.data_column_names == {"target_column": "Diabetic"}
        assert signal.metric_thresholds.numerical.normalized_wasserstein_distance == 0.3
        assert signal.alert_enabled
    assert "watch-inputs" in [one.name for one in ml.schedules.list()]
    once = ml.schedules.trigger("watch-inputs", schedule_time="2026-05-03T00:00:00Z")
    assert (once.job_name, once.schedule_action_type) == ("watch-inputs-20260503000000", "CreateMonitor")
    completed(connection, once.job_name)
    (window,) = result(connection, once.job_name, tmp_path)["windows"]
    assert (window["start"], window["end"], window["rows"]) == ("2026-05-02T00:00:00+00:00", "2026-05-03T00:00:00+00:00", 300)
    assert {one["name"]: one["measures"][0]["breached"] for one in window["features"]} == {"Age": True, "BMI": False, "Clinic": False}
    assert {path.relative_to(tmp_path).name for path in tmp_path.rglob("*.histogram.json")} == {
        f"{name}.histogram.json" for name in ("Age", "BMI", "Clinic")
    }
    assert "inputs: 3 numbers of 300 rows, 1 over their threshold: Age" in written(connection, once.job_name)
    run = f"schedules/watch-inputs/runs/{once.job_name}"
    wait_until(lambda: shown(connection, run)["status"] == "Completed", 60, lambda: shown(connection, run))
    assert shown(connection, run)["hasDrift"]
    tag = "azureml_modelmonitor_threshold_breached"
    assert "violating metric thresholds" in ml.jobs.get(once.job_name).tags[tag]
    alert = shown(connection, f"driftAlerts/{once.job_name}-20260502T000000")
    assert (alert["to"]["emails"], [one["feature"] for one in alert["breaches"]]) == (["ops@example.org"], ["Age"])
    ml.schedules.begin_disable("watch-inputs").result()
    assert not ml.schedules.get("watch-inputs").is_enabled
    assert ml.schedules.get("watch-inputs").create_monitor.monitoring_signals["inputs"].alert_enabled
    ml.schedules.begin_delete("watch-inputs").result()
    assert "watch-inputs" not in [one.name for one in ml.schedules.list(list_view_type="ALL")]


YAML = """
$schema: http://azureml/sdk-2-0/Schedule.json
name: watch-by-yaml
display_name: All that can be watched
trigger:
  type: recurrence
  frequency: day
  interval: 2
create_monitor:
  compute: {instance_type: standard_e4s_v3, runtime_version: "3.4"}
  monitoring_target: {ml_task: classification}
  monitoring_signals:
    drift:
      type: data_drift
      production_data:
        input_data: {path: "azureml:monitored-requests:1", type: uri_folder}
        data_context: model_inputs
        data_window: {lookback_window_size: P1D, lookback_window_offset: P0D}
      reference_data:
        input_data: {path: "azureml:monitored-requests:1", type: uri_folder}
        data_context: model_inputs
        data_window: {window_start: "2026-05-01", window_end: "2026-05-02"}
      features: [Age, Clinic]
      feature_type_override: {Age: numerical}
      data_segment: {feature_name: Clinic, feature_values: [north]}
      metric_thresholds:
        numerical: {two_sample_kolmogorov_smirnov_test: 0.02}
        categorical: {pearsons_chi_squared_test: 0.02}
    top:
      type: data_drift
      alert_enabled: true
      production_data: &production
        input_data: {path: "azureml:monitored-requests:1", type: uri_folder}
        data_context: model_inputs
        data_window: {lookback_window_size: P1D}
      reference_data: &training
        input_data: {path: "azureml:monitored-training:1", type: uri_file}
        data_context: training
        data_column_names: {target_column: Diabetic}
      features: {top_n_feature_importance: 1}
      metric_thresholds: {numerical: {population_stability_index: 0.2}, categorical: {jensen_shannon_distance: 0.2}}
    quality:
      type: data_quality
      production_data: *production
      reference_data:
        input_data: {path: "azureml:monitored-table:1", type: mltable}
        data_context: training
        data_column_names: {target_column: Diabetic}
      features: all_features
      metric_thresholds:
        numerical: {null_value_rate: 0.01, data_type_error_rate: 0.02, out_of_bounds_rate: 0.5}
        categorical: {null_value_rate: 0.01, data_type_error_rate: 0.02, out_of_bounds_rate: 0.5}
    predictions:
      type: prediction_drift
      production_data: *production
      reference_data: *training
      metric_thresholds: {numerical: {normalized_wasserstein_distance: 9}, categorical: {jensen_shannon_distance: 0.9}}
  alert_notification: azmonitoring
"""


def test_a_monitor_written_as_yaml(connection: Any, data: dict[str, str], tmp_path: Path) -> None:
    from azure.ai.ml.entities._load_functions import load_schedule  # what `az ml schedule create -f` reads files with

    (tmp_path / "monitor.yml").write_text(YAML)
    ml = connection.ml
    ml.schedules.begin_create_or_update(load_schedule(tmp_path / "monitor.yml")).result()
    got = ml.schedules.get("watch-by-yaml").create_monitor
    drift, top = got.monitoring_signals["drift"], got.monitoring_signals["top"]
    assert (drift.features, drift.data_segment.feature_values, got.alert_notification) == (["Age", "Clinic"], ["north"], "azmonitoring")
    assert (drift.reference_data.data_window.window_start, top.features.top_n_feature_importance) == ("2026-05-01", 1)
    assert top.production_data.data_window.lookback_window_size == "P1D"
    assert got.monitoring_signals["quality"].metric_thresholds.categorical.out_of_bounds_rate == 0.5
    job = ml.schedules.trigger("watch-by-yaml", schedule_time="2026-05-03T00:00:00Z").job_name
    completed(connection, job)
    (window,) = result(connection, job, tmp_path)["windows"]
    assert {one["name"]: one["breached"] for one in window["signals"]} == {"drift": True, "top": True, "quality": False, "predictions": False}
    named = {(one["signal"], one["name"]) for one in window["features"]}
    everything = {(signal, name) for signal in ("quality", "predictions") for name in ("Age", "BMI", "Clinic")}
    assert named == {("drift", "Age"), ("drift", "Clinic"), ("top", "Age"), *everything}
    runs = connection.http.get(f"{connection.tracking_uri}/api/2.0/mlflow/runs/get", params={"run_id": job})
    assert runs.status_code == 200, runs.text
    told = runs.json()["run"]["data"]
    metrics = {one["key"]: one["value"] for one in told["metrics"]}
    assert metrics["top/Age/population_stability_index"] > 0.2
    assert (metrics["drift/Clinic/pearsons_chi_squared_test"], metrics["top/target_rows"]) == (1.0, 300.0)
    assert "azureml_modelmonitor_threshold_breached" in {one["key"] for one in told["tags"]}
    ml.schedules.begin_disable("watch-by-yaml").result()
    ml.schedules.begin_delete("watch-by-yaml").result()


COLLECTS = """
import json
import pandas as pd
from azureml.ai.monitoring import Collector
def init():
    global asked, answered
    asked, answered = Collector(name="model_inputs"), Collector(name="model_outputs")
def run(raw_data):
    table = pd.DataFrame(json.loads(raw_data)["data"])
    context = asked.collect(table)
    predicted = pd.DataFrame({"ill": ["yes" if age > 45 else "no" for age in table["Age"]]})
    answered.collect(predicted, context)
    return predicted["ill"].tolist()
"""


def test_a_monitor_of_a_deployment_watches_what_it_collects(connection: Any, server: Any, tmp_path: Path) -> None:
    """No signals are named: data drift, prediction drift and data quality of the last day against the two days before it."""
    from azure.ai.ml.entities import (
        CodeConfiguration,
        DataCollector,
        DeploymentCollection,
        ManagedOnlineDeployment,
        ManagedOnlineEndpoint,
        Model,
        MonitorDefinition,
        MonitoringTarget,
        MonitorSchedule,
        RecurrenceTrigger,
        ServerlessSparkCompute,
    )

    ml, name = connection.ml, "watched"
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "score.py").write_text(COLLECTS)
    (tmp_path / "model.txt").write_text("none")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        collector = DataCollector(
            collections={one: DeploymentCollection(enabled="true") for one in ("model_inputs", "model_outputs")}, sampling_rate=1.0
        )
    ml.online_endpoints.begin_create_or_update(ManagedOnlineEndpoint(name=name)).result()
    wanted = ManagedOnlineDeployment(
        name="blue",
        endpoint_name=name,
        model=Model(path=str(tmp_path / "model.txt"), name="watched-model"),
        code_configuration=CodeConfiguration(code=str(tmp_path / "src"), scoring_script="score.py"),
        environment="azureml://registries/azureml/environments/sklearn-1.5/labels/latest",
        instance_type="Standard_DS3_v2",
        instance_count=1,
        data_collector=collector,
    )
    ml.online_deployments.begin_create_or_update(wanted).result()
    now = datetime.now(UTC)
    asked = tmp_path / "request.json"
    asked.write_text(json.dumps({"data": rows(3, 20.0, 100)}))
    ml.online_endpoints.invoke(name, deployment_name="blue", request_file=str(asked))
    before = rows(4, 0.0)
    place = next((server.home / "storage" / "azurine").glob("azureml-blobstore*/modelDataCollector")) / name / "blue"
    collected(place / "model_inputs", f"{now - timedelta(days=2):%Y-%m-%d}", before)
    collected(place / "model_outputs", f"{now - timedelta(days=2):%Y-%m-%d}", [{"ill": "yes" if one["Age"] > 45 else "no"} for one in before])
    definition = MonitorDefinition(
        compute=ServerlessSparkCompute(instance_type="standard_e4s_v3", runtime_version="3.4"),
        monitoring_target=MonitoringTarget(ml_task="classification", endpoint_deployment_id=f"azureml:{name}:blue"),
    )
    trigger = RecurrenceTrigger(frequency="day", interval=1, start_time="2099-01-01T00:00:00")
    made = ml.schedules.begin_create_or_update(MonitorSchedule(name="watch-watched", trigger=trigger, create_monitor=definition)).result()
    assert made.create_monitor.monitoring_target.endpoint_deployment_id.endswith(f"/onlineEndpoints/{name}/deployments/blue")
    assert set(made.create_monitor.monitoring_signals) == {"data-drift-signal", "prediction-drift-signal", "data-quality-signal"}
    job = ml.schedules.trigger("watch-watched", schedule_time=(now + timedelta(hours=2)).isoformat()).job_name
    completed(connection, job)
    (window,) = result(connection, job, tmp_path)["windows"]
    assert (window["rows"], window["sentence"]) == (100, None)
    breached = {(one["signal"], one["name"]) for one in window["features"] for row in one["measures"] if row["breached"]}
    assert {("data-drift-signal", "Age"), ("prediction-drift-signal", "ill"), ("data-quality-signal", "Age")} <= breached
    bare = {"actionType": "CreateMonitor", "monitorDefinition": {"monitoringTarget": {"deploymentId": f"azureml:{name}:blue"}}}
    body = {"properties": {"trigger": {"triggerType": "Cron", "expression": "0 3 * * *"}, "isEnabled": False, "action": bare}}
    address = f"{connection.url}{connection.workspace_id}/schedules/watch-bare"
    answer = connection.http.put(address, json=body, params={"api-version": "2024-01-01-preview"})
    assert answer.status_code < 300, answer.text
    signals = ml.schedules.get("watch-bare").create_monitor.monitoring_signals
    assert signals["prediction-drift-signal"].reference_data.data_window.lookback_window_size == "P14D"
    for schedule in ("watch-watched", "watch-bare"):
        ml.schedules.begin_disable(schedule).result()
        ml.schedules.begin_delete(schedule).result()
    ml.online_endpoints.begin_delete(name).result()


def test_signals_that_are_kept_and_told_not_to_be_run(connection: Any, data: dict[str, str], tmp_path: Path) -> None:
    from azure.ai.ml import Input
    from azure.ai.ml.entities import (
        CustomMonitoringMetricThreshold,
        CustomMonitoringSignal,
        FADProductionData,
        FeatureAttributionDriftMetricThreshold,
        FeatureAttributionDriftSignal,
        ReferenceData,
    )

    ml = connection.ml
    wanted = monitor("watch-others", data)
    signals = wanted.create_monitor.monitoring_signals
    reference = ReferenceData(
        input_data=Input(type="uri_file", path=data["monitored-training"]),
        data_context="training",
        data_column_names={"target_column": "Diabetic"},
    )
    signals["own"] = CustomMonitoringSignal(
        component_id="azureml:mine:1", metric_thresholds=[CustomMonitoringMetricThreshold(metric_name="length", threshold=3)], input_data={}
    )
    signals["attribution"] = FeatureAttributionDriftSignal(
        production_data=[
            FADProductionData(
                input_data=Input(type="uri_folder", path=data["monitored-requests"]),
                data_context="model_inputs",
                data_column_names={"prediction": "Ill"},
            )
        ],
        reference_data=reference,
        metric_thresholds=FeatureAttributionDriftMetricThreshold(normalized_discounted_cumulative_gain=0.9),
    )
    ml.schedules.begin_create_or_update(wanted).result()
    got = ml.schedules.get("watch-others").create_monitor.monitoring_signals
    assert got["own"].metric_thresholds[0].metric_name == "length"
    assert got["attribution"].metric_thresholds.normalized_discounted_cumulative_gain == 0.9
    job = ml.schedules.trigger("watch-others", schedule_time="2026-05-03T00:00:00Z").job_name
    completed(connection, job)
    said = written(connection, job)
    assert "own: signals of type custom are not run here" in said
    assert "attribution: there is no column 'Ill' to learn" in said
    assert "inputs: 3 numbers" in said
    ml.schedules.begin_disable("watch-others").result()
    ml.schedules.begin_delete("watch-others").result()


def test_what_is_wrong_with_a_monitor_is_refused(connection: Any, data: dict[str, str]) -> None:
    from azure.core.exceptions import HttpResponseError

    wanted = monitor("watch-wrongly", data)
    wanted.create_monitor.monitoring_signals["inputs"].production_data.data_window.lookback_window_size = "a week"
    with pytest.raises(HttpResponseError, match="'a week' is not a duration"):
        connection.ml.schedules.begin_create_or_update(wanted).result()
