"""Activities that call others, through the official client, against a real HTTP server: Web, WebHook, Azure Function."""

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from azure.mgmt.datafactory import models

from answering import Answering
from clients.test_datafactory import activities, after, ended
from running import wait_until

FACTORY = "web-factory"


@pytest.fixture(scope="module")
def place(connection: Any) -> tuple[str, str]:
    connection.factory.factories.create_or_update(connection.resource_group, FACTORY, models.Factory(location="local"))
    return connection.resource_group, FACTORY


@pytest.fixture(scope="module")
def adf(connection: Any) -> Any:
    return connection.factory


@pytest.fixture(scope="module")
def other() -> Iterator[Answering]:
    with Answering() as running:
        yield running


def begin(adf: Any, place: tuple[str, str], *activities_: Any) -> str:
    adf.pipelines.create_or_update(*place, "calling", models.PipelineResource(activities=list(activities_)))
    return str(adf.pipelines.create_run(*place, "calling").run_id)


def one(adf: Any, place: tuple[str, str], activity: Any) -> Any:
    """The activity run of a pipeline of this one activity, when it is over."""
    name = begin(adf, place, activity)
    ended(adf, place, name)
    return activities(adf, place, name)[activity.name]


def web(url: str, method: str = "GET", **more: Any) -> Any:
    return models.WebActivity(name="Call", url=url, method=method, **more)


def test_what_is_sent_and_what_comes_back(adf: Any, place: tuple[str, str], other: Answering) -> None:
    asked = web(f"{other.url}/echo?x=1", "POST", headers={"X-Run": "@pipeline().Pipeline"}, body={"n": "@add(1, 2)"})
    said = one(adf, place, asked)
    assert said.status == "Succeeded", said.error
    output = said.output
    assert (output["method"], output["path"], json.loads(output["body"])) == ("POST", "/echo?x=1", {"n": 3})
    assert output["headers"]["X-Run"] == "calling"
    assert output["headers"]["Content-Type"] == "application/json"
    assert output["ADFWebActivityResponseHeaders"]["Content-Type"] == "application/json"
    assert output["ADFHttpStatusCodeInResponse"] == "200"
    assert output["effectiveIntegrationRuntime"] == "AutoResolveIntegrationRuntime (local)"
    assert output["billingReference"]["activityType"] == "ExternalActivity"
    assert said.input["body"] == {"n": 3}


@pytest.mark.parametrize(("text", "wanted"), [('[1,{"a":2}]', [1, {"a": 2}]), ("hello", "hello"), ("", ""), ("12", "12")])
def test_an_answer_that_is_no_object(adf: Any, place: tuple[str, str], other: Answering, text: str, wanted: Any) -> None:
    from urllib.parse import quote

    assert one(adf, place, web(f"{other.url}/say/{quote(text)}")).output["Response"] == wanted


FAILURES: list[tuple[str, dict[str, Any], str, str]] = [
    ("/status/404", {}, "2108", 'Response status code: \'NotFound\'. More details: {"said": "status 404"}'),
    ("/status/500", {}, "2108", "Response status code: 'InternalServerError'."),
    ("/hang", {"http_request_timeout": "00:00:01"}, "2128", "No response from the endpoint."),
    ("/trickle", {"http_request_timeout": "00:00:01"}, "2128", "The time-out is 1 seconds."),
    ("/huge", {}, "2001", "The length of execution output is over limit (around 4MB currently)."),
    ("/short", {}, "2128", "broke off"),
    ("/echo", {"http_request_timeout": "01:00:00"}, "2104", "of 00:10:00 at most"),
    ("/echo", {"headers": {"X-A": "a\r\nX-B: b"}}, "2104", "The header 'X-A' cannot be sent"),
    ("/echo", {"authentication": models.WebActivityAuthentication(type="MSI", resource="https://ml.azure.com")}, "2403", "token from MSI failed"),
    ("/echo", {"authentication": models.WebActivityAuthentication(type="Magic")}, "2104", "'Magic' is not known"),
]


@pytest.mark.parametrize(("path", "more", "code", "words"), FAILURES, ids=[f"{row[0]}-{row[2]}-{row[3][:12]}" for row in FAILURES])
def test_what_goes_wrong(adf: Any, place: tuple[str, str], other: Answering, path: str, more: dict[str, Any], code: str, words: str) -> None:
    said = one(adf, place, web(f"{other.url}{path}", **more))
    assert said.status == "Failed"
    assert (said.error["errorCode"], words in said.error["message"]) == (code, True), said.error


def test_nobody_there(adf: Any, place: tuple[str, str]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert one(adf, place, web(f"http://127.0.0.1:{port}/")).error["errorCode"] == "2128"


def test_an_answer_that_is_not_ready_is_asked_for_again(adf: Any, place: tuple[str, str], other: Answering) -> None:
    assert one(adf, place, web(f"{other.url}/later/2", "POST", body="x")).output["done"] is True
    assert [(call["method"], call["body"]) for call in other.asked if call["path"] == "/later/2"] == [("POST", "x"), ("GET", ""), ("GET", "")]
    at_once = one(adf, place, web(f"{other.url}/later/7", turn_off_async=True))
    assert (at_once.output["done"], at_once.output["ADFHttpStatusCodeInResponse"]) == (False, "202")


def test_basic_sign_in_whose_password_nobody_is_shown(adf: Any, place: tuple[str, str], other: Answering) -> None:
    way = models.WebActivityAuthentication(type="Basic", username="me", password=models.SecureString(value="open sesame"))
    said = one(adf, place, web(f"{other.url}/echo", authentication=way))
    assert said.output["headers"]["Authorization"] == "Basic bWU6b3BlbiBzZXNhbWU="
    assert "open sesame" not in json.dumps(said.input)
    shown = adf.pipelines.get(*place, "calling")
    assert shown.activities[0].authentication.password.value == "**********"
    adf.pipelines.create_or_update(*place, "calling", shown)
    name = adf.pipelines.create_run(*place, "calling").run_id
    ended(adf, place, name)
    assert activities(adf, place, name)["Call"].output["headers"]["Authorization"] == "Basic bWU6b3BlbiBzZXNhbWU="


def test_the_factory_speaks_to_its_own_server_with_an_identity(connection: Any, adf: Any, place: tuple[str, str]) -> None:
    url = f"{connection.url}{connection.workspace_id}/jobs?api-version=2024-04-01"
    way = models.WebActivityAuthentication(type="MSI", resource="https://management.azure.com/")
    said = one(adf, place, web(url, authentication=way))
    assert said.status == "Succeeded", said.error
    assert isinstance(said.output["value"], list)
    assert one(adf, place, web(url)).error["errorCode"] == "2108"


def test_a_hook_waits_for_its_callback(connection: Any, adf: Any, place: tuple[str, str], other: Answering) -> None:
    hook = models.WebHookActivity(name="Hook", method="POST", url=f"{other.url}/say/ok?hook", body={"n": 1})
    tell = models.SetVariableActivity(name="Tell", variable_name="v", value="@activity('Hook').output.said", depends_on=after("Hook"))
    body = models.PipelineResource(activities=[hook, tell], variables={"v": models.VariableSpecification(type="String")})
    adf.pipelines.create_or_update(*place, "hooked", body)
    name = adf.pipelines.create_run(*place, "hooked").run_id

    def mine() -> list[dict[str, Any]]:
        return [json.loads(call["body"]) for call in other.asked if call["path"] == "/say/ok?hook"]

    wait_until(lambda: bool(mine()), 20, lambda: "the hook was not called")
    assert mine()[0]["n"] == 1
    address = mine()[0]["callBackUri"]
    assert connection.http.post(address[:-2] + "xx", json={}, auth=None).status_code == 404
    assert connection.http.post(address, data="[").status_code == 400
    assert connection.http.post(address, json={"said": "done"}).status_code == 200
    assert ended(adf, place, name).status == "Succeeded"
    assert activities(adf, place, name)["Tell"].output["value"] == "done"
    assert connection.http.post(address, json={"said": "again"}).status_code == 404


def test_a_hook_that_reports_a_failure_or_nothing(connection: Any, adf: Any, place: tuple[str, str], other: Answering) -> None:
    reporting = models.WebHookActivity(name="Hook", method="POST", url=f"{other.url}/say/ok?report", report_status_on_call_back=True)
    name = begin(adf, place, reporting)

    def mine() -> list[dict[str, Any]]:
        return [json.loads(call["body"]) for call in other.asked if call["path"] == "/say/ok?report"]

    wait_until(lambda: bool(mine()), 20, lambda: "the hook was not called")
    said = {"Output": {}, "Error": {"ErrorCode": "Bad", "Message": "it broke"}, "StatusCode": "403"}
    assert connection.http.post(mine()[0]["callBackUri"], json=said).status_code == 200
    ended(adf, place, name)
    error = activities(adf, place, name)["Hook"].error
    assert (error["errorCode"], error["message"]) == ("Bad", "it broke")
    silent = one(adf, place, models.WebHookActivity(name="Hook", method="POST", url=f"{other.url}/say/ok", timeout="00:00:01"))
    assert silent.status == "TimedOut"
    refused = one(adf, place, models.WebHookActivity(name="Hook", method="POST", url=f"{other.url}/status/500"))
    assert refused.error["errorCode"] == "2108"


def test_functions(connection: Any, adf: Any, place: tuple[str, str], other: Answering) -> None:
    app = models.AzureFunctionLinkedService(function_app_url="https://app.example", function_key=models.SecureString(value="the key"))
    adf.linked_services.create_or_update(*place, "functions", models.LinkedServiceResource(properties=app))
    mappings = f"{connection.url}/subscriptions/{connection.subscription}/resourceGroups/{place[0]}/providers/Microsoft.DataFactory/factories/{FACTORY}/mappings"
    target = {"url": other.url, "headers": {"x-functions-key": "other key"}}
    answer = connection.http.put(f"{mappings}/functions?api-version=2018-06-01", json={"properties": target})
    assert answer.json()["properties"]["headers"] == {"x-functions-key": "**********"}
    reference = models.LinkedServiceReference(type="LinkedServiceReference", reference_name="functions")

    def call(name: str, **more: Any) -> Any:
        return one(adf, place, models.AzureFunctionActivity(name="F", linked_service_name=reference, function_name=name, method="POST", **more))

    missing = call("echo", body={"a": 1})
    assert (missing.error["errorCode"], "failed with status-'NotFound'" in missing.error["message"]) == ("3608", True)
    assert other.asked[-1]["path"] == "/api/echo"
    assert other.asked[-1]["headers"]["x-functions-key"] == "other key"
    target["url"] = f"{other.url}/say/%7B%22a%22:1%7D?"
    connection.http.put(f"{mappings}/functions?api-version=2018-06-01", json={"properties": target})
    assert call("x").output["a"] == 1
    target["url"] = f"{other.url}/say/text?"
    connection.http.put(f"{mappings}/functions?api-version=2018-06-01", json={"properties": target})
    assert call("x").error == {**call("x").error, "errorCode": "3603", "message": "Response Content is not a valid JObject."}
