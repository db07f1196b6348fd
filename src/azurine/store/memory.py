"""The log in memory: the twin of `sql` for tests and for trying out. Nothing outlives the process.

Same rules (`versions.Ledger`), same answers; one lock instead of a database, plain dictionaries instead of indexes, so
that its reads cost as much as there are resources. Documents are kept as text: what one reader changes, no other sees.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from threading import RLock, get_ident

from azurine.model import errors
from azurine.model.resources import Resource
from azurine.store import log
from azurine.store.commits import Answers
from azurine.store.documents import Document, prepare
from azurine.store.listeners import Listeners
from azurine.store.versions import Ledger, Version, check_time, resource


class MemoryLog:
    def __init__(self) -> None:
        self._lock = RLock()
        self._listeners = Listeners()
        self._history: list[Version] = []
        self._latest: dict[str, Version] = {}
        self._revision = 0
        self._writing = 0
        self._closed = False

    def write(self, writes: Sequence[log.Write], at: float) -> Answers:
        check_time(at)
        prepared = [prepare(write) for write in writes]
        with self._lock:
            self._check_open()
            if self._writing == get_ident():
                raise RuntimeError("a listener of the log must not write to it: it would wait for itself")
            ledger = Ledger(self._revision, (self._latest[one.write.id] for one in prepared if one.write.id in self._latest))
            answers = [ledger.apply(one, at) for one in prepared]
            self._revision = ledger.revision
            self._record(ledger.fresh)
            self._writing = get_ident()
            try:
                self._listeners.tell(ledger.told)
            finally:
                self._writing = 0
        return answers

    def get(self, identifier: str) -> Resource | None:
        with self._lock:
            self._check_open()
            version = self._latest.get(identifier)
            return resource(version) if version else None

    def page(
        self, kind: str, parent: str, *, owner: str | None = None, after: int | None = None, newest_first: bool = True, limit: int = 100
    ) -> list[Resource]:
        def wanted(one: Version) -> bool:
            return one.kind == kind and one.parent == parent and owner in (None, one.owner) and (after is None or is_after(one.created, after))

        def is_after(created: int, mark: int) -> bool:
            return created < mark if newest_first else created > mark

        found = self._find(wanted)
        ordered = found[::-1] if newest_first else found
        return [resource(one) for one in ordered[: max(limit, 0)]]

    def owned_by(self, owner: str) -> list[Resource]:
        return [resource(one) for one in self._find(lambda one: one.owner == owner)] if owner else []

    def under(self, parent: str) -> list[Resource]:
        return [resource(one) for one in self._find(lambda one: one.id.startswith(f"{parent}/"))]

    def unsettled(self) -> list[str]:
        return [one.id for one in self._find(lambda one: not one.settled)]

    def since(self, revision: int, limit: int = 1000) -> list[Resource]:
        with self._lock:
            self._check_open()
            first = bisect_right(self._history, revision, key=lambda one: one.revision)
            return [resource(one) for one in self._history[first : first + max(limit, 0)]]

    def revision(self) -> int:
        with self._lock:
            self._check_open()
            return self._revision

    def trim(self, before: int) -> int:
        with self._lock:
            self._check_open()
            kept = [one for one in self._history if one.revision >= before or self._is_latest(one)]
            forgotten = len(self._history) - len(kept)
            self._history = kept
            return forgotten

    def listen(self, listener: Callable[[Sequence[Resource]], None]) -> None:
        self._listeners.add(listener)

    def close(self) -> None:
        with self._lock:
            self._closed = True

    def _record(self, fresh: Iterable[Version]) -> None:
        for version in fresh:
            kept = version._replace(spec=Document(version.spec.text), status=Document(version.status.text))
            self._history.append(kept)
            if version.latest:
                self._latest[version.id] = kept
            else:
                self._latest.pop(version.id, None)

    def _find(self, wanted: Callable[[Version], bool]) -> list[Version]:
        """Newest versions that are wanted, oldest resource first."""
        with self._lock:
            self._check_open()
            return sorted((one for one in self._latest.values() if wanted(one)), key=lambda one: one.created)

    def _is_latest(self, version: Version) -> bool:
        latest = self._latest.get(version.id)
        return latest is not None and latest.revision == version.revision

    def _check_open(self) -> None:
        if self._closed:
            raise errors.Temporary("The store is closed: the server is stopping.")
