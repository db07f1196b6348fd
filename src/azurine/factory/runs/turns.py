"""Whose turn it is, for a pipeline with `concurrency`: at most that many of its runs go on at once, the others stand in line.

Each run takes a ticket, a resource of its own in the pipeline's line, numbered by the store's order; the first ones may go. A run that has
ended gives its ticket back and calls the next one, and it comes to rest only when that is done.
https://learn.microsoft.com/azure/data-factory/concepts-pipelines-activities
"""

from collections.abc import Sequence

from azurine.factory import kinds
from azurine.model import ids
from azurine.model.decisions import Create, Delete, Effect, Update
from azurine.model.kinds import Admission, Kind, Look
from azurine.model.resources import Json, Resource

MOST_WAITING = 100
"""Runs of one pipeline that stand in line; one more fails, as it does in Azure."""


def ticket_id(run: Resource) -> str:
    return ids.child(_line(run), "tickets", run.name)


def place(look: Look) -> tuple[int | None, tuple[Effect, ...]]:
    """Where this run stands in the line, counted from 0; None, with the wish for its ticket, when it has none yet."""
    own = ticket_id(look.resource)
    if look.references.get(own) is None:
        return None, (Create(own, kinds.TICKETS, {"run": look.resource.id}),)
    return next((number for number, one in enumerate(_standing(look)) if one.id == own), None), ()


def given_back(look: Look, concurrency: int) -> tuple[bool, tuple[Effect, ...]]:
    """Of a run that has ended: is its ticket gone, and the wishes by which it goes and the next one hears of it."""
    own = ticket_id(look.resource)
    if look.references.get(own) is None:
        return True, ()
    standing = [one for one in _standing(look) if one.id != own]
    called = [Update(str(one.spec["run"]), {"called": look.resource.name}) for one in standing[concurrency - 1 : concurrency]]
    return False, (Delete(own), *called)


def _standing(look: Look) -> Sequence[Resource]:
    """The line, first come first. One that has only just come has no number yet: it stands at the end."""
    known = look.references.children(_line(look.resource), kinds.TICKETS)
    return sorted((one for one in known if not one.deleting), key=lambda one: one.created or 2**62)


def _line(run: Resource) -> str:
    return ids.child(ids.parent(run.id), "lines", str(run.spec["pipeline"]["name"]))


def _admit(admission: Admission) -> Json:
    return dict(admission.body)


KIND = Kind(kinds.TICKETS, _admit, kinds.show, provider=kinds.PROVIDER, door="closed")
