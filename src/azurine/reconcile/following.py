"""A performer that does nothing but watch: the work is done when another resource has come to rest.

For whoever wishes for a resource that is not its own (a run of a factory that begins a job, which stays when the run goes): it hears of its
end through the log, without asking again and again. After a restart the same watch is wished for again, and the resource is looked at first.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from azurine.model import states
from azurine.model.decisions import Outcome
from azurine.model.resources import Json, Resource
from azurine.model.states import State
from azurine.reconcile.performers import File, Request
from azurine.store.log import Log

_logger = logging.getLogger(__name__)


class Following:
    """member: which argument holds the id of what is watched. tell: what has come to rest → the output."""

    def __init__(self, log: Log, member: str, tell: Callable[[Resource], Json]) -> None:
        self._log = log
        self._member = member
        self._tell = tell
        self._lock = threading.Lock()
        self._watched: dict[str, dict[str, File]] = {}
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="following")
        log.listen(self._hear)

    def perform(self, request: Request, file: File) -> None:
        identifier = str(request.arguments[self._member])
        with self._lock:
            self._watched.setdefault(identifier, {})[request.key] = file
        # Looked at after it is watched: between the two, nothing is missed.
        self._pool.submit(self._look, identifier)

    def cease(self, key: str, file: File) -> None:
        with self._lock:
            for watching in self._watched.values():
                watching.pop(key, None)
        file(Outcome(State.CANCELLED))

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _hear(self, versions: Sequence[Resource]) -> None:
        for version in versions:
            if version.id in self._watched and (_rests(version) or version.deleting):
                self._pool.submit(self._look, version.id)

    def _look(self, identifier: str) -> None:
        try:
            found = self._log.get(identifier)
            if found is not None and not _rests(found):
                return
            outcome = Outcome(State.SUCCEEDED, self._tell(found)) if found is not None else _gone(identifier)
        except Exception as error:
            # The edge of the performer: who waits must hear of it rather than wait for ever.
            _logger.exception("what came of %s could not be told", identifier)
            outcome = Outcome(State.FAILED, {}, {"code": "InternalError", "message": f"what came of it could not be told: {error}"})
        with self._lock:
            waiting = self._watched.pop(identifier, {})
        for file in waiting.values():
            file(outcome)


def _rests(resource: Resource) -> bool:
    return states.is_final(resource.status.get("state", ""))


def _gone(identifier: str) -> Outcome:
    return Outcome(State.FAILED, {}, {"code": "ResourceNotFound", "message": f"{identifier.rpartition('/')[2]} does not exist any more."})
