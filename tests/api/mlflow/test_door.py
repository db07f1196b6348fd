"""The MLflow door over plain HTTP: the hostile, the broken, and what the client never sends."""

import http.client
import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from azurine.model import ids
from azurine.store.log import Remove
from azurine.store.memory import MemoryLog
from azurine.tracking.memory import Memory
from mlflow_server import WORKSPACE, Door, serving


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with serving(MemoryLog(), Memory(), tmp_path_factory.mktemp("door")) as one:
        yield one


def send(house: Door, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=30)
    connection.request(method, house.uri().split(str(house.port), 1)[1] + path, body, headers or {})
    answer = connection.getresponse()
    told = answer.read()
    connection.close()
    return answer.status, told


def call(house: Door, method: str, name: str, body: Any = None) -> tuple[int, Any]:
    status, told = send(house, method, f"/api/2.0/mlflow/{name}", None if body is None else json.dumps(body).encode())
    return status, json.loads(told)


def new_run(house: Door) -> str:
    return str(call(house, "POST", "runs/create", {"experiment_id": "0"})[1]["run"]["info"]["run_id"])


def artifact(run: str, path: str) -> str:
    return f"/api/2.0/mlflow-artifacts/artifacts/ExperimentRun/dcid.{run}/{path}"


def test_version_and_health(house: Door) -> None:
    assert send(house, "GET", "/version") == (200, b"3.3.0")
    assert send(house, "GET", "/health") == (200, b"OK")
    assert json.loads(send(house, "GET", "/api/3.0/mlflow/server-info")[1])["workspaces_enabled"] is False


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/2.0/mlflow/nothing"),
        ("POST", "/api/2.0/mlflow/runs/get"),
        ("GET", "/api/2.0/mlflow/"),
        ("GET", "/api/9.0/mlflow/runs/get"),
        ("GET", "/"),
        ("POST", "/api/3.0/mlflow/traces"),
        ("POST", "/api/2.0/mlflow-artifacts/artifacts/x"),
        ("PUT", "/api/2.0/mlflow-artifacts/artifacts"),
    ],
)
def test_what_is_not_there(house: Door, method: str, path: str) -> None:
    status, told = send(house, method, path)
    assert (status, json.loads(told)["error_code"]) == (404, "ENDPOINT_NOT_FOUND")


def test_a_tracking_uri_without_a_workspace(house: Door) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", house.port)
    connection.request("GET", "/mlflow/api/2.0/mlflow/experiments/get?experiment_id=0")
    answer = connection.getresponse()
    assert answer.status == 404
    assert "must name a workspace" in json.loads(answer.read())["message"]
    connection.close()


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"run_id": ' * 1000, b'{"run_id": {"a": 1}}', b'{"run_id": "\\ud800"}']
)
def test_bodies_that_are_wrong(house: Door, body: bytes) -> None:
    status, told = send(house, "POST", "/api/2.0/mlflow/runs/log-batch", body)
    assert status == 400
    assert json.loads(told)["message"]


def test_a_body_that_is_too_large(house: Door) -> None:
    with socket.create_connection(("127.0.0.1", house.port), 30) as raw:
        path = house.uri().split(str(house.port), 1)[1]
        raw.sendall(f"POST {path}/api/2.0/mlflow/runs/log-batch HTTP/1.1\r\nHost: x\r\nContent-Length: 104857600\r\n\r\n".encode())
        assert raw.recv(100).startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize(
    ("name", "body", "path"),
    [
        ("log-metric", {"key": "m", "timestamp": 1}, "value"),
        ("log-metric", {"key": "m", "value": True, "timestamp": 1}, "value"),
        ("log-metric", {"key": "m", "value": "x", "timestamp": 1}, "value"),
        ("log-metric", {"key": "m", "value": 1, "timestamp": -1}, "timestamp"),
        ("log-metric", {"key": "m", "value": 1, "timestamp": 2**63}, "timestamp"),
        ("log-metric", {"key": "m", "value": 1}, "timestamp"),
        ("log-metric", {"key": "", "value": 1, "timestamp": 1}, "key"),
        ("log-metric", {"key": "a//b", "value": 1, "timestamp": 1}, "key"),
        ("log-metric", {"key": "k" * 251, "value": 1, "timestamp": 1}, "Metric name"),
        ("log-metric", {"key": "m", "value": 1, "timestamp": 1, "step": "x"}, "step"),
        ("log-parameter", {"key": "a?", "value": "1"}, "key"),
        ("log-parameter", {"key": "a", "value": "x\0"}, "value"),
        ("log-batch", {"metrics": "x"}, "metrics"),
        ("log-batch", {"metrics": [{"key": "m", "value": 1, "timestamp": 1}, {"key": "../m", "value": 1, "timestamp": 1}]}, "metrics[1].key"),
        ("log-batch", {"params": [{"key": "p", "value": "1"}, {"key": "p", "value": "2"}]}, "Duplicate parameter keys"),
        ("log-batch", {"params": [{"key": f"p{n}", "value": "1"} for n in range(101)]}, "at most 100 params"),
        ("log-batch", {"tags": [{"value": "1"}]}, "tags[0].key"),
        ("set-tag", {"key": "t", "value": "x" * 8001}, "8000"),
        ("log-model", {"model_json": "{"}, "model_json"),
        ("log-model", {"model_json": "{}"}, "artifact_path"),
        ("log-inputs", {"datasets": [{"dataset": {"name": "d"}}]}, "datasets[0].dataset.digest"),
        ("update", {"status": "DONE"}, "status"),
    ],
)
def test_wrong_arguments_are_named(house: Door, name: str, body: dict[str, Any], path: str) -> None:
    run = new_run(house)
    status, told = call(house, "POST", f"runs/{name}", {"run_id": run, **body})
    assert (status, told["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert path in told["message"]
    _, kept = call(house, "GET", f"runs/get?run_id={run}")
    assert kept["run"]["data"]["metrics"] == kept["run"]["data"]["params"] == []


def test_infinite_values_come_and_go(house: Door) -> None:
    run = new_run(house)
    for key, value in (("a", "NaN"), ("b", "Infinity"), ("c", "-Infinity")):
        assert call(house, "POST", "runs/log-metric", {"run_id": run, "key": key, "value": value, "timestamp": 1})[0] == 200
    _, told = call(house, "GET", f"runs/get?run_id={run}")
    assert [one["value"] for one in told["run"]["data"]["metrics"]] == ["NaN", "Infinity", "-Infinity"]


def test_histories_in_pages_and_intervals(house: Door) -> None:
    runs = [new_run(house), new_run(house)]
    for run in runs:
        points = [{"key": "m", "value": step, "timestamp": step, "step": step} for step in range(10)]
        call(house, "POST", "runs/log-batch", {"run_id": run, "metrics": points})
    seen, token = [], ""
    while True:
        _, page = call(house, "GET", f"metrics/get-history?run_id={runs[0]}&metric_key=m&max_results=4&page_token={token}")
        seen += [one["step"] for one in page["metrics"]]
        token = page.get("next_page_token", "")
        if not token:
            break
    assert seen == list(range(10))
    both = f"run_ids={runs[0]}&run_ids={runs[1]}&metric_key=m"
    _, told = call(house, "GET", f"metrics/get-history-bulk-interval?{both}&start_step=2&end_step=8&max_results=3")
    assert [(one["run_id"], one["step"]) for one in told["metrics"]] == [(run, step) for run in runs for step in (2, 5, 8)]
    _, told = call(house, "GET", f"metrics/get-history-bulk?{both.replace('run_ids', 'run_id')}")
    assert len(told["metrics"]) == 20
    for wrong in ("page_token=x", "page_token=e30=", "max_results=0", "max_results=x", "page_token=WzFd"):
        assert call(house, "GET", f"metrics/get-history?run_id={runs[0]}&metric_key=m&max_results=4&{wrong}")[0] == 400


def test_search_refuses_tokens_of_others(house: Door) -> None:
    for token in ("x", "e30=", "eyJvZmZzZXQiOiAteH0=", "eyJvZmZzZXQiOi0xfQ=="):
        assert call(house, "POST", "runs/search", {"experiment_ids": ["0"], "page_token": token})[0] == 400
    for size in (0, -1, 50_001, "x"):
        assert call(house, "POST", "runs/search", {"experiment_ids": ["0"], "max_results": size})[0] == 400
    assert call(house, "POST", "runs/search", {"experiment_ids": ["0"], "run_view_type": "SOME"})[0] == 400


# ── artifacts ──


@pytest.mark.parametrize(
    "path",
    [
        "../../../secret.txt",
        "../dcid.other/x.txt",
        "%2e%2e/%2e%2e/x.txt",
        "%252e%252e/x.txt",
        "a/../../x.txt",
        "..%2f..%2fx.txt",
        "a\\..\\..\\x.txt",
        "a//b.txt",
        "a/./b.txt",
        "a%00b.txt",
        "a%0ab.txt",
        "x" * 300,
        "",
    ],
)
def test_no_path_leads_out(house: Door, path: str) -> None:
    run = new_run(house)
    status, told = send(house, "PUT", artifact(run, path.replace("\\", "%5c")), b"evil")
    assert status in (400, 404), told
    assert send(house, "GET", artifact(run, path.replace("\\", "%5c")))[0] in (400, 404)
    assert [one for one in house.root.rglob("*") if one.is_file() and one.read_bytes() == b"evil"] == []


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "ExperimentRun/x", "ExperimentRun/dcid.nosuch/x", "LoggedModels/m-1/x", "x", "ExperimentRun/dcid./x", "models/x/y"]
)
def test_only_below_a_run_that_exists(house: Door, path: str) -> None:
    assert send(house, "PUT", f"/api/2.0/mlflow-artifacts/artifacts/{path}", b"x")[0] in (400, 404)


def test_other_datastores_are_for_reading(house: Door) -> None:
    folder = house.root / "azurine" / "azureml-blobstore" / "data"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "a.txt").write_text("there")
    address = "/api/2.0/mlflow-artifacts/artifacts/datastores/workspaceblobstore/paths/data/a.txt"
    assert send(house, "GET", address) == (200, b"there")
    assert send(house, "PUT", address, b"x")[0] == 400
    assert send(house, "DELETE", address)[0] == 400
    assert send(house, "GET", address.replace("workspaceblobstore", "nosuch"))[0] == 404


def test_files_come_and_go(house: Door) -> None:
    run = new_run(house)
    large = bytes(range(256)) * 20_000
    assert send(house, "PUT", artifact(run, "a/large%20%C3%A9.bin"), large) == (200, b"{}")
    assert send(house, "GET", artifact(run, "a/large%20%C3%A9.bin")) == (200, large)
    assert send(house, "HEAD", artifact(run, "a/large%20%C3%A9.bin")) == (200, b"")
    assert send(house, "PUT", artifact(run, "empty"), b"")[0] == 200
    assert send(house, "GET", artifact(run, "empty")) == (200, b"")
    assert send(house, "GET", artifact(run, "a"))[0] == 404, "a folder is no file"
    assert send(house, "GET", artifact(run, "none"))[0] == 404
    _, told = send(house, "GET", f"/api/2.0/mlflow-artifacts/artifacts?path=ExperimentRun/dcid.{run}")
    assert json.loads(told) == {"files": [{"path": "a", "is_dir": True}, {"path": "empty", "is_dir": False, "file_size": 0}]}
    _, told = call(house, "GET", f"artifacts/list?run_id={run}&path=a")
    assert told["files"] == [{"path": "a/large é.bin", "is_dir": False, "file_size": len(large)}]
    assert send(house, "DELETE", artifact(run, "a"))[0] == 200
    assert send(house, "GET", artifact(run, "a/large%20%C3%A9.bin"))[0] == 404
    assert send(house, "DELETE", artifact(run, "none"))[0] == 200


def test_listing_leads_nowhere(house: Door) -> None:
    assert json.loads(send(house, "GET", "/api/2.0/mlflow-artifacts/artifacts")[1]) == {"files": []}
    run = new_run(house)
    for path in ("../..", "/etc", f"ExperimentRun/dcid.{run}/../.."):
        assert send(house, "GET", f"/api/2.0/mlflow-artifacts/artifacts?path={path}")[0] == 400
    assert call(house, "GET", f"artifacts/list?run_id={run}&path=../../x")[0] == 400


def test_an_upload_that_breaks_off_leaves_nothing(house: Door) -> None:
    run = new_run(house)
    send(house, "PUT", artifact(run, "file"), b"before")
    path = house.uri().split(str(house.port), 1)[1] + artifact(run, "file")
    for head in ("Content-Length: 5000000", "Transfer-Encoding: chunked"):
        with socket.create_connection(("127.0.0.1", house.port), 30) as raw:
            raw.sendall(f"PUT {path} HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n".encode())
            raw.sendall(b"100000\r\n" + b"x" * 0x100000 if "chunked" in head else b"x" * 2_000_000)
    # The next answer on this path comes after the server has seen the connection go.
    assert send(house, "GET", artifact(run, "file")) == (200, b"before")
    assert [one.name for one in house.folder(run).rglob("*") if one.is_file()] == ["file"]


def test_uploads_in_parts_are_declined_so_that_clients_fall_back(house: Door) -> None:
    status, told = send(house, "POST", "/api/2.0/mlflow-artifacts/mpu/create/ExperimentRun/dcid.x/f", b'{"path": "f", "num_parts": 2}')
    assert status == 501
    assert json.loads(told)["message"].startswith("Multipart upload is not supported")


# ── what the house and its doors share ──


def test_a_model_of_the_other_side_is_one_of_ours(house: Door) -> None:
    from azurine.store.log import Create

    model = ids.child(WORKSPACE, "models", "theirs")
    uri = "azureml://datastores/workspaceblobstore/paths/LocalUpload/1/model"
    properties = {"modelUri": uri, "modelType": "mlflow_model", "tags": {"a": "1"}, "jobName": "j1", "stage": "Production"}
    house.log.write(
        [
            Create(model, "workspaces/models", WORKSPACE, {"properties": {}}),
            Create(f"{model}/versions/2024-01", "workspaces/models/versions", model, {"properties": properties}),
        ],
        1.0,
    )
    _, told = call(house, "GET", "model-versions/get?name=theirs&version=2024-01")
    version = told["model_version"]
    assert (version["run_id"], version["current_stage"], version["tags"]) == ("j1", "Production", [{"key": "a", "value": "1"}])
    _, told = call(house, "GET", "model-versions/get-download-uri?name=theirs&version=2024-01")
    assert told["artifact_uri"] == "mlflow-artifacts:/datastores/workspaceblobstore/paths/LocalUpload/1/model"
    _, told = call(house, "POST", "model-versions/create", {"name": "theirs", "source": "azureml://jobs/j1/outputs/artifacts/paths/model"})
    assert told["model_version"]["version"] == "1"
    made = house.log.get(f"{model}/versions/1")
    assert made is not None
    assert made.spec["properties"]["modelUri"].endswith("/datastores/workspaceartifactstore/paths/ExperimentRun/dcid.j1/model")
    assert made.spec["properties"]["jobName"] == "j1"


@pytest.mark.parametrize(
    "source", ["/tmp/x", "file:///etc", "runs:/nosuch/m", "models:/m-nosuch", "models:/none/1", "mlflow-artifacts:/../../etc", "azureml://x"]
)
def test_sources_that_are_none(house: Door, source: str) -> None:
    call(house, "POST", "registered-models/create", {"name": "sources"})
    assert call(house, "POST", "model-versions/create", {"name": "sources", "source": source})[0] in (400, 404)
    assert call(house, "GET", "model-versions/search?filter=name='sources'")[1] == {"model_versions": []}


@pytest.mark.parametrize("name", ["", " ", "a/b", "a:b", "../x", "x" * 300, "a\nb"])
def test_names_of_models_that_are_none(house: Door, name: str) -> None:
    assert call(house, "POST", "registered-models/create", {"name": name})[0] == 400


def test_many_register_at_once(house: Door) -> None:
    from concurrent.futures import ThreadPoolExecutor

    run = new_run(house)
    call(house, "POST", "registered-models/create", {"name": "busy"})
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: call(house, "POST", "model-versions/create", {"name": "busy", "source": f"runs:/{run}/m"}), range(24)))
    assert sorted(int(told["model_version"]["version"]) for _, told in made) == list(range(1, 25))


def test_a_removed_job_is_no_longer_found(house: Door) -> None:
    house.job("gone", experimentName="going")
    _, told = call(house, "GET", "experiments/get-by-name?experiment_name=going")
    search = {"experiment_ids": [told["experiment"]["experiment_id"]]}
    assert [run["info"]["run_id"] for run in call(house, "POST", "runs/search", search)[1]["runs"]] == ["gone"]
    house.job("later", experimentName="going")
    assert len(call(house, "POST", "runs/search", search)[1]["runs"]) == 2
    house.log.write([Remove(ids.child(WORKSPACE, "jobs", "gone"))], 1.0)
    assert [run["info"]["run_id"] for run in call(house, "POST", "runs/search", search)[1]["runs"]] == ["later"]
    assert call(house, "GET", "runs/get?run_id=gone")[0] == 404


def test_strange_run_ids(house: Door) -> None:
    for name in ("..", "a/b", "%2e%2e", "x" * 3000, "jobs/x"):
        assert call(house, "GET", f"runs/get?run_id={name}")[0] == 404
    assert call(house, "GET", "runs/get")[0] == 400


def test_a_client_cannot_end_a_job_of_the_house(house: Door) -> None:
    house.job("steady")
    _, told = call(house, "POST", "runs/update", {"run_id": "steady", "status": "FINISHED", "end_time": 5, "run_name": "New name"})
    assert (told["run_info"]["status"], told["run_info"]["run_name"]) == ("RUNNING", "New name")
    job = house.log.get(ids.child(WORKSPACE, "jobs", "steady"))
    assert job is not None
    assert (job.status["state"], job.spec["properties"]["displayName"], job.settled) == ("running", "New name", False)
