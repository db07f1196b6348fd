"""Model monitors with the official client: schedules that look at data, at their times and by hand, and leave numbers behind."""

import json
import logging
import random
from collections.abc import Iterator
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
    assets = [
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
