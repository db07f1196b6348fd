"""Copy, Lookup, Script, procedures and GetMetadata on PostgreSQL: types, NULLs, upserts, rows that do not fit, and nothing half-written."""

import json
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from azurine.movement import orders
from postgresql import Server

Json = Mapping[str, Any]
CSV = {"type": "DelimitedText", "firstRowAsHeader": True}
JSON = {"type": "Json"}
PARQUET = {"type": "Parquet"}


class Shop:
    """A folder, a schema of its own in the database, and orders between the two."""

    def __init__(self, server: Server, folder: Path, schema: str) -> None:
        self.server = server
        self.folder = folder
        self.schema = schema
        server.ask(f"CREATE SCHEMA {schema}")
        self.connection = {"kind": "sql", "name": "db", "url": server.url(schema)}

    def ask(self, text: str) -> list[tuple[object, ...]]:
        return self.server.ask(text, self.schema)

    def table(self, name: str, schema: str = "dbo") -> Json:
        return {"name": "t", "type": "AzureSqlTable", "connection": self.connection, "table": {"schema": schema, "table": name}, "format": {}}

    def file(self, name: str, written: Json = CSV) -> Json:
        location = {"container": "", "folder": "", "file": name, "path": name}
        connection = {"kind": "files", "store": "folder", "root": str(self.folder)}
        return {"name": "d", "type": written["type"], "connection": connection, "location": location, "format": written}

    def write(self, name: str, text: str) -> Json:
        (self.folder / name).write_text(text, encoding="utf-8")
        return self.file(name)

    def read(self, name: str) -> list[Any]:
        return [json.loads(line) for line in (self.folder / name).read_text(encoding="utf-8").splitlines()]

    def copy(self, source: Json, sink: Json, read: Json | None = None, write: Json | None = None, **more: Any) -> dict[str, Any]:
        sides = {"source": {"dataset": source, "settings": read or {}}, "sink": {"dataset": sink, "settings": write or {}}}
        return orders.carry_out({"do": "copy", "name": "k", **sides, **more})

    def look_up(self, query: str, first: bool = False) -> Any:
        source = {"dataset": self.table(""), "settings": {"sqlReaderQuery": query}}
        return orders.carry_out({"do": "lookup", "source": source, "first": first})

    def script(self, *scripts: Json) -> Any:
        return orders.carry_out({"do": "script", "connection": self.connection, "scripts": list(scripts)})


_numbers = count()


@pytest.fixture
def shop(postgresql: Server, tmp_path: Path) -> Shop:
    return Shop(postgresql, tmp_path, f"shop_{next(_numbers)}")


TYPES: list[tuple[str, str, str, Any]] = [
    # type, what is written in the file, the same as SQL, the same as JSON
    ("smallint", "7", "7", 7),
    ("integer", "-2147483648", "-2147483648", -2147483648),
    ("bigint", "9007199254740993", "9007199254740993", 9007199254740993),
    ("numeric(10,2)", "12.50", "12.50", 12.5),
    ("double precision", "0.1", "0.1", 0.1),
    ("real", "0.5", "0.5", 0.5),
    ("boolean", "True", "true", True),
    ("text", "Grüße, 'Welt' : 100 %", "'Grüße, ''Welt'' : 100 %'", "Grüße, 'Welt' : 100 %"),
    ("varchar(5)", "abcde", "'abcde'", "abcde"),
    ("date", "2024-02-29", "'2024-02-29'", "2024-02-29"),
    ("timestamp", "2024-02-29 13:14:15.123456", "'2024-02-29 13:14:15.123456'", "2024-02-29T13:14:15.123456Z"),
    ("timestamptz", "2024-02-29T13:14:15+02:00", "'2024-02-29T13:14:15+02:00'", "2024-02-29T11:14:15+00:00"),
    ("time", "13:14:15", "'13:14:15'", "13:14:15"),
    ("uuid", "0b0a0f5e-8f6b-4f29-9d4f-0d5a2f3f9a11", "'0b0a0f5e-8f6b-4f29-9d4f-0d5a2f3f9a11'", "0b0a0f5e-8f6b-4f29-9d4f-0d5a2f3f9a11"),
    ("jsonb", '{"a": [1, 2]}', "'{\"a\": [1, 2]}'", '{"a":[1,2]}'),
    ("bytea", "AAEC", "'\\x000102'", "AAEC"),
    ("integer[]", "{1,2}", "'{1,2}'", "[1,2]"),
    ("interval", "1.02:00:00", "'26 hours'", "1.02:00:00"),
    ("inet", "10.0.0.1/8", "'10.0.0.1/8'", "10.0.0.1/8"),
]


@pytest.mark.parametrize(("kind", "text", "sql", "value"), TYPES, ids=[row[0] for row in TYPES])
def test_each_type_is_written_and_read_with_its_nulls(shop: Shop, kind: str, text: str, sql: str, value: Any) -> None:
    shop.ask(f"CREATE TABLE t (id integer PRIMARY KEY, v {kind})")
    quoted = '"' + text.replace('"', '""') + '"'
    source = shop.write("a.csv", f"id,v\n1,{quoted}\n2,\n")
    doubled = {**source, "format": {**CSV, "escapeChar": '"'}}
    said = shop.copy(doubled, shop.table("t"))
    assert said.get("output", said).get("rowsCopied") == 2, said
    assert shop.ask(f"SELECT id, v = ({sql})::{kind} FROM t ORDER BY id") == [(1, True), (2, None)]
    assert "output" in shop.copy(shop.table("t"), shop.file("b.json", JSON), {"sqlReaderQuery": "SELECT * FROM t ORDER BY id"})
    assert [one["v"] for one in shop.read("b.json")] == [value, None]
    assert [one["v"] for one in shop.look_up("SELECT v FROM t ORDER BY id")["output"]["value"]] == [value, None]
    assert "output" in shop.copy(shop.table("t"), shop.file("b.parquet", PARQUET))
    shop.ask("CREATE TABLE u (LIKE t)")
    said = shop.copy(shop.file("b.parquet", PARQUET), shop.table("u"))
    assert said.get("output", said).get("rowsCopied") == 2, said
    assert shop.ask("SELECT count(*) FROM u") == [(2,)]
    assert shop.ask("SELECT * FROM t EXCEPT SELECT * FROM u") == []


def test_a_table_is_made_with_the_types_of_the_source_and_lies_in_the_schema_that_is_named(shop: Shop) -> None:
    read = {"sqlReaderQuery": "SELECT 1 AS n, 1.5::float8 AS f, true AS b, 'x' AS t, date '2024-01-02' AS d, timestamp '2024-01-02 03:04' AS m"}
    auto = {"tableOption": "autoCreate"}
    assert "output" in shop.copy(shop.table(""), shop.table("Made here"), read, auto)
    kinds = shop.ask(f"SELECT data_type FROM information_schema.columns WHERE table_schema = '{shop.schema}' ORDER BY ordinal_position")
    assert [str(one[0]) for one in kinds] == ["bigint", "double precision", "boolean", "text", "date", "timestamp without time zone"]
    other = f"{shop.schema}_other"
    shop.server.ask(f"CREATE SCHEMA {other}")
    assert "output" in shop.copy(shop.table(""), shop.table("t", other), read, auto)
    assert shop.server.ask(f"SELECT n, t FROM {other}.t") == [(1, "x")]
    said = shop.copy(shop.table("t", "nowhere"), shop.file("a.json", JSON))
    assert said["error"]["code"] in ("UserErrorInvalidTableName", "SqlOperationFailed"), said


@pytest.mark.parametrize("keyed", [{"writeBehavior": "upsert", "upsertSettings": {"keys": ["id", "part"]}}, {"writeMethod": "Upsert"}])
def test_upserts(shop: Shop, keyed: Json) -> None:
    shop.ask("CREATE TABLE t (id integer, part text, name text, at date, about jsonb, PRIMARY KEY (id, part))")
    shop.ask("INSERT INTO t VALUES (1, 'a', 'one', '2024-01-01', '{}'), (2, 'a', 'two', '2024-01-01', NULL)")
    source = shop.write("a.csv", "id,part,name,at,about\n2,a,zwei,2024-02-02,[1]\n2,b,drei,,\n2,b,vier,2024-03-03,\n")
    said = shop.copy(source, shop.table("t"), {}, keyed)
    assert said.get("output", said).get("rowsCopied") == 3, said
    found = shop.ask("SELECT id, part, name, at::text, about::text FROM t ORDER BY id, part")
    assert found == [(1, "a", "one", "2024-01-01", "{}"), (2, "a", "zwei", "2024-02-02", "[1]"), (2, "b", "vier", "2024-03-03", None)]


def test_an_upsert_without_keys_is_refused(shop: Shop) -> None:
    shop.ask("CREATE TABLE t (id integer)")
    said = shop.copy(shop.write("a.csv", "id\n1\n"), shop.table("t"), {}, {"writeBehavior": "upsert"})
    assert said["error"]["code"] == "UserErrorInvalidUpsertKeys"
    assert shop.ask("SELECT * FROM t") == []


def test_rows_that_do_not_fit_are_left_out_and_logged(shop: Shop) -> None:
    shop.ask("CREATE TABLE t (id integer PRIMARY KEY, name varchar(3) NOT NULL, n smallint)")
    source = shop.write("a.csv", "id,name,n\n1,one,1\nx,two,2\n1,bis,3\n4,much too long,4\n5,,5\n6,six,99999\n7,sev,7\n")
    plain = shop.copy(source, shop.table("t"))
    assert (plain["error"]["code"], shop.ask("SELECT * FROM t")) == ("TypeConversionFailure", [])
    log = {"connection": {"kind": "files", "store": "folder", "root": str(shop.folder)}, "path": "log.csv"}
    said = shop.copy(source, shop.table("t"), skip=True, log=log)["output"]
    assert (said["rowsRead"], said["rowsCopied"], said["rowsSkipped"]) == (7, 2, 5)
    assert shop.ask("SELECT id, name, n FROM t ORDER BY id") == [(1, "one", 1), (7, "sev", 7)]
    assert len((shop.folder / "log.csv").read_text().splitlines()) == 6


def test_what_fails_half_way_leaves_nothing(shop: Shop) -> None:
    shop.ask("CREATE TABLE t (id integer PRIMARY KEY)")
    shop.ask("INSERT INTO t VALUES (-1)")
    source = shop.write("a.csv", "id\n" + "".join(f"{number}\n" for number in [*range(12_000), 7]))
    said = shop.copy(source, shop.table("t"), {}, {"preCopyScript": "DELETE FROM t; CREATE TABLE before (a text CHECK (a LIKE '%'))"})
    assert (said["error"]["code"], "duplicate key" in said["error"]["message"]) == ("SqlOperationFailed", True)
    assert shop.ask("SELECT * FROM t") == [(-1,)]
    said = shop.copy(
        source, shop.table("made"), {}, {"tableOption": "autoCreate"}, translator={"mappings": [{"source": {"name": "no"}, "sink": {"name": "id"}}]}
    )
    assert "error" in said
    assert shop.ask(f"SELECT table_name FROM information_schema.tables WHERE table_schema = '{shop.schema}'") == [("t",)]


def test_many_rows_go_there_and_back(shop: Shop) -> None:
    shop.ask("CREATE TABLE t (id integer, name text)")
    source = shop.write("a.csv", "id,name\r\n" + "".join(f"{number},row {number}\r\n" for number in range(25_000)))
    assert shop.copy(source, shop.table("t"))["output"]["rowsCopied"] == 25_000
    assert shop.copy(shop.table("t"), shop.file("b.csv"), {"query": "SELECT * FROM t ORDER BY id"})["output"]["rowsCopied"] == 25_000
    assert (shop.folder / "b.csv").read_bytes() == (shop.folder / "a.csv").read_bytes()


def test_lookups(shop: Shop) -> None:
    assert shop.look_up("SELECT 1 AS n, NULL AS none, 'a:b %s' AS t", first=True) == {"output": {"firstRow": {"n": 1, "none": None, "t": "a:b %s"}}}
    assert shop.look_up("SELECT 1 AS n WHERE false", first=True) == {"output": {}}
    assert shop.look_up("SELECT generate_series(1, 7000) AS n")["output"]["count"] == 5000
    assert shop.look_up("SELECT 1 AS a, 2 AS a")["error"]["code"] == "UserErrorDuplicateColumnName"
    assert "does not exist" in shop.look_up("SELECT * FROM nowhere")["error"]["message"]


def test_scripts_in_one_transaction(shop: Shop) -> None:
    given = [
        {"name": "day", "type": "String", "value": "2024-02-29"},
        {"name": "n", "type": "Int32", "value": 7},
        {"name": "none", "type": "String", "value": None},
    ]
    said = shop.script(
        {"type": "NonQuery", "text": "CREATE TABLE t (at date, n integer, t text); CREATE TABLE u (a text)"},
        {"type": "NonQuery", "text": "INSERT INTO t VALUES (@day, @n, '100 % a:b'), (@day::date + 1, :n, @none)", "parameters": given},
        {"type": "Query", "text": "SELECT * FROM t WHERE t LIKE '100 %' OR t IS NULL ORDER BY at"},
    )
    assert said["output"]["recordsAffected"] == 2, said
    rows = [{"at": "2024-02-29", "n": 7, "t": "100 % a:b"}, {"at": "2024-03-01", "n": 7, "t": None}]
    assert said["output"]["resultSets"] == [{"rowCount": 2, "rows": rows}]
    said = shop.script({"type": "NonQuery", "text": "DELETE FROM t"}, {"type": "Query", "text": "SELEC 1"})
    assert (said["error"]["code"], shop.ask("SELECT count(*) FROM t")) == ("SqlOperationFailed", [(2,)])


def test_procedures_and_functions(shop: Shop) -> None:
    shop.ask("CREATE TABLE t (at date, n integer)")
    shop.ask("CREATE PROCEDURE put(at date, n integer) LANGUAGE sql AS 'INSERT INTO t VALUES (at, n)'")
    shop.ask("CREATE FUNCTION all_of(lowest integer) RETURNS SETOF t LANGUAGE sql AS 'SELECT * FROM t WHERE n >= lowest'")

    def call(name: str, **given: Any) -> Any:
        return orders.carry_out({"do": "procedure", "connection": shop.connection, "procedure": name, "parameters": given})

    day = {"value": "2024-02-29", "type": "DateTime"}
    assert call("put", at=day, n={"value": "7", "type": "Int32"}) == {"output": {}}
    assert call("[put]", at=day, n={"value": 8, "type": "Int32"}) == {"output": {}}
    assert call("all_of", lowest={"value": 1, "type": "Int32"}) == {"output": {}}
    read = {"sqlReaderStoredProcedureName": "all_of", "storedProcedureParameters": {"lowest": {"value": "8", "type": "Int32"}}}
    assert shop.copy(shop.table(""), shop.file("a.json", JSON), read)["output"]["rowsCopied"] == 1
    assert shop.read("a.json") == [{"at": "2024-02-29", "n": 8}]
    assert "does not exist" in call("nowhere")["error"]["message"]
    assert shop.ask("SELECT n FROM t ORDER BY n") == [(7,), (8,)]


def test_metadata(shop: Shop) -> None:
    shop.ask("CREATE TABLE t (id integer, name text)")

    def tell(table: str, *fields: str) -> Any:
        return orders.carry_out({"do": "metadata", "dataset": shop.table(table), "fields": fields, "settings": {}})

    assert tell("t", "exists", "columnCount") == {"output": {"exists": True, "columnCount": 2}}
    assert tell("t", "structure")["output"]["structure"] == [{"name": "id", "type": "INTEGER"}, {"name": "name", "type": "TEXT"}]
    assert tell("no", "exists") == {"output": {"exists": False}}


def test_nobody_there(shop: Shop) -> None:
    shop.connection["url"] = shop.server.url(shop.schema, shop.folder)
    said = shop.look_up("SELECT 1")
    assert (said["error"]["code"], str(shop.folder) in said["error"]["message"]) == ("SqlFailedToConnect", True)


def test_what_the_database_says_beside_and_what_takes_too_long(shop: Shop) -> None:
    said = shop.script({"type": "NonQuery", "text": "DO $$ BEGIN RAISE NOTICE 'hello % %', 1, 'you'; END $$"})
    assert said["output"]["outputLogs"] == "hello 1 you"
    source = {"dataset": shop.table(""), "settings": {"sqlReaderQuery": "SELECT pg_sleep(60)", "queryTimeout": "00:00:00.1"}}
    assert orders.carry_out({"do": "lookup", "source": source, "first": True})["error"]["code"] == "UserErrorSqlTimeout"
    slow = {"do": "script", "connection": shop.connection, "scripts": [{"text": "SELECT pg_sleep(60)"}], "timeout": "00:00:00.1"}
    assert orders.carry_out(slow)["error"]["code"] == "UserErrorSqlTimeout"


def test_a_query_with_a_place_for_a_part_is_read_as_a_whole(shop: Shop) -> None:
    query = "SELECT n FROM generate_series(1, 3) AS n WHERE ?AdfDynamicRangePartitionCondition AND n > 1"
    assert shop.look_up(query)["output"]["value"] == [{"n": 2}, {"n": 3}]
