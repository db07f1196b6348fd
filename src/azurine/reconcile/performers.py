"""The contract of those who carry effects out, and the table of them by the name of the work.

A performer is told a wish and a way to file how it goes. It must return at once; what takes time happens in a place of
its own (a thread, a process, a node). The same key may be wished again after a restart: a performer first looks whether
that work was done or is under way, and only then begins.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from azurine.model.decisions import Outcome
from azurine.model.resources import Json

File = Callable[[Outcome], None]
"""Files an outcome under the request's key; from any thread, any number of times; the last one is final."""


@dataclass(frozen=True, slots=True)
class Request:
    """resource: id of the wishing resource. key: names the work for ever. arguments: plain JSON."""

    resource: str
    key: str
    arguments: Json


class Performer(Protocol):
    def perform(self, request: Request, file: File) -> None: ...

    def cease(self, key: str, file: File) -> None:
        """Stops the work under the key, also when it was begun before a restart. Once it has ended, its outcome is filed (mostly: cancelled)."""
        ...
