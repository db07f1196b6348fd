"""What is particular to the store on PostgreSQL: connections that are lost, servers that share it, and what else is in the database.

Where PostgreSQL's programs are not found these tests are not collected (`conftest`), and `test_log` says so.
"""

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

from azurine.model import errors
from azurine.model.resources import Resource
from azurine.store.log import Create, Log, Report
from azurine.store.sql import open_log
from azurine.store.sql.log import SqlLog
from azurine.store.sql.postgresql import Postgresql
from postgresql import Server

JOBS = "workspaces/jobs"
COMMIT = b"COMMIT\0"  # with the end of the text: others contain the word
SOCKET = ".s.PGSQL.5432"


def job(name: str) -> Create:
    return Create(f"w/w/jobs/{name}", JOBS, "w/w", {"name": name})


@pytest.fixture
def url(new_url: Callable[[str], str]) -> str:
    return new_url("postgresql")


@pytest.fixture
def log(url: str) -> Iterator[Log]:
    log = open_log(url)
    yield log
    log.close()


# The server goes, and comes back


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
def test_it_goes_on_after_the_server_was_restarted(postgresql: Server, log: Log, how: signal.Signals) -> None:
    [first] = log.write([job("a")], 1.0)
    assert log.get("w/w/jobs/a") == first
    postgresql.stop(how)
    try:
        with pytest.raises(errors.Temporary, match="cannot be reached"):
            log.get("w/w/jobs/a")
        with pytest.raises(errors.Temporary, match="cannot be reached"):
            log.write([job("b")], 1.0)
    finally:
        postgresql.start()
    assert log.get("w/w/jobs/a") == first
    [second] = log.write([job("b")], 1.0)
    assert isinstance(second, Resource)
    assert second.revision == 2


def test_a_cut_connection_is_not_even_noticed(postgresql: Server, log: Log) -> None:
    with ThreadPoolExecutor(4) as pool:
        for number in range(5):
            [made] = log.write([job(f"{number}")], 1.0)
            assert list(pool.map(log.get, [f"w/w/jobs/{number}"] * 4)) == [made] * 4
            postgresql.ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'azurine'")
    assert log.trim(100) == 0
    assert log.revision() == 5


class Relay:
    """Stands between the log and the server, and cuts the connection at a COMMIT: before it reaches the server, or after its answer."""

    def __init__(self, server: Server, folder: Path) -> None:
        self._to = server.folder / SOCKET
        self._commits = False
        self.cut: str = ""
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / SOCKET))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(str(self._to))
                for pump in (self._to_server, self._to_client):
                    threading.Thread(target=pump, args=(client, server), daemon=True).start()

    def _to_server(self, client: socket.socket, server: socket.socket) -> None:
        with closing(client), closing(server), suppress(OSError):
            while data := client.recv(65536):
                if COMMIT in data and self.cut == "before":
                    return self._end(client, server)
                self._commits = self._commits or (COMMIT in data and self.cut == "after")
                server.sendall(data)
            self._end(client, server)

    def _to_client(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                if self._commits and COMMIT in data:
                    break
                if not self._commits:
                    client.sendall(data)
            self._end(client, server)

    def _end(self, *sides: socket.socket) -> None:
        self.cut, self._commits = "", False
        for side in sides:
            with suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def relay(postgresql: Server) -> Iterator[tuple[Relay, Path]]:
    with TemporaryDirectory(prefix="azurine-relay-") as folder:
        relay = Relay(postgresql, Path(folder))
        yield relay, Path(folder)
        relay.close()


def through(relay: tuple[Relay, Path], server: Server, url: str) -> str:
    schema = url.rsplit("%3D", 1)[1]
    return server.url(schema, relay[1])


def test_a_commit_whose_answer_was_lost_is_a_commit(postgresql: Server, relay: tuple[Relay, Path], url: str) -> None:
    with closing(open_log(through(relay, postgresql, url))) as log:
        log.write([job("a")], 1.0)
        relay[0].cut = "after"
        [made] = log.write([job("b")], 1.0)
        assert relay[0].cut == ""  # it did happen
        assert isinstance(made, Resource)
        assert log.get("w/w/jobs/b") == made
        assert log.revision() == 2


def test_a_commit_that_never_arrived_is_none(postgresql: Server, relay: tuple[Relay, Path], url: str) -> None:
    with closing(open_log(through(relay, postgresql, url))) as log:
        log.write([job("a")], 1.0)
        relay[0].cut = "before"
        with pytest.raises(errors.Temporary, match="nothing was written"):
            log.write([job("b")], 1.0)
        assert relay[0].cut == ""
        assert log.get("w/w/jobs/b") is None
        [made] = log.write([job("b")], 1.0)
        assert isinstance(made, Resource)
        assert made.revision == 2


# Servers that share it


def test_revisions_of_several_servers_are_in_the_order_in_which_they_are_seen(url: str) -> None:
    with closing(open_log(url)) as one, closing(open_log(url)) as two, closing(open_log(url)) as watcher, ThreadPoolExecutor(9) as pool:

        def write(log: Log, writer: int) -> list[int]:
            made = []
            for number in range(25):
                [created, reported] = log.write([job(f"{writer}-{number}"), Report(f"w/w/jobs/{writer}-{number}", {})], 1.0)
                assert isinstance(created, Resource)
                assert isinstance(reported, Resource)
                made += [created.revision, reported.revision]
            return made

        def watch() -> list[int]:
            seen: list[int] = []
            while len(seen) < 8 * 25 * 2:
                seen += [version.revision for version in watcher.since(seen[-1] if seen else 0)]
            return seen

        watching = pool.submit(watch)
        writing = [pool.submit(write, log, number) for number, log in enumerate([one, two] * 4)]
        written = [revision for future in writing for revision in future.result()]
        assert sorted(written) == list(range(1, 8 * 25 * 2 + 1))
        assert watching.result() == sorted(written)  # without a gap: what came later was never seen first


def test_of_servers_that_start_at_once_one_makes_the_tables(url: str) -> None:
    start = threading.Barrier(6)

    def start_one(_: int) -> Log:
        start.wait()
        return open_log(url)

    with ThreadPoolExecutor(6) as pool:
        logs = list(pool.map(start_one, range(6)))
    for number, log in enumerate(logs):
        log.write([job(f"{number}")], 1.0)
    assert logs[0].revision() == 6
    for log in logs:
        log.close()


def test_a_writer_that_is_kept_waiting_too_long_is_told(postgresql: Server, url: str) -> None:
    schema = url.rsplit("%3D", 1)[1]
    with closing(SqlLog(Postgresql(url, patience=0.05))) as log:
        [made] = log.write([job("a")], 1.0)
        with psycopg.connect(host=str(postgresql.folder), user="azurine", dbname="postgres") as other:
            other.execute(f"SELECT * FROM {schema}.azurine_log FOR UPDATE")  # type: ignore[arg-type]
            with pytest.raises(errors.Temporary, match="locked by another writer"):
                log.write([job("b")], 1.0)
            assert log.get("w/w/jobs/a") == made  # readers do not wait
        [made] = log.write([job("b")], 1.0)
        assert isinstance(made, Resource)


# What else is there


def test_other_tables_are_left_alone(postgresql: Server, url: str) -> None:
    schema = url.rsplit("%3D", 1)[1]
    postgresql.ask(f"CREATE TABLE {schema}.diary (day int)")
    with closing(open_log(url)) as log:
        log.write([job("a")], 1.0)
    assert postgresql.ask(f"SELECT * FROM {schema}.diary") == []


def test_a_store_of_another_version_is_left_alone(postgresql: Server, url: str) -> None:
    open_log(url).close()
    schema = url.rsplit("%3D", 1)[1]
    postgresql.ask(f"UPDATE {schema}.azurine_log SET schema_version = 99")
    with pytest.raises(errors.Conflict, match="schema version 99, this one reads 1"):
        open_log(url)


def test_a_database_that_cannot_hold_every_script_is_refused(postgresql: Server) -> None:
    postgresql.ask("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0")
    with pytest.raises(errors.Conflict, match="keeps text as LATIN1"):
        open_log(postgresql.url("public").replace("/postgres?", "/latin?"))


def test_a_user_who_may_not_is_told(postgresql: Server, url: str) -> None:
    postgresql.ask("CREATE ROLE guest LOGIN")
    with pytest.raises(errors.AzurineError, match=r"permission denied|no schema has been selected"):
        open_log(url.replace("azurine@", "guest@"))


def test_tables_that_vanish_are_said(postgresql: Server, url: str, log: Log) -> None:
    log.write([job("a")], 1.0)
    postgresql.ask(f"DROP SCHEMA {url.rsplit('%3D', 1)[1]} CASCADE")
    for call in (lambda: log.get("w/w/jobs/a"), lambda: log.write([job("b")], 1.0)):
        with pytest.raises(errors.AzurineError, match="has lost its tables") as raised:
            call()
        assert not isinstance(raised.value, errors.Temporary)


def test_every_question_is_answered_by_an_index(postgresql: Server, url: str) -> None:
    database = Postgresql(url)
    with closing(SqlLog(database)) as log:
        for number in range(4):
            owner = "" if number % 2 else "w/w/jobs/0-0"
            log.write([Create(f"w/w/jobs/{number}-{i}", JOBS, f"w/w{i % 7}", {}, owner=owner, settled=i % 97 > 0) for i in range(1000)], 1.0)
            log.write([Report(f"w/w/jobs/{number}-{i}", {}) for i in range(1000)], 1.0)
        asked = {"id": "w/w/jobs/1-1", "ids": ["w/w/jobs/1-1"], "kind": JOBS, "parent": "w/w1", "owner": "w/w/jobs/0-1", "after": 500, "limit": 10}
        asked |= {"first": "w/w/jobs/1-1/", "last": "w/w/jobs/1-10", "revision": 7000, "before": 50}
        texts = database.statements
        with psycopg.connect(host=str(postgresql.folder), user="azurine", dbname="postgres", autocommit=True) as raw:
            raw.execute(f"SET search_path = {url.rsplit('%3D', 1)[1]}")  # type: ignore[arg-type]
            raw.execute("ANALYZE")
            cursor = psycopg.ClientCursor(raw)
            for text in (texts.newest, texts.newest_of, *texts.page.values(), texts.owned_by, texts.under, texts.unsettled, texts.since):
                plan = "\n".join(row[0] for row in cursor.execute(f"EXPLAIN {text}", asked).fetchall())
                assert "Seq Scan" not in plan, plan
                assert "Index" in plan, plan
