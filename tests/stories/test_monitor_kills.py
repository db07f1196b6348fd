"""Monitors on a server that is killed: a run goes on to its end, here and on a cluster, what is due by itself comes once, and each drift alerts once."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import rest
from latencies import unhurried
from running import RunningServer, wait_until

PATIENCE = 120.0
ROWS = 200
CLUSTER = {
    "computeType": "AmlCompute",
    "properties": {"scaleSettings": {"minNodeCount": 0, "maxNodeCount": 1, "nodeIdleTimeBeforeScaleDown": "PT60S"}},
}
MONITOR = {
    "baseline": {"data": "azureml://datastores/workspaceblobstore/paths/ward/patients.csv"},
    "target": {"data": "azureml://datastores/workspaceblobstore/paths/ward/visits", "timestampColumn": "date"},
    "frequency": "Week",
    "driftThreshold": 0.1,
}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    with RunningServer(tmp_path / "home") as running:
        yield running


def test_runs_outlive_the_server_and_alert_once(server: RunningServer) -> None:
    with closing(rest.Rest(server.home)) as told:
        furnish(server)
        told.put("computes/nodes", {"location": "local", "properties": CLUSTER})
        told.put("datasetMonitors/ward", {"properties": {**MONITOR, "latency": unhurried()}})
        begun = [asked(told, "run", {"targetDate": "2026-03-10", "name": "ward-here"})]
        begun.append(asked(told, "run", {"targetDate": "2026-03-10", "name": "ward-there", "compute": "azureml:nodes"}))
    for _ in range(2):
        server.kill()
        server.start()
    with closing(rest.Rest(server.home)) as told:
        for name in ("ward-here", "ward-there"):
            wait_until(
                lambda name=name: run(told, name)["status"] == "Completed", PATIENCE, lambda name=name: f"{run(told, name)}\n{server.log()[-2000:]}"
            )
            found = run(told, name)
            assert (found["hasDrift"], found["windows"][0]["rows"]) == (True, ROWS)
            job = told.get(f"jobs/{name}")["properties"]
            assert float(job["tags"]["drift_percentage"]) == found["driftPercentage"]
        assert run(told, "ward-here")["driftPercentage"] == run(told, "ward-there")["driftPercentage"]
        assert told.get("jobs/ward-there")["properties"]["computeId"].endswith("nodes")
        assert alerts(told) == ["ward-here-20260308T000000", "ward-there-20260308T000000"]
        with pytest.raises(rest.Refused):
            asked(told, "run", {"targetDate": "2026-03-10", "name": "ward-here"})

        # By itself: enabled, killed at once, it looks back over ten weeks once.
        told.call("POST", "datasetMonitors/ward/enable", {})
    for _ in range(2):
        server.kill()
        server.start()
    with closing(rest.Rest(server.home)) as told:
        wait_until(lambda: scheduled(told, "Completed"), PATIENCE, lambda: f"{scheduled(told)}\n{server.log()[-2000:]}")
        [own] = scheduled(told)
        assert len(own["windows"]) == 10
        assert len(alerts(told)) == 2


def furnish(server: RunningServer) -> None:
    """The first week is as the patients were; in the second, both columns have shifted."""
    [store] = (server.home / "storage").glob("*/azureml-blobstore-*")
    (store / "ward" / "visits").mkdir(parents=True)
    (store / "ward" / "patients.csv").write_text(table())
    (store / "ward" / "visits" / "1.csv").write_text(table("2026-03-01"))
    (store / "ward" / "visits" / "2.csv").write_text(table("2026-03-08", 30))


def table(start: str = "", shift: int = 0) -> str:
    lines = ["Age,BMI" + (",date" if start else "")]
    for place in range(ROWS):
        stamp = f",{(datetime.fromisoformat(start) + timedelta(minutes=30 * place)).isoformat()}" if start else ""
        number = place * 7919 % ROWS
        lines.append(f"{21 + number % 45 + shift},{18 + number % 100 / 5 + shift / 4}{stamp}")
    return "\n".join(lines) + "\n"


def asked(told: rest.Rest, word: str, body: Any) -> dict[str, Any]:
    return dict(told.call("POST", f"datasetMonitors/ward/{word}", body))


def run(told: rest.Rest, name: str) -> dict[str, Any]:
    return dict(told.get(f"datasetMonitors/ward/runs/{name}")["properties"])


def scheduled(told: rest.Rest, status: str = "") -> list[dict[str, Any]]:
    found = [one["properties"] for one in told.listed("datasetMonitors/ward/runs")]
    return [one for one in found if one["type"] == "Scheduled" and status in ("", one["status"])]


def alerts(told: rest.Rest) -> list[str]:
    return sorted(one["name"] for one in told.listed("driftAlerts"))
