"""What bad input gets, through a running server and the official client: each a clear error in Data Factory's shape and words, and nothing half-done."""

import json
import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.datafactory import models

from answering import Answering
from factory_plays import activity, done, expression
from running import wait_until

FACTORY = "bad-input"
OVER = ("Succeeded", "Failed", "Cancelled")
WINDOW = {"lastUpdatedAfter": "2000-01-01T00:00:00Z", "lastUpdatedBefore": "2100-01-01T00:00:00Z"}


class Factory:
    """Spoken to as the official client does, and by plain HTTP for what it would not send."""

    def __init__(self, connection: Any) -> None:
        self.adf, self.http = connection.factory, connection.http
        self.place = (connection.resource_group, FACTORY)
        group = f"{connection.url}/subscriptions/{connection.subscription}/resourceGroups/{connection.resource_group}"
        self.url = f"{group}/providers/Microsoft.DataFactory/factories/{FACTORY}"
        self.adf.factories.create_or_update(*self.place, models.Factory(location="local"))

    def put(self, path: str, body: Any) -> Any:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.http.put(f"{self.url}/{path}?api-version=2018-06-01", data=data, headers={"Content-Type": "application/json"})

    def pipeline(self, name: str, *activities: Any, **properties: Any) -> Any:
        return self.put(f"pipelines/{name}", {"properties": {"activities": list(activities), **properties}})

    def run(self, *activities: Any, patience: float = 60.0, **properties: Any) -> Any:
        """A run of these activities, when it is over."""
        assert self.pipeline("one", *activities, **properties).status_code == 200
        run = self.adf.pipelines.create_run(*self.place, "one").run_id
        wait_until(
            lambda: self.adf.pipeline_runs.get(*self.place, run).status in OVER, patience, lambda: str(self.adf.pipeline_runs.get(*self.place, run))
        )
        return self.adf.pipeline_runs.get(*self.place, run)

    def activities(self, run: str) -> list[Any]:
        found: list[Any] = []
        body: dict[str, Any] = dict(WINDOW)
        while True:
            page = self.http.post(f"{self.url}/pipelineruns/{run}/queryActivityruns?api-version=2018-06-01", json=body).json()
            found += page["value"]
            if not page.get("continuationToken"):
                return found
            body["continuationToken"] = page["continuationToken"]


@pytest.fixture(scope="module")
def factory(connection: Any) -> Factory:
    return Factory(connection)


@pytest.fixture(scope="module")
def other() -> Iterator[Answering]:
    with Answering() as server:
        yield server


def test_what_is_no_json_is_said_with_its_place(factory: Factory) -> None:
    answer = factory.put("pipelines/p", b'{"properties": {"activities": [}}')
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidRequestContent")
    assert "line 1" in answer.json()["error"]["message"] or "position" in answer.json()["error"]["message"]


def inner(name: str, kind: str = "ForEach", **more: Any) -> Any:
    return activity(name, kind, items=expression("@createArray(1)"), activities=[done("w")], **more)


REFUSED: list[tuple[str, list[Any], str]] = [
    ("an unknown reference", [activity("c", "ExecutePipeline", pipeline={"referenceName": "nowhere", "type": "PipelineReference"})], "nowhere"),
    ("a ring", [done("a", "b"), done("b", "a")], "a → b → a"),
    ("itself", [done("a", "a")], "'a'"),
    ("no such activity", [done("a", "ghost")], "'ghost'"),
    ("a loop in a loop", [activity("outer", "ForEach", items=expression("@createArray(1)"), activities=[inner("within")])], "within"),
    ("until in a loop", [activity("o", "ForEach", items=expression("@createArray(1)"), activities=[activity("u", "Until", expression=expression("@true"), activities=[])])], "u"),
    ("an expression that cannot be read", [activity("s", "Wait", waitTimeInSeconds=expression("@add(1,"))], "EndOfData"),
    ("an unknown function", [activity("s", "Wait", waitTimeInSeconds=expression("@nope(1)"))], "nope"),
    ("an unknown variable", [activity("s", "SetVariable", variableName="v", value="x")], "v"),
    ("itself called", [activity("c", "ExecutePipeline", pipeline={"referenceName": "refused", "type": "PipelineReference"})], "refused → refused"),
]  # fmt: skip


@pytest.mark.parametrize(("activities", "named"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_is_refused_when_it_is_published(factory: Factory, activities: list[Any], named: str) -> None:
    answer = factory.pipeline("refused", *activities)
    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    assert error["code"] and error["target"] and named in error["message"], error


def test_the_official_client_raises_it(factory: Factory) -> None:
    ring = [
        models.WaitActivity(
            name="a", wait_time_in_seconds=0, depends_on=[models.ActivityDependency(activity="a", dependency_conditions=["Succeeded"])]
        )
    ]
    with pytest.raises(HttpResponseError) as caught:
        factory.adf.pipelines.create_or_update(*factory.place, "refused", models.PipelineResource(activities=ring))
    assert (caught.value.status_code, bool(caught.value.error.code)) == (400, True)


def test_pipelines_that_call_each_other(factory: Factory) -> None:
    call = {name: activity("c", "ExecutePipeline", pipeline={"referenceName": name, "type": "PipelineReference"}) for name in ("ring-a", "ring-b")}
    assert factory.pipeline("ring-a", done("x")).status_code == 200
    assert factory.pipeline("ring-b", call["ring-a"]).status_code == 200
    answer = factory.pipeline("ring-a", call["ring-b"])
    assert (answer.status_code, "ring-b" in answer.json()["error"]["message"]) == (400, True)


FAILS: list[tuple[str, Any, str, str]] = [
    # title, activity, errorCode, what its message has
    ("an expression, at run time", activity("a", "Wait", waitTimeInSeconds=expression("@div(1, 0)")), "InvalidTemplate", "divide"),
    ("a property that is not there", activity("a", "Wait", waitTimeInSeconds=expression("@json('{\"b\": 1}').c")), "InvalidTemplate", "doesn't exist, available properties are 'b'"),
    ("items that are no array", activity("a", "ForEach", items=expression("@string(1)"), activities=[done("w")]), "", "rray"),
    ("a wait that is negative", activity("a", "Wait", waitTimeInSeconds=-1), "", "a"),
    ("a type that does not run here", activity("a", "DatabricksNotebook", notebookPath="/x"), "", "DatabricksNotebook"),
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "code", "words"), [row[1:] for row in FAILS], ids=[row[0] for row in FAILS])
def test_what_fails_when_it_runs(factory: Factory, wrong: Any, code: str, words: str) -> None:
    over = factory.run(wrong)
    assert (over.status, over.message.startswith("Operation on target a failed: ")) == ("Failed", True)
    [one] = factory.activities(over.run_id)
    assert (one["status"], one["error"]["target"], words in one["error"]["message"]) == ("Failed", "a", True), one["error"]
    assert one["error"]["errorCode"] == code or (not code and one["error"]["errorCode"])
    assert one["error"]["failureType"] == "UserError"


@pytest.mark.parametrize("count", [1_000, pytest.param(10_000, marks=pytest.mark.long)])
def test_a_huge_loop(factory: Factory, count: int) -> None:
    """All of them run, and those that fail fail the loop, which goes on to its end."""
    wrong = activity(
        "even",
        "IfCondition",
        expression=expression(f"@equals(item(), {count - 1})"),
        ifTrueActivities=[activity("no", "Fail", message="@{item()} is too many", errorCode="1")],
    )
    add = activity("add", "SetVariable", variableName="last", value=expression("@string(item())"))
    each = activity("each", "ForEach", items=expression(f"@range(0, {count})"), batchCount=50, activities=[add, wrong])
    over = factory.run(each, patience=240.0, variables={"last": {"type": "String"}})
    assert (over.status, f"{count - 1} is too many" in over.message) == ("Failed", True), over.message
    ran = factory.activities(over.run_id)
    assert len(ran) == 2 * count + 2
    assert [one["activityName"] for one in ran if one["status"] == "Failed"].count("no") == 1


def test_more_items_than_a_loop_takes(factory: Factory) -> None:
    over = factory.run(activity("each", "ForEach", items=expression("@union(range(0, 100000), createArray(-1))"), activities=[done("w")]))
    assert (over.status, "100000" in over.message.replace(",", "")) == ("Failed", True), over.message


def test_a_host_that_hangs_ends_at_its_time_out_and_holds_nobody_up(factory: Factory, other: Answering) -> None:
    over = factory.run(
        activity("ask", "WebActivity", url=f"{other.url}/hang", method="GET", httpRequestTimeout="00:00:01"),
        activity("late", "WebActivity", url=f"{other.url}/trickle", method="GET", _policy={"timeout": "0.00:00:01"}),
        activity("well", "WebActivity", url=f"{other.url}/say/1", method="GET"),
    )
    status = {one["activityName"]: (one["status"], one["error"].get("errorCode")) for one in factory.activities(over.run_id)}
    assert over.status == "Failed"
    assert (status["ask"], status["well"][0]) == (("Failed", "2128"), "Succeeded")
    assert status["late"][0] in ("TimedOut", "Failed")


def test_a_source_that_vanishes_half_way_leaves_nothing_at_the_sink(factory: Factory, connection: Any, tmp_path: Path) -> None:
    """A server that announces more than it sends; and a pipe whose writer goes away in the middle of a row."""
    lake = connection.blobs.get_container_client("vanishing")
    lake.create_container()
    pipe = tmp_path / "source.csv"
    os.mkfifo(pipe)
    with Answering() as web:
        for name, kind, target in (
            ("folder", "FileServer", {"folder": str(tmp_path)}),
            ("web", "HttpServer", {"url": f"{web.url}/short"}),
            ("lake", "AzureBlobStorage", {"lake": connection.blobs.url.partition("//")[2].partition(".")[0]}),
        ):
            assert factory.put(f"linkedservices/{name}", {"properties": {"type": kind, "typeProperties": {}}}).status_code == 200
            assert factory.put(f"mappings/{name}", {"properties": target}).status_code in (200, 201)
        where = {"type": "AzureBlobStorageLocation", "container": "vanishing", "folderPath": "to"}
        for name, kind, service, location in (
            ("pipe", "DelimitedText", "folder", {"type": "FileServerLocation", "fileName": pipe.name}),
            ("page", "Binary", "web", {"type": "HttpServerLocation"}),
            ("csv", "DelimitedText", "lake", {**where, "fileName": "a.csv"}),
            ("bytes", "Binary", "lake", {**where, "fileName": "a.bin"}),
        ):
            linked = {"referenceName": service, "type": "LinkedServiceReference"}
            said = factory.put(
                f"datasets/{name}",
                {"properties": {"type": kind, "linkedServiceName": linked, "typeProperties": {"location": location, "firstRowAsHeader": True}}},
            )
            assert said.status_code == 200, said.text

        def copy(source: str, sink: str, kind: str) -> Any:
            ends = {
                "inputs": [{"referenceName": source, "type": "DatasetReference"}],
                "outputs": [{"referenceName": sink, "type": "DatasetReference"}],
            }
            return {**activity("copy", "Copy", source={"type": f"{kind}Source"}, sink={"type": f"{kind}Sink"}), **ends}

        writer = threading.Thread(target=half_written, args=(pipe,), daemon=True)
        writer.start()
        for what, code in (
            (copy("page", "bytes", "Binary"), "HttpFileFailedToRead"),
            (copy("pipe", "csv", "DelimitedText"), "DelimitedTextBadDataDetected"),
        ):
            over = factory.run(what)
            assert (over.status, f"ErrorCode={code}" in over.message, "'Source' side" in over.message) == ("Failed", True, True), over.message
    writer.join(30)
    assert list(lake.list_blobs()) == []


def half_written(pipe: Path) -> None:
    with suppress(BrokenPipeError), pipe.open("w") as stream:
        stream.write("id,name\n" + "".join(f'{number},"row"\n' for number in range(50_000)) + '50000,"half')
