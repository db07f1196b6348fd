"""The activities that move data, through the official client on a running server: over the lake, folders and SQLite."""

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.mgmt.datafactory import models

from running import wait_until

FACTORY = "data-factory"
WINDOW = {"last_updated_after": datetime.now(UTC) - timedelta(hours=1), "last_updated_before": datetime.now(UTC) + timedelta(days=1)}
LAKE = "factory-lake"


def service(name: str) -> Any:
    return models.LinkedServiceReference(type="LinkedServiceReference", reference_name=name)


def dataset(name: str, **parameters: Any) -> Any:
    return models.DatasetReference(type="DatasetReference", reference_name=name, parameters=parameters or None)


def expression(text: str) -> Any:
    return models.Expression(type="Expression", value=text)


class Shop:
    """A factory with a lake and a database, and the ways to run one activity in it."""

    def __init__(self, connection: Any, folder: Path) -> None:
        self.adf = connection.factory
        self.place = (connection.resource_group, FACTORY)
        self.lake = connection.blobs.get_container_client(LAKE)
        self.folder = folder
        self.database = folder / "shop.db"
        if not self.lake.exists():
            self.lake.create_container()
        self.adf.factories.create_or_update(*self.place, models.Factory(location="local"))
        blob = models.AzureBlobStorageLinkedService(service_endpoint="https://azurine.blob.core.windows.net")
        self.adf.linked_services.create_or_update(*self.place, "lake", models.LinkedServiceResource(properties=blob))
        sql = models.AzureSqlDatabaseLinkedService(connection_string=f"sqlite:///{self.database}")
        self.adf.linked_services.create_or_update(*self.place, "db", models.LinkedServiceResource(properties=sql))
        parameters = {name: models.ParameterSpecification(type="String", default_value="") for name in ("folder", "file")}
        where = models.AzureBlobStorageLocation(container=LAKE, folder_path=expression("@dataset().folder"), file_name=expression("@dataset().file"))
        at = {"linked_service_name": service("lake"), "parameters": parameters, "location": where}
        self.put("csv", models.DelimitedTextDataset(first_row_as_header=True, **at))
        self.put("json", models.JsonDataset(**at))
        self.put("parquet", models.ParquetDataset(**at))
        self.put("binary", models.BinaryDataset(**at))
        table = {"linked_service_name": service("db"), "parameters": {"table": models.ParameterSpecification(type="String")}}
        self.put("table", models.AzureSqlTableDataset(schema_type_properties_schema="dbo", table=expression("@dataset().table"), **table))

    def put(self, name: str, one: Any) -> None:
        self.adf.datasets.create_or_update(*self.place, name, models.DatasetResource(properties=one))

    def write(self, path: str, text: str) -> None:
        self.lake.upload_blob(path, text.encode(), overwrite=True)

    def read(self, path: str) -> str:
        found: bytes = self.lake.download_blob(path).readall()
        return found.decode()

    def names(self, folder: str) -> list[str]:
        return sorted(str(one.name) for one in self.lake.list_blobs(name_starts_with=folder))

    def run(self, activity: Any) -> Any:
        """The activity run."""
        self.adf.pipelines.create_or_update(*self.place, "one", models.PipelineResource(activities=[activity]))
        run = self.adf.pipelines.create_run(*self.place, "one").run_id
        wait_until(
            lambda: self.adf.pipeline_runs.get(*self.place, run).status in ("Succeeded", "Failed", "Cancelled"), 60, lambda: "the run does not end"
        )
        found = self.adf.activity_runs.query_by_pipeline_run(*self.place, run, models.RunFilterParameters(**WINDOW))
        return found.value[0]

    def sql(self, text: str) -> list[tuple[Any, ...]]:
        with sqlite3.connect(self.database) as link:
            found = link.execute(text).fetchall()
        link.close()
        return found


@pytest.fixture(scope="module")
def shop(connection: Any, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(connection, tmp_path_factory.mktemp("shop"))


def copy(source: Any, sink: Any, read: Any, write: Any, **more: Any) -> Any:
    return models.CopyActivity(name="copy", inputs=[source], outputs=[sink], source=read, sink=write, **more)


def test_a_csv_is_copied_to_json_and_parquet_and_back(shop: Shop) -> None:
    shop.write("in/a.csv", 'id,name\n1,one\n2,"two, too"\n3,\n')
    ran = shop.run(
        copy(dataset("csv", folder="in", file="a.csv"), dataset("json", folder="out", file="a.json"), models.DelimitedTextSource(), models.JsonSink())
    )
    assert (ran.status, ran.activity_type) == ("Succeeded", "Copy"), ran.error
    assert [json.loads(line) for line in shop.read("out/a.json").splitlines()] == [
        {"id": "1", "name": "one"},
        {"id": "2", "name": "two, too"},
        {"id": "3", "name": None},
    ]
    assert (ran.output["rowsRead"], ran.output["rowsCopied"], ran.output["filesRead"], ran.output["filesWritten"]) == (3, 3, 1, 1)
    assert ran.output["dataRead"] == len('id,name\n1,one\n2,"two, too"\n3,\n')
    assert ran.output["executionDetails"][0]["source"] == {"type": "AzureBlobStorage"}
    ran = shop.run(
        copy(
            dataset("json", folder="out", file="a.json"),
            dataset("parquet", folder="out", file="a.parquet"),
            models.JsonSource(),
            models.ParquetSink(),
        )
    )
    assert ran.status == "Succeeded", ran.error
    ran = shop.run(
        copy(
            dataset("parquet", folder="out", file="a.parquet"),
            dataset("csv", folder="out", file="b.csv"),
            models.ParquetSource(),
            models.DelimitedTextSink(),
        )
    )
    assert ran.status == "Succeeded", ran.error
    assert shop.read("out/b.csv") == 'id,name\r\n1,one\r\n2,"two, too"\r\n3,\r\n'
    assert shop.names("out/") == ["out/a.json", "out/a.parquet", "out/b.csv"]


def test_a_csv_goes_into_a_table_and_a_query_comes_out(shop: Shop) -> None:
    shop.sql("CREATE TABLE sales (id INTEGER PRIMARY KEY, name TEXT, price REAL)")
    shop.write("sql/s.csv", "id,name,price\n1,one,1.5\n2,two,2.5\n")
    sink = models.AzureSqlSink(pre_copy_script="DELETE FROM sales")
    for _ in range(2):
        ran = shop.run(copy(dataset("csv", folder="sql", file="s.csv"), dataset("table", table="sales"), models.DelimitedTextSource(), sink))
        assert ran.status == "Succeeded", ran.error
    assert shop.sql("SELECT * FROM sales ORDER BY id") == [(1, "one", 1.5), (2, "two", 2.5)]
    shop.write("sql/u.csv", "id,name,price\n2,zwei,22\n3,drei,33\n")
    upsert = models.AzureSqlSink(write_behavior="upsert", upsert_settings=models.SqlUpsertSettings(keys=["id"]))
    ran = shop.run(copy(dataset("csv", folder="sql", file="u.csv"), dataset("table", table="sales"), models.DelimitedTextSource(), upsert))
    assert ran.status == "Succeeded", ran.error
    source = models.AzureSqlSource(sql_reader_query="SELECT id, name, price FROM sales WHERE id > 1 ORDER BY id")
    ran = shop.run(copy(dataset("table", table="sales"), dataset("csv", folder="sql", file="out.csv"), source, models.DelimitedTextSink()))
    assert (ran.status, ran.output["rowsCopied"]) == ("Succeeded", 2)
    assert shop.read("sql/out.csv") == "id,name,price\r\n2,zwei,22.0\r\n3,drei,33.0\r\n"


def test_a_source_that_is_not_there_fails_in_data_factorys_words(shop: Shop) -> None:
    ran = shop.run(
        copy(dataset("csv", folder="in", file="no.csv"), dataset("json", folder="no", file="a.json"), models.DelimitedTextSource(), models.JsonSink())
    )
    assert ran.status == "Failed"
    assert ran.error["errorCode"] == "2200"
    assert ran.error["failureType"] == "UserError"
    assert ran.error["message"].startswith("Failure happened on 'Source' side. ErrorCode=UserErrorFileNotFound,'Type=Microsoft.DataTransfer")
    assert shop.names("no/") == []
