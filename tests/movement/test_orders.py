"""Moving data, order by order: what is read and written, what is refused and in which words, and that nothing is left half-written."""

import json
import os
import sqlite3
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from azurine.movement import orders

Json = Mapping[str, Any]
CSV = {"type": "DelimitedText", "firstRowAsHeader": True}
JSON = {"type": "Json"}
PARQUET = {"type": "Parquet"}
BINARY = {"type": "Binary"}


def files(root: Path, written: Json, folder: str = "", file: str = "", container: str = "") -> Json:
    path = "/".join(part for part in (container, folder, file) if part)
    location = {"container": container, "folder": folder, "file": file, "path": path}
    return {
        "name": "d",
        "type": written["type"],
        "connection": {"kind": "files", "store": "folder", "root": str(root)},
        "location": location,
        "format": written,
    }


def table(root: Path, name: str) -> Json:
    connection = {"kind": "sql", "url": f"sqlite:///{root / 'x.db'}"}
    return {
        "name": "t",
        "type": "AzureSqlTable",
        "connection": connection,
        "table": {"schema": "dbo", "table": name},
        "format": {"type": "AzureSqlTable"},
    }


def copy(source: Json, sink: Json, read: Json | None = None, write: Json | None = None, **more: Any) -> dict[str, Any]:
    order = {"do": "copy", "name": "k", "source": {"dataset": source, "settings": read or {}}, "sink": {"dataset": sink, "settings": write or {}}}
    return orders.carry_out({**order, **more})


def lines(root: Path, text: bytes | str, written: Json = CSV, read: Json | None = None, **more: Any) -> Any:
    """What a text is as a table, by way of JSON; or the error's code."""
    (root / "a").write_bytes(text if isinstance(text, bytes) else text.encode())
    said = copy(files(root, written, file="a"), files(root, JSON, file="out.json"), read, **more)
    if "error" in said:
        assert not (root / "out.json").exists()
        assert [one for one in os.listdir(root) if one.startswith(".azurine")] == []
        return said["error"]["code"]
    return [json.loads(line) for line in (root / "out.json").read_text().splitlines()]


READ: list[tuple[str, bytes | str, Json, Json, Any]] = [
    # title, file, format, source settings, rows or the code of the error
    ("plain", "a,b\n1,2\n", CSV, {}, [{"a": "1", "b": "2"}]),
    ("no header", "1,2\n", {"type": "DelimitedText"}, {}, [{"Prop_0": "1", "Prop_1": "2"}]),
    ("a mark of the order of bytes", "\ufeffa\n1\n", CSV, {}, [{"a": "1"}]),
    ("line ends of all sorts", "a\r\n1\r2\n3", CSV, {}, [{"a": "1"}, {"a": "2"}, {"a": "3"}]),
    ("quotes, escaped and doubled", 'a\n"x\\"y"\n"x""y"\n', CSV, {}, [{"a": 'x"y'}, {"a": 'x"y'}]),
    ("a line end within quotes", 'a\n"x\ny"\n', CSV, {}, [{"a": "x\ny"}]),
    ("a delimiter of two characters", 'a||b\n1||"2||3"\n', {**CSV, "columnDelimiter": "||"}, {}, [{"a": "1", "b": "2||3"}]),
    ("a tab", "a\tb\n1\t2\n", {**CSV, "columnDelimiter": "\\t"}, {}, [{"a": "1", "b": "2"}]),
    ("rows that end otherwise", "a;1;2;", {**CSV, "rowDelimiter": ";"}, {}, [{"a": "1"}, {"a": "2"}]),
    ("a word for nothing", "a,b\nNA,\n", {**CSV, "nullValue": "NA"}, {}, [{"a": None, "b": ""}]),
    ("fewer columns", "a,b\n1\n", CSV, {}, [{"a": "1", "b": None}]),
    ("more columns", "a\n1,2\n", CSV, {}, "DelimitedTextMoreColumnsThanDefined"),
    ("lines to skip", "# x\na\n1\n", CSV, {"formatSettings": {"skipLineCount": 1}}, [{"a": "1"}]),
    ("another encoding", "a\né\n".encode("utf-16"), {**CSV, "encodingName": "UTF-16"}, {}, [{"a": "é"}]),
    ("the wrong encoding", "a\né\n".encode("latin-1"), CSV, {}, "UserErrorInvalidEncoding"),
    ("an unknown encoding", "a\n", {**CSV, "encodingName": "nope"}, {}, "UserErrorInvalidEncodingName"),
    ("a quote that does not end", 'a\n"x\n', CSV, {}, "DelimitedTextBadDataDetected"),
    ("a column without a name", "a,\n1,2\n", CSV, {}, "DelimitedTextColumnNameNotAllowNull"),
    ("a name twice", "a,a\n1,2\n", CSV, {}, "DelimitedTextColumnNameDuplicated"),
    ("a header alone", "a\n", CSV, {}, []),
    ("nothing at all", "", CSV, {}, []),
    ("no gzip", "a\n", {**CSV, "compressionCodec": "gzip"}, {}, "UserErrorInvalidCompressedData"),
    ("a codec that is not there", "a\n", {**CSV, "compressionCodec": "lz4"}, {}, "UserErrorUnsupportedCompressionType"),
    ("objects in lines", '{"a": {"b": 1}}\n{"a": 2}', JSON, {}, [{"a": {"b": 1}}, {"a": 2}]),
    ("an array", '[{"a": 1}, {"a": 2}]', JSON, {}, [{"a": 1}, {"a": 2}]),
    ("objects without space", '{"a":1}{"a":2}', JSON, {}, [{"a": 1}, {"a": 2}]),
    ("an array that does not end", '[{"a": 1}', JSON, {}, "JsonInvalidDataFormat"),
    ("half an object", '{"a": ', JSON, {}, "JsonInvalidDataFormat"),
    ("nested for ever", "[" + "[" * 100_000, JSON, {}, "JsonInvalidDataFormat"),
    ("no Parquet", "hello", PARQUET, {}, "ParquetInvalidFile"),
    ("no workbook", "hello", {"type": "Excel", "sheetName": "S"}, {}, "ExcelInvalidFile"),
    ("a format that is not read", "x", {"type": "Avro"}, {}, "UserErrorUnsupportedFormat"),
    (
        "columns that are added",
        "a\n1\n",
        CSV,
        {"additionalColumns": [{"name": "f", "value": "$$FILEPATH"}, {"name": "c", "value": "$$COLUMN:a"}, {"name": "s", "value": "x"}]},
        [{"a": "1", "f": "a", "c": "1", "s": "x"}],
    ),
]


@pytest.mark.parametrize(("text", "written", "read", "expected"), [row[1:] for row in READ], ids=[row[0] for row in READ])
def test_reading(tmp_path: Path, text: bytes | str, written: Json, read: Json, expected: Any) -> None:
    assert lines(tmp_path, text, written, read) == expected


def pair(source: Json, sink: Json) -> Json:
    return {"source": source, "sink": sink}


MAPPED: list[tuple[str, str, Json, Any, Any]] = [
    # title, file, format, translator, rows or the code of the error
    ("by name", "a,b\n1,2\n", CSV, {"mappings": [pair({"name": "b"}, {"name": "x"})]}, [{"x": "2"}]),
    ("by place", "1,2\n", {"type": "DelimitedText"}, {"mappings": [pair({"ordinal": 2}, {"name": "x"})]}, [{"x": "2"}]),
    ("with a type", "a\n7\n", CSV, {"mappings": [pair({"name": "a"}, {"name": "a", "type": "Int32"})]}, [{"a": 7}]),
    (
        "a day",
        "a\n31/01/2024\n",
        CSV,
        {"mappings": [pair({"name": "a"}, {"name": "a", "type": "DateTime"})], "typeConversionSettings": {"dateTimeFormat": "dd/MM/yyyy"}},
        [{"a": "2024-01-31T00:00:00Z"}],
    ),
    ("a type that does not fit", "a\nx\n", CSV, {"mappings": [pair({"name": "a"}, {"name": "a", "type": "Int32"})]}, "TypeConversionFailure"),
    ("no such column", "a\n1\n", CSV, {"mappings": [pair({"name": "z"}, {"name": "x"})]}, "MappingColumnNameNotFoundInSourceFile"),
    ("the older way", "a,b\n1,2\n", CSV, {"columnMappings": "a: x, b: y"}, [{"x": "1", "y": "2"}]),
    ("as a text", "a\n1\n", CSV, '{"columnMappings": {"a": "x"}}', [{"x": "1"}]),
    ("a text that is no JSON", "a\n1\n", CSV, "nope", "UserErrorInvalidColumnMapping"),
    ("half a mapping", "a\n1\n", CSV, {"mappings": [{"source": {"name": "a"}}]}, "UserErrorInvalidColumnMapping"),
    (
        "by path",
        '{"a": {"b": [1, 2]}, "c": 3}',
        JSON,
        {"mappings": [pair({"path": "$['a']['b'][1]"}, {"name": "x"}), pair({"path": "$.c"}, {"name": "y"})]},
        [{"x": 2, "y": 3}],
    ),
    (
        "each of a collection",
        '{"id": 1, "items": [{"n": "a"}, {"n": "b"}]}',
        JSON,
        {"collectionReference": "$['items']", "mappings": [pair({"path": "$['id']"}, {"name": "id"}), pair({"path": "['n']"}, {"name": "n"})]},
        [{"id": 1, "n": "a"}, {"id": 1, "n": "b"}],
    ),
    ("into a path", "a\n1\n", CSV, {"mappings": [pair({"name": "a"}, {"path": "$['x']['y']"})]}, [{"x": {"y": "1"}}]),
]


@pytest.mark.parametrize(("text", "written", "translator", "expected"), [row[1:] for row in MAPPED], ids=[row[0] for row in MAPPED])
def test_mapping(tmp_path: Path, text: str, written: Json, translator: Any, expected: Any) -> None:
    assert lines(tmp_path, text, written, translator=translator) == expected


def test_parquet_keeps_types_and_is_read_in_pieces(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("n,t\n" + "".join(f"{number},2024-01-02 03:04:05\n" for number in range(45_000)))
    types = {"mappings": [pair({"name": "n"}, {"name": "n", "type": "Int64"}), pair({"name": "t"}, {"name": "t", "type": "DateTime"})]}
    said = copy(files(tmp_path, CSV, file="a.csv"), files(tmp_path, PARQUET, file="a.parquet"), translator=types)
    assert said["output"]["rowsCopied"] == 45_000
    said = copy(files(tmp_path, PARQUET, file="a.parquet"), files(tmp_path, CSV, file="b.csv"))
    assert said["output"]["rowsCopied"] == 45_000
    assert (tmp_path / "b.csv").read_text().splitlines()[:2] == ["n,t", "0,2024-01-02 03:04:05.0000000"]


@pytest.mark.parametrize("codec", ["gzip", "bzip2", "deflate", "ZipDeflate"])
def test_compressed_text_goes_there_and_back(tmp_path: Path, codec: str) -> None:
    packed = {**CSV, "compressionCodec": codec}
    (tmp_path / "a.csv").write_text("a,b\r\n1,2\r\n")
    assert "output" in copy(files(tmp_path, CSV, file="a.csv"), files(tmp_path, packed, file="a.packed"))
    assert "output" in copy(files(tmp_path, packed, file="a.packed"), files(tmp_path, CSV, file="b.csv"))
    assert (tmp_path / "b.csv").read_bytes() == (tmp_path / "a.csv").read_bytes() != (tmp_path / "a.packed").read_bytes()


def test_files_of_so_many_rows(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a\n1\n2\n3\n")
    write = {"formatSettings": {"maxRowsPerFile": 2, "fileNamePrefix": "part"}}
    assert copy(files(tmp_path, CSV, file="a.csv"), files(tmp_path, CSV, folder="out"), write=write)["output"]["filesWritten"] == 2
    assert {one.name: one.read_text() for one in (tmp_path / "out").iterdir()} == {"part_00000.csv": "a\n1\n2\n", "part_00001.csv": "a\n3\n"}


def test_a_folder_of_files_by_list_and_by_time(tmp_path: Path) -> None:
    for name, moment in (("a", 1_000_000_000), ("b", 1_700_000_000)):
        (tmp_path / "in").mkdir(exist_ok=True)
        (tmp_path / "in" / f"{name}.csv").write_text(f"n\n{name}\n")
        os.utime(tmp_path / "in" / f"{name}.csv", (moment, moment))
    (tmp_path / "list.txt").write_text("b.csv\n")
    for store, expected in (
        ({"fileListPath": "list.txt"}, 1),
        ({"modifiedDatetimeEnd": "2010-01-01T00:00:00Z"}, 1),
        ({}, 2),
        ({"prefix": "in/a"}, 1),
    ):
        said = copy(files(tmp_path, BINARY, folder="in"), files(tmp_path, BINARY, folder="out"), {"storeSettings": store})
        assert said["output"]["filesRead"] == expected, store


def test_partitions_become_columns(tmp_path: Path) -> None:
    (tmp_path / "in" / "year=2024").mkdir(parents=True)
    (tmp_path / "in" / "year=2024" / "a.csv").write_text("n\n1\n")
    copy(files(tmp_path, CSV, folder="in"), files(tmp_path, JSON, file="o.json"), {"storeSettings": {"enablePartitionDiscovery": True}})
    assert json.loads((tmp_path / "o.json").read_text()) == {"n": "1", "year": "2024"}


def test_what_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_text("n\n1\n")
    (tmp_path / "in" / "b.csv").write_text('n\n"never ends\n')
    with sqlite3.connect(tmp_path / "x.db") as link:
        link.execute("CREATE TABLE t (n TEXT)")
        link.execute("INSERT INTO t VALUES ('before')")
    link.close()
    assert copy(files(tmp_path, CSV, folder="in"), files(tmp_path, JSON, folder="out"))["error"]["code"] == "DelimitedTextBadDataDetected"
    assert (
        copy(files(tmp_path, CSV, folder="in"), table(tmp_path, "t"), write={"preCopyScript": "DELETE FROM t"})["error"]["code"]
        == "DelimitedTextBadDataDetected"
    )
    with sqlite3.connect(tmp_path / "x.db") as link:
        assert link.execute("SELECT * FROM t").fetchall() == [("before",)]
    link.close()
    assert sorted(os.listdir(tmp_path)) == ["in", "x.db"]


def test_tables(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,at\n1,2024-01-02\n")
    source = files(tmp_path, CSV, file="a.csv")
    assert copy(source, table(tmp_path, "t"))["error"]["code"] == "UserErrorInvalidTableName"
    assert copy(source, table(tmp_path, "t"), write={"tableOption": "autoCreate"})["output"]["rowsCopied"] == 1
    (tmp_path / "a.csv").write_text("id,other\n1,2\n")
    assert copy(source, table(tmp_path, "t"))["error"]["code"] == "UserErrorInvalidColumnMappingColumnNotFound"
    assert copy(table(tmp_path, "t"), files(tmp_path, CSV, file="b.csv"))["output"]["rowsCopied"] == 1
    assert (tmp_path / "b.csv").read_text() == "id,at\n1,2024-01-02\n"


def test_workbooks(tmp_path: Path) -> None:
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    sheet = '<sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr"><is><t>b</t></is></c></row><row r="2"><c r="B2"><v>2.5</v></c></row></sheetData>'
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as book:
        relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
        book.writestr("xl/workbook.xml", f'<workbook {main} xmlns:r="{relation}"><sheets><sheet name="S" sheetId="1" r:id="x"/></sheets></workbook>')
        book.writestr("xl/_rels/workbook.xml.rels", '<Relationships><Relationship Id="x" Target="worksheets/s.xml"/></Relationships>')
        book.writestr("xl/sharedStrings.xml", f"<sst {main}><si><t>a</t></si></sst>")
        book.writestr("xl/worksheets/s.xml", f"<worksheet {main}>{sheet}</worksheet>")
    copy(files(tmp_path, {"type": "Excel", "sheetName": "S", "firstRowAsHeader": True}, file="a.xlsx"), files(tmp_path, JSON, file="o.json"))
    assert json.loads((tmp_path / "o.json").read_text()) == {"a": None, "b": "2.5"}
    said = copy(files(tmp_path, {"type": "Excel", "sheetName": "T"}, file="a.xlsx"), files(tmp_path, JSON, file="p.json"))
    assert said["error"]["code"] == "ExcelInvalidSheet"


@pytest.mark.parametrize("path", ["../secret.txt", "x/../../secret.txt", "link.txt"])
def test_nothing_is_read_from_outside(tmp_path: Path, path: str) -> None:
    (tmp_path / "secret.txt").write_text("a\n1\n")
    (tmp_path / "lake").mkdir()
    (tmp_path / "lake" / "link.txt").symlink_to(tmp_path / "secret.txt")
    said = copy(files(tmp_path / "lake", CSV, file=path), files(tmp_path / "lake", JSON, file="o.json"))
    assert said["error"]["code"] in ("UserErrorInvalidPath", "UserErrorPermissionDenied")
    assert not (tmp_path / "lake" / "o.json").exists()


def skipping(root: Path, what: str, write: Json | None = None, file: str = "") -> dict[str, Any]:
    log = {"connection": {"kind": "files", "store": "folder", "root": str(root)}, "path": "log.csv", "level": "Info"}
    more = {"skipErrorFile": {what: True}, "log": log, "verify": True}
    return copy(files(root, BINARY, folder="in"), files(root, BINARY, folder="out", file=file), {}, write, **more)


def test_files_that_cannot_be_read_are_left_out_and_logged(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name, text in (("a", "one"), ("b", ""), ("d", "four")):
        (tmp_path / "in" / name).write_text(text)
    with zipfile.ZipFile(tmp_path / "in" / "c", "w") as packed:
        packed.writestr("../../out", "x")
    said = skipping(tmp_path, "fileMissing")["output"]
    assert (said["filesRead"], said["filesWritten"], said["filesSkipped"], said["verified"]) == (4, 4, 0, True)
    assert [line.split(",")[2:4] for line in (tmp_path / "log.csv").read_text().splitlines()[1:]] == [["FileRead", f"in/{one}"] for one in "abcd"]
    merged = skipping(tmp_path, "dataInconsistency", file="all")["output"]
    assert (merged["filesRead"], merged["filesWritten"], merged["verified"]) == (4, 1, True)
    unpacked = copy(
        files(tmp_path, {**BINARY, "compression": {"type": "ZipDeflate"}}, folder="in", file="c"),
        files(tmp_path, BINARY, folder="unpacked"),
        skipErrorFile={"invalidFileName": True},
    )
    assert (unpacked["output"]["filesWritten"], unpacked["output"]["filesSkipped"]) == (0, 1)
    assert "error" in copy(files(tmp_path, CSV, folder="in"), files(tmp_path, JSON, folder="j"), skipErrorFile={"fileMissing": True})


class Shrinking:
    """A file that is shorter than it was when it was listed."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self, source: Any, entry: Any) -> Any:
        if entry.path == "in/b":
            self._path.write_text("12")
        return source.place.open(entry.path)


@pytest.mark.parametrize("into", ["", "all"])
def test_a_source_that_shrinks_or_goes_half_way_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, into: str) -> None:
    (tmp_path / "in").mkdir()
    for name in "abc":
        (tmp_path / "in" / name).write_text("12345")
    monkeypatch.setattr("azurine.movement.sources.open_file", Shrinking(tmp_path / "in" / "b"))
    assert copy(files(tmp_path, BINARY, folder="in"), files(tmp_path, BINARY, folder="out", file=into))["error"]["code"] == "UserErrorFileChanged"
    assert sorted(os.listdir(tmp_path)) == ["in"]
    (tmp_path / "in" / "b").write_text("12345")
    said = skipping(tmp_path, "dataInconsistency", file=into)
    if into:
        assert said["error"]["code"] == "UserErrorFileChanged"  # two bytes of it lie between those of the others
    else:
        assert (said["output"]["filesSkipped"], sorted(os.listdir(tmp_path / "out"))) == (1, ["a", "c"])
        assert "FileSkip" in (tmp_path / "log.csv").read_text()


def test_what_a_killed_process_staged_is_taken_away_by_the_next(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("n\n1\n")
    (tmp_path / ".azurine-0123456789abcdef").mkdir()
    (tmp_path / ".azurine-0123456789abcdef" / "half").write_text("x")
    assert "output" in copy(files(tmp_path, CSV, file="a.csv"), files(tmp_path, JSON, file="b.json"))
    assert sorted(os.listdir(tmp_path)) == ["a.csv", "b.json"]


def test_what_takes_too_long_is_broken_off(tmp_path: Path) -> None:
    endless = "WITH RECURSIVE n(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM n) SELECT max(v) AS v FROM n"
    said = orders.carry_out(
        {"do": "lookup", "source": {"dataset": table(tmp_path, "t"), "settings": {"query": endless, "queryTimeout": "00:00:00.1"}}, "first": True}
    )
    assert said["error"]["code"] == "UserErrorSqlTimeout"
    script = {"do": "script", "connection": table(tmp_path, "t")["connection"], "scripts": [{"text": endless}], "timeout": "00:00:00.1"}
    assert orders.carry_out(script)["error"]["code"] == "UserErrorSqlTimeout"
