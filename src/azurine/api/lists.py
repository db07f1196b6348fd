"""GET on a collection: one page of resources of a kind under a parent, as Azure lists them.

The versions of a code that has a given hash are looked for under other names too: a client that uploads the same folder again
makes up a new name for it each time and asks whether the content is known already.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from azurine.api import filters, paging
from azurine.api.containers import with_versions
from azurine.api.envelope import Address
from azurine.api.house import House
from azurine.api.paging import Page
from azurine.model import ids
from azurine.model.resources import Resource

Parameters = Sequence[tuple[str, str]]
Keep = Callable[[Resource], bool]
RECENT = 1000
"""How many assets back the same content is recognised."""


def answer(house: House, address: Address, parameters: Parameters, base: str) -> dict[str, Any]:
    """The body of the answer: {"value": [...], "nextLink": …}. `base`: the address of this list."""
    shown: dict[str, dict[str, Any]] = {}
    tests = filters.tests(address.kind, parameters)

    def keep(resource: Resource) -> bool:
        body = house.show(resource)
        shown[resource.id] = body
        return all(test(resource.name, body) for test in tests)

    page = _page(house, address, parameters, keep)
    content_hash = dict(parameters).get("hash")
    if content_hash and not page.resources:
        page = Page(_elsewhere(house, address, content_hash, keep))
    body: dict[str, Any] = {"value": [with_versions(house, one, house.addresses.envelope(one, shown[one.id])) for one in page.resources]}
    if page.token:
        body["nextLink"] = paging.next_link(base, parameters, page.token)
    return body


def across(house: House, kind_name: str, subscription: str, parameters: Parameters) -> dict[str, Any]:
    """All of a kind in a subscription, whatever its resource group; in one page, for there are few."""
    found: list[Any] = []
    for group in house.log.page("resourceGroups", subscription, newest_first=False, limit=paging.LONGEST):
        address = Address(house.kinds[kind_name], group.id, collection=True)
        found += answer(house, address, [*parameters, ("$top", str(paging.LONGEST))], "")["value"]
    return {"value": found}


def _page(house: House, address: Address, parameters: Parameters, keep: Keep) -> Page:
    owner = "" if address.kind.name in house.asked_for else None
    newest_first = filters.newest_first(parameters)

    def fetch(after: int | None, limit: int) -> Sequence[Resource]:
        return house.log.page(address.kind.name, address.id, owner=owner, after=after, newest_first=newest_first, limit=limit)

    return paging.take(fetch, keep, paging.wanted(parameters))


def _elsewhere(house: House, address: Address, content_hash: str, keep: Keep) -> list[Resource]:
    """The newest version with this hash in another container of the same parent; containers carry the hash of their first version."""
    kind = ids.kind_of(address.id)
    for container in house.log.page(kind, ids.parent(address.id), limit=RECENT):
        properties = filters.properties_of(container.spec).get("properties")
        if not isinstance(properties, Mapping) or properties.get("hash_sha256") != content_hash or container.deleting:
            continue
        found = [one for one in house.log.page(address.kind.name, container.id, limit=paging.PAGE) if keep(one)]
        if found:
            return found[:1]
    return []
