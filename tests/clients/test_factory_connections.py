"""Is what a linked service leads to there? Tried with real folders, files, servers; and secrets by name that reach a call."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.mgmt.datafactory import models

from answering import Answering
from clients.test_datafactory import activities, ended
from running import RunningServer

FACTORY = "connection-factory"


@pytest.fixture(scope="module")
def other() -> Iterator[Answering]:
    with Answering() as running:
        yield running


@pytest.fixture(scope="module")
def root(connection: Any) -> str:
    connection.factory.factories.create_or_update(connection.resource_group, FACTORY, models.Factory(location="local"))
    group = f"{connection.url}/subscriptions/{connection.subscription}/resourceGroups/{connection.resource_group}"
    return f"{group}/providers/Microsoft.DataFactory/factories/{FACTORY}"


def mapped(connection: Any, root: str, kind: str, target: dict[str, Any]) -> None:
    query = {"api-version": "2018-06-01"}
    assert connection.http.put(f"{root}/linkedservices/it", params=query, json={"properties": {"type": kind, "typeProperties": {}}}).ok
    answer = connection.http.put(f"{root}/mappings/it", params=query, json={"properties": target})
    assert answer.ok, answer.text


def test_connections_are_tried(connection: Any, root: str, other: Answering, tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "there.db").close()
    (tmp_path / "there.db").write_bytes(b"")
    rows: list[tuple[str, dict[str, Any], bool, str]] = [
        ("AzureBlobStorage", {"folder": str(tmp_path)}, True, ""),
        ("AzureBlobStorage", {"folder": str(tmp_path / "none")}, False, "There is no folder"),
        ("AzureBlobStorage", {"lake": connection.account}, True, ""),
        ("AzureBlobStorage", {"lake": "nobodys"}, False, "There is no storage account 'nobodys'"),
        ("AzureSqlDatabase", {"database": f"sqlite:///{tmp_path / 'there.db'}"}, True, ""),
        ("AzureSqlDatabase", {"database": f"sqlite:///{tmp_path / 'none.db'}"}, False, "unable to open database file"),
        ("AzureSqlDatabase", {"database": "nosuch://x"}, False, "There is no driver for 'nosuch'"),
        ("RestService", {"url": f"{other.url}/echo"}, True, ""),
        ("RestService", {"url": f"{other.url}/status/403"}, False, "the status 403"),
        ("RestService", {"url": f"{other.url}/short"}, False, "No response from the endpoint"),
        ("RestService", {"url": other.url, "headers": {"x-api-key": "${not-there}"}}, False, "There is no value for the secret 'not-there'"),
        ("AzureMLService", {"workspace": connection.workspace}, True, ""),
        ("AzureMLService", {"workspace": "nowhere"}, False, "There is no workspace 'nowhere'"),
    ]
    for kind, target, succeeded, words in rows:
        mapped(connection, root, kind, target)
        said = connection.http.post(f"{root}/linkedservices/it/testConnection", params={"api-version": "2018-06-01"}, json={}).json()
        told = said["errors"][0]["message"] if said["errors"] else ""
        assert (said["succeeded"], words in told) == (succeeded, True), (target, said)
    assert not (tmp_path / "none.db").exists()


def test_named_secrets_reach_the_call_and_nothing_else(connection: Any, server: RunningServer, root: str, other: Answering) -> None:
    (server.home / "secrets.yaml").write_text("api-key: the word of this test alone\n")
    mapped(connection, root, "AzureFunction", {"url": f"{other.url}/say/%7B%22a%22:1%7D?", "headers": {"x-api-key": "${api-key}"}})
    reference = models.LinkedServiceReference(type="LinkedServiceReference", reference_name="it")
    activity = models.AzureFunctionActivity(name="F", linked_service_name=reference, function_name="f", method="GET")
    place = (connection.resource_group, FACTORY)
    connection.factory.pipelines.create_or_update(*place, "p", models.PipelineResource(activities=[activity]))
    run = connection.factory.pipelines.create_run(*place, "p").run_id
    assert ended(connection.factory, place, run).status == "Succeeded"
    assert other.asked[-1]["headers"]["x-api-key"] == "the word of this test alone"
    told = activities(connection.factory, place, run)["F"]
    assert "the word of this test alone" not in json.dumps([told.input, told.output])
    log = [path for path in server.home.glob("*.log") if "the word of this test alone" in path.read_text(errors="replace")]
    stored = [path for path in server.home.glob("azurine.db*") if b"the word of this test alone" in path.read_bytes()]
    assert (log, stored) == ([], [])
