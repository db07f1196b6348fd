"""The newest versions of what the loop deals with, remembered: the same few resources are looked at again and again. That there is none
is remembered, too.

Kept up with what the log tells, as of the batch that the loop has taken: what was committed since is heard with the next one, and
a report on an older version is refused by the log. A copy that can be thrown away at any moment; the loop's thread alone uses it.
"""

from collections.abc import Iterable

from azurine.model.resources import Resource
from azurine.store.log import Log

MOST = 1000


class Newest:
    def __init__(self, store: Log, most: int = MOST) -> None:
        self._log = store
        self._most = most
        self._known: dict[str, Resource | None] = {}

    def get(self, identifier: str) -> Resource | None:
        if identifier in self._known:
            return self._known[identifier]
        found = self._log.get(identifier)
        self._keep(identifier, found)
        return found

    def seen(self, identifier: str) -> Resource | None:
        """What is remembered of it, without asking the log."""
        return self._known.get(identifier)

    def tell(self, versions: Iterable[Resource]) -> None:
        """New versions as they were committed; an older one than is known changes nothing."""
        for version in versions:
            known = self._known.get(version.id)
            if known is not None and known.revision > version.revision:
                continue
            if version.deleting:
                # It may have been its removal: the log knows.
                self._known.pop(version.id, None)
            else:
                self._keep(version.id, version)

    def forget(self, identifier: str) -> None:
        self._known.pop(identifier, None)

    def _keep(self, identifier: str, version: Resource | None) -> None:
        self._known.pop(identifier, None)
        self._known[identifier] = version
        if len(self._known) > self._most:
            del self._known[next(iter(self._known))]
