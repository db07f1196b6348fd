"""Published pipelines and pipeline endpoints over plain HTTP, as notebooks and factories call them; their runs with the official client."""

from pathlib import Path
from typing import Any

import pytest
from azure.ai.ml import load_component, load_job

from clients.submitting import completed, written

STEP = "environment: azureml:AzureML-sklearn-1.5@latest"
SAY = """
name: published_say
version: "{version}"
type: command
is_deterministic: false
command: echo {word} ${{{{inputs.who}}}} $(cat ${{{{inputs.data}}}}) | tee ${{{{outputs.said}}}}/said.txt
environment: azureml:AzureML-sklearn-1.5@latest
inputs: {{who: {{type: string}}, data: {{type: uri_file}}}}
outputs: {{said: {{type: uri_folder}}}}
"""
PIPELINE = """
type: pipeline
experiment_name: by-yaml
settings: {default_compute: serverless}
inputs: {who: world, data: {type: uri_file, path: one.txt}}
jobs:
  say:
    type: command
    component: azureml:published_say@latest
    inputs: {who: "${{parent.inputs.who}}", data: "${{parent.inputs.data}}"}
"""


@pytest.fixture(scope="module")
def run(connection: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A finished run of the pipeline."""
    folder = tmp_path_factory.mktemp("published")
    (folder / "component.yml").write_text(SAY.format(version="1", word="hello"))
    connection.ml.components.create_or_update(load_component(folder / "component.yml"))
    (folder / "one.txt").write_text("first")
    (folder / "pipeline.yml").write_text(PIPELINE)
    return completed(connection, connection.ml.jobs.create_or_update(load_job(folder / "pipeline.yml")))


class Door:
    """The pipelines' data plane of the workspace."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.root = f"{connection.url}/pipelines/v1.0{connection.workspace_id}"

    def ask(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        address = path if path.startswith("https://") else f"{self.root}/{path}"
        answer = self.connection.http.request(method, address, json=body)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def said(self, run: str) -> str:
        """What the run's one step has written."""
        completed(self.connection, run)
        (step,) = self.connection.ml.jobs.list(parent_job_name=run)
        return written(self.connection, step.name).strip()


@pytest.fixture(scope="module")
def door(connection: Any) -> Door:
    return Door(connection)


@pytest.fixture(scope="module")
def pipeline(door: Door, run: Any) -> Any:
    return door.ask("POST", "Pipelines/Create", {"Name": "greeting", "Description": "says hello", "PipelineRunId": run.name})


def test_a_finished_run_is_published_and_started_with_parameters(door: Door, pipeline: Any, tmp_path: Path) -> None:
    assert (pipeline["Name"], pipeline["Version"], pipeline["EntityStatus"], pipeline["TotalRunSteps"]) == ("greeting", "1", "Active", 1)
    assert pipeline["ParameterAssignments"] == {"who": "world"}
    assert pipeline["Url"].endswith(f"/PipelineRuns/PipelineSubmit/{pipeline['Id']}")

    started = door.ask("POST", pipeline["Url"], {"ExperimentName": "nightly", "ParameterAssignments": {"who": "there"}, "RunSource": "ADF"})
    assert (started["PipelineId"], started["RunHistoryExperimentName"], started["RunSource"]) == (pipeline["Id"], "nightly", "ADF")
    assert door.said(started["Id"]) == "hello there first"
    assert door.ask("GET", f"PipelineRuns/{started['Id']}")["Status"]["StatusCode"] == "Finished"
    assert [one["Id"] for one in door.ask("GET", f"PipelineRuns/Pipeline/{pipeline['Id']}")] == [started["Id"]]
    job = door.connection.ml.jobs.get(started["Id"])
    assert (job.experiment_name, job.properties["azureml.pipelineid"], job.properties["azureml.runsource"]) == ("nightly", pipeline["Id"], "ADF")


def test_data_is_assigned_as_a_place_in_a_datastore(door: Door, pipeline: Any) -> None:
    container = door.connection.ml.datastores.get("workspaceblobstore").container_name
    door.connection.blobs.get_blob_client(container, "elsewhere/two.txt").upload_blob(b"second", overwrite=True)
    assigned = {"data": {"DataStoreName": "workspaceblobstore", "RelativePath": "elsewhere/two.txt"}}
    started = door.ask(
        "POST", pipeline["Url"], {"ExperimentName": "nightly", "DataPathAssignments": assigned, "DisplayName": "of two", "Tags": {"n": "2"}}
    )
    assert door.said(started["Id"]) == "hello world second"
    job = door.connection.ml.jobs.get(started["Id"])
    assert (job.display_name, job.tags) == ("of two", {"n": "2"})


def test_what_was_published_stays_when_its_component_changes(door: Door, run: Any, tmp_path: Path) -> None:
    """Published from a body with `@latest`, and from a run: neither sees the newer version, nor another definition in its place."""
    answer = door.connection.http.get(f"{door.connection.url}{door.connection.workspace_id}/jobs/{run.name}", params={"api-version": "2024-04-01"})
    body = {key: answer.json()["properties"][key] for key in ("jobType", "inputs", "jobs", "settings")}
    body["jobs"]["say"]["componentId"] = "azureml:published_say@latest"
    of_body = door.ask("POST", "Pipelines/Create", {"Name": "kept", "Job": body})
    of_run = door.ask("POST", "Pipelines/Create", {"Name": "kept", "PipelineRunId": run.name})
    assert (of_body["Version"], of_run["Version"]) == ("1", "2")
    component = f"{door.connection.url}{door.connection.workspace_id}/components/published_say/versions/1"
    before = door.ask("GET", f"{component}?api-version=2024-04-01")["properties"]
    changed = {**before["componentSpec"], "command": before["componentSpec"]["command"].replace("hello", "bye")}
    for version, spec in (("2", changed), ("1", None)):
        address = component.removesuffix("1") + version
        if spec is None:
            door.connection.http.delete(f"{component}?api-version=2024-04-01").raise_for_status()
            spec = changed
        answer = door.connection.http.put(f"{address}?api-version=2024-04-01", json={"properties": {"componentSpec": {**spec, "version": version}}})
        assert answer.status_code in (200, 201), answer.text
    try:
        for one in (of_body, of_run):
            assert door.said(door.ask("POST", one["Url"], {"ExperimentName": "kept"})["Id"]) == "hello world first"
    finally:
        door.connection.http.delete(f"{component.removesuffix('1')}2?api-version=2024-04-01").raise_for_status()
        door.connection.http.delete(f"{component}?api-version=2024-04-01").raise_for_status()
        door.connection.http.put(
            f"{component}?api-version=2024-04-01", json={"properties": {"componentSpec": before["componentSpec"]}}
        ).raise_for_status()


def test_an_endpoint_starts_its_default_version_or_another(door: Door, pipeline: Any, run: Any) -> None:
    made = door.ask("POST", "PipelineEndpoints/Create", {"Name": "greetings", "Description": "d", "PipelineId": pipeline["Id"]})
    assert (made["DefaultVersion"], made["PipelineVersionList"]) == ("0", [{"Version": "0", "PipelineId": pipeline["Id"]}])
    door.ask("POST", "PipelineEndpoints/Create", {"Name": "Greetings", "PipelineId": pipeline["Id"]}, 409)
    other = door.ask("POST", "Pipelines/Create", {"Name": "greeting", "PipelineRunId": run.name})
    versions = [*made["PipelineVersionList"], {"Version": "1", "PipelineId": other["Id"]}]
    changed = door.ask("PUT", f"PipelineEndpoints/{made['Id']}", {**made, "PipelineVersionList": versions, "DefaultVersion": "1"})
    assert changed["DefaultVersion"] == "1"
    assert door.ask("GET", "PipelineEndpoints/Name?Name=greetings") == door.ask("GET", f"PipelineEndpoints/Id/{made['Id']}") == changed
    assert [one["Id"] for one in door.ask("GET", f"PipelineEndpoints/{made['Id']}/pipelines")] == [pipeline["Id"], other["Id"]]
    assert made["Id"] in [one["Id"] for one in door.ask("GET", "PipelineEndpoints")]

    body = {"ExperimentName": "by-endpoint"}
    by_name = "PipelineRuns/PipelineEndpointSubmit/Name/greetings"
    for address, expected in ((made["Url"], other), (f"{made['Url']}/0?pipelineVersion=0", pipeline), (by_name, other), (f"{by_name}/0", pipeline)):
        started = door.ask("POST", address, body)
        assert started["PipelineId"] == expected["Id"]
        assert started["Properties"]["azureml.pipelineendpointid"] == made["Id"]
    assert "it has: 0, 1" in door.ask("POST", f"{made['Url']}/7", body, 400)["error"]["message"]

    door.ask("PUT", f"PipelineEndpoints/{made['Id']}", {"EntityStatus": "Disabled"})
    assert "is disabled" in door.ask("POST", made["Url"], body, 400)["error"]["message"]
    assert made["Id"] not in [one["Id"] for one in door.ask("GET", "PipelineEndpoints")]
    assert made["Id"] in [one["Id"] for one in door.ask("GET", "PipelineEndpoints?activeOnly=false")]


def test_a_disabled_pipeline_starts_nothing(door: Door, run: Any) -> None:
    made = door.ask("POST", "Pipelines/Create", {"Name": "off and on", "PipelineRunId": run.name, "tags": {"a": "b"}})
    door.ask("PUT", f"Pipelines/{made['Id']}/status", "Disabled")
    assert door.ask("GET", f"Pipelines/{made['Id']}")["EntityStatus"] == "Disabled"
    assert made["Id"] not in [one["Id"] for one in door.ask("GET", "Pipelines?activeOnly=true")]
    assert "is disabled" in door.ask("POST", made["Url"], {"ExperimentName": "x"}, 400)["error"]["message"]
    door.ask("PUT", f"Pipelines/{made['Id']}/status", "Active")
    started = door.ask("POST", made["Url"], {"ExperimentName": "x"})
    door.ask("POST", f"PipelineRuns/{started['Id']}/Cancel")


def test_a_job_names_the_published_pipeline_itself(door: Door, pipeline: Any) -> None:
    """What a factory asks for: a job under a name of its own choice, so that asking twice starts one run."""
    address = f"{door.connection.url}{door.connection.workspace_id}/jobs/asked-by-name?api-version=2024-04-01"
    body = {"properties": {"jobType": "Pipeline", "pipelineId": pipeline["Id"], "parameterAssignments": {"who": "factory"}, "experimentName": "f"}}
    for status in (201, 200):
        answer = door.connection.http.put(address, json=body)
        assert answer.status_code == status, answer.text
    assert door.said("asked-by-name") == "hello factory first"


@pytest.mark.parametrize(
    ("body", "status", "target", "message"),
    [
        ({"ParameterAssignments": {"whom": "x"}}, 400, "ParameterAssignments.whom", "it has: who, data"),
        ({"ParameterAssignments": {"who": {"a": 1}}}, 400, "ParameterAssignments.who", "a plain value"),
        ({"ParameterAssignments": ["who"]}, 400, "ParameterAssignments", "must be an object"),
        ({"DataPathAssignments": {"who": {"DataStoreName": "a"}}}, 400, "DataPathAssignments.who", "is a plain value"),
        ({"DataPathAssignments": {"data": {"RelativePath": "a"}}}, 400, "DataPathAssignments.data.datastorename", "required"),
        ({"DataPathAssignments": {"data": {"DataStoreName": "nowhere", "RelativePath": "a"}}}, 400, "DataPathAssignments.data", "nowhere"),
        ({"ExperimentName": "a/b"}, 400, "ExperimentName", "cannot be the name of an experiment"),
        ({"ExperimentName": 3}, 400, "ExperimentName", "must be a string"),
        ({"ContinueOnStepFailure": "perhaps"}, 400, "ContinueOnStepFailure", "true or false"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_at_its_place(door: Door, pipeline: Any, body: Any, status: int, target: str, message: str) -> None:
    error = door.ask("POST", pipeline["Url"], body, status)["error"]
    assert error["target"] == target, error
    assert message in error["message"]


def test_what_cannot_be_published(door: Door, run: Any) -> None:
    def refused(body: Any) -> tuple[str, str]:
        error = door.ask("POST", "Pipelines/Create", body, 400)["error"]
        return error["target"], error["message"]

    assert refused({"Name": "x"})[0] == "properties.job"
    assert refused({"Name": "x", "PipelineRunId": "nobody"})[0] == "properties.jobName"
    (step,) = door.connection.ml.jobs.list(parent_job_name=run.name)
    assert refused({"Name": "x", "PipelineRunId": step.name}) == (
        "properties.jobName",
        f"'{step.name}' is no run of a pipeline; the name of a pipeline job would be right",
    )
    node = {"type": "command", "componentId": "azureml:published-nothing:1"}
    assert refused({"Name": "x", "Job": {"jobType": "Pipeline", "jobs": {"a": node}}})[0] == "properties.job.jobs.a.componentId"
    assert "graphs of modules" in door.ask("POST", "Pipelines/Create", {"Name": "x", "Graph": {}}, 501)["error"]["message"]
    door.ask("GET", "Pipelines/00000000-0000-0000-0000-000000000000", None, 404)
    door.ask("POST", "PipelineRuns/PipelineSubmit/00000000-0000-0000-0000-000000000000", {}, 404)


def test_nobody_starts_a_run_without_a_token(door: Door, pipeline: Any) -> None:
    import requests

    answer = requests.post(pipeline["Url"], json={"ExperimentName": "x"}, verify=door.connection.http.verify, timeout=30)
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "Pipelines/Create", []),
        ("POST", "Pipelines/Create", {"Name": 3, "Job": {}}),
        ("POST", "Pipelines/Create", {"Name": "x", "Version": [1], "Job": {"jobs": 3}}),
        ("POST", "Pipelines/Create", {"Name": "x", "Job": "y"}),
        ("POST", "PipelineEndpoints/Create", {"Name": 3}),
        ("POST", "PipelineEndpoints/Create", {"Name": "x", "PipelineId": 3}),
        ("POST", "PipelineEndpoints/Create", {"Name": "x"}),
        ("GET", "PipelineEndpoints/Name", None),
        ("POST", "PipelineRuns/PipelineSubmit/%2e%2e", {}),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(door: Door, method: str, path: str, body: Any) -> None:
    assert door.ask(method, path, body, 400)["error"]["message"]


def test_a_status_or_a_list_that_makes_no_sense(door: Door, pipeline: Any) -> None:
    for body in ({}, "Asleep", 3, ["Active"]):
        door.ask("PUT", f"Pipelines/{pipeline['Id']}/status", body, 400)
    made = door.ask("POST", "PipelineEndpoints/Create", {"Name": "strange", "PipelineId": pipeline["Id"]})
    for versions in ("0", [], [3], [{"Version": 3, "PipelineId": pipeline["Id"]}]):
        door.ask("PUT", f"PipelineEndpoints/{made['Id']}", {"PipelineVersionList": versions}, 400)
    door.ask("PUT", f"PipelineEndpoints/{made['Id']}", {"Name": "other"}, 409)
    door.ask("DELETE", "Pipelines", None, 405)
    door.ask("GET", "Nothing/here", None, 404)
