"""Telling those who listen: something happened, and a resource is made for each one that it is meant for.

Who listens is known by the kind; it is remembered here so that an event which nobody waits for costs nothing. What is made is durable
before whoever tells goes on, and named by the event: told twice, as after a crash, it is made once.

What it does not do: keep events for those who begin to listen later.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Any

from azurine.model import ids
from azurine.model.clock import Clock
from azurine.model.decisions import Create
from azurine.model.errors import Conflict, Missing, Stale
from azurine.model.kinds import Kind
from azurine.model.resources import Resource
from azurine.store import admission
from azurine.store.log import Log

Hears = Callable[[Resource], bool]
Called = Callable[[Resource, Any, float], Create | None]
"""(one that listens, what happened, now) → what is to be made for it; None when it is not meant."""


class Announcer:
    """kind: of those who listen. They are never settled while they do, so that they are found again after a start."""

    def __init__(self, log: Log, kinds: dict[str, Kind], kind: str, hears: Hears, called: Called, clock: Clock) -> None:
        self._log, self._kinds, self._kind, self._hears, self._called, self._clock = log, kinds, kind, hears, called, clock
        self._lock = threading.Lock()
        self._listening: dict[str, Resource] = {}
        self._seen: dict[str, int] = {}
        log.listen(self.hear)

    def start(self) -> None:
        """Finds those who listened before the server was started."""
        wanted = [identifier for identifier in self._log.unsettled() if ids.kind_of(identifier) == self._kind]
        self.hear([found for found in map(self._log.get, wanted) if found is not None])

    def hear(self, versions: Sequence[Resource]) -> None:
        """New versions of resources, as they are committed."""
        for version in versions:
            if version.kind != self._kind:
                continue
            with self._lock:
                if version.revision < self._seen.get(version.id, 0):
                    continue
                self._seen[version.id] = version.revision
                if not version.deleting and self._hears(version):
                    self._listening[version.id] = version
                else:
                    self._listening.pop(version.id, None)

    @property
    def is_awaited(self) -> bool:
        return bool(self._listening)

    def tell(self, event: Any) -> int:
        """Answers for how many it was meant. Raises errors.Temporary when it could not be written; then it should be told again."""
        with self._lock:
            listening = list(self._listening.values())
        count = 0
        for one in listening:
            wanted = self._called(one, event, self._clock())
            if wanted is None:
                continue
            count += 1
            try:
                body = wanted.body
                request = admission.Request(wanted.id, lambda _, body=body: body, by=one.updated_by, only_new=True)  # type: ignore[misc]
                admission.admit(self._log, self._kinds, request, self._clock())
            except (Stale, Conflict, Missing):  # told of this before, or gone meanwhile
                continue
        return count
