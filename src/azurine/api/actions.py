"""POST on a resource: a wish that its kind knows (cancel, start, …), or a question that a table answers (listSecrets, …).

A wish is written into the spec, and the answer is 202 with an operation that is over when the resource has come to rest. A
question is a function from what was asked to JSON; the table of questions is given to the door, so that a new one needs no
change here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from azurine.api import resources
from azurine.api.envelope import Address
from azurine.api.house import House
from azurine.model import errors
from azurine.model.kinds import Kind
from azurine.model.resources import Json, Resource


@dataclass(frozen=True, slots=True)
class Asked:
    """id: the resource (it may not exist yet: an upload is asked for before its asset is made). by: object id of who asks.

    query: the parameters of the address, by their names in lower case.
    """

    house: House
    id: str
    action: str
    body: Json
    root: str
    by: str
    query: Mapping[str, str] = field(default_factory=dict)

    @property
    def resource(self) -> Resource:
        """The resource itself. Raises errors.Missing."""
        return resources.get(self.house, self.id)


Question = Callable[[Asked], Mapping[str, Any] | None]
Table = Mapping[tuple[str, str], Question]
"""(kind, action) → what answers it. None answers 200 without a body."""


class Actions:
    def __init__(self, table: Table) -> None:
        self._table = {(kind, action.lower()): (action, question) for (kind, action), question in table.items()}

    def find(self, address: Address) -> str:
        """The action's word in our spelling. Raises errors.Missing for one that the kind does not have."""
        wanted = address.action.lower()
        for word in address.kind.wishes:
            if word.lower() == wanted:
                return word
        found = self._table.get((address.kind.name, wanted))
        if found is None:
            raise errors.Missing(f"{address.kind.name} has no action {address.action[:60]!r}", code="InvalidResourceAction")
        return found[0]

    def do(self, asked: Asked, kind: Kind) -> Mapping[str, Any] | Resource | None:
        """Does it. Answers the resource with the wish in it, or what the question's function answers."""
        wish = kind.wishes.get(asked.action)
        if wish is None:
            return self._table[kind.name, asked.action.lower()][1](asked)
        return resources.change(asked.house, asked.id, lambda current: wish(current, asked.body), asked.by)
