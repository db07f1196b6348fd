"""What is to be looked at, and when: changed resources, filed outcomes, due times.

Threads put in; the loop takes everything at once. A resource stands in the queue once, however often it was put there. How far work
is (an outcome that is not final) may linger for a moment: mostly the next word makes it needless, and each costs a durable commit.
Nothing here must survive a restart: the loop then looks at every unsettled resource, and wishes and due times come back.
"""

import heapq
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from azurine.model import states
from azurine.model.clock import Clock, system
from azurine.model.decisions import Outcome
from azurine.model.resources import Resource


@dataclass(slots=True)
class Batch:
    """Everything that was waiting. `looks`: ids in order of arrival. `filed`: outcomes by id and key. `news`: versions committed."""

    looks: dict[str, None] = field(default_factory=dict)
    filed: dict[str, dict[str, Outcome]] = field(default_factory=dict)
    news: list[Resource] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.looks or self.filed or self.news)


class Queue:
    """linger: seconds for which an outcome that is not final waits for a newer one. clock: which time that is."""

    def __init__(self, linger: float = 0.0, clock: Clock = system) -> None:
        self._linger = linger
        self._clock = clock
        self._lingering: dict[str, tuple[float, dict[str, Outcome]]] = {}
        self._ready = threading.Condition()
        self._batch = Batch()
        self._due: list[tuple[float, str]] = []
        self._wake_at: dict[str, float] = {}
        self._closed = False

    def look(self, identifiers: Iterable[str]) -> None:
        with self._ready:
            self._batch.looks.update(dict.fromkeys(identifiers))
            self._ready.notify()

    def file(self, identifier: str, key: str, outcome: Outcome) -> None:
        with self._ready:
            if self._linger and not (outcome.prompt or states.is_final(outcome.state)):
                self._lingering.setdefault(identifier, (self._clock() + self._linger, {}))[1][key] = outcome
            else:
                self._batch.filed.setdefault(identifier, {})[key] = outcome
                if identifier in self._lingering:
                    self._lingering[identifier][1].pop(key, None)
            self._ready.notify()

    def refile(self, filed: Mapping[str, Mapping[str, Outcome]]) -> None:
        """Puts outcomes back that could not be written; newer ones that came meanwhile stand."""
        with self._ready:
            for identifier, by_key in filed.items():
                mine = self._batch.filed.setdefault(identifier, {})
                for key, outcome in by_key.items():
                    mine.setdefault(key, outcome)
            self._ready.notify()

    def tell(self, versions: Sequence[Resource]) -> None:
        with self._ready:
            self._batch.news.extend(versions)
            self._ready.notify()

    def wake(self, identifier: str, at: float | None) -> None:
        """Sets (or with None, forgets) when a resource is due by itself; the last word counts."""
        with self._ready:
            if at is None:
                self._wake_at.pop(identifier, None)
                return
            self._wake_at[identifier] = at
            heapq.heappush(self._due, (at, identifier))
            self._ready.notify()

    def take(self, now: float) -> Batch:
        """Everything waiting or due by now; possibly nothing."""
        with self._ready:
            return self._take(now)

    def wait(self, now: float, longest: float = 60.0) -> Batch:
        """As `take`, but waits for something to come, for the next due time, or `longest` seconds."""
        with self._ready:
            batch = self._take(now)
            if batch or self._closed:
                return batch
            ends = [at for at, _ in self._due[:1]]
            # In the order of arrival, which is that of their ends.
            ends += [until for until, _ in islice(self._lingering.values(), 1)]
            self._ready.wait(min(longest, max(0.0, min(ends) - now)) if ends else longest)
            return Batch()

    def close(self) -> None:
        with self._ready:
            self._closed = True
            self._ready.notify_all()

    def next_due(self) -> float | None:
        with self._ready:
            return min(self._wake_at.values(), default=None)

    def _take(self, now: float) -> Batch:
        while self._due and self._due[0][0] <= now:
            at, identifier = heapq.heappop(self._due)
            if self._wake_at.get(identifier) == at:
                del self._wake_at[identifier]
                self._batch.looks[identifier] = None
        for identifier in [one for one, (until, _) in self._lingering.items() if until <= now]:
            _, outcomes = self._lingering.pop(identifier)
            if outcomes:
                self._batch.filed.setdefault(identifier, {}).update(outcomes)
        batch, self._batch = self._batch, Batch()
        return batch
