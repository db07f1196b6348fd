"""Performers that are one call each: it is made in a thread of its own, and its answer, or its error, is the outcome.

For work that is safe to do twice: making an environment ready, copying metrics. After a restart it is simply done again.
"""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from azurine.model.decisions import Outcome
from azurine.model.errors import AzurineError
from azurine.model.resources import Json
from azurine.model.states import State
from azurine.reconcile.performers import File, Request

_logger = logging.getLogger(__name__)


class Chores:
    """do: (arguments, is it no longer wished?) → output. Raises AzurineError for what is the user's to mend: it is the outcome's error."""

    def __init__(self, name: str, do: Callable[[Json, Callable[[], bool]], Json], threads: int = 2) -> None:
        self._name = name
        self._do = do
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._going: set[str] = set()
        self._ceased: set[str] = set()

    def perform(self, request: Request, file: File) -> None:
        self._going.add(request.key)
        self._pool.submit(self._call, request, file)

    def cease(self, key: str, file: File) -> None:
        """A call that asks hears of it; one that does not goes on to its end, harmlessly. Whoever wished it no longer waits."""
        if key in self._going:
            self._ceased.add(key)
        file(Outcome(State.CANCELLED))

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _call(self, request: Request, file: File) -> None:
        try:
            file(Outcome(State.SUCCEEDED, self._do(request.arguments, lambda: request.key in self._ceased)))
        except AzurineError as error:
            file(Outcome(State.FAILED, {}, {"code": error.code, "message": error.message}))
        except Exception as error:
            # The edge of the performer: the wisher must hear of it rather than wait for ever.
            _logger.exception("%s failed for %s", self._name, request.resource)
            file(Outcome(State.FAILED, {}, {"code": "InternalError", "message": f"{self._name} failed: {error}"}))
        finally:
            self._going.discard(request.key)
            self._ceased.discard(request.key)
