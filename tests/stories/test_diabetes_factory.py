"""The two factory pipelines of the workshop, from their files: a model that is good enough is deployed, another one is not, patients get their answers."""

import csv
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from azurine import cli, patients
from running import RunningServer, wait_until

HERE = Path(__file__).parents[2] / "examples" / "diabetes"
sys.path.insert(0, str(HERE))

import lake  # noqa: E402 they are programs of the example, no package
import orchestration  # noqa: E402
import realtime  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")
ROWS = 300


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One of its own: what is the newest model must be this story's business alone."""
    with RunningServer(tmp_path_factory.mktemp("factory") / "home") as running:
        yield running


@pytest.fixture(scope="module")
def connection(server: RunningServer, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """With raw files in the lake, a compute, the published pipelines and the factory."""
    from azure.ai.ml import load_compute

    folder = tmp_path_factory.mktemp("patients")
    patients.write(folder / "diabetes.csv", ROWS, seed=0)
    connected = server.connect()
    lake.upload(connected, lake.split(folder, folder / "raw"), "0-raw/diabetes")
    connected.ml.compute.begin_create_or_update(load_compute(HERE / "compute.yml")).result()
    assert sorted(orchestration.built(connected, orchestration.published(connected))) == ["Drift", "Retrain", "Scoring", "Serve", "Training"]
    realtime.addressed(connected)
    return connected


def table(connection: Any, path: str) -> list[dict[str, str]]:
    container = connection.ml.datastores.get_default().container_name
    held = connection.blobs.get_blob_client(container, path).download_blob().readall()
    return list(csv.DictReader(io.StringIO(held.decode())))


def test_training_deploys_a_model_that_is_good_enough_and_no_other_and_scoring_asks_it(connection: Any) -> None:
    training = orchestration.ran(connection, "Training", io.StringIO(), regRate=0.1, pause=1)
    assert training.run.status == "Succeeded", training.run.message
    names = [one.activity_name for one in training.activities]
    assert names == ["Data prep", "Train", "Evaluate", "Good enough", "Deploy", "Serve", "Result"]

    # What was measured and made is read by later activities.
    measured = training.output("Evaluate")["metrics"]
    assert 0.6 < measured["accuracy"] < 1 and training.result == {key: measured[key] for key in ("accuracy", "auc")}
    inputs = connection.ml.jobs.get(training.output("Deploy")["runId"]).inputs
    assert inputs["model"].path == training.output("Train")["outputs"]["model"]["uri"]
    assert connection.mlflow().get_run(training.output("Train")["steps"]["train"]["runId"]).data.params["reg_rate"] == "0.1"
    (model,) = connection.ml.models.list(name="diabetes")
    assert model.tags["accuracy"] == f"{measured['accuracy']:.6f}"
    assert connection.ml.online_endpoints.get("diabetes-now").traffic == {"green": 100}
    assert set(realtime.asked(connection, connection.ml.online_endpoints.get("diabetes-now"))) <= set(realtime.CLASSES)
    assert model.job_name == training.output("Deploy")["steps"]["register"]["runId"]

    refused = orchestration.ran(connection, "Training", io.StringIO(), regRate=0.1, neededAccuracy=1.1)
    ended = {one.activity_name: (one.status, one.error["errorCode"]) for one in refused.activities if one.status != "Succeeded"}
    assert (refused.run.status, ended["Not good enough"]) == ("Failed", ("Failed", "NotGoodEnough")), ended
    assert "1.1 is needed. It is not deployed." in refused.run.message
    assert len(list(connection.ml.models.list(name="diabetes"))) == 1

    unserved = orchestration.ran(connection, "Serve", io.StringIO(), version=7, pause=1)
    assert (unserved.run.status, unserved.activities[-1].activity_name) == ("Failed", "Deployment")
    assert "Error calling the endpoint" in unserved.run.message and "there is no model 'diabetes:7'" in unserved.run.message
    assert connection.ml.online_endpoints.get("diabetes-now").traffic == {"green": 100}

    scoring = orchestration.ran(connection, "Scoring", io.StringIO(), silver="2-silver/asked")
    assert scoring.run.status == "Succeeded", scoring.run.message
    answered = table(connection, "2-silver/asked/diabetes.csv")
    share = sum(row["Diabetic"] == "1" for row in answered) / len(answered)
    assert (
        len(answered) == ROWS == scoring.result["patients"]
        and scoring.result["modelVersion"] == 1
        and scoring.result["diabeticShare"] == pytest.approx(share)
    )
    assert [row["Id"] for row in table(connection, "1-bronze/diabetes/diabetes.csv")] == [row["Id"] for row in answered]


def test_raw_files_that_are_not_there_fail_the_first_activity_by_name(connection: Any) -> None:
    failed = orchestration.ran(connection, "Scoring", io.StringIO(), raw="0-raw/nowhere")
    assert (failed.run.status, [one.activity_name for one in failed.activities]) == ("Failed", ["Data prep"])
    assert failed.run.message.startswith("Operation on target Data prep failed: Azure ML pipeline run failed with status: 'Failed'.")
    assert any("0-raw/nowhere/patient-" in step.error for step in failed.jobs["Data prep"].steps), failed.jobs


def test_the_folder_is_one_that_the_command_line_takes_as_it_is(server: RunningServer, capfd: pytest.CaptureFixture[str]) -> None:
    home = ["--home", str(server.home), "-o", "json"]
    assert cli.main(["factory", "import", str(HERE / "factory"), "--name", "by-hand", *home]) == 0, capfd.readouterr()
    assert cli.main(["factory", "pipelines", "--name", "by-hand", *home]) == 0
    said = capfd.readouterr().out
    shown = json.loads(said[said.rindex("[\n") :])
    assert {one["name"]: one["activities"] for one in shown} == {"Drift": 6, "Retrain": 7, "Scoring": 3, "Serve": 4, "Training": 5}


def test_the_monitor_is_one_that_the_command_line_takes_as_it_is(server: RunningServer, connection: Any, capfd: pytest.CaptureFixture[str]) -> None:
    home = ["--home", str(server.home), "-o", "json"]
    for words in (["data", "create", "-f", "baseline.yml"], ["data", "create", "-f", "visits.yml"], ["monitor", "create", "-f", "monitor.yml"]):
        assert cli.main([*words[:-1], str(HERE / "drift" / words[-1]), *home]) == 0, capfd.readouterr()
    capfd.readouterr()
    assert cli.main(["monitor", "show", "-n", "diabetes", *home]) == 0
    shown = json.loads(capfd.readouterr().out)
    assert (shown["name"], shown["frequency"], shown["drift_threshold"]) == ("diabetes", "Week", 0.1), shown


def test_an_alert_of_the_monitor_starts_retraining_once_the_trigger_is_started(connection: Any) -> None:
    place = (connection.resource_group, orchestration.FACTORY)
    connection.factory.triggers.begin_start(*place, "OnDrift").result()
    scope = connection.factory.triggers.get(*place, "OnDrift").properties.scope
    said = {
        "monitor": f"{connection.workspace_id}/datasetMonitors/diabetes",
        "run": "diabetes-1",
        "window": {"start": "2026-03-08T00:00:00+00:00", "end": "2026-03-15T00:00:00+00:00"},
        "driftPercentage": 74.2,
        "to": {"topic": scope},
    }
    address = f"{connection.url}{connection.workspace_id}/driftAlerts/told?api-version=2024-04-01"
    assert connection.http.put(address, json={"properties": said}).ok

    def begun() -> list[Any]:
        window = {"lastUpdatedAfter": "2000-01-01T00:00:00Z", "lastUpdatedBefore": "2100-01-01T00:00:00Z"}
        found = connection.factory.pipeline_runs.query_by_factory(*place, json.dumps(window).encode()).value
        return [one for one in found if one.pipeline_name == "Retrain"]

    wait_until(lambda: len(begun()) == 1, 60, lambda: f"the alert began {begun()}: {connection.http.get(address).text}")
    (run,) = begun()
    assert {name: run.parameters[name] for name in ("raw", "bronze", "visits")} == {
        "raw": "0-raw/diabetes-2026-03-08",
        "bronze": "1-bronze/diabetes-2026-03-08",
        "visits": "0-raw/diabetes-visits/2026-03-08",
    }
    ended = orchestration.looked(connection, run.run_id)
    assert (ended.run.status, ended.run.message.startswith("Operation on target Data prep failed")) == ("Failed", True), ended.run.message
