"""The log in a SQLite file.

WAL mode: readers and the writer do not wait for each other. `synchronous=FULL`: a commit returns when the disk has it, so
what was acknowledged survives a power cut. One server per file; a second one is told so when it writes.

SQLAlchemy opens the connections and writes the SQL; the statements then go straight to the driver, in its autocommit mode,
with transactions begun and ended here.
"""

import json
import os
import sqlite3
from collections.abc import Sequence
from errno import EDQUOT, ENOSPC
from itertools import chain
from pathlib import Path
from typing import cast

from sqlalchemy import URL, Engine, NullPool, bindparam, create_engine, event, func, select
from sqlalchemy.exc import DBAPIError

from azurine.model import errors
from azurine.store.sql import schema
from azurine.store.sql.database import Connection
from azurine.store.sql.statements import Statements
from azurine.store.versions import Ledger, Version, columns, version_of

APPLICATION = 0x417A7572
"""Written into the file's head: "Azur". Tools such as file(1) can tell by it what the file is."""

PATIENCE = 5.0
"""Seconds to wait for another process that has the file locked."""
PAGE = 2048
"""Bytes. A commit writes each page that it touches whole, its row's and one of each index: half of SQLite's usual size makes it a sixth faster."""
CHECKPOINT_PAGES = 4_000
"""Length of the write-ahead log (8 MB) at which it is copied into the file: seldom, for a checkpoint costs several syncs."""
WRITERS_CACHE = 8 * 1024
"""KiB: each write touches the indexes in many places, and what it finds there should not have to be read again."""
REMEMBERED = 256
"""Versions written last that need not be read again to be written on."""
ROWS_AT_ONCE = 16
"""Rows of one INSERT: more go in several, within one transaction."""

_COLUMNS = schema.versions.columns.keys()
_APPEND = {
    count: f"INSERT INTO {schema.versions.name} ({', '.join(_COLUMNS)}) VALUES " + ", ".join([f"({', '.join('?' * len(_COLUMNS))})"] * count)
    for count in range(1, ROWS_AT_ONCE + 1)
}


class SqliteStatements(Statements):
    def __init__(self, engine: Engine) -> None:
        super().__init__(engine.dialect)
        ids = select(func.json_each(bindparam("ids")).table_valued("value").c.value)
        self.newest_of = self._text(select(schema.versions).where(schema.is_latest, schema.versions.c.id.in_(ids)))


class SqliteWriter:
    """Each call into SQLite lets Python's other threads run, and getting back in takes a turn of theirs: hence few calls.

    The newest revision is remembered, and the triggers refuse one that does not follow (`schema`): so reading and writing
    need no common transaction, and a small commit is a single statement. For the same reason the versions written last are remembered:
    whatever another process had put in their place, the next write would be refused, and this writer given up.
    """

    def __init__(self, connection: sqlite3.Connection, statements: SqliteStatements) -> None:
        self._connection = connection
        self._statements = statements
        connection.execute(f"PRAGMA cache_size = -{WRITERS_CACHE}")
        [(self._revision,)] = connection.execute(statements.revision).fetchall()
        self._written: dict[str, Version] = {}

    def begin(self, ids: Sequence[str]) -> tuple[int, list[Version]]:
        known = [self._written[one] for one in ids if one in self._written]
        others = [one for one in ids if one not in self._written] if len(known) < len(ids) else ()
        if others:
            one = {"id": others[0]} if len(others) == 1 else None
            text = self._statements.newest if one else self._statements.newest_of
            rows = self._connection.execute(text, one or {"ids": json.dumps(others)}).fetchall()
            known += [version_of(row) for row in rows]
        return self._revision, known

    def finish(self, ledger: Ledger) -> None:
        rows = [columns(version) for version in ledger.fresh]
        if len(rows) <= ROWS_AT_ONCE:
            self._append(rows)
        else:
            self._connection.execute("BEGIN IMMEDIATE")
            for first in range(0, len(rows), ROWS_AT_ONCE):
                self._append(rows[first : first + ROWS_AT_ONCE])
            self._connection.execute("COMMIT")
        self._revision = ledger.revision
        self._remember(ledger.fresh)

    def abandon(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def trim(self, before: int, limit: int) -> int:
        return self._connection.execute(self._statements.trim, {"before": before, "limit": limit}).rowcount

    def close(self) -> None:
        self._connection.close()

    def _remember(self, versions: Sequence[Version]) -> None:
        for version in versions:
            self._written.pop(version.id, None)
            if version.latest:
                self._written[version.id] = version
        while len(self._written) > REMEMBERED:
            del self._written[next(iter(self._written))]

    def _append(self, rows: Sequence[tuple[object, ...]]) -> None:
        self._connection.execute(_APPEND[len(rows)], tuple(chain.from_iterable(rows)))


class Sqlite:
    failures: type[Exception] = sqlite3.Error

    def __init__(self, path: str, patience: float = PATIENCE) -> None:
        self.path = os.path.abspath(path)
        self._engine = _engine(self.path, patience)
        self.statements = SqliteStatements(self._engine)
        try:
            _make_file(self.path)
            self._prepare()
        except DBAPIError as error:
            raise self._explain_opening(error.orig) from error

    def connect(self) -> Connection:
        return cast(Connection, self._connect())

    def writer(self) -> SqliteWriter:
        return SqliteWriter(self._connect(), self.statements)

    def is_lost(self, error: Exception) -> bool:
        return False

    def explain(self, error: BaseException | None) -> errors.AzurineError:
        name = _name(error)
        if name.startswith("SQLITE_FULL"):
            return errors.Temporary(f"The disk that holds {self.path} is full; nothing was written. Free some space and try again.")
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            return errors.Temporary(f"{self.path} is locked by another process; nothing was written. Does another server use it?")
        if name.startswith("SQLITE_CONSTRAINT"):
            return errors.Temporary(f"{self.path} was written by another process; nothing was written. Does another server use it?")
        if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
            return errors.AzurineError(f"{self.path} is damaged ({error}); stop the server and bring the file back from a copy.")
        if name.startswith("SQLITE_TOOBIG") or isinstance(error, sqlite3.DataError):
            return errors.TooLarge(f"A document is larger than SQLite can hold ({error}).")
        if not isinstance(error, sqlite3.OperationalError):
            return errors.AzurineError(f"{self.path} did not accept a statement; nothing was written ({error}).")
        return errors.Temporary(f"{self.path} cannot be read or written ({error}); nothing was written.")

    def close(self) -> None:
        self._engine.dispose()

    def _connect(self) -> sqlite3.Connection:
        # Not through SQLAlchemy's pool: `sql.readers` keeps them, at a tenth of the price per query.
        lent = self._engine.raw_connection()
        own = lent.driver_connection
        lent.detach()
        return cast(sqlite3.Connection, own)

    def _prepare(self) -> None:
        with self._engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            schema.prepare(connection, self.path, alone=True)
            connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION}")
            connection.exec_driver_sql("COMMIT")
            # Only now: it changes the file, which could have been somebody else's. The file remembers it.
            mode = connection.exec_driver_sql("PRAGMA journal_mode = WAL").scalar()
        if mode != "wal":
            raise errors.Conflict(f"{self.path} is on a file system where SQLite cannot keep a write-ahead log; choose a local disk.")

    def _explain_opening(self, error: BaseException | None) -> errors.AzurineError:
        if _name(error).startswith("SQLITE_NOTADB"):
            return errors.Conflict(f"{self.path} is a file of some other program, not an Azurine store; choose another place.")
        return self.explain(error)


def _engine(path: str, patience: float) -> Engine:
    # "named" parameters, so that a statement's text reads the same for every driver.
    engine = create_engine(
        URL.create("sqlite", database=path),
        poolclass=NullPool,
        paramstyle="named",
        connect_args={"isolation_level": None, "check_same_thread": False, "timeout": patience, "cached_statements": 64},
    )
    event.listen(engine, "connect", _set_up)
    return engine


def _set_up(connection: sqlite3.Connection, record: object) -> None:
    connection.execute(f"PRAGMA page_size = {PAGE}")  # of a file that is only now made
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA fullfsync = ON")  # on macOS a plain fsync leaves the data in the disk's own cache
    connection.execute("PRAGMA cache_size = -1024")  # KiB for each reader: the system keeps the file's pages anyway
    connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}").fetchall()


def _make_file(path: str) -> None:
    """Readable by its owner only: specs may hold keys of other people's storage."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except ValueError as error:  # a zero character
        raise errors.Invalid(f"{path!r} is no path.") from error
    except OSError as error:
        if error.errno in (ENOSPC, EDQUOT):
            raise errors.Temporary(f"The disk that is to hold {path} is full. Free some space and try again.") from error
        folder = Path(path).parent
        hint = "" if folder.is_dir() else f" There is no folder {folder}."
        raise errors.Conflict(f"{path} cannot be opened for writing: {error.strerror}.{hint}") from error


def _name(error: BaseException | None) -> str:
    return getattr(error, "sqlite_errorname", None) or ""
