"""What is known of an endpoint, in the form in which a request needs it; made anew when the endpoint or a deployment has changed."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from azurine.api.scoring.lanes import Limits
from azurine.model import ids
from azurine.model.resources import Resource
from azurine.store.log import Log


@dataclass(frozen=True, slots=True)
class Target:
    """One deployment. service: names its processes; "" when none has served yet."""

    name: str
    service: str
    limits: Limits


@dataclass(frozen=True, slots=True)
class Front:
    """endpoint: the resource. mode: Key, AMLToken, AADToken. keys: those that are good. live, mirrored: deployment → percent."""

    endpoint: Resource
    mode: str
    keys: tuple[bytes, ...]
    live: tuple[tuple[str, int], ...]
    mirrored: tuple[tuple[str, int], ...]
    targets: dict[str, Target]

    def chosen(self, pinned: str) -> Target | None:
        """The deployment that a request goes to: the one it names, else one by its share. None when there is none."""
        if pinned:
            return self.targets.get(pinned.lower())
        shares = [(name, share) for name, share in self.live if name in self.targets]
        if not shares:
            return None
        if len(shares) == 1:
            return self.targets[shares[0][0]]
        names, weights = zip(*shares, strict=True)
        return self.targets[random.choices(names, weights)[0]]

    def copied(self) -> Target | None:
        """The deployment that gets a copy of this request, if one does."""
        for name, share in self.mirrored:
            if name in self.targets and random.random() * 100 < share:
                return self.targets[name]
        return None


Read = Callable[[Resource, Sequence[Resource]], Front]
"""(endpoint, its deployments) → what requests need of it: what the resources mean is known by others."""


class Fronts:
    def __init__(self, log: Log, read: Read, kinds: tuple[str, str]) -> None:
        """kinds: of endpoints, and of deployments."""
        self._log = log
        self._read = read
        self._endpoints, self._deployments = kinds
        self._known: dict[str, Front | None] = {}
        self._changes = 0
        log.listen(self._hear)

    def find(self, endpoint: str) -> Front | None:
        """The endpoint of that id; None when there is none."""
        try:
            return self._known[endpoint]
        except KeyError:
            pass
        changes = self._changes
        found = self._log.get(endpoint)
        front = None
        if found is not None and not found.deleting:
            deployments = [one for one in self._log.page(self._deployments, endpoint, limit=1000) if not one.deleting]
            front = self._read(found, deployments)
        if changes == self._changes:
            if len(self._known) > 10_000:
                self._known.clear()
            self._known[endpoint] = front
        return front

    def all(self) -> list[Front]:
        """Those that were asked for since they last changed."""
        return [front for front in list(self._known.values()) if front is not None]

    def _hear(self, versions: Sequence[Resource]) -> None:
        for version in versions:
            if version.kind == self._endpoints:
                self._changes += 1
                self._known.pop(version.id, None)
            elif version.kind == self._deployments:
                self._changes += 1
                self._known.pop(ids.parent(version.id), None)
