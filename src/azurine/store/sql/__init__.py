"""The log in a database. `open_log` is the door; `log` the SQL log itself, one file for each database it can stand on."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from azurine.model import errors
from azurine.store.log import Log
from azurine.store.memory import MemoryLog
from azurine.store.sql.log import SqlLog
from azurine.store.sql.sqlite import Sqlite

_POSTGRESQL = ("postgresql", "postgres")
FORMS = "sqlite:///path/of/file, postgresql://user@host/database, or memory:"


def open_log(url: str) -> Log:
    """Opens the store at `url`, making it where there is none.

    Raises errors.Invalid for a URL of no known form, errors.Conflict when something else is there, or a store of another
    version, and errors.Temporary when the disk is full or the server cannot be reached.
    """
    scheme, _, rest = url.partition(":")
    if url == "memory:":
        return MemoryLog()
    if scheme == "sqlite":
        # The path is taken as it stands, percent signs and question marks included.
        path = rest.removeprefix("///")
        if path == rest or path in ("", ":memory:"):
            raise errors.Invalid(f"{url!r} names no file; write sqlite:///path/of/file, or memory: for a store that nothing outlives.")
        return SqlLog(Sqlite(path))
    if scheme in _POSTGRESQL:
        # Its driver is an extra, and costs 0.2 s to import: only for those who use it.
        from azurine.store.sql.postgresql import Postgresql

        return SqlLog(Postgresql(_address(url)))
    # The rest is not shown: it may hold a password.
    raise errors.Invalid(f"A store cannot be opened by a URL that begins with {scheme[:40]!r}; the forms are {FORMS}.")


def claimed(url: str, who: str, lost: Callable[[str], None]) -> AbstractContextManager[None]:
    """Keeps other servers off a store within (see `claims`). A store that is a file is kept by whoever keeps its folder."""
    if url.partition(":")[0] not in _POSTGRESQL:
        return nullcontext()
    from azurine.store.sql import claims  # its driver is an extra, as above

    return claims.claimed(_address(url), who, lost)


def _address(url: str) -> str:
    return f"postgresql:{url.partition(':')[2]}"


__all__ = ["SqlLog", "claimed", "open_log"]
