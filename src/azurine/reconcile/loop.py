"""The loop: look at what changed, ask its kind, write the answer, have the wishes done.

How it works. Three things wake a resource: a new version of it (or of a resource it owns), an outcome filed for it, its
due time. The loop takes all that waits as one round (`rounds`), makes each look, and commits once; then performers are
told the wishes. A resource created or changed in a round is looked at in the same round, so a round goes as far as it can.

Wishes are level-triggered. The loop remembers which keys are under way only to avoid telling a performer twice; after a
restart it looks at every unsettled resource, the same wishes come back, and performers find what is already done.

What it does not do: know any kind by name, hold state that matters after a restart, or run effects in its own thread.
"""

import logging
import threading
import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from azurine.model import ids, states
from azurine.model.clock import Clock
from azurine.model.decisions import Cease, Create, Decision, Delete, Outcome, Perform, Update
from azurine.model.errors import AzurineError, Temporary
from azurine.model.kinds import Admission, Kind, Look
from azurine.model.resources import Json, Resource
from azurine.reconcile.families import Families
from azurine.reconcile.newest import Newest
from azurine.reconcile.performers import Performer, Request
from azurine.reconcile.queues import Queue
from azurine.reconcile.rounds import Round
from azurine.store import log

HOUSE = "azurine"
"""Who did it, when no user did."""

TRIM_EVERY = 20_000
"""Revisions between two trimmings of superseded versions; as many are kept for those who read along with `since`."""

MOST_LOOKS = 1000
"""At one resource in one round; then others get their turn first."""

_LONGEST_BACK_OFF = 60.0
_logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Wishes:
    """What a round wishes beyond the store's one batch; told after the commit, per wishing resource."""

    performs: list[tuple[str, Perform]] = field(default_factory=list)
    ceases: list[tuple[str, Cease]] = field(default_factory=list)
    updates: list[Update] = field(default_factory=list)
    deletes: list[str] = field(default_factory=list)
    removals: list[Resource] = field(default_factory=list)


class Loop:
    """kinds: by name. performers: by the name of the work. clock: seconds since 1970. linger: see `queues.Queue`."""

    def __init__(self, store: log.Log, kinds: Mapping[str, Kind], performers: Mapping[str, Performer], clock: Clock, linger: float = 0.0) -> None:
        self._log = store
        self._kinds = kinds
        self._performers = performers
        self._clock = clock
        self._queue = Queue(linger, clock)
        self._families = Families(store)
        self._newest = Newest(store)
        self._under_way: dict[str, str] = {}
        self._failures: dict[str, int] = {}
        self._written: set[int] = set()
        self._trimmed = 0
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        store.listen(self._queue.tell)

    def start(self) -> None:
        """Looks at everything unsettled, then at what changes, in a thread of its own."""
        self.rouse()
        self._thread = threading.Thread(target=self._run, name="loop", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._queue.close()
        if self._thread is not None:
            self._thread.join(timeout=10)

    def rouse(self) -> None:
        self._queue.look(self._log.unsettled())

    def turn(self) -> bool:
        """One round with all that is waiting or due; answers whether there was anything. For tests, and for `_run`."""
        batch = self._queue.take(self._clock())
        if not batch:
            return False
        self._round(batch.looks, batch.filed, batch.news)
        return True

    def settle(self, rounds: int = 1000) -> None:
        """Turns until nothing is waiting. Raises RuntimeError when it does not come to rest (a kind that never stops changing)."""
        for _ in range(rounds):
            if not self.turn():
                return
        raise RuntimeError(f"the loop did not come to rest in {rounds} rounds")

    def next_due(self) -> float | None:
        return self._queue.next_due()

    def _run(self) -> None:
        while not self._stopped.is_set():
            batch = self._queue.wait(self._clock())
            if not batch:
                continue
            try:
                self._round(batch.looks, batch.filed, batch.news)
            except Temporary as error:
                _logger.warning("could not write a round, trying again: %s", error.message)
                self._stopped.wait(1.0)
            except Exception:
                # The edge of the loop: whatever went wrong with one round must not end all others.
                _logger.exception("a round failed")
                self._stopped.wait(1.0)

    def _round(self, looks: dict[str, None], filed: dict[str, dict[str, Outcome]], news: list[Resource]) -> None:
        self._families.tell(news)
        self._newest.tell(news)
        waiting = dict.fromkeys([*looks, *filed, *self._changed(news)])
        now = self._clock()
        round_ = Round(self._log, now, self._families, self._newest)
        wishes = _Wishes()
        looked: Counter[str] = Counter()
        try:
            while waiting:
                identifier = next(iter(waiting))
                del waiting[identifier]
                looked[identifier] += 1
                if looked[identifier] > MOST_LOOKS:
                    self._queue.look([identifier])
                    continue
                waiting.update(dict.fromkeys(self._look(identifier, filed.get(identifier, {}), round_, now, wishes)))
            results = round_.commit()
        except Exception:
            self._queue.refile(filed)
            self._queue.look([*looked, *waiting])
            raise
        try:
            self._after(results, filed, wishes)
        except Exception:
            # What was decided is written, but not all that was wished: the next look wishes it again.
            self._queue.look(looked)
            raise
        self._trim()

    def _changed(self, news: list[Resource]) -> list[str]:
        """Whom to look at after these commits: the resource itself, who asked for it, and what it hangs under when it goes."""
        changed = []
        for version in news:
            if version.revision in self._written:
                self._written.discard(version.revision)
                continue
            if not version.settled:
                changed.append(version.id)
            if version.owner:
                changed.append(version.owner)
            if version.deleting:
                changed.append(self._above(version.id))
        return changed

    def _above(self, identifier: str) -> str:
        """What it hangs under and still stands: what is between may have gone before it."""
        above = ids.parent(identifier)
        while above and self._log.get(above) is None:
            above = ids.parent(above)
        return above

    def _look(self, identifier: str, filed: Mapping[str, Outcome], round_: Round, now: float, wishes: _Wishes) -> list[str]:
        """One look; answers the ids that should be looked at in the same round because of it."""
        try:
            more = self._consider(identifier, filed, round_, now, wishes)
        except Temporary:
            raise
        except Exception:
            # A bug in one kind, or a resource it cannot read: said with an id, tried again later, never in the way of others.
            failures = self._failures[identifier] = self._failures.get(identifier, 0) + 1
            again = min(_LONGEST_BACK_OFF, 2.0**failures)
            _logger.exception("incident %s: deciding %s failed; looking again in %.0f s", uuid.uuid4(), identifier, again)
            self._queue.wake(identifier, now + again)
            return []
        self._failures.pop(identifier, None)
        return more

    def _consider(self, identifier: str, filed: Mapping[str, Outcome], round_: Round, now: float, wishes: _Wishes) -> list[str]:
        for key, outcome in filed.items():
            if states.is_final(outcome.state):
                self._under_way.pop(key, None)
        resource = round_.get(identifier)
        if resource is None:
            self._queue.wake(identifier, None)
            self._families.forget(identifier)
            return []
        if filed:
            resource = _with_outcomes(resource, filed)
        kind = self._kinds.get(resource.kind)
        if kind is None:
            return []
        if resource.deleting:
            return self._look_at_leaving(kind, resource, bool(filed), round_, now, wishes)
        if kind.decide is None:
            return []
        decision = kind.decide(Look(resource, round_.owned_by(identifier), now, round_))
        return self._take_up(resource, decision, bool(filed), round_, wishes)

    def _take_up(self, resource: Resource, decision: Decision, filed: bool, round_: Round, wishes: _Wishes) -> list[str]:
        status = dict(decision.status)
        left = _left(resource.status.get("outcomes", {}), decision)
        if left:
            status["outcomes"] = left
        more: list[str] = []
        changed = filed or status != resource.status or decision.settled != resource.settled
        for effect in decision.effects:
            match effect:
                case Create():
                    more += self._create(resource, effect, round_, status)
                case Perform():
                    # What is done is done: a kind may go on wishing for it.
                    if not _is_over(resource, effect.key):
                        wishes.performs.append((resource.id, effect))
                case Cease():
                    wishes.ceases.append((resource.id, effect))
                case Update():
                    wishes.updates.append(effect)
                case Delete():
                    wishes.deletes.append(effect.id)
        changed = changed or status.get("outcomes") != resource.status.get("outcomes")
        if changed:
            round_.report(resource, status, settled=decision.settled)
            # Whoever asked for it hears of it, but not that it has only just come to be.
            if resource.owner and (resource.status or decision.settled):
                more.append(resource.owner)
            if any(key.startswith("create:") for key in status.get("outcomes", {})) and status.get("outcomes") != resource.status.get("outcomes"):
                more.append(resource.id)
        elif decision.settled:
            self._families.forget(resource.id)
        self._queue.wake(resource.id, decision.wake_at)
        return more

    def _create(self, owner: Resource, effect: Create, round_: Round, status: dict[str, object]) -> list[str]:
        owned_by = owner.id if effect.owned else ""
        if round_.stands(effect.id, owned_by):
            return []
        kind = self._kinds[effect.kind]
        try:
            spec = kind.admit(Admission(effect.id, effect.body, round_, None, self._clock(), owner.created_by or HOUSE, owned_by))
        except AzurineError as error:
            outcome = Outcome(states.State.FAILED, {}, {"code": error.code, "message": error.message, "path": error.path})
            status["outcomes"] = {**status.get("outcomes", {}), f"create:{effect.id}": outcome.as_json()}  # type: ignore[dict-item]
            return []
        round_.create(effect.id, effect.kind, spec, owner=owned_by, by=owner.created_by or HOUSE, settled=kind.decide is None)
        return [effect.id] if kind.decide is not None else []

    def _look_at_leaving(self, kind: Kind, resource: Resource, filed: bool, round_: Round, now: float, wishes: _Wishes) -> list[str]:
        """A resource marked for deletion: what hangs under it or was asked for by it goes first, then its work ends, then it goes."""
        below = {one.id: one for one in [*self._log.under(resource.id), *self._log.owned_by(resource.id)]}
        wishes.deletes.extend(one.id for one in below.values() if not one.deleting)
        done = True
        if kind.decide is not None:
            decision = kind.decide(Look(resource, round_.owned_by(resource.id), now, round_))
            done = decision.settled
            self._take_up(resource, Decision(decision.status, decision.effects, decision.wake_at, settled=False), filed, round_, wishes)
        if done and not below:
            wishes.removals.append(resource)
        return []

    def _after(self, results: Mapping[str, Resource | log.Refusal], filed: Mapping[str, Mapping[str, Outcome]], wishes: _Wishes) -> None:
        refused = {identifier for identifier, result in results.items() if isinstance(result, log.Refusal)}
        written = [result for result in results.values() if isinstance(result, Resource)]
        self._written.update(version.revision for version in written)
        self._families.tell(written)
        self._newest.tell(written)
        for version in written:
            if version.settled:
                self._families.forget(version.id)
        if refused:
            # Somebody wrote meanwhile: what was filed is filed again with the next look, which sees the newer version.
            self._queue.refile({identifier: by_key for identifier, by_key in filed.items() if identifier in refused})
            self._queue.look(refused)
            for identifier in refused:
                self._newest.forget(identifier)
                self._families.forget(identifier)
        for wisher, perform in wishes.performs:
            if wisher not in refused:
                self._perform(wisher, perform)
        for wisher, cease in wishes.ceases:
            if wisher not in refused:
                self._cease(wisher, cease)
        self._write_wishes(wishes)

    def _perform(self, wisher: str, wish: Perform) -> None:
        if self._under_way.get(wish.key) == wisher:
            return
        performer = self._performers.get(wish.work)
        if performer is None:
            self._queue.file(wisher, wish.key, Outcome(states.State.FAILED, {}, {"code": "NotSupported", "message": f"nobody does {wish.work!r}"}))
            return
        self._under_way[wish.key] = wisher
        try:
            performer.perform(Request(wisher, wish.key, wish.arguments), lambda outcome: self._queue.file(wisher, wish.key, outcome))
        except Exception as error:
            incident = uuid.uuid4()
            _logger.exception("incident %s: %s of %s could not be begun", incident, wish.work, wisher)
            problem = {"code": "InternalError", "message": f"{wish.work} could not be begun: {error} (incident {incident})"}
            self._queue.file(wisher, wish.key, Outcome(states.State.FAILED, {}, problem))

    def _cease(self, wisher: str, wish: Cease) -> None:
        self._performers[wish.work].cease(wish.key, lambda outcome: self._queue.file(wisher, wish.key, outcome))

    def _write_wishes(self, wishes: _Wishes) -> None:
        """Wishes into other resources' specs, marks and removals. Each depends on the version it was decided on; refused, it is wished again."""
        writes: list[log.Write] = []
        for update in wishes.updates:
            current = self._log.get(update.id)
            if current is not None and any(current.spec.get(name) != value for name, value in update.changes.items()):
                kind = self._kinds.get(current.kind)
                settled = kind is None or kind.decide is None
                writes.append(log.Update(update.id, {**current.spec, **update.changes}, HOUSE, current.revision, settled))
        writes += [log.Mark(identifier, HOUSE) for identifier in dict.fromkeys(wishes.deletes)]
        for leaving in wishes.removals:
            current = self._log.get(leaving.id)
            if current is not None:
                writes.append(log.Remove(leaving.id, current.revision))
                self._queue.wake(leaving.id, None)
        if writes:
            self._log.write(writes, self._clock())

    def _trim(self) -> None:
        newest = self._log.revision() if len(self._written) % 64 == 0 else 0
        if newest - self._trimmed > TRIM_EVERY:
            self._log.trim(newest - TRIM_EVERY)
            self._trimmed = newest


def _left(outcomes: Json, decision: Decision) -> Json:
    """Without those that were taken in: what a resource with ten thousand pieces of work must carry stays small."""
    return {key: outcome for key, outcome in outcomes.items() if key not in decision.taken} if decision.taken else outcomes


def _with_outcomes(resource: Resource, filed: Mapping[str, Outcome]) -> Resource:
    """The resource with outcomes filed in its status. A final outcome stands: what comes later under the same key is left out."""
    outcomes: dict[str, Json] = dict(resource.status.get("outcomes", {}))
    for key, outcome in filed.items():
        if not _is_over(resource, key):
            outcomes[key] = outcome.as_json()
    return replace(resource, status={**resource.status, "outcomes": outcomes})


def _is_over(resource: Resource, key: str) -> bool:
    return states.is_final(resource.status.get("outcomes", {}).get(key, {}).get("state", ""))
