"""The log in a PostgreSQL database, shared by as many servers as like.

Whoever writes locks the one row that holds the newest revision, until its transaction is over. So revisions are given out
in the order in which they become visible, and a reader who asks for what came after one misses nothing.

Small statements go out together (the driver's pipeline): two round trips for a usual transaction.

A connection that was lost is opened anew. When it is lost at the very commit, the server is asked afterwards whether that
transaction came to pass, so that the caller hears the truth.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, cast

import psycopg
from psycopg import IsolationLevel
from sqlalchemy import ARRAY, BigInteger, Engine, NullPool, Text, any_, bindparam, create_engine, false, make_url, select, text
from sqlalchemy.exc import ArgumentError, DBAPIError

from azurine.model import errors
from azurine.store.sql import schema
from azurine.store.sql.database import Connection
from azurine.store.sql.statements import Statements
from azurine.store.versions import Ledger, Version, columns, version_of

Session = psycopg.Connection[tuple[Any, ...]]

CONNECT_SECONDS = 5
PATIENCE = 10.0
"""Seconds to wait for the writers of other servers."""
SILENT_SECONDS = 30
"""A writer that stands still for so long within a transaction loses it, so that one frozen server does not stop the others."""
PIPELINED = 16_000
"""Bytes that any socket takes at once."""
OVERHEAD = 300
"""Bytes of a row beside its texts."""

_COLUMNS = schema.versions.columns.keys()


class PostgresqlStatements(Statements):
    def __init__(self, engine: Engine) -> None:
        super().__init__(engine.dialect)
        rows = schema.versions.c
        ids, revisions = bindparam("ids", type_=ARRAY(Text)), bindparam("revisions", type_=ARRAY(rows.revision.type))
        self.newest_of = self._text(select(schema.versions).where(schema.is_latest, rows.id == any_(ids)))
        self.locked_revision = self._text(select(schema.log.c.revision).with_for_update())
        self.append = self._text(schema.versions.insert())
        self.advance = self._text(schema.log.update().values(revision=bindparam("newest", type_=BigInteger)))
        self.supersede = self._text(schema.versions.update().where(rows.revision == any_(revisions)).values(latest=false()))


class PostgresqlWriter:
    def __init__(self, database: "Postgresql") -> None:
        self._database = database
        self._statements = database.statements
        self._connection = database.connect_writer()
        self._transaction = ""  # the server's own number of the transaction under way

    def begin(self, ids: Sequence[str]) -> tuple[int, list[Version]]:
        try:
            return self._begin(ids)
        except psycopg.Error as error:
            if not self._database.is_lost(error):
                raise
        self._reconnect()
        return self._begin(ids)

    def finish(self, ledger: Ledger) -> None:
        rows = [columns(version._replace(latest=ledger.is_newest(version))) for version in ledger.fresh]
        try:
            with self._together(*rows):
                self._connection.execute(self._statements.supersede, {"revisions": ledger.superseded()})
                for row in rows:
                    self._connection.execute(self._statements.append, dict(zip(_COLUMNS, row, strict=True)))
                self._connection.execute(self._statements.advance, {"newest": ledger.revision})
                self._connection.commit()
        except psycopg.Error as error:
            if not (self._database.is_lost(error) and self._came_to_pass()):
                raise

    def abandon(self) -> None:
        try:
            self._connection.rollback()
        except psycopg.Error:  # the connection is gone, and the transaction with it
            self._connection.close()

    def trim(self, before: int, limit: int) -> int:
        self.begin([])
        forgotten = self._connection.execute(self._statements.trim, {"before": before, "limit": limit}).rowcount
        self._connection.commit()
        return forgotten

    def close(self) -> None:
        self._connection.close()

    def _begin(self, ids: Sequence[str]) -> tuple[int, list[Version]]:
        with self._together(ids):
            # The lock comes first: each later statement sees what was committed before it was had.
            locked = self._connection.execute(self._statements.locked_revision)
            found = self._connection.execute(self._statements.newest_of, {"ids": list(ids)})
            numbered = self._connection.execute("SELECT pg_current_xact_id()::text")
        [(revision,)], [(self._transaction,)] = locked.fetchall(), numbered.fetchall()
        return revision, [version_of(row) for row in found.fetchall()]

    def _together(self, *rows: Sequence[object]) -> AbstractContextManager[object]:
        """One round trip for the statements within, where what they send is small: the driver can wait for ever for the answer
        to a pipeline whose last bytes the socket did not take at once (as in psycopg/psycopg#685)."""
        size = sum(OVERHEAD + sum(2 * len(value) for value in row if isinstance(value, str)) for row in rows)
        return self._connection.pipeline() if size <= PIPELINED else nullcontext()

    def _reconnect(self) -> None:
        self._connection.close()
        self._connection = self._database.connect_writer()

    def _came_to_pass(self) -> bool:
        """Was the transaction committed before its connection was lost? The lock is waited for: then it is surely over."""
        try:
            self._reconnect()
            self._connection.execute(self._statements.locked_revision)
            [(state,)] = self._connection.execute("SELECT pg_xact_status(%(number)s::xid8)", {"number": self._transaction}).fetchall()
            self._connection.rollback()
        except psycopg.Error as error:
            raise errors.Temporary("The database was lost while it committed; whether the write was recorded is not known.") from error
        return bool(state == "committed")


class Postgresql:
    failures: type[Exception] = psycopg.Error

    def __init__(self, url: str, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._engine = engine(url)
        self.name = shown(self._engine)
        self.statements = PostgresqlStatements(self._engine)
        try:
            self._prepare()
        except DBAPIError as error:
            raise self.explain(error.orig) from error

    def connect(self) -> Connection:
        connection = self._connect()
        connection.autocommit = True
        return cast(Connection, connection)

    def connect_writer(self) -> Session:
        connection = self._connect()
        connection.autocommit = True
        connection.execute(f"SET lock_timeout = {int(self._patience * 1000)}")
        connection.execute(f"SET idle_in_transaction_session_timeout = '{SILENT_SECONDS}s'")
        [(durable,)] = connection.execute("SHOW synchronous_commit").fetchall()
        if durable == "off":
            connection.execute("SET synchronous_commit = on")
        connection.autocommit = False
        connection.isolation_level = IsolationLevel.READ_COMMITTED
        return connection

    def writer(self) -> PostgresqlWriter:
        return PostgresqlWriter(self)

    def is_lost(self, error: Exception) -> bool:
        """Class 08 is the connection's own, 57P the server's going down; without a code the driver itself lost it."""
        state = getattr(error, "sqlstate", None)
        return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError) and (state is None or state.startswith(("08", "57P", "25P03")))

    def explain(self, error: BaseException | None) -> errors.AzurineError:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        match getattr(error, "sqlstate", None) or "":
            case "53100":
                return errors.Temporary(f"The disk of {self.name} is full; nothing was written. Free some space and try again.")
            case "55P03":
                return errors.Temporary(f"{self.name} is locked by another writer for more than {self._patience:g} s; nothing was written.")
            case "42P01":
                return errors.AzurineError(f"{self.name} has lost its tables while in use ({reason}); bring them back from a copy.")
            case state if state.startswith("54"):
                return errors.TooLarge(f"A document is larger than {self.name} can hold ({reason}).")
            case _ if not isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
                return errors.AzurineError(f"{self.name} did not accept a statement; nothing was written ({reason}).")
            case _:
                return errors.Temporary(f"{self.name} cannot be reached or written; nothing was written ({reason}).")

    def close(self) -> None:
        self._engine.dispose()

    def _connect(self) -> Session:
        # Not through SQLAlchemy's pool: `sql.readers` keeps them, at a tenth of the price per query.
        return session(self._engine)

    def _prepare(self) -> None:
        with self._engine.begin() as connection:
            # Of servers that start at once, one makes the tables.
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('azurine store'))"))
            encoding = connection.execute(text("SHOW server_encoding")).scalar()
            if encoding != "UTF8":
                raise errors.Conflict(f"{self.name} keeps text as {encoding}; make a database with ENCODING 'UTF8' for the store.")
            schema.prepare(connection, self.name, alone=False)


def engine(url: str, name: str = "azurine") -> Engine:
    """name: by which the database's own lists call its connections."""
    try:
        parsed = make_url(url).set(drivername="postgresql+psycopg")
    except (ArgumentError, ValueError):  # whose words may hold the password
        raise errors.Invalid("The store's URL cannot be read; write postgresql://user:password@host:port/database.") from None
    arguments = {"connect_timeout": CONNECT_SECONDS, "tcp_user_timeout": SILENT_SECONDS * 1000, "application_name": name}
    chosen = {key: value for key, value in arguments.items() if key not in parsed.query}
    return create_engine(parsed, poolclass=NullPool, use_native_hstore=False, connect_args=chosen)


def shown(engine: Engine) -> str:
    """The database's address without its password."""
    return engine.url.render_as_string(hide_password=True).replace("+psycopg", "")


def session(engine: Engine) -> Session:
    """A connection of the driver's own."""
    lent = engine.raw_connection()
    own = lent.driver_connection
    lent.detach()
    return cast(Session, own)
