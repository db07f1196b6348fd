"""An alert on its way out of a real server: the mail server is away, the server is killed, and in the end everybody knows, the pipeline too."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import rest
from answering import Answering
from azurine import cli
from factory_plays import done
from mail_sink import MailSink
from running import RunningServer, wait_until
from trigger_plays import pipeline

PATIENCE = 60.0
WINDOW = {"lastUpdatedAfter": "2000-01-01T00:00:00Z", "lastUpdatedBefore": "2100-01-01T00:00:00Z"}


@pytest.fixture
def sink() -> Iterator[MailSink]:
    with MailSink() as running:
        running.away = True
        yield running


@pytest.fixture
def web() -> Iterator[Answering]:
    with Answering() as running:
        yield running


@pytest.fixture
def server(tmp_path: Path, sink: MailSink) -> Iterator[RunningServer]:
    variables = {"AZURINE_SMTP": f"smtp+plain://127.0.0.1:{sink.port}", "AZURINE_SMTP_FROM": "azurine@example.org"}
    with RunningServer(tmp_path / "home", variables) as running:
        yield running


def test_an_alert_arrives_although_the_mail_server_was_away_and_the_server_was_killed(
    server: RunningServer, sink: MailSink, web: Answering, capfd: pytest.CaptureFixture[str]
) -> None:
    with closing(rest.Rest(server.home)) as told:
        listening(told)
        group = told.workspace.partition("/providers/")[0]
        topic = f"{group}/providers/Microsoft.EventGrid/topics/drift"
        to = {"emails": ["ops@example.org"], "webhooks": [f"{web.url}/echo", f"{web.url}/status/503"], "topic": topic}
        told.put("driftAlerts/storm-1", {"properties": alert(told.workspace, to)})
        wait_until(lambda: tried(told), PATIENCE, lambda: f"{shown(told)}\n{server.log()[-2000:]}")
        before = {one["to"]: (one["state"], one.get("lastError")) for one in shown(told)["deliveries"]}
        assert before["ops@example.org"] == ("Failing", "127.0.0.1 said no: 421 mail.test is away")
        assert before[f"{web.url}/status/503"][0] == "Failing" and "It answered 503" in str(before[f"{web.url}/status/503"][1])
        assert (before[f"{web.url}/echo"][0], before[topic][0]) == ("Delivered", "Delivered")

    server.kill()
    sink.away = False
    server.start()
    with closing(rest.Rest(server.home)) as told:
        assert shown(told)["state"] == "Failing"
        assert cli.main(["monitor", "retry", "--alert", "storm-1", "--home", str(server.home), "-o", "json"]) == 0
        wait_until(lambda: bool(sink.letters), PATIENCE, lambda: f"{shown(told)}\n{server.log()[-2000:]}")
        wait_until(lambda: delivered(told) == 3, PATIENCE, lambda: shown(told))
        assert [(one.to, one.message["Subject"]) for one in sink.letters] == [("ops@example.org", "Drift in storm: 74.2 %")]
        heard = [json.loads(one["body"]) for one in web.asked if one["path"] == "/echo"]
        assert [(one["monitor"], one["driftPercentage"]) for one in heard] == [("storm", 74.2)]
        assert len({one["headers"]["Idempotency-Key"] for one in web.asked if one["path"] == "/status/503"}) == 1

        wait_until(lambda: statuses(told) == ["Succeeded"], PATIENCE, lambda: f"the event began {statuses(told)}")
        assert runs(told)[0]["parameters"] == {"a": "74.2", "b": "storm"}

        capfd.readouterr()
        assert cli.main(["monitor", "silence", "--alert", "storm-1", "--for", "P1D", "--home", str(server.home), "-o", "none"]) == 0
        assert cli.main(["monitor", "alerts", "-n", "storm", "--home", str(server.home), "-o", "json"]) == 0
        (listed,) = json.loads(capfd.readouterr().out)
        assert (listed["state"], listed["told"], listed["drift"]) == ("Delivered", "3 of 4", "74.2 %")
        assert [one["state"] for one in listed["deliveries"]] == ["Delivered", "Delivered", "Silenced", "Delivered"]
        told.put("driftAlerts/storm-2", {"properties": alert(told.workspace, {"emails": ["ops@example.org"]})})
        wait_until(lambda: shown(told, "storm-2")["state"] == "Silenced", PATIENCE, lambda: shown(told, "storm-2"))
        assert len(sink.letters) == 1


def alert(workspace: str, to: dict[str, Any]) -> dict[str, Any]:
    return {
        "monitor": f"{workspace}/datasetMonitors/storm",
        "run": "storm-1",
        "window": {"start": "2026-03-08T00:00:00Z", "end": "2026-03-15T00:00:00Z"},
        "driftPercentage": 74.2,
        "threshold": 0.1,
        "to": to,
    }


def listening(told: rest.Rest) -> None:
    """A factory whose pipeline is begun by the event."""
    group = told.workspace.partition("/providers/")[0]
    given = {"type": "String", "defaultValue": ""}
    factory(told, "PUT", "", {"location": "local"})
    factory(told, "PUT", "/pipelines/work", {"properties": {"activities": [done("w")], "parameters": {"a": given, "b": given}}})
    wanted = pipeline("work", {"a": "@string(triggerBody().event.data.driftPercentage)", "b": "@triggerBody().event.data.DataDriftName"})
    heard = {"scope": f"{group}/providers/Microsoft.EventGrid/topics/drift", "events": ["Microsoft.MachineLearningServices.DatasetDriftDetected"]}
    properties = {"type": "CustomEventsTrigger", "typeProperties": heard, "pipelines": [wanted]}
    factory(told, "PUT", "/triggers/OnDrift", {"properties": properties})
    factory(told, "POST", "/triggers/OnDrift/start", {})


def factory(told: rest.Rest, method: str, path: str, body: Any) -> Any:
    group = told.workspace.partition("/providers/")[0]
    return told.call(method, f"{group}/providers/Microsoft.DataFactory/factories/storms{path}?api-version=2018-06-01", body)


def runs(told: rest.Rest) -> list[Any]:
    return list(factory(told, "POST", "/queryPipelineRuns", WINDOW)["value"])


def statuses(told: rest.Rest) -> list[str]:
    return [one["status"] for one in runs(told)]


def shown(told: rest.Rest, name: str = "storm-1") -> dict[str, Any]:
    return dict(told.get(f"driftAlerts/{name}")["properties"])


def tried(told: rest.Rest) -> bool:
    """Whether every delivery has had an outcome. Asked once: an alert that was just made has no deliveries yet."""
    deliveries = shown(told)["deliveries"]
    return bool(deliveries) and all(one["state"] != "Pending" for one in deliveries)


def delivered(told: rest.Rest) -> int:
    return sum(one["state"] == "Delivered" for one in shown(told)["deliveries"])
