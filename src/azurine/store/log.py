"""The contract of the store: one ordered log of versions of resources.

Every write gets the next revision. The newest version of each id is what `get` and `page` answer; older ones stay until
`trim`. Writes are values, written in batches: one batch is one durable transaction, yet each write stands alone, so one
that is refused does not undo the others. A write that was acknowledged survives the death of the process.

The store never looks inside spec and status.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from azurine.model.resources import Json, Resource


@dataclass(frozen=True, slots=True)
class Create:
    """Refused as `exists` when the id is there. `by`: object id of the principal, or the house's name."""

    id: str
    kind: str
    parent: str
    spec: Json
    status: Json = field(default_factory=dict)
    owner: str = ""
    by: str = ""
    settled: bool = True


@dataclass(frozen=True, slots=True)
class Update:
    """Replaces the spec. Refused as `missing`, or as `stale` when `if_revision` is given and is not the current one."""

    id: str
    spec: Json
    by: str = ""
    if_revision: int | None = None
    settled: bool = True


@dataclass(frozen=True, slots=True)
class Report:
    """Replaces the status. Refused like Update. Does not touch updated_at/updated_by, which speak of the spec."""

    id: str
    status: Json
    if_revision: int | None = None
    settled: bool = True


@dataclass(frozen=True, slots=True)
class Mark:
    """Marks for deletion (`deleting`, not settled; at and by are recorded as the last update's). Marking twice is the same as once."""

    id: str
    by: str = ""
    if_revision: int | None = None


@dataclass(frozen=True, slots=True)
class Remove:
    """The resource goes: `get` answers None; `since` still tells of it as a version with `deleting` set. Missing is refused.

    That last version has a revision of its own and is settled; where it matters whether it is a removal or a mark, `get` tells.
    """

    id: str
    if_revision: int | None = None


Write = Create | Update | Report | Mark | Remove


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a write was not done. reason: "exists", "missing" or "stale". current: the version that is in the way, if any."""

    reason: str
    current: Resource | None = None


class Log(Protocol):
    def write(self, writes: Sequence[Write], at: float) -> list[Resource | Refusal]:
        """Does the writes in order, durably, and answers each one's new version (for Remove: its last) or refusal.

        `at`: the time to record, in seconds since 1970. Threads may call at once: their batches share one commit.
        Raises errors.Temporary when the disk is full or the database cannot be reached; then nothing was written.
        """
        ...

    def get(self, identifier: str) -> Resource | None: ...

    def page(
        self, kind: str, parent: str, *, owner: str | None = None, after: int | None = None, newest_first: bool = True, limit: int = 100
    ) -> list[Resource]:
        """Resources of a kind directly under a parent, ordered by `created`.

        after: the `created` of the last one seen (exclusive). owner: only those with this owner ("" = asked for by a user);
        None = any. Cost is proportional to `limit`, not to how many there are.
        """
        ...

    def owned_by(self, owner: str) -> list[Resource]:
        """All that one resource asked for, oldest first."""
        ...

    def under(self, parent: str) -> list[Resource]:
        """All resources whose id begins with `parent/`, any depth, oldest first: what a deletion must take along."""
        ...

    def unsettled(self) -> list[str]:
        """Ids the loop must look at after a start, oldest first."""
        ...

    def since(self, revision: int, limit: int = 1000) -> list[Resource]:
        """Versions written after a revision, in order, removals included."""
        ...

    def revision(self) -> int:
        """The newest revision; 0 when empty."""
        ...

    def trim(self, before: int) -> int:
        """Forgets superseded versions (and removals) older than a revision. Answers how many."""
        ...

    def listen(self, listener: Callable[[Sequence[Resource]], None]) -> None:
        """Calls `listener` with the new versions after each commit, in order, from the writing thread. It must be quick."""
        ...

    def close(self) -> None: ...
