"""How a run went, to assert on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Json = Any


@dataclass(frozen=True, slots=True)
class Ran:
    """One attempt of an activity that is over. input: its properties after evaluation. iteration: "" outside of loops. times: seconds since the run began."""

    name: str
    type: str
    status: str
    input: Mapping[str, Json]
    output: Mapping[str, Json]
    error: Mapping[str, Json]
    attempt: int
    iteration: str
    began: float
    ended: float


@dataclass(frozen=True, slots=True)
class Run:
    """How a run went. status, message: as monitoring tells them. activities: what ran, in the order in which it ended. seconds: by the
    moving clock. called: the runs of pipelines that it called, in the order in which they began."""

    pipeline: str
    status: str
    message: str
    parameters: Mapping[str, Json]
    variables: Mapping[str, Json]
    returned: Mapping[str, Json]
    activities: tuple[Ran, ...]
    seconds: float
    called: "tuple[Run, ...]" = ()

    @property
    def order(self) -> list[str]:
        """Names, each attempt and iteration once, in the order in which they ended."""
        return [one.name for one in self.activities]

    @property
    def statuses(self) -> dict[str, str]:
        """Of the last attempt (and iteration) of each; what was skipped does not appear."""
        return {one.name: one.status for one in self.activities}

    def __getitem__(self, name: str) -> Ran:
        """The last attempt (and iteration) of an activity."""
        found = self.all(name)
        if not found:
            raise KeyError(f"{name} did not run; what ran: {', '.join(dict.fromkeys(self.order)) or 'nothing'}")
        return found[-1]

    def __contains__(self, name: str) -> bool:
        return bool(self.all(name))

    def all(self, name: str) -> list[Ran]:
        return [one for one in self.activities if one.name.lower() == name.lower()]


def ran(said: Mapping[str, Json], start: float) -> Ran:
    """From the record of an activity run. start: when the run began."""
    return Ran(
        said["name"],
        str(said.get("type")),
        said["status"],
        said.get("input") or {},
        said.get("output") or {},
        said.get("error") or {},
        int(said.get("attempt") or 0),
        str(said.get("hash") or ""),
        float(said["began"]) - start,
        float(said["ended"]) - start,
    )
