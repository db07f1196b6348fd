"""Reading other resources while one is admitted or looked at: `model.kinds.References` over a log.

What was read once is remembered for as long as this object lives, so one admission sees one answer per question. Make a new
one for each admission or look; it writes nothing.
"""

from collections.abc import Sequence

from azurine.model.resources import Resource
from azurine.store.log import Log

SMALL_FAMILY = 1000
"""`children` is for small families; beyond this many the newest are answered."""


class LogReferences:
    def __init__(self, log: Log) -> None:
        self._log = log
        self._known: dict[str, Resource | None] = {}
        self._newest: dict[tuple[str, str], Resource | None] = {}

    def get(self, identifier: str) -> Resource | None:
        if identifier not in self._known:
            self._known[identifier] = self._log.get(identifier)
        return self._known[identifier]

    def newest(self, parent: str, kind: str) -> Resource | None:
        if (parent, kind) not in self._newest:
            self._newest[parent, kind] = self._find_newest(parent, kind)
        return self._newest[parent, kind]

    def children(self, parent: str, kind: str) -> Sequence[Resource]:
        return self._log.page(kind, parent, limit=SMALL_FAMILY)

    def _find_newest(self, parent: str, kind: str) -> Resource | None:
        after: int | None = None
        while page := self._log.page(kind, parent, after=after, limit=20):
            for resource in page:
                if not is_archived(resource) and not resource.deleting:
                    return resource
            after = page[-1].created
        return None


def is_archived(resource: Resource) -> bool:
    """Archived means the same for every kind that can be: `properties.isArchived` of what was PUT."""
    properties = resource.spec.get("properties")
    return isinstance(properties, dict) and properties.get("isArchived") is True
