"""The tables: one of versions, to which every write appends, and one row that says how far the log has come.

`latest` marks the newest version of each id; it is the only thing ever changed in a row. The indexes are partial (newest
versions only), so what is superseded costs nothing to those who read. Long columns stand last: marking a row as superseded
then touches one page, however large its documents are.
"""

from sqlalchemy import (
    DDL,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Double,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    event,
    inspect,
    select,
)

from azurine.model import errors

VERSION = 1
"""Of this schema. A store of another version is refused, never guessed at."""

metadata = MetaData()

_Number = BigInteger().with_variant(Integer, "sqlite")  # SQLite keys its table by "INTEGER PRIMARY KEY" only
_Name = Text().with_variant(Text(collation="C"), "postgresql")  # compared byte by byte, as SQLite does: prefixes are ranges

versions = Table(
    "azurine_versions",
    metadata,
    Column("revision", _Number, primary_key=True, autoincrement=False),
    Column("id", _Name, nullable=False),
    Column("kind", _Name, nullable=False),
    Column("parent", _Name, nullable=False),
    Column("owner", _Name, nullable=False),
    Column("created", _Number, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("updated_at", Double, nullable=False),
    Column("updated_by", Text, nullable=False),
    Column("deleting", Boolean, nullable=False),
    Column("settled", Boolean, nullable=False),
    Column("latest", Boolean, nullable=False),
    Column("status", Text, nullable=False),
    Column("spec", Text, nullable=False),
)

log = Table(
    "azurine_log",
    metadata,
    Column("schema_version", SmallInteger, nullable=False),
    Column("revision", _Number, nullable=False),
)

is_latest: ColumnElement[bool] = versions.c.latest.is_(True)
is_superseded: ColumnElement[bool] = versions.c.latest.is_(False)


def _index(name: str, *columns: Column[int] | Column[str], where: ColumnElement[bool], unique: bool = False) -> Index:
    return Index(f"azurine_versions_{name}", *columns, unique=unique, sqlite_where=where, postgresql_where=where)


_index("newest", versions.c.id, where=is_latest, unique=True)
_index("page", versions.c.kind, versions.c.parent, versions.c.created, where=is_latest)
_index("page_of_owner", versions.c.kind, versions.c.parent, versions.c.owner, versions.c.created, where=is_latest)
_index("owned", versions.c.owner, versions.c.created, where=is_latest & (versions.c.owner != ""))
_index("unsettled", versions.c.created, where=is_latest & versions.c.settled.is_(False))
_index("superseded", versions.c.revision, where=is_superseded)

# SQLite does the rest of an append by itself, so that one statement is the whole commit. The revision must follow the last
# one: a process that did not see another one's write is refused. (PostgreSQL gets these as statements of the transaction.)
_follow = DDL(  # type: ignore[no-untyped-call]
    f"""
    CREATE TRIGGER {versions.name}_follow BEFORE INSERT ON {versions.name} BEGIN
        SELECT RAISE(ABORT, 'not the next revision') FROM {log.name} WHERE revision <> NEW.revision - 1;
        UPDATE {log.name} SET revision = NEW.revision;
        UPDATE {versions.name} SET latest = 0 WHERE id = NEW.id AND latest IS 1;
    END"""
)
event.listen(metadata, "after_create", _follow.execute_if(dialect="sqlite"))


def prepare(connection: Connection, where: str, *, alone: bool) -> None:
    """Makes the tables in an empty database, or checks those that are there. `alone`: the database is to hold nothing else.

    Called within a transaction: a half-made schema is never seen.
    """
    tables = set(inspect(connection).get_table_names())
    if log.name not in tables:
        if versions.name in tables or (alone and tables):
            raise errors.Conflict(f"{where} is a database of some other program, not an Azurine store; choose another place.")
        metadata.create_all(connection)
        connection.execute(log.insert().values(schema_version=VERSION, revision=0))
        return
    found = connection.execute(select(log.c.schema_version)).scalars().all()
    if found != [VERSION]:
        raise errors.Conflict(
            f"{where} was written by another version of Azurine: its store has schema version {', '.join(map(str, found)) or 'none'}, "
            f"this one reads {VERSION}. Use that version of Azurine, or another place for the store."
        )
