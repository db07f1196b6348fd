"""A factory that runs the published pipelines of the workspace, through the official client: parameters in, metrics and outputs out, cancelling."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.ai.ml import load_job
from azure.mgmt.datafactory import models

from clients.submitting import completed
from clients.test_datafactory import activities, ended
from running import wait_until

FACTORY = "ml-factory"
PIPELINE = """
type: pipeline
experiment_name: by-hand
settings: {default_compute: serverless}
inputs: {level: 0.5, seconds: 0}
jobs:
  measure:
    type: command
    command: >-
      python -c "import sys, time, mlflow; time.sleep(float(sys.argv[2])); mlflow.log_metric('level', float(sys.argv[1]));
      float(sys.argv[1]) < 9 or sys.exit(3)"
      ${{inputs.level}} ${{inputs.seconds}} && echo done > ${{outputs.said}}/said.txt
    environment: azureml:AzureML-sklearn-1.5@latest
    inputs: {level: "${{parent.inputs.level}}", seconds: "${{parent.inputs.seconds}}"}
    outputs: {said: {type: uri_folder}}
"""
SERVICE = models.LinkedServiceReference(type="LinkedServiceReference", reference_name="ml")


@pytest.fixture(scope="module")
def place(connection: Any) -> tuple[str, str]:
    connection.factory.factories.create_or_update(connection.resource_group, FACTORY, models.Factory(location="local"))
    service = models.AzureMLServiceLinkedService(
        subscription_id=connection.subscription,
        resource_group_name=connection.resource_group,
        ml_workspace_name=connection.workspace,
        service_principal_key=models.SecureString(value="never shown"),
    )
    made = connection.factory.linked_services.create_or_update(
        connection.resource_group, FACTORY, "ml", models.LinkedServiceResource(properties=service)
    )
    assert made.properties.service_principal_key.value == "**********"
    return connection.resource_group, FACTORY


@pytest.fixture(scope="module")
def published(connection: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The ids of the published pipeline and of its endpoint."""
    path = tmp_path_factory.mktemp("factory-ml") / "pipeline.yml"
    Path(path).write_text(PIPELINE)
    run = completed(connection, connection.ml.jobs.create_or_update(load_job(path)))
    root = f"{connection.url}/pipelines/v1.0{connection.workspace_id}"
    pipeline = connection.http.post(f"{root}/Pipelines/Create", json={"Name": "measuring", "PipelineRunId": run.name}).json()["Id"]
    endpoint = connection.http.post(f"{root}/PipelineEndpoints/Create", json={"Name": "measuring-endpoint", "PipelineId": pipeline}).json()["Id"]
    return {"pipeline": pipeline, "endpoint": endpoint}


@pytest.fixture(scope="module")
def adf(connection: Any) -> Iterator[Any]:
    yield connection.factory


def run(adf: Any, place: tuple[str, str], *activities_: Any, **parameters: Any) -> str:
    declared = {name: models.ParameterSpecification(type="String") for name in parameters}
    adf.pipelines.create_or_update(*place, "training", models.PipelineResource(activities=list(activities_), parameters=declared))
    return str(adf.pipelines.create_run(*place, "training", parameters=parameters).run_id)


def train(**more: Any) -> Any:
    return models.AzureMLExecutePipelineActivity(name="Train", linked_service_name=SERVICE, **more)


def test_a_published_pipeline_is_run_and_what_it_measured_is_read_by_a_later_activity(
    connection: Any, adf: Any, place: tuple[str, str], published: dict[str, str]
) -> None:
    started = train(
        ml_pipeline_id=published["pipeline"], experiment_name="by-factory", ml_pipeline_parameters={"level": "@pipeline().parameters.level"}
    )
    tell = models.SetVariableActivity(
        name="Tell",
        variable_name="said",
        value="@{activity('Train').output.metrics.level} @{activity('Train').output.steps.measure.outputs.said.uri}",
        depends_on=[models.ActivityDependency(activity="Train", dependency_conditions=["Succeeded"])],
    )
    body = models.PipelineResource(
        activities=[started, tell],
        variables={"said": models.VariableSpecification(type="String")},
        parameters={"level": models.ParameterSpecification(type="String")},
    )
    adf.pipelines.create_or_update(*place, "training", body)
    name = adf.pipelines.create_run(*place, "training", parameters={"level": "0.75"}).run_id
    over = ended(adf, place, name)
    ran = activities(adf, place, name)
    assert over.status == "Succeeded", over.message
    output = ran["Train"].output
    assert (output["status"], output["experimentName"], output["metrics"]) == ("Completed", "by-factory", {"level": 0.75})
    assert ran["Tell"].output["value"].startswith("0.75 azureml://")
    job = connection.ml.jobs.get(output["runId"])
    assert (job.experiment_name, job.properties["azureml.pipelineid"]) == ("by-factory", published["pipeline"])
    assert job.properties["azurine.pipelinerun"] == name
    assert output["runId"] in [one.name for one in connection.ml.jobs.list()]


def test_an_endpoint_is_run_by_version_and_a_run_that_fails_fails_the_activity_in_azures_words(
    adf: Any, place: tuple[str, str], published: dict[str, str]
) -> None:
    name = run(adf, place, train(ml_pipeline_endpoint_id=published["endpoint"], version="0", ml_pipeline_parameters={"level": 9}))
    assert ended(adf, place, name).status == "Failed"
    ran = activities(adf, place, name)["Train"]
    assert ran.error["errorCode"] == "4126"
    assert ran.error["message"].startswith(f"Azure ML pipeline run failed with status: 'Failed'. Azure ML pipeline run Id: '{ran.output['runId']}'.")
    assert "measure" in ran.error["message"]


def test_cancelling_the_factorys_run_cancels_the_run_it_began(connection: Any, adf: Any, place: tuple[str, str], published: dict[str, str]) -> None:
    name = run(adf, place, train(ml_pipeline_id=published["pipeline"], experiment_name="cancelled", ml_pipeline_parameters={"seconds": 600}))

    def mine() -> list[Any]:
        return [one for one in connection.ml.jobs.list() if one.experiment_name == "cancelled"]

    wait_until(lambda: bool(mine()) and mine()[0].status == "Running", 60, lambda: f"{[one.status for one in mine()]}")
    adf.pipeline_runs.cancel(*place, name)
    assert ended(adf, place, name).status == "Cancelled"
    assert mine()[0].status == "Canceled"
    assert activities(adf, place, name)["Train"].status == "Cancelled"


NOWHERE = "00000000-0000-0000-0000-000000000009"


@pytest.mark.parametrize(
    ("asked", "code", "words"),
    [
        (
            {"ml_pipeline_id": NOWHERE},
            "4124",
            "http status code 'NotFound'. Error message from Azure Machine Learning: 'there is no published pipeline",
        ),
        ({"ml_pipeline_id": "PIPELINE", "ml_pipeline_parameters": {"color": 1}}, "4123", "the pipeline has no parameter 'color'"),
        ({"ml_pipeline_id": "PIPELINE", "experiment_name": "a/b"}, "4123", "cannot be the name of an experiment"),
        ({"ml_pipeline_endpoint_id": "ENDPOINT", "version": "7"}, "4124", "has no version '7'"),
        ({"ml_pipeline_id": "PIPELINE", "continue_on_step_failure": "maybe"}, "4101", "'continueOnStepFailure' must be true or false"),
        ({"ml_pipeline_id": "PIPELINE", "ml_pipeline_endpoint_id": "ENDPOINT"}, "4101", "One of 'mlPipelineId' and 'mlPipelineEndpointId'"),
        ({"ml_pipeline_id": "PIPELINE", "ml_pipeline_parameters": "@string(1)"}, "4101", "'mlPipelineParameters' must be an object"),
    ],
    ids=["unknown", "parameter", "experiment", "version", "flag", "both", "no object"],
)
def test_what_cannot_be_submitted(adf: Any, place: tuple[str, str], published: dict[str, str], asked: dict[str, Any], code: str, words: str) -> None:
    known = {"PIPELINE": published["pipeline"], "ENDPOINT": published["endpoint"]}
    activity = {key: known.get(value, value) if isinstance(value, str) else value for key, value in asked.items()}
    name = run(adf, place, train(**activity))
    assert ended(adf, place, name).status == "Failed"
    error = activities(adf, place, name)["Train"].error
    assert (error["errorCode"], words in error["message"]) == (code, True), error


def test_a_linked_service_that_leads_nowhere(connection: Any, adf: Any, place: tuple[str, str], published: dict[str, str]) -> None:
    far = models.AzureMLServiceLinkedService(subscription_id="far", resource_group_name="away", ml_workspace_name="w")
    adf.linked_services.create_or_update(*place, "far", models.LinkedServiceResource(properties=far))
    reference = models.LinkedServiceReference(type="LinkedServiceReference", reference_name="far")
    activity = models.AzureMLExecutePipelineActivity(name="Train", linked_service_name=reference, ml_pipeline_id=published["pipeline"])
    name = run(adf, place, activity)
    assert "not on this server; map the linked service" in ended(adf, place, name).message
    mappings = f"{connection.url}/subscriptions/{connection.subscription}/resourceGroups/{place[0]}/providers/Microsoft.DataFactory/factories/{FACTORY}/mappings"
    answer = connection.http.put(f"{mappings}/far?api-version=2018-06-01", json={"properties": {"workspace": connection.workspace}})
    assert answer.status_code == 200, answer.text
    name = run(adf, place, activity)
    assert ended(adf, place, name).status == "Succeeded"
