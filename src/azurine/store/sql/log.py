"""The log over SQL: rules from `versions`, group commit from `commits`, the database behind `database.Database`.

A commit is one transaction: read the newest versions of the ids concerned, apply the rules in Python, append the new
versions. Refused writes are never written, so they undo nothing. Reading goes over connections of its own and never waits
for a writer; a caller whose write was acknowledged sees it, for its commit is over.

Listeners hear of this log's own writes only: another server on the same PostgreSQL database is not seen before it is asked.
"""

from collections.abc import Callable, Sequence
from copy import copy
from threading import Lock
from typing import TypeVar

from azurine.model import errors
from azurine.model.resources import Resource
from azurine.store import log
from azurine.store.commits import Answers, Batch, Commits
from azurine.store.documents import is_name, prepare
from azurine.store.listeners import Listeners
from azurine.store.sql.database import Database, Writer
from azurine.store.sql.readers import Readers
from azurine.store.versions import Ledger, check_time, resource_of

Done = TypeVar("Done")

LAST = 2**63 - 1
TRIMMED_AT_ONCE = 500
"""Few enough that writers who wait for a trim do not notice."""


class SqlLog:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._statements = database.statements
        self._readers = Readers(database)
        self._listeners = Listeners()
        self._commits = Commits(self._commit)
        self._writing = Lock()
        self._writer: Writer | None = None
        self._closed = False

    def write(self, writes: Sequence[log.Write], at: float) -> Answers:
        check_time(at)
        if not writes:
            return []
        return self._commits.submit(Batch([prepare(write) for write in writes], at))

    def get(self, identifier: str) -> Resource | None:
        if not is_name(identifier):
            return None
        rows = self._readers.rows(self._statements.newest, {"id": identifier})
        return resource_of(rows[0]) if rows else None

    def page(
        self, kind: str, parent: str, *, owner: str | None = None, after: int | None = None, newest_first: bool = True, limit: int = 100
    ) -> list[Resource]:
        if after is None:
            after = LAST if newest_first else 0
        if not (is_name(kind) and is_name(parent) and is_name(owner or "") and limit > 0):
            return []
        asked = {"kind": kind, "parent": parent, "after": _bounded(after), "limit": _bounded(limit)}
        if owner is not None:
            asked["owner"] = owner
        return self._resources(self._statements.page[owner is not None, newest_first], **asked)

    def owned_by(self, owner: str) -> list[Resource]:
        return self._resources(self._statements.owned_by, owner=owner) if owner and is_name(owner) else []

    def under(self, parent: str) -> list[Resource]:
        # Every id that begins with "parent/" stands between that and "parent0": "0" is the character after "/".
        return self._resources(self._statements.under, first=f"{parent}/", last=f"{parent}0") if is_name(parent) else []

    def unsettled(self) -> list[str]:
        return [identifier for (identifier,) in self._readers.rows(self._statements.unsettled, {})]

    def since(self, revision: int, limit: int = 1000) -> list[Resource]:
        return self._resources(self._statements.since, revision=_bounded(revision), limit=_bounded(limit)) if limit > 0 else []

    def revision(self) -> int:
        [(revision,)] = self._readers.rows(self._statements.revision, {})
        return int(revision)

    def trim(self, before: int) -> int:
        forgotten = 0
        while True:
            with self._writing:
                last = self._in_transaction(lambda writer: writer.trim(_bounded(before), TRIMMED_AT_ONCE))
            forgotten += last
            if last < TRIMMED_AT_ONCE:
                return forgotten

    def listen(self, listener: Callable[[Sequence[Resource]], None]) -> None:
        self._listeners.add(listener)

    def close(self) -> None:
        with self._writing:
            self._closed = True
            self._discard()
        self._readers.close()
        self._database.close()

    def _resources(self, text: str, **asked: object) -> list[Resource]:
        return [resource_of(row) for row in self._readers.rows(text, asked)]

    def _commit(self, group: Sequence[Batch]) -> None:
        """See `commits.Commit`."""
        try:
            with self._writing:
                ledger, answers = self._in_transaction(lambda writer: _record(writer, group))
        except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to the callers whose batches these are
            self._refuse(group, error)
            return
        for batch, own in zip(group, answers, strict=True):
            batch.answers = own
        self._listeners.tell(ledger.told)

    def _refuse(self, group: Sequence[Batch], error: Exception) -> None:
        if len(group) > 1 and not isinstance(error, errors.Temporary):
            for batch in group:  # one of them is to blame: let the others pass
                self._commit([batch])
            return
        for batch in group:
            batch.error = error if len(group) == 1 else copy(error)  # each raises its own: they collect the raiser's frames

    def _in_transaction(self, work: Callable[[Writer], Done]) -> Done:
        """Called with `_writing` held. After an error of the driver the connection is given up; the next write opens another."""
        if self._closed:
            raise errors.Temporary("The store is closed: the server is stopping.")
        try:
            if self._writer is None:
                self._writer = self._database.writer()
            return work(self._writer)
        except self._database.failures as error:
            self._discard()
            raise self._database.explain(error) from error

    def _discard(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None


def _bounded(number: int) -> int:
    """Numbers come from requests, and a database takes no more than 64 bits; beyond that nothing is."""
    return max(0, min(number, LAST))


def _record(writer: Writer, group: Sequence[Batch]) -> tuple[Ledger, list[Answers]]:
    ids = dict.fromkeys(prepared.write.id for batch in group for prepared in batch.writes)
    try:
        ledger = Ledger(*writer.begin(list(ids)))
        answers = [[ledger.apply(prepared, batch.at) for prepared in batch.writes] for batch in group]
        if ledger.fresh:
            writer.finish(ledger)
        else:
            writer.abandon()
    except BaseException:
        writer.abandon()
        raise
    return ledger, answers
