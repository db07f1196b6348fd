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


def test_files_are_copied_with_wildcards_and_behaviours(shop: Shop) -> None:
    for path in ("f1.csv", "f2.csv", "sub/f3.csv", "note.txt"):
        shop.write(f"tree/{path}", f"id\n{path}\n")
    wild = models.AzureBlobStorageReadSettings(recursive=True, wildcard_file_name="*.csv")

    def go(target: str, behaviour: str) -> Any:
        write = models.BinarySink(store_settings=models.AzureBlobStorageWriteSettings(copy_behavior=behaviour))
        return shop.run(copy(dataset("binary", folder="tree"), dataset("binary", folder=target), models.BinarySource(store_settings=wild), write))

    assert go("kept", "PreserveHierarchy").output["filesWritten"] == 3
    assert shop.names("kept/") == ["kept/f1.csv", "kept/f2.csv", "kept/sub/f3.csv"]
    assert go("flat", "FlattenHierarchy").status == "Succeeded"
    assert [len(one.split("/")) for one in shop.names("flat/")] == [2, 2, 2]
    assert go("merged", "MergeFiles").status == "Succeeded"
    assert [shop.read(one) for one in shop.names("merged/")] == ["id\nf1.csv\nid\nf2.csv\nid\nsub/f3.csv\n"]


def test_rows_that_do_not_fit_are_left_out_and_logged(shop: Shop) -> None:
    shop.sql("CREATE TABLE numbers (n INTEGER PRIMARY KEY)")
    shop.write("bad/n.csv", "n\n1\nx\n2\n2\n")
    log = models.RedirectIncompatibleRowSettings(linked_service_name="lake", path=f"{LAKE}/logs")
    pair = (dataset("csv", folder="bad", file="n.csv"), dataset("table", table="numbers"), models.DelimitedTextSource(), models.AzureSqlSink())
    ran = shop.run(copy(*pair))
    assert (ran.status, ran.error["errorCode"]) == ("Failed", "2200")
    assert "ErrorCode=TypeConversionFailure" in ran.error["message"]
    assert "converting value 'x' for column name 'n' from type 'String' to type 'Int64'" in ran.error["message"]
    assert shop.sql("SELECT * FROM numbers") == []
    ran = shop.run(copy(*pair, enable_skip_incompatible_row=True, redirect_incompatible_row_settings=log))
    assert ran.status == "Succeeded", ran.error
    assert (ran.output["rowsRead"], ran.output["rowsCopied"], ran.output["rowsSkipped"]) == (4, 2, 2)
    assert shop.sql("SELECT * FROM numbers ORDER BY n") == [(1,), (2,)]
    assert len(shop.read(ran.output["redirectRowPath"].removeprefix(f"{LAKE}/")).splitlines()) == 3


def test_lookups(shop: Shop) -> None:
    shop.write("look/a.csv", "id,name\n1,one\n2,two\n")
    read = models.DelimitedTextSource()
    first = shop.run(models.LookupActivity(name="look", dataset=dataset("csv", folder="look", file="a.csv"), source=read))
    assert first.output["firstRow"] == {"id": "1", "name": "one"}
    both = shop.run(models.LookupActivity(name="look", dataset=dataset("csv", folder="look", file="a.csv"), source=read, first_row_only=False))
    assert (both.output["count"], both.output["value"][1]) == (2, {"id": "2", "name": "two"})
    shop.write("look/n.json", '{"a": {"b": [1, 2]}}\n{"a": null}')
    nested = shop.run(models.LookupActivity(name="look", dataset=dataset("json", folder="look", file="n.json"), source=models.JsonSource()))
    assert nested.output["firstRow"] == {"a": {"b": [1, 2]}}
    query = models.AzureSqlSource(sql_reader_query="SELECT 7 AS seven WHERE 1 = 0")
    none = shop.run(models.LookupActivity(name="look", dataset=dataset("table", table="x"), source=query))
    assert (none.status, "firstRow" in none.output) == ("Succeeded", False)
    shop.write("look/many.csv", "n\n" + "\n".join(map(str, range(6000))))
    many = shop.run(models.LookupActivity(name="look", dataset=dataset("csv", folder="look", file="many.csv"), source=read, first_row_only=False))
    assert many.output["count"] == 5000
    shop.write("look/long.csv", "n\n" + "x" * 5_000_000)
    long = shop.run(models.LookupActivity(name="look", dataset=dataset("csv", folder="look", file="long.csv"), source=read, first_row_only=False))
    assert (long.status, long.error["errorCode"]) == ("Failed", "2100")
    assert "exceeds the limitation 4194304" in long.error["message"]


def test_metadata(shop: Shop) -> None:
    shop.write("meta/a.csv", "id,name\n1,one\n")
    shop.write("meta/sub/b.csv", "id\n")

    def ask(fields: list[str], name: str = "csv", **place: str) -> Any:
        return shop.run(models.GetMetadataActivity(name="meta", dataset=dataset(name, **place), field_list=fields))

    file = ask(
        ["itemName", "itemType", "size", "lastModified", "structure", "columnCount", "exists", "contentMD5"], folder="meta", file="a.csv"
    ).output
    assert (file["itemName"], file["itemType"], file["size"], file["columnCount"], file["exists"]) == ("a.csv", "File", 14, 2, True)
    assert file["structure"] == [{"name": "id", "type": "String"}, {"name": "name", "type": "String"}]
    folder = ask(["childItems", "itemType"], folder="meta").output
    assert folder["childItems"] == [{"name": "a.csv", "type": "File"}, {"name": "sub", "type": "Folder"}]
    assert ask(["exists"], folder="meta", file="no.csv").output["exists"] is False
    missing = ask(["size"], folder="meta", file="no.csv")
    assert (missing.status, "ErrorCode=UserErrorFileNotFound" in missing.error["message"]) == ("Failed", True)
    shop.sql("CREATE TABLE meta (a INTEGER, b TEXT)")
    assert ask(["structure", "exists"], "table", table="meta").output["structure"] == [
        {"name": "a", "type": "INTEGER"},
        {"name": "b", "type": "TEXT"},
    ]


def test_files_are_deleted(shop: Shop) -> None:
    for path in ("a.csv", "b.txt", "sub/c.csv"):
        shop.write(f"del/{path}", "x")
    wild = models.AzureBlobStorageReadSettings(recursive=True, wildcard_file_name="*.csv")
    logged = models.LogStorageSettings(linked_service_name=service("lake"), path=f"{LAKE}/logs")
    target = dataset("binary", folder="del")
    ran = shop.run(models.DeleteActivity(name="del", dataset=target, store_settings=wild, enable_logging=True, log_storage_settings=logged))
    assert ran.status == "Succeeded", ran.error
    assert (ran.output["filesDeleted"], ran.output["isWildcardUsed"], ran.output["datasetName"]) == (2, True, "binary")
    assert shop.names("del/") == ["del/b.txt"]
    assert "del/sub/c.csv,File,Deleted," in shop.read(ran.output["logPath"].removeprefix(f"{LAKE}/"))
    all_of_it = models.AzureBlobStorageReadSettings(recursive=True)
    assert shop.run(models.DeleteActivity(name="del", dataset=target, store_settings=all_of_it)).output["filesDeleted"] == 1
    gone = shop.run(models.DeleteActivity(name="del", dataset=target, store_settings=all_of_it))
    assert (gone.status, "UserErrorFileNotFound" in gone.error["message"]) == ("Failed", True)


def test_scripts(shop: Shop) -> None:
    blocks = [
        models.ScriptActivityScriptBlock(type="NonQuery", text="CREATE TABLE notes (id INTEGER, note TEXT)"),
        models.ScriptActivityScriptBlock(
            type="NonQuery",
            text="INSERT INTO notes VALUES (@id, 'a:b'), (2, 'two')",
            parameters=[models.ScriptActivityParameter(name="id", type="Int32", value=1, direction="Input")],
        ),
        models.ScriptActivityScriptBlock(type="Query", text="SELECT * FROM notes ORDER BY id"),
    ]
    ran = shop.run(models.ScriptActivity(name="sql", linked_service_name=service("db"), scripts=blocks))
    assert ran.status == "Succeeded", ran.error
    assert (ran.output["resultSetCount"], ran.output["recordsAffected"]) == (1, 2)
    assert ran.output["resultSets"][0] == {"rowCount": 2, "rows": [{"id": 1, "note": "a:b"}, {"id": 2, "note": "two"}]}
    wrong = [
        models.ScriptActivityScriptBlock(type="NonQuery", text="DELETE FROM notes"),
        models.ScriptActivityScriptBlock(type="Query", text="SELEC 1"),
    ]
    ran = shop.run(models.ScriptActivity(name="sql", linked_service_name=service("db"), scripts=wrong))
    assert (ran.status, "ErrorCode=SqlOperationFailed" in ran.error["message"]) == ("Failed", True)
    assert len(shop.sql("SELECT * FROM notes")) == 2
    procedure = models.SqlServerStoredProcedureActivity(name="p", linked_service_name=service("db"), stored_procedure_name="dbo.p")
    ran = shop.run(procedure)
    assert (ran.error["errorCode"], "SQLite has none" in ran.error["message"]) == ("2402", True)


def test_a_validation_waits_until_the_file_is_there(shop: Shop) -> None:
    waits = models.ValidationActivity(name="wait", dataset=dataset("csv", folder="late", file="a.csv"), sleep=1, timeout="0.00:01:00", minimum_size=3)
    shop.adf.pipelines.create_or_update(*shop.place, "waiting", models.PipelineResource(activities=[waits]))
    run = shop.adf.pipelines.create_run(*shop.place, "waiting").run_id
    wait_until(lambda: shop.adf.pipeline_runs.get(*shop.place, run).status == "InProgress", 20, lambda: "it does not begin")
    shop.write("late/a.csv", "id\n1\n")
    wait_until(lambda: shop.adf.pipeline_runs.get(*shop.place, run).status == "Succeeded", 30, lambda: "it does not end")
    never = models.ValidationActivity(name="never", dataset=dataset("csv", folder="late", file="no.csv"), sleep=1, timeout="0.00:00:01")
    assert shop.run(never).status in ("Failed", "TimedOut")


def test_a_command_runs_as_a_job(shop: Shop, connection: Any, server: Any) -> None:
    shop.write("tools/hello.txt", "hello")
    batch = models.AzureBatchLinkedService(account_name="a", batch_uri="https://x", pool_name="p", linked_service_name=service("lake"))
    shop.adf.linked_services.create_or_update(*shop.place, "batch", models.LinkedServiceResource(properties=batch))
    place = f"{connection.url}/subscriptions/{connection.subscription}/resourceGroups/{connection.resource_group}/providers/Microsoft.DataFactory/factories/{FACTORY}/mappings/batch?api-version=2018-06-01"
    assert connection.http.put(place, json={"properties": {"workspace": connection.workspace}}).status_code in (200, 201)

    def go(command: str) -> Any:
        tools = {"resource_linked_service": service("lake"), "folder_path": f"{LAKE}/tools", "extended_properties": {"WORD": "hello"}}
        return shop.run(models.CustomActivity(name="run", linked_service_name=service("batch"), command=command, **tools))

    ran = go('test "$(cat hello.txt)" = "$WORD"')
    assert (ran.status, ran.output["exitcode"]) == ("Succeeded", 0), ran.error
    ran = go("exit 3")
    assert (ran.status, ran.error["errorCode"]) == ("Failed", "2500")
