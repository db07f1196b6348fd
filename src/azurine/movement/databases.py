"""Databases, by SQLAlchemy: connecting, reading in pieces, names of tables, and what goes wrong in Data Factory's words."""

import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from azurine.movement import finding, mapping
from azurine.movement.failing import NOT_ALLOWED, SQL, failure

ROWS = 10_000
PATIENCE = 30.0
"""Seconds that are waited for a server that does not answer, or in SQLite for somebody else's lock."""
NOTICES = 1000
_PARTITION = re.compile(r"\?(?:Adf|Df)\w*Partition\w*", re.IGNORECASE)


@contextmanager
def connected(connection: Mapping[str, Any]) -> Iterator[sa.Connection]:
    """A connection that commits nothing by itself."""
    try:
        url = sa.make_url(str(connection["url"]))
    except ArgumentError as error:
        raise failure("UserErrorInvalidConnection", f"The linked service '{connection.get('name')}' leads to no URL of a database.") from error
    if url.drivername in ("postgresql", "postgres"):
        url = url.set(drivername="postgresql+psycopg")
    waiting = {"sqlite": {"timeout": PATIENCE}, "postgresql": {"connect_timeout": round(PATIENCE)}}
    try:
        engine = sa.create_engine(url, poolclass=NullPool, connect_args=waiting.get(url.get_backend_name(), {}))
    except (ImportError, NoSuchModuleError) as error:
        message = (
            f"There is no driver for '{url.drivername}' on this server: {error}. SQLite and PostgreSQL (pip install 'azurine[postgres]') have one."
        )
        raise failure("UserErrorDriverMissing", message) from error
    try:
        with saying(), engine.connect() as link:
            yield link
    finally:
        engine.dispose()


def greet(order: Mapping[str, Any]) -> dict[str, Any]:
    """Does the database of order["connection"] answer? Nothing more is asked of it; a file of SQLite that is not there is not made."""
    url = str(order["connection"]["url"])
    path = url.partition("?")[0].removeprefix("sqlite:///")
    if url.startswith("sqlite:///") and path not in ("", ":memory:") and not Path(path).is_file():
        raise failure("SqlFailedToConnect", f"unable to open database file: there is no {path}.")
    with connected(order["connection"]) as link, saying():
        link.exec_driver_sql("SELECT 1")
    return {}


def send(link: sa.Connection, text: str) -> sa.CursorResult[Any]:
    """Statements as they are written: nothing in them stands for a parameter, a percent sign neither."""
    return link.execution_options(no_parameters=True).exec_driver_sql(text)


def bound(text: str, values: Mapping[str, Any]) -> sa.TextClause:
    """A statement with its `:names`. A text has no type of its own, so that it can become a day, or a number, where one is wanted."""
    return sa.text(text).bindparams(
        *(sa.bindparam(name, one, None if not isinstance(one, str) else sa.types.NullType()) for name, one in values.items())
    )


@contextmanager
def limited(link: sa.Connection, said: Any) -> Iterator[None]:
    """What takes longer than this time ([d.]hh:mm:ss; as long as it likes when nothing is said) is broken off. Raises UserErrorSqlTimeout."""
    seconds = finding.seconds(said, threading.TIMEOUT_MAX)
    driver: Any = link.connection.driver_connection
    late = threading.Event()

    def end() -> None:
        late.set()
        (driver.interrupt if link.dialect.name == "sqlite" else driver.cancel)()

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    except SQLAlchemyError as error:
        if late.is_set():
            raise failure("UserErrorSqlTimeout", f"The database did not answer within {seconds:g} seconds.") from error
        raise
    finally:
        timer.cancel()


def heard(link: sa.Connection, notices: list[str]) -> None:
    """What the database says beside its results is added to the list, as long as it is little."""
    if link.dialect.name == "postgresql":
        driver: Any = link.connection.driver_connection
        driver.add_notice_handler(lambda said: notices.append(str(said.message_primary)) if len(notices) < NOTICES else None)


@contextmanager
def saying() -> Iterator[None]:
    """What the database refuses, in Data Factory's words."""
    try:
        yield
    except OperationalError as error:
        text = told(error)
        code = "SqlFailedToConnect" if "connect" in text.lower() or "unable to open" in text else SQL
        raise failure(
            NOT_ALLOWED if "permission" in text or "readonly" in text else code, f"A database operation failed with the following error: '{text}'"
        ) from error
    except SQLAlchemyError as error:
        text = told(error)
        raise failure(
            NOT_ALLOWED if "permission denied" in text else SQL, f"A database operation failed with the following error: '{text}'"
        ) from error


def told(error: SQLAlchemyError) -> str:
    """What the database itself said, in a line."""
    said = getattr(error, "orig", None) or error
    return " ".join(str(said).split())[:2000]


def read(dataset: Mapping[str, Any], settings: Mapping[str, Any]) -> Iterator[pl.DataFrame]:
    """Frames of what a source asks for: its query, its procedure, or the whole table."""
    streamed = {"stream_results": True, "max_row_buffer": ROWS}
    with (
        connected(dataset["connection"]) as link,
        limited(link, settings.get("queryTimeout")),
        closing(link.execution_options(**streamed).execute(asked(link, dataset, settings))) as result,
    ):
        names = list(result.keys())
        doubled = next((name for name in names if names.count(name) > 1), None)
        if doubled is not None:
            raise failure("UserErrorDuplicateColumnName", f"The query gives more than one column with the name '{doubled}'.")
        first: pl.Schema | None = None
        while True:
            rows = result.fetchmany(ROWS)
            if not rows and first is not None:
                return
            columns = zip(*rows, strict=True) if rows else [()] * len(names)
            frame = pl.DataFrame([mapping.series(name, list(column)) for name, column in zip(names, columns, strict=True)])
            first = first or frame.schema
            yield frame


def asked(link: sa.Connection, dataset: Mapping[str, Any], settings: Mapping[str, Any]) -> sa.Executable:
    """The statement of a source."""
    query = settings.get("sqlReaderQuery") or settings.get("query") or settings.get("oracleReaderQuery")
    if query:
        # A table that is read as a whole is not parted: the place for a part's condition holds for all of it.
        return sa.text(_PARTITION.sub("(1 = 1)", str(query)).replace(":", r"\:"))
    procedure = settings.get("sqlReaderStoredProcedureName")
    if procedure:
        return call(link, str(procedure), settings.get("storedProcedureParameters") or {}, rows=True)
    name = table_name(link, dataset.get("table") or {}, str(dataset.get("name")))
    return sa.select(sa.literal_column("*")).select_from(name)


def call(link: sa.Connection, procedure: str, parameters: Mapping[str, Any], rows: bool) -> sa.Executable:
    """A stored procedure, called in the database's own way. parameters: {name: {"value", "type"}}, or {name: value}."""
    backend = link.dialect.name
    if backend == "sqlite":
        raise failure(
            "UserErrorStoredProcedureNotSupported", f"The stored procedure '{procedure}' cannot be called: SQLite has none. PostgreSQL has."
        )
    values = {str(name).lstrip("@"): value(one) for name, one in parameters.items()}
    quoted = ".".join(link.dialect.identifier_preparer.quote(part) for part in procedure.replace("[", "").replace("]", "").split("."))
    if backend == "postgresql":
        named = ", ".join(f"{link.dialect.identifier_preparer.quote(name)} => :{name}" for name in values)
        is_function = rows or _is_function(link, procedure)
        return bound(f"SELECT * FROM {quoted}({named})" if is_function else f"CALL {quoted}({named})", values)
    named = ", ".join(f"@{name} = :{name}" for name in values)
    return bound(f"EXEC {quoted} {named}", values)


def value(said: Any) -> Any:
    """A parameter of a procedure or a script, as its type wants it."""
    if not isinstance(said, Mapping):
        return said
    given, kind = said.get("value"), str(said.get("type") or "").lower()
    if given is None:
        return None
    if kind in ("int16", "int32", "int64", "int"):
        return int(given)
    if kind in ("decimal", "double", "single"):
        return float(given)
    if kind in ("boolean", "bool"):
        return given if isinstance(given, bool) else str(given).lower() in ("true", "1")
    return given if kind == "" else str(given)


def table_name(link: sa.Connection, table: Mapping[str, Any], dataset: str) -> sa.TableClause:
    name, schema = str(table.get("table") or ""), schema_of(link, str(table.get("schema") or ""))
    if not name:
        raise failure("UserErrorInvalidTableName", f"The dataset '{dataset}' names no table, and there is no query.")
    if not sa.inspect(link).has_table(name, schema=schema):
        raise failure("UserErrorInvalidTableName", f'Cannot find the object "{name}" because it does not exist or you do not have permissions.')
    return sa.table(name, schema=schema)


def schema_of(link: sa.Connection, said: str) -> str | None:
    """parity: what stands in for SQL Server may have no `dbo`; then it is the database's own default."""
    if not said or link.dialect.name == "sqlite":
        return None
    return said if said in sa.inspect(link).get_schema_names() or said.lower() != "dbo" else None


def _is_function(link: sa.Connection, procedure: str) -> bool:
    name = procedure.replace("[", "").replace("]", "").rpartition(".")[2]
    found = link.execute(sa.text("SELECT prokind FROM pg_proc WHERE proname = :name LIMIT 1"), {"name": name}).scalar()
    return found is not None and str(found if not isinstance(found, bytes) else found.decode()) == "f"
