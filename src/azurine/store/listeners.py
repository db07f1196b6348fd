"""Telling what is new: the listeners of a log, called in commit order by the thread that commits."""

import logging
from collections.abc import Callable, Sequence

from azurine.model.resources import Resource

Listener = Callable[[Sequence[Resource]], None]

_logger = logging.getLogger(__name__)


class Listeners:
    def __init__(self) -> None:
        self._all: tuple[Listener, ...] = ()

    def add(self, listener: Listener) -> None:
        self._all = (*self._all, listener)

    def tell(self, fresh: Sequence[Resource]) -> None:
        if not fresh:
            return
        for listener in self._all:
            try:
                listener(fresh)
            except Exception:  # the writes are durable; a listener's mistake must not look like their failure
                _logger.exception("a listener of the log failed")
