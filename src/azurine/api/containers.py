"""What a container (a data asset, a model, …) tells of its versions: which is the latest, which number is free.

Azure writes both into the container's properties. `latestVersion` is the one most recently created that is not archived, not
the one with the highest number. `nextVersion` is a number that is surely free, above those of the recent versions: clients
that leave the version out ask for it and then PUT it.
"""

from typing import Any

from azurine.api.house import House
from azurine.model import ids
from azurine.model.resources import Resource
from azurine.store.references import LogReferences, is_archived

VERSIONS = "versions"
RECENT = 20


def with_versions(house: House, resource: Resource, body: dict[str, Any]) -> dict[str, Any]:
    """The body of a container with `latestVersion` and `nextVersion`; any other body as it is."""
    kind_name = f"{resource.kind}/{VERSIONS}"
    if not house.kinds[resource.kind].container or kind_name not in house.kinds:
        return body
    recent = house.log.page(kind_name, resource.id, limit=RECENT)
    latest = next((one for one in recent if not is_archived(one)), None)
    if latest is None and len(recent) == RECENT:
        latest = LogReferences(house.log).newest(resource.id, kind_name)
    facts = {"latestVersion": latest.name if latest else None, "nextVersion": next_version(house, resource.id, recent)}
    return {**body, "properties": {**body.get("properties", {}), **facts}}


def next_version(house: House, container: str, recent: list[Resource]) -> str:
    numbers = [int(one.name) for one in recent if one.name.isascii() and one.name.isdigit() and len(one.name) < 10]
    number = max(numbers, default=0) + 1
    while house.log.get(ids.child(container, VERSIONS, str(number))) is not None:
        number += 1
    return str(number)
