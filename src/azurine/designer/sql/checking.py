"""A script tried on empty copies of its tables: is it right, what does it answer, which columns does it read?"""

import re
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from azurine.designer.tables import Table
from azurine.model.errors import Invalid

MOST_COLUMNS = 1000
_AFFINITY = {"Integer": "INTEGER", "Boolean": "INTEGER", "TimeSpan": "INTEGER", "Double": "REAL", "DateTime": "TEXT", "String": "TEXT"}
_ALLOWED = frozenset(
    {
        sqlite3.SQLITE_SELECT,
        sqlite3.SQLITE_READ,
        sqlite3.SQLITE_FUNCTION,
        sqlite3.SQLITE_RECURSIVE,
        sqlite3.SQLITE_INSERT,
        sqlite3.SQLITE_UPDATE,
        sqlite3.SQLITE_DELETE,
        sqlite3.SQLITE_TRANSACTION,
        sqlite3.SQLITE_SAVEPOINT,
        sqlite3.SQLITE_CREATE_TABLE,
        sqlite3.SQLITE_CREATE_TEMP_TABLE,
        sqlite3.SQLITE_CREATE_VIEW,
        sqlite3.SQLITE_CREATE_TEMP_VIEW,
        sqlite3.SQLITE_CREATE_INDEX,
        sqlite3.SQLITE_CREATE_TEMP_INDEX,
        sqlite3.SQLITE_DROP_TABLE,
        sqlite3.SQLITE_DROP_TEMP_TABLE,
        sqlite3.SQLITE_DROP_VIEW,
        sqlite3.SQLITE_DROP_TEMP_VIEW,
        sqlite3.SQLITE_DROP_INDEX,
        sqlite3.SQLITE_DROP_TEMP_INDEX,
        sqlite3.SQLITE_ALTER_TABLE,
        sqlite3.SQLITE_REINDEX,
        sqlite3.SQLITE_ANALYZE,
    }
)
"""What a script may do: everything inside its own database. Not ATTACH, PRAGMA, VACUUM INTO, or virtual tables."""
_FORBIDDEN_FUNCTIONS = frozenset({"load_extension", "readfile", "writefile", "edit", "fts3_tokenizer"})
_UNSEEN = re.compile(r"\b(using|natural)\b", re.I)
"""SQLite does not tell which columns these words compare, so all are taken for read."""


@dataclass(frozen=True, slots=True)
class Checked:
    """names: of the result, verbatim. reads: the columns that are read, by table; a table that is not named is not read."""

    statements: tuple[str, ...]
    names: tuple[str, ...]
    reads: Mapping[str, frozenset[str]]


def check(script: str, tables: Mapping[str, Table]) -> Checked:
    """tables: by the name that they have in the script. Raises Invalid with SQLite's own words."""
    statements = split(script)
    if not statements:
        raise Invalid("there is no statement; write a SELECT")
    reads: dict[str, set[str]] = {}
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        for name, table in tables.items():
            connection.execute(declaration(name, table))
        guard(connection, reads)
        names = _tried(connection, statements)
    finally:
        connection.close()
    if len(names) > MOST_COLUMNS:
        raise Invalid(f"the result has {len(names)} columns; at most {MOST_COLUMNS} are possible")
    known = {name.lower(): name for name in tables}
    found = {known[table.lower()]: frozenset(columns) for table, columns in reads.items() if table.lower() in known}
    if _UNSEEN.search(script):
        found = {name: frozenset(table.names) for name, table in tables.items()}
    return Checked(tuple(statements), tuple(names), found)


def declaration(name: str, table: Table) -> str:
    """The statement that makes an empty copy. Names that differ by case only are one name to SQLite."""
    if len(table.columns) > MOST_COLUMNS:
        raise Invalid(f"{name} has {len(table.columns)} columns; SQL takes at most {MOST_COLUMNS}. Select columns first")
    seen: dict[str, str] = {}
    for column in table.names:
        before = seen.setdefault(column.lower(), column)
        if before != column:
            raise Invalid(f"{name} has columns {before!r} and {column!r}, which differ by case only; rename one of them")
    if not table.columns:
        raise Invalid(f"{name} has no columns")
    return f"CREATE TABLE {quoted(name)} ({', '.join(f'{quoted(one.name)} {_AFFINITY[one.primitive]}' for one in table.columns)})"


def guard(connection: sqlite3.Connection, reads: dict[str, set[str]] | None = None) -> None:
    """From now on the connection reaches nothing outside its own database. reads: filled with the columns that are read."""

    def allowed(action: int, first: str | None, second: str | None, database: str | None, trigger: str | None) -> int:
        if action == sqlite3.SQLITE_READ and reads is not None and first:
            reads.setdefault(first, set()).add(second or "")
        if action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in _FORBIDDEN_FUNCTIONS:
            return sqlite3.SQLITE_DENY
        return sqlite3.SQLITE_OK if action in _ALLOWED else sqlite3.SQLITE_DENY

    connection.set_authorizer(allowed)


def split(script: str) -> list[str]:
    """The statements of a script; a semicolon inside a text or a comment does not end one."""
    found, part = [], ""
    for piece in script.split(";"):
        part += piece
        if sqlite3.complete_statement(part + ";"):
            if _says_something(part):
                found.append(part.strip())
            part = ""
        else:
            part += ";"
    rest = part.rstrip(";")
    return [*found, rest.strip()] if _says_something(rest) else found


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _tried(connection: sqlite3.Connection, statements: Sequence[str]) -> list[str]:
    description = None
    try:
        for statement in statements:
            cursor = connection.execute(statement)
            description = cursor.description
    except sqlite3.Error as error:
        denied = "not authorized" in str(error) or "prohibited" in str(error)
        raise Invalid(f"SQL may touch its own tables only: {error}" if denied else f"SQL: {error}") from error
    if description is None:
        raise Invalid("the last statement must be a SELECT; its rows are the output")
    return [str(one[0]) for one in description]


def _says_something(part: str) -> bool:
    """Is there anything but comments and white space?"""
    text = part
    while "/*" in text:
        before, _, after = text.partition("/*")
        text = before + after.partition("*/")[2]
    return any(line.split("--")[0].strip() for line in text.splitlines())
