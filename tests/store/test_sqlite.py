"""What is particular to the store in a SQLite file: what may be wrong with the file, the disk, or the neighbours."""

import resource as limits
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from azurine.model import errors
from azurine.model.resources import Resource
from azurine.store.log import Create, Log, Report, Update
from azurine.store.sql import open_log
from azurine.store.sql.log import SqlLog
from azurine.store.sql.sqlite import Sqlite

JOBS = "workspaces/jobs"


def job(name: str, text: str = "") -> Create:
    return Create(f"w/w/jobs/{name}", JOBS, "w/w", {"text": text})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "azurine.db"


@pytest.fixture
def log(path: Path) -> Iterator[Log]:
    log = SqlLog(Sqlite(str(path), patience=0.05))
    yield log
    log.close()


# The disk


def test_a_full_disk_is_said_nothing_is_half_written_and_it_goes_on_when_there_is_space(path: Path, log: Log) -> None:
    log.write([job("a")], 1.0)
    size = (path.parent / "azurine.db-wal").stat().st_size
    soft, hard = limits.getrlimit(limits.RLIMIT_FSIZE)
    limits.setrlimit(limits.RLIMIT_FSIZE, (size + 100_000, hard))
    try:
        with pytest.raises(errors.Temporary, match=r"(full|disk I/O error).*nothing was written|nothing was written") as raised:
            log.write([job("b"), job("c", "x" * 1_000_000), job("d")], 1.0)
    finally:
        limits.setrlimit(limits.RLIMIT_FSIZE, (soft, hard))
    assert str(path) in raised.value.message
    assert (log.revision(), len(log.page(JOBS, "w/w"))) == (1, 1)
    [made] = log.write([job("e", "x" * 1_000_000)], 1.0)
    assert isinstance(made, Resource)
    assert made.revision == 2
    log.close()
    with closing(open_log(f"sqlite:///{path}")) as again:
        assert [one.name for one in again.since(0)] == ["a", "e"]


def test_only_its_owner_can_read_the_file(path: Path, log: Log) -> None:
    log.write([job("a")], 1.0)
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_any_path_is_taken_as_it_stands(tmp_path: Path) -> None:
    for name in ("a b.db", "50%25.db", "what?.db", "#1.db", "file:x.db", "ü.db"):
        with closing(open_log(f"sqlite:///{tmp_path}/{name}")) as log:
            log.write([job("a")], 1.0)
        assert (tmp_path / name).stat().st_size > 0
    assert len(list(tmp_path.iterdir())) == 6


@pytest.mark.parametrize("name", ["no/such/folder/azurine.db", "", "."])
def test_a_place_where_no_file_can_be_is_said(tmp_path: Path, name: str) -> None:
    with pytest.raises(errors.Conflict, match="cannot be opened for writing"):
        open_log(f"sqlite:///{tmp_path}/{name}")


# The file


def test_a_file_of_another_sort_is_left_alone(path: Path) -> None:
    path.write_text("My diary. " * 1000)
    with pytest.raises(errors.Conflict, match="not an Azurine store"):
        open_log(f"sqlite:///{path}")
    assert path.read_text() == "My diary. " * 1000


def test_a_database_of_another_program_is_left_alone(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE diary (day, words)")
    before = path.read_bytes()
    with pytest.raises(errors.Conflict, match="not an Azurine store"):
        open_log(f"sqlite:///{path}")
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["azurine.db"]


@pytest.mark.parametrize("change", ["UPDATE azurine_log SET schema_version = 99", "DELETE FROM azurine_log"])
def test_a_store_of_another_version_is_left_alone(path: Path, log: Log, change: str) -> None:
    log.write([job("a")], 1.0)
    log.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(change)
        connection.commit()
    with pytest.raises(errors.Conflict, match=r"another version of Azurine: its store has schema version (99|none), this one reads 1"):
        open_log(f"sqlite:///{path}")


def test_a_damaged_file_is_said(path: Path, log: Log) -> None:
    log.write([job(f"{number}", "x" * 1000) for number in range(500)], 1.0)
    log.close()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 400_000)
    with pytest.raises(errors.AzurineError, match="is damaged") as raised:
        again = open_log(f"sqlite:///{path}")
        try:
            again.page(JOBS, "w/w", limit=500)
        finally:
            again.close()
    assert str(path) in raised.value.message
    assert not isinstance(raised.value, errors.Temporary)


def test_a_document_that_was_damaged_harms_only_those_who_ask_for_it(path: Path, log: Log, request: pytest.FixtureRequest) -> None:
    log.write([job("a"), job("b")], 1.0)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE azurine_versions SET spec = '{' WHERE id = 'w/w/jobs/a'")
        connection.commit()
    log = SqlLog(Sqlite(str(path)))  # one that remembers nothing of what stood there
    request.addfinalizer(log.close)
    with pytest.raises(ValueError, match="Expecting property name"):
        log.write([Report("w/w/jobs/a", {"s": 1})], 1.0)
    [made] = log.write([Report("w/w/jobs/b", {"s": 1})], 1.0)
    assert isinstance(made, Resource)
    log.write([Update("w/w/jobs/a", {"new": 1})], 1.0)
    mended = log.get("w/w/jobs/a")
    assert mended and mended.spec == {"new": 1}


# The neighbours


def test_readers_do_not_wait_for_a_writer_and_a_locked_file_is_said(path: Path, log: Log) -> None:
    [made] = log.write([job("a")], 1.0)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert log.get("w/w/jobs/a") == made
        with pytest.raises(errors.Temporary, match="locked by another process; nothing was written"):
            log.write([job("b")], 1.0)
        with pytest.raises(errors.Temporary, match="locked by another process"):
            SqlLog(Sqlite(str(path), patience=0.05))
        other.execute("ROLLBACK")
    [made] = log.write([job("b")], 1.0)
    assert isinstance(made, Resource)


def test_a_write_of_another_process_is_noticed_and_never_overwritten(path: Path, log: Log) -> None:
    log.write([job("a")], 1.0)
    with closing(open_log(f"sqlite:///{path}")) as other:
        [theirs] = other.write([Update("w/w/jobs/a", {"by": "other"})], 1.0)
        with pytest.raises(errors.Temporary, match="written by another process; nothing was written"):
            log.write([Update("w/w/jobs/a", {"by": "us"})], 1.0)
        assert log.get("w/w/jobs/a") == theirs
        [ours] = log.write([Update("w/w/jobs/a", {"by": "us"})], 1.0)
        assert isinstance(ours, Resource)
        assert ours.revision == 3


# The cost


def test_every_question_is_answered_by_an_index(path: Path) -> None:
    database = Sqlite(str(path))
    asked = {
        "id": "",
        "ids": "[]",
        "kind": "",
        "parent": "",
        "owner": "",
        "after": 0,
        "first": "",
        "last": "",
        "revision": 0,
        "before": 0,
        "limit": 1,
    }
    statements = database.statements
    connection = database.connect()
    for text in (
        statements.newest,
        statements.newest_of,
        *statements.page.values(),
        statements.owned_by,
        statements.under,
        statements.since,
        statements.trim,
    ):
        steps = [step[3] for step in connection.execute(f"EXPLAIN QUERY PLAN {text}", asked).fetchall()]
        assert not [step for step in steps if step.startswith("SCAN azurine_versions")], (text, steps)
        assert text == statements.under or not [step for step in steps if "TEMP B-TREE" in step], (text, steps)
    [step] = connection.execute(f"EXPLAIN QUERY PLAN {statements.unsettled}").fetchall()
    assert step[3] == "SCAN azurine_versions USING INDEX azurine_versions_unsettled"  # which holds the unsettled only
    connection.close()
    database.close()
