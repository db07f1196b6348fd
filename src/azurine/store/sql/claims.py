"""One server for one store: a claim on a PostgreSQL database, held for as long as the server lives.

The log itself may be written by many (`postgresql`). A server's loop may not: two of them would both have the same work done. A file in the
server's home keeps a second server off a store in SQLite; a database has no home, so it is claimed: an advisory lock of one session, which the
database gives back when the session ends, however it ends.

When the session is lost (the network, the database restarted) the claim is made anew at the next look. Should another server have been
quicker, whoever holds this one is told, and must stop.
"""

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator

import psycopg
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from azurine.model import errors
from azurine.store.sql import postgresql

LOOK_SECONDS = 5.0
PATIENCE = 3.0
"""Seconds for which a claim is waited for: the database may need a moment to see that a server was killed."""
_KEYS = "hashtext('azurine server'), hashtext(current_schema())"
_CLAIM = f"SELECT pg_try_advisory_lock({_KEYS})"
_HOLDER = f"""
    SELECT application_name, client_addr::text, backend_start::timestamptz(0)::text FROM pg_stat_activity JOIN pg_locks USING (pid)
    WHERE locktype = 'advisory' AND granted AND objsubid = 2 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND (classid, objid) = (SELECT a::oid, b::oid FROM (SELECT {_KEYS}) AS keys (a, b))"""
_logger = logging.getLogger(__name__)


@contextlib.contextmanager
def claimed(url: str, who: str, lost: Callable[[str], None], every: float = LOOK_SECONDS, patience: float = PATIENCE) -> Iterator[None]:
    """Claims the database at `url` for the server `who` within.

    lost: called with a message, at most once, from a thread, when the claim has passed to another server. Raises errors.Conflict, naming the other
    server, when it has the claim; errors.Temporary when the database cannot be reached.
    """
    claim = _Claim(url, who)
    try:
        claim.make(patience)
        ended = threading.Event()
        watch = threading.Thread(target=claim.watch, args=(ended, every, lost), name="claim", daemon=True)
        watch.start()
        try:
            yield
        finally:
            ended.set()
            watch.join(timeout=every)
    finally:
        claim.close()


class _Claim:
    def __init__(self, url: str, who: str) -> None:
        # PostgreSQL keeps 63 bytes of it.
        self._engine: Engine = postgresql.engine(url, f"azurine server {who}")
        self._session: postgresql.Session | None = None

    def make(self, patience: float) -> None:
        waited, pause = threading.Event(), 0.1
        for _ in range(max(1, round(patience / pause))):
            if self._try():
                return
            waited.wait(pause)
        raise errors.Conflict(f"{self._taken()}; stop that one first, or give this one a store of its own.")

    def watch(self, ended: threading.Event, every: float, lost: Callable[[str], None]) -> None:
        """Looks whether the session lives, and makes the claim anew when it does not."""
        while not ended.wait(every):
            try:
                if not self._holds() and not self._try():
                    lost(f"{self._taken()}, which took it over while the database could not be reached from here")
                    return
            except errors.Temporary as problem:
                _logger.warning("the claim on the store cannot be looked after: %s", problem.message)

    def close(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None
        self._engine.dispose()

    def _holds(self) -> bool:
        if self._session is None:
            return False
        try:
            self._session.execute("SELECT 1")
        except psycopg.Error:
            self._session.close()
            self._session = None
            return False
        return True

    def _try(self) -> bool:
        """Raises errors.Temporary when the database cannot be reached."""
        try:
            if self._session is None:
                self._session = postgresql.session(self._engine)
                self._session.autocommit = True
            [(made,)] = self._session.execute(_CLAIM).fetchall()
        except (DBAPIError, psycopg.Error) as problem:
            self._session = None
            raise errors.Temporary(f"{postgresql.shown(self._engine)} cannot be reached: {str(problem).strip().splitlines()[0]}") from problem
        return bool(made)

    def _taken(self) -> str:
        """Who has it, as far as can be told."""
        found = self._session.execute(_HOLDER).fetchall() if self._session is not None else []
        name, address, since = found[0] if found else ("another server", None, "")
        where = f", connected from {address}" if address else ""
        return f"The store {postgresql.shown(self._engine)} is in use by {name}{where}{f', since {since}' if since else ''}"
