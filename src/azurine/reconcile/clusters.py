"""The performer of `cluster`: a compute's wish to have nodes becomes a place where steps run, for as long as it is wished.

The place itself brings nodes up and down between the wished bounds; what it tells about them is filed as the outcome so
far, so the compute shows it. Steps find their compute's place here; one that comes a moment too early waits for it.
"""

import logging
import threading
from collections.abc import Callable

from azurine.compute.contract import Place
from azurine.model.decisions import Outcome
from azurine.model.errors import AzurineError, Missing
from azurine.model.resources import Json
from azurine.model.states import State
from azurine.reconcile.performers import File, Request

_logger = logging.getLogger(__name__)

Tell = Callable[[Json], None]
Make = Callable[[Json, Tell], Place]
"""(arguments of the wish, whom to tell of changes in the nodes) → the place. Raises AzurineError when it cannot be had."""


class Clusters:
    def __init__(self, make: Make, patience: float = 30.0) -> None:
        """patience: seconds that a step waits for its compute's place (after a start of the server it is made a moment later)."""
        self._make = make
        self._patience = patience
        self._changed = threading.Condition()
        self._places: dict[str, tuple[str, Place]] = {}

    def perform(self, request: Request, file: File) -> None:
        threading.Thread(target=self._open, args=(request, file), name="cluster", daemon=True).start()

    def cease(self, key: str, file: File) -> None:
        threading.Thread(target=self._end, args=(key, file), name="cluster-end", daemon=True).start()

    def place(self, compute: str) -> Place:
        """The place of a compute (its id). Raises errors.Missing when it does not come up in time."""
        with self._changed:
            if not self._changed.wait_for(lambda: compute in self._places, self._patience):
                raise Missing(f"the compute {compute.rsplit('/', 1)[-1]!r} is not running", code="ComputeNotRunning")
            return self._places[compute][1]

    def close(self) -> None:
        with self._changed:
            places, self._places = list(self._places.values()), {}
        for _, place in places:
            place.close()

    def _open(self, request: Request, file: File) -> None:
        try:
            place = self._make(request.arguments, lambda told: file(Outcome(State.RUNNING, told)))
        except AzurineError as error:
            file(Outcome(State.FAILED, {}, {"code": error.code, "message": error.message}))
            return
        except Exception as error:
            # The edge of the performer: the compute must say that it has no nodes, and why.
            _logger.exception("the cluster of %s could not be started", request.resource)
            file(Outcome(State.FAILED, {}, {"code": "ClusterFailed", "message": f"the cluster could not be started: {error}"}))
            return
        compute = str(request.arguments["id"])
        with self._changed:
            before = self._places.get(compute)
            self._places[compute] = (request.key, place)
            self._changed.notify_all()
        if before is not None:
            before[1].close()
        file(Outcome(State.RUNNING, place.status()))

    def _end(self, key: str, file: File) -> None:
        with self._changed:
            mine = next((compute for compute, (held, _) in self._places.items() if held == key), None)
            place = self._places.pop(mine)[1] if mine is not None else None
        if place is not None:
            place.close()
        file(Outcome(State.CANCELLED))
