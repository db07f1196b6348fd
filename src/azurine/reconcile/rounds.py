"""One round: many looks, one commit.

A round collects what its looks decide, folded to one write per resource, and lets later looks of the same round see it:
so a finished step, its pipeline's next step and that step's first look cost one durable commit together. Reads go to the
pending writes first, then to what is known of the log (`newest`): a pipeline that starts a thousand steps would otherwise be read a
thousand times. Who writes meanwhile is heard of at the commit, which refuses what has become stale.
"""

from collections.abc import Sequence
from dataclasses import replace

from azurine.model import ids
from azurine.model.resources import Json, Resource
from azurine.reconcile.families import Families
from azurine.reconcile.newest import Newest
from azurine.store import log


class Round:
    """A snapshot with pending writes on top; also the `References` of the looks made in it."""

    def __init__(self, store: log.Log, at: float, families: Families, known: Newest) -> None:
        self._log = store
        self._newest = known
        self._families = families
        self._at = at
        self._pending: dict[str, Resource] = {}
        self._stored: dict[tuple[str, str], list[Resource]] = {}
        self._writes: dict[str, log.Write] = {}
        self._owned: dict[str, list[str]] = {}

    def get(self, identifier: str) -> Resource | None:
        if identifier in self._pending:
            return self._pending[identifier]
        return self._newest.get(identifier)

    def stands(self, identifier: str, owner: str) -> bool:
        """Is there such a resource already? One that an owner asks for is looked for in its family; should somebody else have
        taken its name, the log refuses it at the commit."""
        if owner and identifier not in self._pending and not self._families.has(owner, identifier):
            return self._newest.seen(identifier) is not None
        return self.get(identifier) is not None

    def newest(self, parent: str, kind: str) -> Resource | None:
        for one in self.children(parent, kind):
            if not one.spec.get("properties", {}).get("isArchived"):
                return one
        return None

    def children(self, parent: str, kind: str) -> Sequence[Resource]:
        stored = self._stored.get((parent, kind))
        if stored is None:
            stored = self._stored[parent, kind] = _all_pages(self._log, kind, parent)
        known = {one.id for one in stored}
        fresh = [one for one in self._pending.values() if one.kind == kind and one.id not in known and ids.parent(one.id) == parent]
        return [*reversed(fresh), *(self._pending.get(one.id, one) for one in stored)]

    def owned_by(self, owner: str) -> list[Resource]:
        stored = self._families.of(owner)
        pending = self._pending
        found = [pending.get(one.id, one) for one in stored]
        if owned := self._owned.get(owner):
            known = {one.id for one in stored}
            found += [pending[identifier] for identifier in owned if identifier not in known]
        return found

    def create(self, identifier: str, kind: str, spec: Json, *, owner: str, by: str, settled: bool) -> Resource:
        """Adds a new resource to the round; it can be looked at in the same round."""
        self._writes[identifier] = log.Create(identifier, kind, ids.parent(identifier), spec, {}, owner, by, settled)
        fresh = Resource(identifier, kind, spec, {}, owner, created_at=self._at, created_by=by, updated_at=self._at, updated_by=by, settled=settled)
        self._pending[identifier] = fresh
        self._families.begin(identifier)
        self._owned.setdefault(owner, []).append(identifier)
        return fresh

    def report(self, resource: Resource, status: Json, *, settled: bool) -> Resource:
        """Replaces the status. A stale look is refused at the commit, and the resource is looked at again."""
        pending = self._writes.get(resource.id)
        if isinstance(pending, log.Create):
            self._writes[resource.id] = log.Create(pending.id, pending.kind, pending.parent, pending.spec, status, pending.owner, pending.by, settled)
        else:
            self._writes[resource.id] = log.Report(resource.id, status, resource.revision, settled)
        fresh = replace(resource, status=status, settled=settled)
        self._pending[resource.id] = fresh
        return fresh

    def commit(self) -> dict[str, Resource | log.Refusal]:
        """Writes all of it in one durable batch; answers the result per id. Raises errors.Temporary when nothing could be written."""
        if not self._writes:
            return {}
        results = self._log.write(list(self._writes.values()), self._at)
        return dict(zip(self._writes, results, strict=True))


def _all_pages(store: log.Log, kind: str, parent: str) -> list[Resource]:
    found: list[Resource] = []
    after: int | None = None
    while True:
        page = store.page(kind, parent, after=after, limit=500)
        found.extend(page)
        if len(page) < 500:
            return found
        after = page[-1].created
