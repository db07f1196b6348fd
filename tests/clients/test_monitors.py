"""Dataset monitors against a real server: by REST and by command, with the official client's eyes on their jobs and MLflow's on their numbers."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars
import pytest

from latencies import unhurried
from running import wait_until

ROWS = 300
FILE = """
name: clinic
baseline: azureml:clinic-patients@latest
target:
  data: azureml:clinic-visits@latest
  timestamp_column: date
features: [Age, BMI]
frequency: week
drift_threshold: 0.1
"""
Azurine = Callable[..., Any]


def patients(shift: int = 0, start: str = "", seed: int = 0) -> polars.DataFrame:
    """Rows of a week when it has a first day."""
    places = [place * 7919 % ROWS for place in range(seed, ROWS + seed)]
    columns: dict[str, Any] = {"Age": [21 + place % 45 + shift for place in places], "BMI": [18 + place % 100 / 5 + shift / 4 for place in places]}
    if start:
        first = datetime.fromisoformat(start)
        columns["date"] = [(first + timedelta(minutes=30 * place)).isoformat() for place in range(ROWS)]
    return polars.DataFrame(columns)


@pytest.fixture(scope="module")
def data(connection: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The first week is as the baseline was; in the second, Age and BMI have shifted; the third has few rows."""
    from azure.ai.ml.entities import Data

    folder = tmp_path_factory.mktemp("clinic")
    patients().write_csv(folder / "patients.csv")
    weeks = [patients(0, "2026-03-01"), patients(30, "2026-03-08"), patients(0, "2026-03-15").head(10)]
    polars.concat(weeks).write_csv(folder / "visits.csv")
    for name in ("patients", "visits"):
        connection.ml.data.create_or_update(Data(name=f"clinic-{name}", version="1", path=str(folder / f"{name}.csv"), type="uri_file"))


@pytest.fixture
def azurine(said: Callable[..., tuple[str, str]]) -> Azurine:
    """`azurine("monitor", "list")`: its JSON; with another `code`, what it said on stderr."""

    def run(*words: str, code: int = 0, form: str = "json") -> Any:
        out, err = said("monitor", *words, "-o", form, code=code)
        if code:
            return err
        return json.loads(out) if form == "json" and out.strip() else out

    return run


@pytest.mark.usefixtures("data")
def test_a_monitor_from_a_file_to_its_report(azurine: Azurine, connection: Any, tmp_path: Path) -> None:
    file = tmp_path / "monitor.yml"
    file.write_text(FILE)
    made = azurine("create", "-f", str(file))
    assert (made["name"], made["state"], made["frequency"], made["drift_threshold"]) == ("clinic", "Disabled", "Week", 0.1)
    [week] = azurine("run", "-n", "clinic", "--target-date", "2026-03-10")
    assert (week["start"], week["end"], week["rows"], week["has_drift"]) == ("2026-03-08", "2026-03-15", ROWS, True)
    assert week["drift_percentage"] > 50
    assert set(week["contributions"]) == {"Age", "BMI"}

    job = connection.ml.jobs.get(week["run"])
    assert (job.status, job.experiment_name) == ("Completed", "clinic-Monitor-Runs")
    seen = connection.mlflow().get_run(week["run"]).data
    assert (seen.metrics["drift_percentage"], seen.params["frequency"]) == (week["drift_percentage"], "Week")
    assert "drift_contribution/Age" in seen.metrics
    connection.ml.jobs.download(week["run"], download_path=tmp_path, output_name="result")
    [document] = tmp_path.rglob("drift.json")
    assert json.loads(document.read_text())["windows"][0]["driftPercentage"] == week["drift_percentage"]

    filled = azurine("backfill", "-n", "clinic", "--start", "2026-03-01", "--end", "2026-03-16")
    assert [one["has_drift"] for one in filled] == [False, True, None]
    assert filled[1]["drift_percentage"] == week["drift_percentage"]
    history = connection.mlflow().MlflowClient().get_metric_history(filled[0]["run"], "drift_percentage")
    assert [(one.step, one.value) for one in history] == [(0, filled[0]["drift_percentage"]), (7, filled[1]["drift_percentage"])]

    assert [one["run"] for one in azurine("results", "-n", "clinic")] == [filled[0]["run"]] * 3
    assert len(azurine("results", "-n", "clinic", "--run", week["run"])) == 1
    rows = azurine("features", "-n", "clinic", "--run", week["run"])
    assert {one["feature"] for one in rows} == {"Age", "BMI"}
    assert "wasserstein_distance" in azurine("features", "-n", "clinic", form="table")
    page = tmp_path / "report.html"
    azurine("report", "-n", "clinic", "--run", week["run"], "-f", str(page))
    assert page.read_text().startswith("<!")
    alerted = [one for one in azurine("alerts", "-n", "clinic") if one["run"] == week["run"]]
    assert [one["window"]["start"] for one in alerted] == ["2026-03-08T00:00:00+00:00"]


@pytest.mark.usefixtures("data")
def test_what_is_wrong_with_a_file_is_told_with_its_line(azurine: Azurine, tmp_path: Path) -> None:
    file = tmp_path / "wrong.yml"
    file.write_text(FILE.replace("week", "often").replace("0.1", "7").replace("  timestamp_column: date\n", ""))
    said = azurine("create", "-f", str(file), code=1)
    assert f"{file}:7: frequency:" in said
    assert f"{file}:8: drift_threshold:" in said
    assert "target.timestamp_column: a target needs a column of timestamps" in said
    file.write_text(FILE + "colour: red\n")
    assert f"{file}:10: colour: there is no such field" in azurine("create", "-f", str(file), code=1)
    assert "was not found" in azurine("show", "-n", "nobody", code=3)


@pytest.mark.usefixtures("data")
def test_enabled_it_runs_by_itself_and_not_twice(azurine: Azurine, connection: Any, tmp_path: Path) -> None:
    file = tmp_path / "monitor.yml"
    file.write_text(FILE.replace("clinic\n", "clinic-self\n").replace("@latest", ":1") + f"latency: {unhurried()}\n")
    azurine("create", "-f", str(file))
    address = f"{connection.url}{connection.workspace_id}/datasetMonitors/clinic-self"

    def runs() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = connection.http.get(f"{address}/runs", params={"api-version": "2024-04-01"}).json()["value"]
        return found

    assert azurine("enable", "-n", "clinic-self")["state"] == "Enabled"
    wait_until(lambda: [one for one in runs() if one["properties"]["status"] == "Completed"], 120, "the monitor did not run")
    [run] = runs()
    assert (run["properties"]["type"], len(run["properties"]["windows"])) == ("Scheduled", 10)
    assert azurine("disable", "-n", "clinic-self")["state"] == "Disabled"
    shown = azurine("enable", "-n", "clinic-self")
    assert (shown["last_run"], [one["name"] for one in runs()]) == (run["name"], [run["name"]])
    azurine("disable", "-n", "clinic-self")
    azurine("delete", "-n", "clinic-self", "--yes")
    assert "clinic-self" not in [one["name"] for one in azurine("list")]


@pytest.mark.usefixtures("data")
def test_a_run_that_cannot_be_says_why(azurine: Azurine, tmp_path: Path) -> None:
    file = tmp_path / "monitor.yml"
    file.write_text(
        FILE.replace("clinic\n", "clinic-blind\n").replace("timestamp_column: date", "timestampColumn: day").replace("features", "featureList")
    )
    azurine("create", "-f", str(file))
    said = azurine("run", "-n", "clinic-blind", "--target-date", "2026-03-10", code=1)
    assert "there is no column 'day'; there are: Age, BMI, date" in said
    assert "targetDate must be a date" in azurine("run", "-n", "clinic-blind", "--target-date", "soon", code=1)
