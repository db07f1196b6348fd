"""How resources are named inside.

An id is the Azure address without its provider: type and name in turn, such as
`subscriptions/S/resourceGroups/G/workspaces/W/data/patients/versions/3`. The door puts the provider on
(`api.envelope`). Ids are compared as they stand; the door restores the spelling of type segments.
"""

import hashlib
import uuid

WORKSPACES = "workspaces"
_SPACE = uuid.UUID("5b0c8a52-6a0f-5c0e-9d5e-a2e000000002")


def child(parent: str, type_name: str, name: str) -> str:
    """`child("…/workspaces/w", "jobs", "j1")` → `…/workspaces/w/jobs/j1`. `type_name` may hold several parts."""
    return f"{parent}/{type_name}/{name}" if parent else f"{type_name}/{name}"


def parent(identifier: str) -> str:
    """The id one level up: of `…/data/d/versions/1`, `…/data/d`. The parent of a top-level id is ""."""
    parts = identifier.rsplit("/", 2)
    return parts[0] if len(parts) == 3 else ""


def name(identifier: str) -> str:
    return identifier.rsplit("/", 1)[1]


def up_to(identifier: str, type_name: str) -> str:
    """The part of an id that ends with the named type: `up_to("…/workspaces/w/jobs/j", "workspaces")` → `…/workspaces/w`.

    Raises ValueError when the id has no such part.
    """
    parts = identifier.split("/")
    for place in range(0, len(parts) - 1, 2):
        if parts[place] == type_name:
            return "/".join(parts[: place + 2])
    raise ValueError(f"{identifier!r} has no part {type_name!r}")


def kind_of(identifier: str) -> str:
    """The type path below subscription and resource group: of `…/workspaces/w/jobs/j`, "workspaces/jobs"."""
    types = identifier.split("/")[0::2]
    below = [one for one in types if one not in ("subscriptions", "resourceGroups")]
    return "/".join(below or types[-1:])


def numbered(parent: str, type_name: str, name: str) -> str:
    """The id of what Azure gives a GUID and users give a name, such as a pipeline's endpoint: always the same for the same name.

    So no two have one name, and a name is found without searching. Upper and lower case are one.
    """
    return child(parent, type_name, unique(_SPACE, f"{parent}/{type_name}/{name.lower()}"))


def unique(space: uuid.UUID, text: str) -> str:
    """`str(uuid.uuid5(space, text))`, in a third of the time."""
    digits = hashlib.sha1(space.bytes + text.encode(), usedforsecurity=False).digest()[:16].hex()
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-5{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"
