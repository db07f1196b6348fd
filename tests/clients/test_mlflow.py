"""The unmodified mlflow client against this door: what a training script and a notebook do."""

import json
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mlflow
import numpy
import pandas
import pytest
from azure.ai.ml import command
from azure.ai.ml.entities import Model
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag, ViewType
from mlflow.exceptions import MlflowException
from sklearn.linear_model import LogisticRegression

from azurine.model import ids
from azurine.store.memory import MemoryLog
from azurine.tracking.sql import Sql
from mlflow_server import WORKSPACE, Door, serving
from running import wait_until

pytestmark = [
    pytest.mark.filterwarnings("ignore"),  # other people's programs deprecate what they call themselves
]

PLAIN = {"pip_requirements": ["scikit-learn"]}
"""Spares the client the seconds in which it finds out what a model needs."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    folder = tmp_path_factory.mktemp("mlflow")
    tracking = Sql(f"sqlite:///{folder}/tracking.db")
    with serving(MemoryLog(), tracking, folder / "storage") as one:
        yield one
    tracking.close()


@pytest.fixture
def uri(house: Door, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    # Left behind by set_experiment, for child processes.
    monkeypatch.delenv("MLFLOW_EXPERIMENT_ID", raising=False)
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(house.uri())
    mlflow.tracking.fluent._active_experiment_id = None
    yield house.uri()
    while mlflow.active_run():
        mlflow.end_run()
    os.environ.pop("MLFLOW_EXPERIMENT_ID", None)
    mlflow.autolog(disable=True)
    mlflow.set_tracking_uri(before)


@pytest.fixture
def client(uri: str) -> MlflowClient:
    return MlflowClient()


@pytest.fixture(scope="module")
def trained() -> tuple[LogisticRegression, pandas.DataFrame]:
    table = pandas.DataFrame(numpy.random.default_rng(0).normal(size=(60, 3)), columns=["a", "b", "c"])
    return LogisticRegression().fit(table, table["a"] > 0), table


@contextmanager
def refused(code: str) -> Iterator[Any]:
    with pytest.raises(MlflowException) as caught:
        yield caught
    assert caught.value.error_code == code, caught.value


def test_a_run_is_recorded_and_found(client: MlflowClient) -> None:
    mlflow.set_experiment("recorded")
    with mlflow.start_run(run_name="first", tags={"team": "blue"}, description="a note") as run:
        mlflow.log_param("depth", 3)
        mlflow.log_params({"learning rate": 0.1, "a/b": "ünï✓"})
        for step in range(3):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        mlflow.log_metrics({"auc": 0.9, "val/acc": 0.8})
        mlflow.set_tag("mlflow.note", "hello")
    found = client.get_run(run.info.run_id)
    assert found.info.status == "FINISHED"
    assert found.info.run_name == "first"
    assert found.info.end_time >= found.info.start_time > 0
    assert found.data.params == {"depth": "3", "learning rate": "0.1", "a/b": "ünï✓"}
    assert found.data.metrics == {"loss": pytest.approx(1 / 3), "auc": 0.9, "val/acc": 0.8}
    assert found.data.tags["team"] == "blue"
    assert found.data.tags["mlflow.note.content"] == "a note"
    assert [point.value for point in client.get_metric_history(run.info.run_id, "loss")] == [1, 0.5, pytest.approx(1 / 3)]
    table = mlflow.search_runs(experiment_names=["recorded"])
    assert list(table["run_id"]) == [run.info.run_id]
    assert table["metrics.auc"][0] == 0.9
    assert table["tags.team"][0] == "blue"


def test_a_run_without_an_experiment_goes_to_default(client: MlflowClient) -> None:
    with mlflow.start_run() as run:
        pass
    experiment = client.get_experiment(run.info.experiment_id)
    assert experiment.name == "Default"
    assert client.get_experiment("0").experiment_id == experiment.experiment_id
    assert run.info.run_id in list(mlflow.search_runs()["run_id"])


def test_a_run_is_a_job(house: Door, client: MlflowClient) -> None:
    mlflow.set_experiment("jobs")
    with mlflow.start_run(run_name="mine") as run:
        job = house.log.get(ids.child(WORKSPACE, "jobs", run.info.run_id))
        assert job is not None
        assert job.status["state"] == "running"
        with mlflow.start_run(nested=True, run_name="inner") as inner:
            pass
    job = house.log.get(ids.child(WORKSPACE, "jobs", run.info.run_id))
    child = house.log.get(ids.child(WORKSPACE, "jobs", inner.info.run_id))
    assert job is not None and child is not None
    assert job.status["state"] == "succeeded"
    assert job.spec["properties"]["displayName"] == "mine"
    assert job.spec["properties"]["experimentName"] == "jobs"
    assert child.owner == job.id
    assert client.get_run(inner.info.run_id).data.tags["mlflow.parentRunId"] == run.info.run_id
    found = client.search_runs([run.info.experiment_id], f"tags.mlflow.parentRunId = '{run.info.run_id}'")
    assert [one.info.run_id for one in found] == [inner.info.run_id]


def test_a_script_inside_a_job_attaches_to_it(house: Door, client: MlflowClient, monkeypatch: pytest.MonkeyPatch) -> None:
    house.job("plucky_parrot")
    monkeypatch.setenv("MLFLOW_RUN_ID", "plucky_parrot")
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "training")
    mlflow.log_metric("auc", 0.7)
    assert mlflow.active_run().info.run_id == "plucky_parrot"
    mlflow.end_run()
    found = client.get_run("plucky_parrot")
    assert found.data.metrics == {"auc": 0.7}
    assert found.info.run_name == "Plucky_Parrot"
    assert found.info.status == "RUNNING", "the house ends its own jobs"
    house.report("plucky_parrot", state="failed", started=1_700_000_000.0, ended=1_700_000_007.5)
    assert client.get_run("plucky_parrot").info.status == "FAILED"
    assert client.get_run("plucky_parrot").info.end_time == 1_700_000_007_500
    assert client.get_experiment_by_name("training").experiment_id == found.info.experiment_id
    assert [run.info.run_id for run in client.search_runs([found.info.experiment_id], "attributes.status = 'FAILED'")] == ["plucky_parrot"]


def test_a_job_of_a_pipeline_knows_its_parent(house: Door, client: MlflowClient) -> None:
    pipeline = house.job("pipeline_1", jobType="Pipeline")
    house.job("step_1", owner=pipeline.id, tags={"kind": "step"})
    assert client.get_run("step_1").data.tags == {"mlflow.parentRunId": "pipeline_1", "mlflow.runName": "Step_1", "kind": "step"}


def test_set_experiment_inside_a_job_keeps_the_run(house: Door, client: MlflowClient, monkeypatch: pytest.MonkeyPatch) -> None:
    house.job("tidy_tulip")
    monkeypatch.setenv("MLFLOW_RUN_ID", "tidy_tulip")
    mlflow.set_experiment("training")
    with mlflow.start_run() as run:
        assert run.info.run_id == "tidy_tulip"


def test_autolog_logs_into_the_job(house: Door, client: MlflowClient, monkeypatch: pytest.MonkeyPatch) -> None:
    house.job("auto_otter")
    monkeypatch.setenv("MLFLOW_RUN_ID", "auto_otter")
    mlflow.autolog(silent=True)
    table = pandas.DataFrame({"a": range(20), "b": range(20, 40)})
    LogisticRegression(C=0.5).fit(table, [row % 2 for row in range(20)])
    mlflow.end_run()
    found = client.get_run("auto_otter")
    assert found.data.params["C"] == "0.5"
    assert "training_accuracy_score" in found.data.metrics
    assert found.inputs.dataset_inputs[0].dataset.name == "dataset"
    assert (house.folder("auto_otter") / "model" / "MLmodel").is_file(), "where Azure has it"
    assert mlflow.sklearn.load_model("runs:/auto_otter/model").C == 0.5


def test_artifacts(house: Door, client: MlflowClient, tmp_path: Path) -> None:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "one é.txt").write_text("one")
    (tmp_path / "in" / "deep" / "empty").write_text("")
    figure = pytest.importorskip("matplotlib.figure").Figure()
    with mlflow.start_run() as run:
        mlflow.log_dict({"a": [1]}, "config/params.json")
        mlflow.log_text("text", "notes.txt")
        mlflow.log_figure(figure, "plots/figure.png")
        mlflow.log_artifact(str(tmp_path / "in" / "one é.txt"))
        mlflow.log_artifacts(str(tmp_path / "in"), "folder")
        mlflow.log_table({"x": [1, 2]}, "table.json")
        run_id = run.info.run_id
    assert json.loads((house.folder(run_id) / "config" / "params.json").read_text()) == {"a": [1]}
    names = {(one.path, one.is_dir, one.file_size) for one in client.list_artifacts(run_id)}
    assert {("config", True, None), ("notes.txt", False, 4), ("one é.txt", False, 3), ("plots", True, None)} <= names
    assert [one.path for one in client.list_artifacts(run_id, "folder/deep")] == ["folder/deep/empty"]
    assert client.list_artifacts(run_id, "nothing") == []
    path = mlflow.artifacts.download_artifacts(f"runs:/{run_id}/folder", dst_path=str(tmp_path))
    assert (Path(path) / "deep" / "empty").read_text() == ""
    assert mlflow.artifacts.load_dict(f"runs:/{run_id}/config/params.json") == {"a": [1]}
    assert mlflow.artifacts.load_text(f"{run.info.artifact_uri}/notes.txt") == "text"
    with pytest.raises(MlflowException):
        mlflow.artifacts.download_artifacts(f"runs:/{run_id}/nothing.txt")


def test_a_model_is_logged_registered_and_loaded(house: Door, client: MlflowClient, trained: Any) -> None:
    model, table = trained
    with mlflow.start_run() as run:
        info = mlflow.sklearn.log_model(model, name="model", registered_model_name="diabetes", input_example=table.head(2), **PLAIN)
    assert (house.folder(run.info.run_id) / "model" / "MLmodel").is_file()
    version = house.log.get(ids.child(WORKSPACE, "models/diabetes/versions", "1"))
    assert version is not None
    properties = version.spec["properties"]
    assert properties["modelType"] == "mlflow_model"
    assert properties["jobName"] == run.info.run_id
    assert properties["modelUri"] == (
        f"azureml://subscriptions/s/resourcegroups/g/workspaces/w/datastores/workspaceartifactstore/paths/ExperimentRun/dcid.{run.info.run_id}/model"
    )
    assert set(properties["flavors"]) == {"sklearn", "python_function"}
    wanted = list(model.predict(table))
    for address in ("models:/diabetes/1", "models:/diabetes/latest", f"runs:/{run.info.run_id}/model", info.model_uri):
        assert list(mlflow.pyfunc.load_model(address).predict(table)) == wanted, address
    assert list(mlflow.sklearn.load_model("models:/diabetes/1").predict(table)) == wanted
    assert properties["properties"]["mlflow.modelId"] == info.model_id
    assert client.get_logged_model(info.model_id).source_run_id == run.info.run_id
    again = mlflow.register_model(f"runs:/{run.info.run_id}/model", "diabetes", tags={"by": "hand"})
    assert (again.version, again.run_id) == ("2", run.info.run_id)
    assert {one.version for one in client.search_model_versions("name = 'diabetes'")} == {"1", "2"}
    assert [one.version for one in client.search_model_versions("name = 'diabetes' and tags.by = 'hand'")] == ["2"]
    assert client.search_model_versions(f"run_id = '{run.info.run_id}'")[0].name == "diabetes"


def test_the_registry(client: MlflowClient, trained: Any) -> None:
    with mlflow.start_run() as run:
        mlflow.sklearn.log_model(trained[0], name="m", **PLAIN)
    model = client.create_registered_model("registry", tags={"a": "1"}, description="ours")
    assert (model.name, model.description, model.tags) == ("registry", "ours", {"a": "1"})
    with refused("RESOURCE_ALREADY_EXISTS"):
        client.create_registered_model("registry")
    for _ in range(2):
        client.create_model_version("registry", f"runs:/{run.info.run_id}/m", run.info.run_id)
    client.set_registered_model_alias("registry", "champion", "1")
    assert client.get_model_version_by_alias("registry", "champion").version == "1"
    assert mlflow.sklearn.load_model("models:/registry@champion").coef_ is not None
    assert client.get_model_version("registry", "1").aliases == ["champion"]
    client.delete_registered_model_alias("registry", "champion")
    with refused("INVALID_PARAMETER_VALUE"):
        client.get_model_version_by_alias("registry", "champion")
    client.transition_model_version_stage("registry", "1", "Production")
    moved = client.transition_model_version_stage("registry", "2", "production", archive_existing_versions=True)
    assert (moved.current_stage, client.get_model_version("registry", "1").current_stage) == ("Production", "Archived")
    assert [one.version for one in client.get_latest_versions("registry", ["Production"])] == ["2"]
    client.update_model_version("registry", "2", "the good one")
    client.set_model_version_tag("registry", "2", "checked", "yes")
    assert client.get_model_version("registry", "2").description == "the good one"
    client.delete_model_version_tag("registry", "2", "checked")
    assert client.get_model_version("registry", "2").tags == {}
    client.update_registered_model("registry", "new words")
    client.set_registered_model_tag("registry", "b", "2")
    client.delete_registered_model_tag("registry", "a")
    found = client.search_registered_models("name LIKE 'regis%' and tags.b = '2'")
    assert [(one.name, one.description, one.tags) for one in found] == [("registry", "new words", {"b": "2"})]
    client.copy_model_version("models:/registry/2", "copied")
    assert client.get_model_version("copied", "1").source == "models:/registry/2"
    assert mlflow.sklearn.load_model("models:/copied/1").coef_ is not None
    client.rename_registered_model("copied", "renamed")
    assert client.get_model_version("renamed", "1").name == "renamed"
    client.delete_model_version("registry", "1")
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.get_model_version("registry", "1")
    client.delete_registered_model("registry")
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.get_registered_model("registry")
    with refused("INVALID_PARAMETER_VALUE"):
        client.create_model_version("renamed", "/tmp/somewhere")


def test_logged_models(client: MlflowClient, trained: Any) -> None:
    experiment = mlflow.set_experiment("logged").experiment_id
    with mlflow.start_run() as run:
        first = mlflow.sklearn.log_model(trained[0], name="model", params={"C": 1}, step=1, **PLAIN)
        second = mlflow.sklearn.log_model(trained[0], name="model", step=2, **PLAIN)
        mlflow.log_metric("auc", 0.9, model_id=first.model_id, dataset=mlflow.data.from_pandas(trained[1], name="patients"))
        mlflow.log_metric("auc", 0.7, model_id=second.model_id)
        mlflow.set_logged_model_tags(first.model_id, {"best": "yes"})
    assert client.get_logged_model(first.model_id).artifact_location != client.get_logged_model(second.model_id).artifact_location
    found = mlflow.search_logged_models([experiment], "metrics.auc > 0.8", output_format="list")
    assert [one.model_id for one in found] == [first.model_id]
    assert found[0].params["C"] == "1"
    assert found[0].metrics[0].dataset_name == "patients"
    ordered = client.search_logged_models([experiment], order_by=[{"field_name": "metrics.auc", "ascending": True}])
    assert [one.model_id for one in ordered] == [second.model_id, first.model_id]
    assert [one.model_id for one in client.search_logged_models([experiment], "tags.best = 'yes'")] == [first.model_id]
    assert {one.model_id: one.step for one in client.get_run(run.info.run_id).outputs.model_outputs} == {first.model_id: 1, second.model_id: 2}
    assert mlflow.register_model(f"models:/{second.model_id}", "second").run_id == run.info.run_id
    client.delete_logged_model_tag(first.model_id, "best")
    client.delete_logged_model(first.model_id)
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.get_logged_model(first.model_id)
    outside = mlflow.initialize_logged_model(name="outside", params={f"p{n}": n for n in range(250)})
    assert len(mlflow.finalize_logged_model(outside.model_id, "READY").params) == 250


def test_experiments(client: MlflowClient) -> None:
    number = client.create_experiment("exp ✓", tags={"a": "1"})
    assert number.isdigit()
    with refused("RESOURCE_ALREADY_EXISTS"):
        client.create_experiment("exp ✓")
    client.set_experiment_tag(number, "b", "2")
    assert client.get_experiment(number).tags == {"a": "1", "b": "2"}
    assert [one.experiment_id for one in client.search_experiments(filter_string="name LIKE 'exp%' and tags.b = '2'")] == [number]
    client.rename_experiment(number, "other words")
    assert client.get_experiment_by_name("other words").experiment_id == number
    assert client.get_experiment_by_name("exp ✓") is None
    client.delete_experiment(number)
    assert client.get_experiment(number).lifecycle_stage == "deleted"
    with refused("INVALID_PARAMETER_VALUE"):
        client.create_run(number)
    assert number in [one.experiment_id for one in client.search_experiments(view_type=ViewType.DELETED_ONLY)]
    client.restore_experiment(number)
    assert client.get_experiment(number).lifecycle_stage == "active"
    for name in ("", "../x", "a/b", "x" * 600):
        with refused("INVALID_PARAMETER_VALUE"):
            client.create_experiment(name)
    assert client.get_experiment_by_name("none such") is None
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.get_experiment("123456")


def test_searching_runs(client: MlflowClient) -> None:
    experiment = client.create_experiment("searching")
    names = {}
    for number in range(12):
        run = client.create_run(experiment, start_time=1_700_000_000_000 + number, run_name=f"run-{number:02}", tags={"even": str(number % 2 == 0)})
        names[run.info.run_id] = number
        client.log_metric(run.info.run_id, "acc", number / 10 if number != 5 else math.nan)
        client.log_param(run.info.run_id, "my param", f"p{number % 3}")
        if number > 8:
            client.log_metric(run.info.run_id, "rare/one", number)
        client.set_terminated(run.info.run_id, "FAILED" if number == 7 else "FINISHED")

    def search(text: str = "", **more: Any) -> list[int]:
        return [names[run.info.run_id] for run in client.search_runs([experiment], text, **more)]

    assert search() == list(reversed(range(12)))
    assert search("metrics.acc > 0.9") == [11, 10]
    assert search("metrics.acc >= 0.9 and attributes.run_name != 'run-10'") == [11, 9]
    assert search("""params."my param" = 'p1'""", order_by=["start_time ASC"]) == [1, 4, 7, 10]
    assert search("params.`my param` LIKE 'p%' AND tags.even = 'True' AND metrics.acc < 0.5") == [4, 2, 0]
    assert search("attributes.status = 'FAILED'") == [7]
    assert search("status ILIKE 'fail%'") == [7]
    assert search("run_name IN ('run-03', 'run-04')") == [4, 3]
    assert search("metrics.`rare/one` > 0", order_by=["metrics.acc"]) == [9, 10, 11]
    assert search(order_by=["metrics.acc DESC"])[-1] == 5
    assert search(order_by=["metrics.`rare/one` DESC", "attributes.start_time ASC"]) == [11, 10, 9, 0, 1, 2, 3, 4, 5, 6, 7, 8]
    assert search("start_time > 1700000000009") == [11, 10]
    assert search("tags.none IS NULL and params.`my param` IS NOT NULL and metrics.acc = 0.3") == [3]
    run = next(one for one, number in names.items() if number == 6)
    assert search(f"attributes.run_id IN ('{run}')") == [6]
    client.delete_run(run)
    assert 6 not in search()
    assert search(run_view_type=ViewType.DELETED_ONLY) == [6]
    client.restore_run(run)
    page = client.search_runs([experiment], max_results=5)
    seen = list(page)
    while page.token:
        page = client.search_runs([experiment], max_results=5, page_token=page.token)
        seen += page
    assert [names[one.info.run_id] for one in seen] == list(reversed(range(12)))
    assert client.search_runs(["0", "99999999"], "metrics.acc > 100") == []
    for wrong in ("metrics.acc > 'x'", "acc > 1", "metrics.acc > 1 or metrics.acc < 0", "params.a > 'b'", "metrics.acc >", "'", "status = FAILED"):
        with refused("INVALID_PARAMETER_VALUE"):
            search(wrong)


def test_limits_and_strange_values(client: MlflowClient) -> None:
    run = client.create_run("0").info.run_id
    client.log_metric(run, "nan", math.nan)
    client.log_metric(run, "inf", math.inf)
    client.log_metric(run, "-inf", -math.inf)
    found = client.get_run(run).data.metrics
    assert math.isnan(found["nan"]) and found["inf"] == math.inf and found["-inf"] == -math.inf
    client.log_param(run, "p", "1")
    client.log_param(run, "p", "1")
    with refused("INVALID_PARAMETER_VALUE") as caught:
        client.log_param(run, "p", "2")
    assert "already logged with value='1'" in str(caught.value)
    with refused("INVALID_PARAMETER_VALUE"):
        client.log_metric(run, "../up", 1)
    with refused("INVALID_PARAMETER_VALUE"):
        client.log_param(run, "long", "x" * 6001)
    client.set_tag(run, "t", "x")
    client.delete_tag(run, "t")
    assert "t" not in client.get_run(run).data.tags
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.delete_tag(run, "t")
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.get_run("nosuchrun")
    client.update_run(run, name="another name")
    assert client.get_run(run).info.run_name == "another name"
    client.set_tag(run, "mlflow.runName", "third")
    assert client.get_run(run).info.run_name == "third"
    client.delete_run(run)
    with refused("INVALID_PARAMETER_VALUE"):
        client.log_metric(run, "late", 1)


def test_many_points_at_once(client: MlflowClient) -> None:
    run = client.create_run("0").info.run_id
    points = [Metric("loss", float(step), 1_700_000_000_000 + step, step) for step in range(20_000)]
    for start in range(0, len(points), 1000):
        client.log_batch(run, points[start : start + 1000])
    with refused("INVALID_PARAMETER_VALUE"):
        client._tracking_client.store.log_batch(run, points[:1001], [], [])
    assert client.get_run(run).data.metrics["loss"] == 19_999
    history = client.get_metric_history(run, "loss")
    assert len(history) == 20_000
    client.log_batch(run, points[:1000])
    assert len(client.get_metric_history(run, "loss")) == 20_000, "sent again, kept once"
    client.log_batch(run, params=[Param(f"p{n}", "v") for n in range(100)], tags=[RunTag("a/b", "✓")])
    assert client.get_run(run).data.tags["a/b"] == "✓"


def test_datasets(client: MlflowClient, trained: Any) -> None:
    experiment = mlflow.set_experiment("datasets").experiment_id
    with mlflow.start_run() as run:
        mlflow.log_input(mlflow.data.from_pandas(trained[1], name="patients", source="https://example.com/p.csv"), context="training")
    found = client.get_run(run.info.run_id).inputs.dataset_inputs[0]
    assert (found.dataset.name, found.tags[0].value) == ("patients", "training")
    assert client.search_runs([experiment], "dataset.name = 'patients' and datasets.context = 'training'")[0].info.run_id == run.info.run_id
    assert client.search_runs([experiment], "dataset.name = 'others'") == []


def test_a_workspace_of_another_name_is_apart(house: Door, client: MlflowClient) -> None:
    client.create_registered_model("apart")
    other = MlflowClient(house.uri("other"), house.uri("other"))
    assert other.search_registered_models() == []
    run = client.create_run("0").info.run_id
    with refused("RESOURCE_DOES_NOT_EXIST"):
        other.get_run(run)
    with refused("RESOURCE_DOES_NOT_EXIST"):
        MlflowClient(house.uri("none")).create_run("0")


def test_large_files_come_whole_though_sent_as_if_in_parts(client: MlflowClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD", "true")
    monkeypatch.setenv("MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD", "true")
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", "5242880")
    content = os.urandom(6 * 1024 * 1024)
    (tmp_path / "large.bin").write_bytes(content)
    run = client.create_run("0").info.run_id
    client.log_artifact(run, str(tmp_path / "large.bin"), "deep")
    assert Path(client.download_artifacts(run, "deep/large.bin")).read_bytes() == content


def test_one_thing_seen_from_two_sides(connection: Any, trained: Any, tmp_path: Path) -> None:
    """The whole server: what mlflow made is there for Azure's client, and the other way round."""
    mlflow.set_tracking_uri(connection.tracking_uri)
    connection.mlflow()
    try:
        mlflow.set_experiment("both-sides")
        with mlflow.start_run(run_name="from mlflow", tags={"team": "blue"}) as run:
            mlflow.log_text("hello", "notes/hello.txt")
            mlflow.sklearn.log_model(trained[0], name="model", registered_model_name="both-sides", **PLAIN)
        job = connection.ml.jobs.get(run.info.run_id)
        assert (job.status, job.display_name, job.experiment_name, job.tags["team"]) == ("Completed", "from mlflow", "both-sides", "blue")
        assert run.info.run_id in [one.name for one in connection.ml.jobs.list()]
        connection.ml.jobs.download(run.info.run_id, download_path=str(tmp_path))
        assert (tmp_path / "artifacts" / "notes" / "hello.txt").read_text() == "hello"
        model = connection.ml.models.get("both-sides", version="1")
        assert (model.type, model.job_name) == ("mlflow_model", run.info.run_id)
        made = connection.ml.models.create_or_update(
            Model(name="both-sides", path=str(tmp_path / "artifacts" / "model"), type="mlflow_model", tags={"by": "azure"})
        )
        assert made.version == "2"
        assert list(mlflow.pyfunc.load_model("models:/both-sides/2").predict(trained[1])) == list(trained[0].predict(trained[1]))
        client = MlflowClient(connection.tracking_uri, connection.tracking_uri)
        assert client.get_model_version("both-sides", "2").tags == {"by": "azure"}
        model.tags = {"seen": "by both"}
        connection.ml.models.create_or_update(model)
        assert client.get_model_version("both-sides", "1").tags == {"seen": "by both"}
        client.set_model_version_tag("both-sides", "1", "mlflow", "too")
        assert connection.ml.models.get("both-sides", version="1").tags == {"seen": "by both", "mlflow": "too"}
        connection.ml.jobs.archive(run.info.run_id)
        assert client.get_run(run.info.run_id).info.lifecycle_stage == "deleted"
        client.restore_run(run.info.run_id)
        assert run.info.run_id in [one.name for one in connection.ml.jobs.list()]
    finally:
        os.environ.pop("MLFLOW_EXPERIMENT_ID", None)
        mlflow.tracking.fluent._active_experiment_id = None


def test_a_step_logs_into_its_job(connection: Any, tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(_SCRIPT)
    wanted = command(
        code=str(tmp_path), command="python train.py", environment="azureml:AzureML-sklearn-1.5@latest", experiment_name="steps", tags={"mine": "yes"}
    )
    job = connection.ml.jobs.create_or_update(wanted)
    final = ("Completed", "Failed", "Canceled")
    wait_until(lambda: connection.ml.jobs.get(job.name).status in final, 120, "the job did not end")
    client = MlflowClient(connection.tracking_uri, connection.tracking_uri)
    run = client.get_run(job.name)
    assert (run.info.status, run.data.params["alpha"], run.data.metrics["auc"], run.data.tags["mine"]) == ("FINISHED", "0.5", 0.75, "yes")
    assert "training_accuracy_score" in run.data.metrics
    experiment = client.get_experiment_by_name("steps")
    assert experiment.experiment_id == run.info.experiment_id
    inner = client.search_runs([experiment.experiment_id], f"tags.mlflow.parentRunId = '{job.name}'")
    assert [(one.info.run_name, one.data.metrics) for one in inner] == [("inner", {"part": 1.0})]
    assert "figures/auc.txt" in [one.path for one in client.list_artifacts(job.name, "figures")]


_SCRIPT = """
import mlflow
from sklearn.linear_model import LogisticRegression

mlflow.sklearn.autolog(log_models=False)
mlflow.log_param("alpha", 0.5)
LogisticRegression().fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
mlflow.log_metric("auc", 0.75)
mlflow.log_text("0.75", "figures/auc.txt")
with mlflow.start_run(nested=True, run_name="inner"):
    mlflow.log_metric("part", 1)
"""


def test_the_environment_was_left_alone() -> None:
    assert "MLFLOW_RUN_ID" not in os.environ
