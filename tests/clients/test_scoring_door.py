"""The scoring door as clients of all sorts meet it: raw HTTP, right and wrong, and whatever bytes there are."""

import http.client
import json
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from azure.ai.ml.entities import CodeConfiguration, ManagedOnlineDeployment, ManagedOnlineEndpoint, OnlineRequestSettings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from running import RunningServer

HOST = "azureml://registries/azureml/environments/sklearn-1.5/labels/latest"
SCRIPT = """
import json, time
def init(): pass
def run(raw_data, request_headers):
    if raw_data.startswith("sleep"):
        time.sleep(float(raw_data.split()[1]))
    if raw_data == "headers":
        return {name.lower(): value for name, value in request_headers.items()}
    if raw_data == "die":
        import os
        os._exit(7)
    return len(raw_data)
"""
RAW = """
from azureml_inference_server_http.api.aml_request import AMLRequest, rawhttp
from azureml_inference_server_http.api.aml_response import AMLResponse
from azureml.contrib.services.aml_request import AMLRequest as Older
assert Older is AMLRequest
def init(): pass
@rawhttp
def run(request):
    if request.method == "GET":
        return AMLResponse(dict(request.args), 200, json_str=True)
    if request.files:
        return AMLResponse(request.files["image"].read()[::-1], 200, {"Content-Type": "image/png"})
    answer = AMLResponse("no", 418)
    answer.headers["X-Own"] = "yes"
    return answer
"""


class Said(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Caller:
    def __init__(self, address: str, key: str, bundle: str) -> None:
        parts = urlsplit(address)
        self.host, self.port, self.path, self.key = str(parts.hostname), int(parts.port or 443), parts.path, key
        self.context = ssl.create_default_context(cafile=bundle)

    def link(self) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection(self.host, self.port, context=self.context, timeout=30)

    def call(self, body: Any = b"", method: str = "POST", path: str = "", deployment: str = "plain", **headers: str) -> Said:
        given = {"Authorization": f"Bearer {self.key}", "azureml-model-deployment": deployment}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        link = self.link()
        try:
            link.request(method, path or self.path, body, {name: value for name, value in given.items() if value})
            answer = link.getresponse()
            return Said(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            link.close()


@pytest.fixture(scope="module")
def caller(connection: Any, server: RunningServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caller]:
    ml = connection.ml
    made = ml.online_endpoints.begin_create_or_update(ManagedOnlineEndpoint(name="anybody")).result()
    for name, script in (("plain", SCRIPT), ("raw", RAW)):
        folder = tmp_path_factory.mktemp("src")
        (folder / "score.py").write_text(script)
        wanted = ManagedOnlineDeployment(
            name=name,
            endpoint_name="anybody",
            code_configuration=CodeConfiguration(code=str(folder), scoring_script="score.py"),
            environment=HOST,
            instance_type="Standard_DS3_v2",
            instance_count=1,
            request_settings=OnlineRequestSettings(request_timeout_ms=2000, max_concurrent_requests_per_instance=1),
        )
        ml.online_deployments.begin_create_or_update(wanted).result()
    yield Caller(made.scoring_uri, ml.online_endpoints.get_keys("anybody").primary_key, str(server.home / "certs" / "ca.pem"))
    ml.online_endpoints.begin_delete("anybody").result()


def test_ids_and_times_come_back(caller: Caller) -> None:
    said = caller.call(b"abc", x_request_id="mine", x_ms_client_request_id="yours")
    assert (said.status, said.json, said.headers["x-request-id"], said.headers["x-ms-client-request-id"]) == (200, 3, "mine", "yours")
    assert said.headers["x-ms-run-function-failed"] == "False" and float(said.headers["x-ms-run-fn-exec-ms"]) >= 0
    assert said.headers["azureml-model-deployment"] == "plain"
    assert caller.call(b"abc").headers["x-request-id"] != caller.call(b"abc").headers["x-request-id"]
    told = caller.call(b"headers", x_own="1").json
    assert told["x-own"] == "1" and "authorization" not in told


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", "Basic abc", "Bearer  ", "wrong"])
def test_without_a_good_key(caller: Caller, header: str) -> None:
    said = caller.call(b"1", Authorization=header)
    assert (said.status, said.json["error"]["code"]) == (401, "AuthenticationFailed")


@pytest.mark.parametrize(
    ("path", "deployment", "code"),
    [
        ("/endpoints/nobody/score", "", "EndpointNotFound"),
        ("/endpoints/anybody/elsewhere", "", "NotFound"),
        ("/endpoints/anybody/score", "nobody", "DeploymentNotFound"),
        ("/endpoints/anybody/score", "", "NoTraffic"),
        ("/workspaces/nowhere/endpoints/anybody/score", "plain", "NotFound"),
        ("/endpoints/..%2F..%2Fx/score", "plain", "NotFound"),
    ],
)
def test_what_is_not_there(caller: Caller, path: str, deployment: str, code: str) -> None:
    said = caller.call(b"1", path=path, deployment=deployment)
    assert (said.status, said.json["error"]["code"]) == (404, code)


def test_other_methods_and_paths(caller: Caller) -> None:
    assert caller.call(method="DELETE").status == 405
    assert caller.call(method="OPTIONS", Authorization="").status == 200
    assert caller.call(method="GET", path=caller.path + "?a=1&b=x").json == len('{"a": 1, "b": "x"}')
    assert caller.call(method="GET", path=caller.path.replace("/score", "/")).body == b"Healthy"
    described = caller.call(method="GET", path=caller.path.replace("/score", "/swagger.json"))
    assert described.json["swagger"] == "2.0"
    three = caller.call(method="GET", path=caller.path.replace("/score", "/swagger.json?version=3.1"))
    assert three.json["openapi"] == "3.1.0"
    assert caller.call(method="GET", path=caller.path.replace("/score", "/swagger.json?version=9")).status == 424


def test_raw_scripts_see_the_request_and_make_the_answer(caller: Caller) -> None:
    assert caller.call(method="GET", path=caller.path + "?a=1", deployment="raw").json == {"a": "1"}
    form = b'--x\r\nContent-Disposition: form-data; name="image"; filename="i.png"\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n--x--\r\n'
    said = caller.call(form, deployment="raw", Content_Type="multipart/form-data; boundary=x")
    assert (said.status, said.body, said.headers["content-type"]) == (200, b"GNP\x89", "image/png")
    other = caller.call(b"x", deployment="raw")
    assert (other.status, other.body, other.headers["x-own"]) == (424, b"no", "yes")
    assert other.headers["ms-azureml-model-error-statuscode"] == "418"


def test_large_and_cut_off_bodies(caller: Caller) -> None:
    assert caller.call(b"x" * 5_000_000).json == 5_000_000
    said = caller.call(b"x" * 50_000_000) if _can_send(caller) else None
    assert said is None or said.status == 413
    link = caller.link()
    link.connect()
    link.sock.sendall(f"POST {caller.path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {caller.key}\r\nContent-Length: 100\r\n\r\nabc".encode())
    link.close()
    assert caller.call(b"abc").json == 3


def _can_send(caller: Caller) -> bool:
    """A server may refuse a body by its length alone, and close; whether the client then still hears the answer is up to the network."""
    link = caller.link()
    link.connect()
    link.sock.sendall(f"POST {caller.path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {caller.key}\r\nContent-Length: 50000000\r\n\r\n".encode())
    answer = link.sock.recv(4096)
    link.close()
    assert answer.startswith(b"HTTP/1.1 413 ")
    return False


def test_a_chunked_body(caller: Caller) -> None:
    assert caller.call(iter([b"abc", b"defg"])).json == 7


def test_a_body_that_is_no_text(caller: Caller) -> None:
    said = caller.call(b"\xff\xfe")
    assert said.status == 424 and said.headers["ms-azureml-model-error-statuscode"] == "400"


def test_more_than_can_be_worked_on(caller: Caller) -> None:
    """One at a time, so twice as many may be in line; the third is sent away, the first two are answered."""
    links = [caller.link() for _ in range(3)]
    for link in links:
        link.request("POST", caller.path, b"sleep 0.3", {"Authorization": f"Bearer {caller.key}", "azureml-model-deployment": "plain"})
    statuses = sorted(link.getresponse().status for link in links)
    for link in links:
        link.close()
    assert statuses == [200, 200, 429]


def test_a_model_that_sleeps_is_408_and_works_again(caller: Caller) -> None:
    assert caller.call(b"sleep 2.5").status == 408
    assert caller.call(b"abc").status == 200


def test_a_process_that_dies_over_a_request_is_502_and_replaced(caller: Caller) -> None:
    said = caller.call(b"die")
    assert (said.status, said.json["error"]["code"]) == (502, "ModelProcessEnded")
    assert caller.call(b"abc").json == 3


@given(body=some.binary(max_size=2000) | some.text(max_size=500).map(str.encode), kind=some.sampled_from(["application/json", "text/plain", "x", ""]))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_body_is_answered(caller: Caller, body: bytes, kind: str) -> None:
    said = caller.call(body, Content_Type=kind)
    try:
        expected = len(body.decode())
    except UnicodeDecodeError:
        assert (said.status, said.headers["ms-azureml-model-error-statuscode"]) == (424, "400")
    else:
        assert said.status == 200 and (said.json == expected or body in (b"headers",))


@given(raw=some.binary(min_size=1, max_size=300))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_leave_the_server_well(caller: Caller, raw: bytes) -> None:
    with socket.create_connection((caller.host, caller.port), 10) as plain, caller.context.wrap_socket(plain, server_hostname=caller.host) as link:
        link.sendall(b"POST " + caller.path.encode() + b" HTTP/1.1\r\n" + raw + b"\r\n\r\n")
        link.settimeout(5)
        assert not link.recv(100).startswith(b"HTTP/1.1 5")


def test_the_metrics_page(caller: Caller) -> None:
    caller.call(b"abc")
    page = caller.call(method="GET", path="/metrics", Authorization="").body.decode()
    assert 'azurine_requests_total{workspace="workshop",endpoint="anybody",deployment="plain",status="200"}' in page
    assert 'azurine_request_duration_seconds_bucket{workspace="workshop",endpoint="anybody",deployment="plain",le="+Inf"}' in page
    assert 'azurine_workers{workspace="workshop",endpoint="anybody",deployment="plain"} 1' in page


def test_a_log_of_each_request(caller: Caller, connection: Any) -> None:
    caller.call(b"abc")
    assert "azmlinfsrv - POST /score 200" in connection.ml.online_deployments.get_logs("plain", "anybody", lines=100)


def test_the_code_is_a_copy(connection: Any, server: Any) -> None:
    folders = [path.parent for path in Path(server.home / "services").glob("*/order.json")]
    assert all((folder / "code" / "score.py").is_file() for folder in folders if json.loads((folder / "order.json").read_bytes())["script"])
