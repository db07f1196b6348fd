"""What lasts: a resource.

A user writes what they want (`spec`), the house writes how it is going (`status`). The store keeps both as plain
JSON and never looks inside; what they mean is known by the resource's kind (`model.kinds`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = Mapping[str, Any]
"""A JSON object, read only by convention. `Any` is the user's data."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One version of one resource.

    id: see `model.ids`. kind: the type path, such as "workspaces/data/versions". owner: id of the resource that asked
    for this one, "" when a user did. revision: place of this version in the store's one order (the ETag).
    created: revision of the first version, so that lists have a stable order. Times are seconds since 1970, UTC.
    deleting: marked for deletion; the row goes when nothing is left. settled: the loop need not look again until the
    spec changes or a child moves (final, or of a kind that decides nothing).
    """

    id: str
    kind: str
    spec: Json
    status: Json = field(default_factory=dict)
    owner: str = ""
    revision: int = 0
    created: int = 0
    created_at: float = 0.0
    created_by: str = ""
    updated_at: float = 0.0
    updated_by: str = ""
    deleting: bool = False
    settled: bool = True

    @property
    def name(self) -> str:
        return self.id.rsplit("/", 1)[1]
