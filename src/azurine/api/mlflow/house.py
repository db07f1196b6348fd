"""What every handler of this door is given, and how a call is made: one frozen value each."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from azurine.api.mlflow.arguments import Arguments
from azurine.model import errors
from azurine.model.clock import Clock
from azurine.model.kinds import Admission, Kind
from azurine.model.resources import Json, Resource
from azurine.store import admission
from azurine.store.log import Log, Refusal, Remove


@dataclass(frozen=True, slots=True)
class Spot:
    """A file or folder in a datastore. workspace: its id. path: "" for the datastore itself; no leading or trailing slash."""

    workspace: str
    datastore: str
    path: str


@dataclass(frozen=True, slots=True)
class Entry:
    """name: one segment. size: bytes; None for a folder."""

    name: str
    size: int | None

    @property
    def is_folder(self) -> bool:
        return self.size is None


class Opened(Protocol):
    """A file open for reading: one version of it, even while it is replaced."""

    @property
    def size(self) -> int: ...

    def pieces(self) -> Iterator[bytes]: ...

    def close(self) -> None: ...


class Artifacts(Protocol):
    """Files by datastore. Names that could lead outside are refused before they come here, and must be refused there as well."""

    def put(self, spot: Spot, pieces: Iterable[bytes]) -> None:
        """Atomically: when `pieces` raises, nothing is left behind and what was there before stays."""
        ...

    def open(self, spot: Spot) -> Opened:
        """Raises errors.Missing when there is no such file, or it is a folder."""
        ...

    def list(self, spot: Spot) -> list[Entry]:
        """What is directly in a folder, by name; [] when there is no such folder, or it is a file."""
        ...

    def delete(self, spot: Spot) -> None:
        """A file, or a folder with all that is in it; nothing happens when there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Call:
    """workspace: the id of the workspace in the address. by: the caller's object id. path: what the route's pattern caught."""

    workspace: str
    by: str
    arguments: Arguments
    path: Mapping[str, str] = field(default_factory=dict)


def plain(name: str) -> Kind:
    """A kind that keeps what it is given: for the kinds of this door that the house was not given."""

    def admit(request: Admission) -> Json:
        return request.body

    def show(resource: Resource) -> Json:
        return {key: value for key, value in resource.spec.items() if key != "plan"}

    return Kind(name, admit, show, container=name == MODELS)


EXPERIMENTS = "workspaces/experiments"
JOBS = "workspaces/jobs"
MODELS = "workspaces/models"
VERSIONS = "workspaces/models/versions"


class Shelf:
    """Writing experiments and models: through their kinds' `admit`, as a PUT would, so that both doors make the same thing."""

    def __init__(self, log: Log, kinds: Mapping[str, Kind], clock: Clock) -> None:
        self.log = log
        self.clock = clock
        self._kinds = {name: plain(name) for name in (EXPERIMENTS, MODELS, VERSIONS)} | dict(kinds)

    def create(self, identifier: str, body: Json, by: str) -> Resource | None:
        """The new resource; None when there is one already."""
        request = admission.Request(identifier, lambda previous: body, by, only_new=True)
        try:
            return admission.admit(self.log, self._kinds, request, self.clock()).resource
        except errors.Stale:
            return None

    def change(self, identifier: str, revise: Callable[[Json], Json], by: str) -> Resource:
        """Replaces the `properties` of a resource by what `revise` makes of them. Raises errors.Missing."""

        def body(previous: Resource | None) -> Json:
            spec = {} if previous is None else {key: value for key, value in previous.spec.items() if key != "plan"}
            return {**spec, "properties": revise(spec.get("properties") or {})}

        request = admission.Request(identifier, body, by, only_existing=True)
        return admission.admit(self.log, self._kinds, request, self.clock()).resource

    def remove(self, identifiers: Iterable[str]) -> None:
        """Takes away what nothing has to be done for; what is gone already is no error."""
        writes = [Remove(identifier) for identifier in identifiers]
        for refusal in self.log.write(writes, self.clock()) if writes else ():
            if isinstance(refusal, Refusal) and refusal.reason != "missing":
                raise errors.Stale("it was changed by somebody else at the same moment; try again")
