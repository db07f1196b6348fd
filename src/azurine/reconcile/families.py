"""Who asked for whom, remembered: the resources that each unsettled owner owns, in their newest committed version.

A pipeline is looked at each time one of its steps moves; reading all its steps anew each time would make a run of n steps
cost n². What is here is a copy that can be thrown away at any moment: it is filled from the log when first asked for, kept
up with what the log tells, and forgotten when its owner comes to rest.
"""

from collections.abc import Iterable

from azurine.model.resources import Resource
from azurine.store.log import Log


class Families:
    def __init__(self, store: Log) -> None:
        self._log = store
        self._known: dict[str, dict[str, Resource]] = {}

    def of(self, owner: str) -> list[Resource]:
        """All that one resource asked for, oldest first."""
        family = self._known.get(owner)
        if family is None:
            family = self._known[owner] = {one.id: one for one in self._log.owned_by(owner)}
        return list(family.values())

    def has(self, owner: str, identifier: str) -> bool:
        """Did this owner ask for it?"""
        if owner not in self._known:
            self.of(owner)
        return identifier in self._known[owner]

    def begin(self, owner: str) -> None:
        """One that has only just come to be has asked for nobody yet."""
        self._known.setdefault(owner, {})

    def tell(self, versions: Iterable[Resource]) -> None:
        """New versions as they were committed; an older one than is known changes nothing."""
        for version in versions:
            family = self._known.get(version.owner) if version.owner else None
            if family is None:
                continue
            known = family.get(version.id)
            if known is not None and known.revision >= version.revision:
                continue
            if version.deleting and self._log.get(version.id) is None:
                family.pop(version.id, None)
            else:
                family[version.id] = version

    def forget(self, owner: str) -> None:
        self._known.pop(owner, None)
