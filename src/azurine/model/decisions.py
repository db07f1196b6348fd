"""What a kind answers when the loop shows it a resource: new status, effects wished for, when to look again.

A decision is level-triggered: it names everything that should be so *now*, each time, and the loop leaves out what is
already done or under way. So a crash between deciding and doing costs nothing: the next look wishes the same again.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from azurine.model.resources import Json


@dataclass(frozen=True, slots=True)
class Create:
    """A resource should exist. `body` is what a user would PUT: it goes through the kind's `admit`. Nothing happens when it exists.

    When `admit` refuses it, the refusal is filed as a failed Outcome under the key `create:<id>` in the asking resource.
    owned: it goes when the asking resource goes; what is made for others to keep is not owned.
    """

    id: str
    kind: str
    body: Json
    owned: bool = True


@dataclass(frozen=True, slots=True)
class Update:
    """Wishes written into another resource's spec (merged at the top level), such as {"cancel": true}."""

    id: str
    changes: Json


@dataclass(frozen=True, slots=True)
class Delete:
    """A resource should go."""

    id: str


@dataclass(frozen=True, slots=True)
class Perform:
    """Work outside the store. The same key is the same work: it is done once, and its Outcome is filed under the key.

    work: names the performer ("step", "environment", "cluster", …). arguments: plain JSON, all the performer needs.
    """

    key: str
    work: str
    arguments: Json


@dataclass(frozen=True, slots=True)
class Cease:
    """The work under this key should stop; its outcome then says cancelled."""

    key: str
    work: str


Effect = Create | Update | Delete | Perform | Cease


@dataclass(frozen=True, slots=True)
class Decision:
    """status: the whole new status (the loop carries `outcomes` over by itself). wake_at: look again then at the latest.

    taken: keys of outcomes that the status has taken in and that nobody will ask for again; the loop lets them go.
    settled: nothing more to do until the spec changes or a child moves; only then is the resource skipped at start-up.
    """

    status: Json
    effects: tuple[Effect, ...] = ()
    wake_at: float | None = None
    settled: bool = False
    taken: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a piece of work went, or (while `state` is pending or running) how far it is.

    state: model.states.State. output: plain JSON for the kind. error: {"code", "message", …} when failed. prompt: it is no end, and yet
    others wait for it, so it is not kept back for a moment.
    """

    state: str
    output: Mapping[str, Any] = field(default_factory=dict)
    error: Mapping[str, Any] | None = None
    prompt: bool = field(default=False, compare=False)

    def as_json(self) -> dict[str, Any]:
        return {"state": str(self.state), "output": dict(self.output), "error": dict(self.error) if self.error else None}
