"""What a write does: the rules of the log, without any database.

A `Ledger` holds the newest versions of the resources that one commit touches. Each write is applied to it in turn and
answers a new version or a refusal; what the commit must then record is read off the ledger. Memory and SQL share it,
so a rule has one home.
"""

from collections.abc import Iterable
from math import isfinite
from typing import Any, NamedTuple

from azurine.model.resources import Resource
from azurine.store import log
from azurine.store.documents import Document, Prepared, decode


class Version(NamedTuple):
    """One version of one resource. The fields are the columns of the table, in this order (`sql.schema`).

    latest: the newest one of its id; false for what is superseded, and for a removal, which is the last of its id.
    """

    revision: int
    id: str
    kind: str
    parent: str
    owner: str
    created: int
    created_at: float
    created_by: str
    updated_at: float
    updated_by: str
    deleting: bool
    settled: bool
    latest: bool
    status: Document
    spec: Document


def resource(version: Version) -> Resource:
    return _resource(version, version.spec.read(), version.status.read())


def resource_of(row: Any) -> Resource:
    """As `resource`, from a database's row whose last two columns are text."""
    return _resource(row, decode(row[14]), decode(row[13]))


def _resource(row: Any, spec: Any, status: Any) -> Resource:
    return Resource(
        id=row[1],
        kind=row[2],
        spec=spec,
        status=status,
        owner=row[4],
        revision=row[0],
        created=row[5],
        created_at=row[6],
        created_by=row[7],
        updated_at=row[8],
        updated_by=row[9],
        deleting=bool(row[10]),
        settled=bool(row[11]),
    )


class Ledger:
    """revision: the newest revision so far. current: newest versions by id, as they were before. fresh: new versions, in order."""

    def __init__(self, revision: int, current: Iterable[Version]) -> None:
        self.revision = revision
        self.fresh: list[Version] = []
        self.told: list[Resource] = []
        self._before = {version.id: version for version in current}
        self._now: dict[str, Version | None] = dict(self._before)

    def apply(self, prepared: Prepared, at: float) -> Resource | log.Refusal:
        write = prepared.write
        current = self._now.get(write.id)
        refusal = _refusal(write, current)
        if refusal:
            return refusal
        version = _next(prepared, current, self.revision + 1, at)
        if version is current:
            return resource(version)
        self.revision = version.revision
        self.fresh.append(version)
        self._now[write.id] = version if version.latest else None
        made = resource(version)
        self.told.append(made)
        return made

    def superseded(self) -> list[int]:
        """Revisions recorded earlier that are no longer the newest of their id."""
        return [before.revision for identifier, before in self._before.items() if self._now[identifier] is not before]

    def is_newest(self, version: Version) -> bool:
        """Of several new versions of one id only the last is the newest; of a removed one none is."""
        return self._now[version.id] is version


def check_time(at: float) -> None:
    if not isfinite(at):
        raise ValueError(f"at={at!r} is no time")


def _refusal(write: log.Write, current: Version | None) -> log.Refusal | None:
    if isinstance(write, log.Create):
        return log.Refusal("exists", resource(current)) if current else None
    if current is None:
        return log.Refusal("missing")
    if write.if_revision is not None and write.if_revision != current.revision:
        return log.Refusal("stale", resource(current))
    return None


def _next(prepared: Prepared, current: Version | None, revision: int, at: float) -> Version:
    """The version that follows; `current` itself when the write changes nothing."""
    write = prepared.write
    if isinstance(write, log.Create):
        return Version(
            revision=revision,
            id=write.id,
            kind=write.kind,
            parent=write.parent,
            owner=write.owner,
            created=revision,
            created_at=at,
            created_by=write.by,
            updated_at=at,
            updated_by=write.by,
            deleting=False,
            settled=write.settled,
            latest=True,
            status=prepared.status,
            spec=prepared.spec,
        )
    assert current is not None  # _refusal has seen to it
    match write:
        case log.Update():
            return current._replace(revision=revision, spec=prepared.spec, updated_at=at, updated_by=write.by, settled=write.settled)
        case log.Report():
            return current._replace(revision=revision, status=prepared.status, settled=write.settled)
        case log.Mark() if current.deleting:
            return current
        case log.Mark():
            return current._replace(revision=revision, deleting=True, settled=False, updated_at=at, updated_by=write.by)
        case log.Remove():
            return current._replace(revision=revision, deleting=True, settled=True, latest=False)


def version_of(row: Any) -> Version:
    """A version from a database's row."""
    return Version._make((*row[:10], bool(row[10]), bool(row[11]), bool(row[12]), Document(row[13]), Document(row[14])))


def columns(version: Version) -> tuple[object, ...]:
    """A version as a database's row."""
    return (*version[:-2], version.status.text, version.spec.text)
