"""Batch endpoints with the official client: models with and without a script, pipelines, calls and what comes of them."""

import logging
from pathlib import Path
from typing import Any

import pytest

from clients.submitting import completed, finished, make, shown, stored, written

SCORE = """
import os

def init():
    global factor
    folder = os.environ["AZUREML_MODEL_DIR"]
    with open(os.path.join(folder, "factor.txt")) as file:
        factor = int(file.read())

def run(mini_batch):
    return [f"{os.path.basename(one)}: {factor * int(open(one).read())}" for one in mini_batch]
"""


@pytest.fixture(autouse=True)
def _quiet() -> None:
    """The official clients warn in the log of features that they call experimental."""
    logging.getLogger("azure").setLevel(logging.ERROR)


@pytest.fixture(scope="module")
def folder(connection: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An endpoint `doubling` with one deployment, and a folder of data."""
    from azure.ai.ml.entities import AmlCompute, BatchEndpoint, BatchRetrySettings, CodeConfiguration, Model, ModelBatchDeployment
    from azure.ai.ml.entities import ModelBatchDeploymentSettings as Settings

    made = make(tmp_path_factory.mktemp("batch"), src__score_py=SCORE, factor_txt="2")
    (made / "data").mkdir()
    for number in range(12):
        (made / "data" / f"f{number:02}.csv").write_text(str(number))
    ml = connection.ml
    ml.compute.begin_create_or_update(AmlCompute(name="batch-two", min_instances=0, max_instances=2)).result()
    ml.batch_endpoints.begin_create_or_update(BatchEndpoint(name="doubling", description="doubles")).result()
    model = ml.models.create_or_update(Model(name="factor", path=made / "factor.txt", type="custom_model"))
    deployment = ModelBatchDeployment(
        name="plain",
        endpoint_name="doubling",
        model=model,
        code_configuration=CodeConfiguration(code=str(made / "src"), scoring_script="score.py"),
        environment="azureml:AzureML-sklearn-1.5@latest",
        compute="batch-two",
        settings=Settings(
            mini_batch_size=5,
            instance_count=2,
            max_concurrency_per_instance=1,
            output_file_name="doubled.csv",
            retry_settings=BatchRetrySettings(max_retries=1, timeout=30),
            environment_variables={"COLOUR": "blue"},
        ),
    )
    ml.batch_deployments.begin_create_or_update(deployment).result()
    endpoint = ml.batch_endpoints.get("doubling")
    endpoint.defaults = {"deployment_name": "plain"}
    ml.batch_endpoints.begin_create_or_update(endpoint).result()
    return made


def rows(connection: Any, path: str) -> list[str]:
    return sorted(stored(connection, path).splitlines())


DOUBLED = [f"f{number:02}.csv: {2 * number}" for number in range(12)]


def test_what_is_said_of_an_endpoint_is_kept(connection: Any, folder: Path) -> None:
    ml = connection.ml
    endpoint = ml.batch_endpoints.get("doubling")
    assert (endpoint.description, endpoint.defaults.deployment_name, endpoint.auth_mode) == ("doubles", "plain", "aad_token")
    assert endpoint.scoring_uri == f"{connection.url}/batch-endpoints/doubling/jobs"
    assert "doubling" in [one.name for one in ml.batch_endpoints.list()]
    found = ml.batch_deployments.get("plain", "doubling")
    assert (found.mini_batch_size, found.output_file_name, found.resources.instance_count) == (5, "doubled.csv", 2)
    assert (found.retry_settings.max_retries, found.retry_settings.timeout, found.provisioning_state) == (1, 30, "Succeeded")
    assert [one.name for one in ml.batch_deployments.list("doubling")] == ["plain"]


def test_a_call_gives_a_job_whose_rows_can_be_downloaded(connection: Any, folder: Path, tmp_path: Path, capsys: Any) -> None:
    from azure.ai.ml import Input

    ml = connection.ml
    called = ml.batch_endpoints.invoke("doubling", deployment_name="plain", inputs={"numbers": Input(type="uri_folder", path=str(folder / "data"))})
    ml.jobs.stream(called.name)
    job = completed(connection, called.name)
    assert [one.display_name for one in ml.jobs.list(parent_job_name=job.name)] == ["batchscoring"]
    ml.jobs.download(job.name, download_path=tmp_path, output_name="score")
    found = (tmp_path / "named-outputs" / "score" / "doubled.csv").read_text()
    assert sorted(found.splitlines()) == DOUBLED
    assert called.name in [one.name for one in ml.batch_endpoints.list_jobs("doubling")]
    assert called.name in [one.name for one in ml.batch_deployments.list_jobs("doubling", name="plain")]


def test_a_call_says_where_the_rows_go_and_what_else_is_different(connection: Any, folder: Path) -> None:
    from azure.ai.ml import Input, Output

    where = "azureml://datastores/workspaceblobstore/paths/predicted/here/"
    called = connection.ml.batch_endpoints.invoke(
        "doubling",
        input=Input(type="uri_folder", path=str(folder / "data")),
        outputs={"score": Output(type="uri_folder", path=where)},
        params_override=[{"output_file_name": "other.csv"}, {"mini_batch_size": 3}],
        experiment_name="doublings",
    )
    job = completed(connection, called.name)
    assert rows(connection, "predicted/here/other.csv") == DOUBLED
    assert job.experiment_name == "doublings"
    child = next(iter(connection.ml.jobs.list(parent_job_name=job.name)))
    assert "mini-batches: 4, failed: 0" in written(connection, child.name, "logs/job_result.txt")


def test_without_a_token_nothing_is_begun(connection: Any, folder: Path, server: Any) -> None:
    import requests

    address = f"{connection.url}/batch-endpoints/doubling/jobs"
    bundle = connection.http.verify
    assert requests.post(address, json={}, verify=bundle, timeout=20).status_code == 401
    assert requests.post(address, json={}, headers={"Authorization": "Bearer nonsense"}, verify=bundle, timeout=20).status_code == 401
    for sent, words in (
        ({}, "properties"),
        ({"properties": {"inputData": {}}}, "one input"),
        ({"properties": {"inputData": {"a": {"jobInputType": "UriFolder"}}}}, "uri"),
        ({"properties": {"inputData": {"a": {"jobInputType": "MLTable", "uri": "azureml:x:1"}}}}, "mltable"),
    ):
        answer = connection.http.post(address, json=sent)
        assert (answer.status_code, words in answer.text) == (400, True), answer.text
    answer = connection.http.post(address, json={"properties": {}}, headers={"azureml-model-deployment": "nowhere"})
    assert answer.status_code == 404


def test_an_mlflow_model_needs_no_script(connection: Any, folder: Path, tmp_path: Path) -> None:
    import mlflow.sklearn
    import numpy
    import pandas
    from azure.ai.ml import Input
    from azure.ai.ml.entities import Model, ModelBatchDeployment
    from mlflow.models import infer_signature
    from sklearn.linear_model import LogisticRegression

    numbers = numpy.random.default_rng(1)
    table = pandas.DataFrame(numbers.normal(size=(300, 3)), columns=["a", "b", "c"])
    model = LogisticRegression().fit(table, table.a + table.b > 0.1)
    mlflow.sklearn.save_model(model, tmp_path / "model", signature=infer_signature(table, model.predict(table)))
    (tmp_path / "data").mkdir()
    table[:100].to_csv(tmp_path / "data" / "one.csv", index=False)
    table[100:].to_parquet(tmp_path / "data" / "two.parquet")
    (tmp_path / "data" / "three.txt").write_text("not a table")

    ml = connection.ml
    registered = ml.models.create_or_update(Model(name="batch-line", path=tmp_path / "model", type="mlflow_model"))
    deployment = ModelBatchDeployment(name="line", endpoint_name="doubling", model=registered, compute="batch-two")
    ml.batch_deployments.begin_create_or_update(deployment).result()
    called = ml.batch_endpoints.invoke("doubling", deployment_name="line", inputs={"data": Input(type="uri_folder", path=str(tmp_path / "data"))})
    job = completed(connection, called.name)
    found = pandas.read_csv(_opened(connection, f"azureml/{job.name}/score/predictions.csv"), names=["row", "prediction", "file"])
    expected = [str(one) for one in model.predict(table)]
    for name, part in (("one.csv", expected[:100]), ("two.parquet", expected[100:])):
        own = found[found.file == name].sort_values("row")
        assert own.prediction.astype(str).tolist() == part
        assert own.row.tolist() == list(range(len(part)))
    child = next(iter(ml.jobs.list(parent_job_name=job.name)))
    assert "three.txt" in written(connection, child.name, "logs/job_error.txt")

    # As a table: the columns that the model does not take go along.
    (tmp_path / "tables").mkdir()
    table.assign(id=range(300)).to_parquet(tmp_path / "tables" / "all.parquet")
    called = ml.batch_endpoints.invoke(
        "doubling",
        deployment_name="line",
        inputs={"data": Input(type="uri_folder", path=str(tmp_path / "tables"))},
        params_override=[{"output_file_name": "predictions.parquet"}],
    )
    job = completed(connection, called.name)
    ml.jobs.download(job.name, download_path=tmp_path, output_name="score")
    made = pandas.read_parquet(tmp_path / "named-outputs" / "score" / "predictions.parquet")
    assert (list(made.columns), made.id.tolist()) == (["id", "prediction"], list(range(300)))
    assert made.prediction.astype(str).tolist() == expected


PIPELINE = """
type: pipeline
name: echoing
inputs: {word: {type: string, default: nothing}, data: {type: uri_folder}}
outputs: {said: {type: uri_folder}}
jobs:
  echo:
    command: echo ${{inputs.word}} > ${{outputs.said}}/word.txt; ls ${{inputs.data}} >> ${{outputs.said}}/word.txt
    environment: azureml:AzureML-sklearn-1.5@latest
    inputs: {word: "${{parent.inputs.word}}", data: "${{parent.inputs.data}}"}
    outputs: {said: "${{parent.outputs.said}}"}
"""


def test_a_pipeline_behind_an_endpoint(connection: Any, folder: Path, tmp_path: Path) -> None:
    from azure.ai.ml import Input, load_component
    from azure.ai.ml.entities import PipelineComponentBatchDeployment

    make(tmp_path, echoing_yml=PIPELINE)
    ml = connection.ml
    component = ml.components.create_or_update(load_component(tmp_path / "echoing.yml"))
    deployment = PipelineComponentBatchDeployment(
        name="echo", endpoint_name="doubling", component=component, settings={"default_compute": "batch-two", "continue_on_step_failure": False}
    )
    ml.batch_deployments.begin_create_or_update(deployment).result()
    data = Input(type="uri_folder", path=str(folder / "data"))
    called = ml.batch_endpoints.invoke("doubling", deployment_name="echo", inputs={"word": Input(type="string", default="hello"), "data": data})
    job = completed(connection, called.name)
    assert stored(connection, f"azureml/{job.name}/said/word.txt").splitlines()[:2] == ["hello", "f00.csv"]


def test_what_fails_is_told_and_what_is_deleted_is_gone(connection: Any, folder: Path, tmp_path: Path) -> None:
    from azure.ai.ml import Input
    from azure.ai.ml.entities import BatchEndpoint
    from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

    ml = connection.ml
    (tmp_path / "bad.csv").write_text("seven")
    # Named, because the client goes on naming the deployment that an earlier call named.
    called = ml.batch_endpoints.invoke(
        "doubling", deployment_name="plain", input=Input(type="uri_file", path=str(tmp_path / "bad.csv")), params_override=[{"error_threshold": 0}]
    )
    job = finished(connection, called.name)
    assert job.status == "Failed"
    assert "ValueError" in str(shown(connection, job.name)["error"])

    ml.batch_endpoints.begin_create_or_update(BatchEndpoint(name="short-lived")).result()
    with pytest.raises(HttpResponseError, match="no deployment"):
        ml.batch_endpoints.begin_create_or_update(BatchEndpoint(name="short-lived", defaults={"deployment_name": "none"})).result()
    ml.batch_endpoints.begin_delete("short-lived").result()
    with pytest.raises(ResourceNotFoundError):
        ml.batch_endpoints.get("short-lived")


def _opened(connection: Any, path: str) -> Any:
    import io

    return io.StringIO(stored(connection, path))


@pytest.fixture(scope="module")
def place(connection: Any, folder: Path) -> tuple[str, str]:
    """A factory, and the batch endpoint with numbers to work on in the datastore."""
    from azure.mgmt.datafactory import models

    container = connection.blobs.get_container_client(connection.ml.datastores.get_default().container_name)
    for one in (folder / "data").iterdir():
        container.upload_blob(f"for-factory/{one.name}", one.read_bytes(), overwrite=True)
    connection.factory.factories.create_or_update(connection.resource_group, "batch-factory", models.Factory(location="local"))
    return connection.resource_group, "batch-factory"


def test_a_factory_calls_an_endpoint_and_asks_until_it_is_done(connection: Any, place: tuple[str, str]) -> None:
    """As Data Factory's own template for batch endpoints does: a Web activity, and an Until around another one."""
    from azure.mgmt.datafactory import models

    from clients.test_datafactory import activities, after, ended, expression

    sign_in = models.WebActivityAuthentication(type="MSI", resource="https://ml.azure.com")
    uri = "azureml://datastores/workspaceblobstore/paths/for-factory/"
    body = {"properties": {"InputData": {"numbers": {"JobInputType": "UriFolder", "Uri": uri}}}}
    job = "@concat('" + connection.url + "', activity('Call').output.id, '?api-version=2024-04-01')"
    once = [
        models.WebActivity(name="Ask", method="GET", url=job, authentication=sign_in),
        models.WaitActivity(name="Pause", wait_time_in_seconds=1, depends_on=after("Ask")),
    ]
    pipeline = models.PipelineResource(
        activities=[
            models.WebActivity(name="Call", method="POST", url=f"{connection.url}/batch-endpoints/doubling/jobs", body=body, authentication=sign_in),
            models.UntilActivity(
                name="Wait",
                depends_on=after("Call"),
                expression=expression("@contains(createArray('Completed', 'Failed', 'Canceled'), activity('Ask').output.properties.status)"),
                activities=once,
            ),
        ]
    )
    adf = connection.factory
    adf.pipelines.create_or_update(*place, "batch", pipeline)
    run = adf.pipelines.create_run(*place, "batch").run_id
    assert ended(adf, place, run).status == "Succeeded"
    completed(connection, activities(adf, place, run)["Call"].output["name"])


def test_the_classic_batch_activity_of_a_factory_calls_an_endpoint(connection: Any, place: tuple[str, str]) -> None:
    from azure.mgmt.datafactory import models

    from clients.test_datafactory import activities, ended

    adf = connection.factory
    classic = models.AzureMLLinkedService(ml_endpoint=f"{connection.url}/batch-endpoints/doubling/jobs", api_key=models.SecureString(value="none"))
    adf.linked_services.create_or_update(*place, "classic", models.LinkedServiceResource(properties=classic))
    lake = models.AzureBlobStorageLinkedService(service_endpoint=connection.blob_url)
    adf.linked_services.create_or_update(*place, "lake", models.LinkedServiceResource(properties=lake))
    reference = models.LinkedServiceReference(type="LinkedServiceReference", reference_name="classic")
    container = connection.ml.datastores.get_default().container_name
    here = models.LinkedServiceReference(type="LinkedServiceReference", reference_name="lake")
    numbers = models.AzureMLWebServiceFile(file_path=f"{container}/for-factory", linked_service_name=here)
    activity = models.AzureMLBatchExecutionActivity(name="Score", linked_service_name=reference, web_service_inputs={"numbers": numbers})
    adf.pipelines.create_or_update(*place, "classic", models.PipelineResource(activities=[activity]))
    run = adf.pipelines.create_run(*place, "classic").run_id
    over = ended(adf, place, run)
    assert over.status == "Succeeded", over.message
    output = activities(adf, place, run)["Score"].output
    assert output["status"] == "Completed"
    path = output["outputs"]["score"]["uri"].partition("/paths/")[2]
    assert rows(connection, f"{path.rstrip('/')}/doubled.csv") == DOUBLED
    gone = models.AzureMLLinkedService(ml_endpoint="https://classic.example/services", api_key=models.SecureString(value="none"))
    adf.linked_services.create_or_update(*place, "classic", models.LinkedServiceResource(properties=gone))
    run = adf.pipelines.create_run(*place, "classic").run_id
    assert "Machine Learning Studio (classic) are gone" in ended(adf, place, run).message
