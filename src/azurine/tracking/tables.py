"""The tables of tracking, in words that SQLite and PostgreSQL both understand.

A run is a number in the wide tables, because its id is long and there are millions of points. A point's place in the history
is its key, so a history is one range read and a point sent twice is one point. NaN is kept as 0 with `nan` set: the engines
do not order it alike, and SQLite cannot hold it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from azurine.model import errors

_POINT = "value double precision NOT NULL, nan smallint NOT NULL, timestamp bigint NOT NULL, step bigint NOT NULL"

_STATEMENTS = (
    "CREATE TABLE IF NOT EXISTS tracking_runs (id {serial} PRIMARY KEY, name text NOT NULL UNIQUE)",
    f"CREATE TABLE IF NOT EXISTS tracking_points (run bigint NOT NULL, key text NOT NULL, {_POINT}, "
    "PRIMARY KEY (run, key, timestamp, step, value, nan)) {tree}",
    f"CREATE TABLE IF NOT EXISTS tracking_latest (run bigint NOT NULL, key text NOT NULL, {_POINT}, PRIMARY KEY (run, key)) {{tree}}",
    "CREATE INDEX IF NOT EXISTS tracking_latest_key ON tracking_latest (key, run)",
    "CREATE TABLE IF NOT EXISTS tracking_params (run bigint NOT NULL, key text NOT NULL, value text NOT NULL, PRIMARY KEY (run, key)) {tree}",
    "CREATE INDEX IF NOT EXISTS tracking_params_key ON tracking_params (key, run)",
    "CREATE TABLE IF NOT EXISTS tracking_tags (run bigint NOT NULL, key text NOT NULL, value text, PRIMARY KEY (run, key)) {tree}",
    "CREATE INDEX IF NOT EXISTS tracking_tags_key ON tracking_tags (key, run)",
    "CREATE TABLE IF NOT EXISTS tracking_links (run bigint NOT NULL, sort text NOT NULL, key text NOT NULL, body text NOT NULL, "
    "PRIMARY KEY (run, sort, key)) {tree}",
    "CREATE TABLE IF NOT EXISTS tracking_models (id text PRIMARY KEY, scope text NOT NULL, experiment text NOT NULL, name text NOT NULL, "
    "run text NOT NULL, created bigint NOT NULL, body text NOT NULL)",
    "CREATE INDEX IF NOT EXISTS tracking_models_experiment ON tracking_models (scope, experiment, created)",
    f"CREATE TABLE IF NOT EXISTS tracking_model_metrics (model text NOT NULL, run bigint NOT NULL, key text NOT NULL, dataset text NOT NULL, "
    f"digest text NOT NULL, {_POINT}, PRIMARY KEY (model, run, key, dataset, digest)) {{tree}}",
    "CREATE INDEX IF NOT EXISTS tracking_model_metrics_run ON tracking_model_metrics (run)",
)

CHECKPOINT_PAGES = 8000
"""Points of many metrics touch many pages at each commit, the same ones again and again: the longer they gather, the fewer are written back."""


def connect(url: str) -> Engine:
    """Opens the database and makes what is not there yet. url: sqlite:///file or postgresql://…

    Raises errors.Temporary when it cannot be opened.
    """
    if url.startswith(("postgres://", "postgresql://")):
        url = "postgresql+psycopg://" + url.split("://", 1)[1]
    engine = create_engine(url, pool_size=10, max_overflow=40, pool_pre_ping=not url.startswith("sqlite"))
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    try:
        _make(engine)
    except SQLAlchemyError as error:
        where = engine.url.render_as_string(hide_password=True)
        raise errors.Temporary(f"The tracking database {where} cannot be opened: {getattr(error, 'orig', None) or error}") from error
    return engine


def _make(engine: Engine) -> None:
    # Without rowid, a SQLite table is its primary key: one tree to write instead of two.
    words = {"serial": "integer", "tree": "WITHOUT ROWID"} if engine.dialect.name == "sqlite" else {"serial": "bigserial", "tree": ""}
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            # Two servers that start at once must not make the same table at once.
            connection.execute(text("SELECT pg_advisory_xact_lock(4242001)"))
        for statement in _STATEMENTS:
            connection.execute(text(statement.format(**words)))


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection that sees one moment. Raises errors.Temporary when the database cannot be read."""
    try:
        with engine.connect() as connection:
            yield connection
    except SQLAlchemyError as error:
        raise errors.Temporary(f"The tracking database cannot be read now: {getattr(error, 'orig', None) or error}") from error


def _prepare_sqlite(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    # Transactions begin where SQLAlchemy says so, not where the driver guesses; so reads see one moment, too.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000", "cache_size=-16000", f"wal_autocheckpoint={CHECKPOINT_PAGES}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
