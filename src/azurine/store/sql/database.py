"""What a database must be able to do for the log: one file each for SQLite and PostgreSQL."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from azurine.model.errors import AzurineError
from azurine.store.sql.statements import Statements
from azurine.store.versions import Ledger, Version

Row = Sequence[Any]


class Cursor(Protocol):
    rowcount: int

    def fetchall(self) -> Sequence[Row]: ...


class Connection(Protocol):
    """What the drivers of both databases have in common."""

    def execute(self, text: str, parameters: Mapping[str, object] = ..., /) -> Cursor: ...

    def close(self) -> None: ...


class Writer(Protocol):
    """The one connection that writes. A transaction is `begin`, then `finish` or `abandon`."""

    def begin(self, ids: Sequence[str]) -> tuple[int, list[Version]]:
        """Sees to it that no other writer comes between, and answers the newest revision and the newest versions of these ids."""
        ...

    def finish(self, ledger: Ledger) -> None:
        """Records and commits. When it returns, what was written survives a power cut."""
        ...

    def abandon(self) -> None: ...

    def trim(self, before: int, limit: int) -> int:
        """Forgets at most `limit` superseded versions in a transaction of their own."""
        ...

    def close(self) -> None: ...


class Database(Protocol):
    """failures: what the driver raises."""

    failures: type[Exception]

    @property
    def statements(self) -> Statements: ...

    def connect(self) -> Connection:
        """A connection for reading; each statement sees all that was committed before it."""
        ...

    def writer(self) -> Writer: ...

    def is_lost(self, error: Exception) -> bool:
        """Did the connection go, so that another one may work?"""
        ...

    def explain(self, error: Exception) -> AzurineError:
        """The driver's error in words for the user."""
        ...

    def close(self) -> None: ...
