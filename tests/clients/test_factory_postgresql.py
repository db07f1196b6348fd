"""Copy, Lookup, Script and procedures on PostgreSQL, as the official client publishes them, on a running server."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.mgmt.datafactory import models

from postgresql import Server
from running import wait_until

FACTORY, SCHEMA = "postgresql-factory", "factory_clients"
WINDOW = {"last_updated_after": datetime.now(UTC) - timedelta(hours=1), "last_updated_before": datetime.now(UTC) + timedelta(days=1)}
SERVICE = models.LinkedServiceReference(type="LinkedServiceReference", reference_name="shop")


@pytest.fixture(scope="module")
def place(connection: Any, postgresql: Server) -> tuple[str, str]:
    adf, place = connection.factory, (connection.resource_group, FACTORY)
    postgresql.ask(f"CREATE SCHEMA {SCHEMA}")
    adf.factories.create_or_update(*place, models.Factory(location="local"))
    service = models.AzurePostgreSqlLinkedService(connection_string=postgresql.url(SCHEMA))
    adf.linked_services.create_or_update(*place, "shop", models.LinkedServiceResource(properties=service))
    for name in ("origin", "target"):
        table = models.AzurePostgreSqlTableDataset(linked_service_name=SERVICE, table=name)
        adf.datasets.create_or_update(*place, name, models.DatasetResource(properties=table))
    return place


def table(name: str) -> Any:
    return models.DatasetReference(type="DatasetReference", reference_name=name)


def after(name: str) -> list[Any]:
    return [models.ActivityDependency(activity=name, dependency_conditions=["Succeeded"])]


def test_a_pipeline_over_tables(connection: Any, place: tuple[str, str], postgresql: Server) -> None:
    adf = connection.factory
    made = (
        "CREATE TABLE origin (id integer PRIMARY KEY, at timestamptz, about jsonb);"
        "CREATE TABLE target (id integer PRIMARY KEY, at timestamptz, about jsonb);"
        "INSERT INTO origin VALUES (1, '2024-01-02T03:04:05Z', '{\"a\": [1]}'), (2, NULL, NULL);"
        "INSERT INTO target VALUES (2, now(), '1'), (3, NULL, '{}');"
        "CREATE PROCEDURE forget(which integer) LANGUAGE sql AS 'DELETE FROM target WHERE id = which'"
    )
    steps = [
        models.ScriptActivity(name="make", linked_service_name=SERVICE, scripts=[models.ScriptActivityScriptBlock(type="NonQuery", text=made)]),
        models.CopyActivity(
            name="copy",
            depends_on=after("make"),
            inputs=[table("origin")],
            outputs=[table("target")],
            source=models.AzurePostgreSqlSource(query="SELECT * FROM origin ORDER BY id"),
            sink=models.AzurePostgreSqlSink(write_method="Upsert"),
        ),
        models.SqlServerStoredProcedureActivity(
            name="forget",
            depends_on=after("copy"),
            linked_service_name=SERVICE,
            stored_procedure_name="forget",
            stored_procedure_parameters={"which": {"value": "@activity('copy').output.rowsCopied", "type": "Int32"}},
        ),
        models.LookupActivity(
            name="look",
            depends_on=after("forget"),
            dataset=table("target"),
            source=models.AzurePostgreSqlSource(query="SELECT id, at, about FROM target ORDER BY id"),
            first_row_only=False,
        ),
    ]
    adf.pipelines.create_or_update(*place, "tables", models.PipelineResource(activities=steps))
    run = adf.pipelines.create_run(*place, "tables").run_id
    wait_until(lambda: adf.pipeline_runs.get(*place, run).status in ("Succeeded", "Failed"), 60, "the pipeline does not end")
    assert adf.pipeline_runs.get(*place, run).status == "Succeeded", adf.pipeline_runs.get(*place, run).message
    ran = adf.activity_runs.query_by_pipeline_run(*place, run, models.RunFilterParameters(**WINDOW)).value
    outputs = {one.activity_name: one.output for one in ran}
    assert (outputs["copy"]["rowsRead"], outputs["copy"]["rowsCopied"]) == (2, 2)
    assert outputs["copy"]["executionDetails"][0]["sink"] == {"type": "AzurePostgreSql"}
    first = {"id": 1, "at": "2024-01-02T03:04:05+00:00", "about": '{"a":[1]}'}
    assert outputs["look"]["value"] == [first, {"id": 3, "at": None, "about": "{}"}]
    assert postgresql.ask("SELECT about ->> 'a' FROM target WHERE id = 1", SCHEMA) == [("[1]",)]
