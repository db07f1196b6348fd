from typing import Any

import pytest

from api.toys import GROUP, WORKSPACE, WORKSPACE_ID, Door, furnished
from azurine.api.artifacts import Artifacts
from azurine.model.resources import Resource
from azurine.store.log import Create

HISTORY = f"/history/v1.0{WORKSPACE}"
FILES = [("user_logs/std_log.txt", 12), ("outputs/model.pkl", 3), ("system_logs/a.txt", 1)]


def url(job: Resource, name: str) -> str:
    return f"https://azurine.blob.localhost:9999/azureml/ExperimentRun/dcid.{job.name}/{name}?sig=x"


@pytest.fixture
def house() -> Door:
    made = furnished(artifacts=Artifacts(lambda job: FILES, url))
    body = {
        "jobType": "Pipeline",
        "experimentName": "diabetes",
        "displayName": "Train",
        "status": "Running",
        "computeId": f"{WORKSPACE}/computes/dev-cluster",
        "tags": {"a": "1"},
        "properties": {"p": "1", "StartTimeUtc": "2026-11-23T08:00:00Z"},
        "outputs": {
            "model": {"jobOutputType": "mlflow_model", "uri": "azureml://datastores/workspaceblobstore/paths/m"},
            "table": {"jobOutputType": "uri_file", "uri": "azureml://datastores/workspaceblobstore/paths/t.csv"},
            "later": {"jobOutputType": "uri_folder"},
        },
    }
    assert made.put(f"{WORKSPACE}/jobs/j1", {"properties": body}).status == 201
    children = [
        Create(
            f"{WORKSPACE_ID}/jobs/{name}", "workspaces/jobs", WORKSPACE_ID, {"properties": {"status": "Completed"}}, owner=f"{WORKSPACE_ID}/jobs/j1"
        )
        for name in ("c1", "c2", "c3")
    ]
    made.log.write(children, made.clock())
    return made


def test_a_run_is_the_job_in_run_historys_words(house: Door) -> None:
    run = house.get(f"{HISTORY}/runs/j1?api-version=v1.0").body
    expected = {
        "runId": "j1",
        "rootRunId": "j1",
        "status": "Running",
        "displayName": "Train",
        "experimentId": "diabetes",
        "runType": "azureml.PipelineRun",
        "target": "dev-cluster",
        "tags": {"a": "1"},
        "startTimeUtc": "2026-11-23T08:00:00Z",
        "dataContainerId": "dcid.j1",
        "hidden": False,
    }
    assert {key: run[key] for key in expected} == expected
    assert "parentRunId" not in run
    child = house.get(f"{HISTORY}/runs/c2").body
    assert (child["parentRunId"], child["rootRunId"], child["runType"]) == ("j1", "j1", "azureml.StepRun")


def test_runs_are_found_below_their_experiment_too(house: Door) -> None:
    for prefix in ("runs/j1", "experiments/diabetes/runs/j1", "experimentids/diabetes/runs/j1", "experiments/a%2Fb/runs/j1"):
        assert house.get(f"{HISTORY}/{prefix}").body["runId"] == "j1"
    assert house.get(f"{HISTORY.replace('resourceGroups', 'resourcegroups')}/runs/j1").status == 200


def test_details_give_the_addresses_of_the_logs(house: Door) -> None:
    details = house.get(f"{HISTORY}/runs/j1/details").body
    assert set(details["logFiles"]) == {"user_logs/std_log.txt", "system_logs/a.txt"}
    assert details["logFiles"]["user_logs/std_log.txt"].endswith("dcid.j1/user_logs/std_log.txt?sig=x")
    assert details["status"] == "Running"


def test_children_come_in_pages_in_the_order_they_were_made(house: Door) -> None:
    first = house.get(f"{HISTORY}/runs/j1/children")
    assert [one["runId"] for one in first.body["value"]] == ["c1", "c2", "c3"]
    assert "nextLink" not in first.body
    assert [one["runId"] for one in house.get(f"{HISTORY}/runs/j1/children?$top=2").body["value"]] == ["c1", "c2"]


def test_run_data_and_resolved_outputs_lead_to_the_files(house: Door) -> None:
    run = house.post(f"{HISTORY}/rundata", {"runId": "j1", "selectRunMetadata": True}).body["runMetadata"]
    assert set(run["outputs"]) == {"model", "table"}
    assert (run["outputs"]["model"]["type"], run["outputs"]["table"]["type"]) == ("uri_folder", "uri_file")
    wanted = [one["assetId"] for one in run["outputs"].values()]
    answer = house.post(
        f"/data/v1.0{WORKSPACE}/dataversion/batchGetResolvedUris", {"values": [*wanted, "nonsense", f"{WORKSPACE}/jobs/none/outputs/x"]}
    )
    assert {key.rsplit("/", 1)[1]: value["uri"] for key, value in answer.body["values"].items()} == {
        "model": "azureml://datastores/workspaceblobstore/paths/m",
        "table": "azureml://datastores/workspaceblobstore/paths/t.csv",
    }
    models = house.post(f"/modelregistry/v1.0{WORKSPACE}/models/batchGetResolvedUris", {"values": wanted[:1]})
    assert models.body["values"][wanted[0]]["path"] == "azureml://datastores/workspaceblobstore/paths/m"


def test_a_patch_changes_the_job_and_adds_to_tags_and_properties(house: Door) -> None:
    path = f"{HISTORY}/experiments/diabetes/runs/j1"
    run = house.call("PATCH", path, {"displayName": "New", "description": None, "tags": {"b": "2"}, "properties": {"q": "2"}, "hidden": True}).body
    assert (run["displayName"], run["hidden"], run["tags"]) == ("New", True, {"a": "1", "b": "2"})
    job = house.get(f"{WORKSPACE}/jobs/j1").body["properties"]
    assert (job["displayName"], job["isArchived"], job["properties"]["p"], job["properties"]["q"]) == ("New", True, "1", "2")
    assert house.call("PATCH", path, {"tags": "x"}).error["target"] == "tags"
    assert house.call("PATCH", f"{HISTORY}/runs/none", {"displayName": "x"}).status == 404


def test_artifacts_are_listed_by_folder_and_opened_by_address(house: Door) -> None:
    base = f"{HISTORY}/experiments/diabetes/runs/j1/artifacts"

    def paths(answer: Any) -> list[str]:
        return [one["path"] for one in answer.body["value"]]

    assert paths(house.get(base)) == [name for name, _ in FILES]
    assert paths(house.get(f"{base}/path?path=outputs")) == ["outputs/model.pkl"]
    assert house.get(f"{base}/prefix/contentinfo?path=outputs/").body["value"][0]["contentUri"].endswith("outputs/model.pkl?sig=x")
    assert house.get(f"{base}/contentinfo?path=outputs/model.pkl").body["container"] == "dcid.j1"
    assert house.get(f"{base}/contentinfo?path=../secret").error["code"] == "ArtifactNotFound"
    assert house.get(f"{base}/metadata?path=outputs/model.pkl").body["artifactId"] == "ExperimentRun/dcid.j1/outputs/model.pkl"
    assert house.get(f"{base}/elsewhere").status == 404


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", f"{HISTORY}/runs/none", 404),
        ("GET", f"{HISTORY}/runs/none/details", 404),
        ("GET", f"{HISTORY}/runs/%2e%2e", 400),
        ("GET", f"{HISTORY}/runs", 404),
        ("GET", f"{HISTORY}/metrics", 404),
        ("GET", f"{HISTORY}/runs/j1/unknown", 404),
        ("DELETE", f"{HISTORY}/runs/j1", 405),
        ("POST", f"{HISTORY}/runs/j1/cancel", 501),
        ("POST", f"{HISTORY}/rundata", 400),
        ("GET", f"{HISTORY}/runs/j1/serviceinstances/0", 200),
        ("GET", f"/history/v1.0{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/none/runs/j1", 404),
        ("POST", f"/data/v1.0{WORKSPACE}/dataversion/batchGetResolvedUris", 400),
    ],
)
def test_what_run_history_does_not_have(house: Door, method: str, path: str, status: int) -> None:
    assert house.call(method, path, {} if method == "POST" else None).status == status


def test_discovery_leads_every_data_plane_here(house: Door) -> None:
    urls = house.get("/discovery").body
    assert {urls["api"], urls["history"]} == {"https://localhost:9999"}
