"""The performer of `cluster`: a compute's wish to have nodes becomes a place where steps run, for as long as it is wished.

The place itself brings nodes up and down between the wished bounds; what it tells about them is filed as the outcome so
far, so the compute shows it. Steps find their compute's place here; one that comes a moment too early waits for it.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from azurine.compute.contract import Place
from azurine.model import ids
from azurine.model.decisions import Outcome
from azurine.model.errors import AzurineError, Missing
from azurine.model.resources import Json
from azurine.model.states import State
from azurine.reconcile.performers import File, Request

_logger = logging.getLogger(__name__)

Tell = Callable[[Json], None]
Make = Callable[[Json, Tell], Place]
"""(arguments of the wish, whom to tell of changes in the nodes) → the place. Raises AzurineError when it cannot be had."""


@dataclass(slots=True)
class _Held:
    """key, file: of the wish that holds the place now. Another size of the same compute is another wish for the same place.

    problem: why there is no place and will be none.
    """

    key: str
    file: File
    place: Place | None = None
    problem: str = ""


class Clusters:
    """resize: gives a standing place other bounds, keeping its nodes; answers False when it must be made anew."""

    def __init__(self, make: Make, resize: Callable[[Place, Json], bool], patience: float = 30.0) -> None:
        """patience: seconds that a step waits for its compute's place (after a start of the server it is made a moment later)."""
        self._make = make
        self._resize = resize
        self._patience = patience
        self._changed = threading.Condition()
        self._held: dict[str, _Held] = {}

    def perform(self, request: Request, file: File) -> None:
        compute = str(request.arguments["id"])
        with self._changed:
            # At once, so that the end of the wish before, which comes next, does not take the place away.
            held = self._held.setdefault(compute, _Held(request.key, file))
            held.key, held.file, held.problem = request.key, file, ""
        threading.Thread(target=self._open, args=(compute, request), name="cluster", daemon=True).start()

    def cease(self, key: str, file: File) -> None:
        with self._changed:
            compute = next((one for one, held in self._held.items() if held.key == key), None)
            place = self._held.pop(compute).place if compute is not None else None
        threading.Thread(target=self._end, args=(place, file), name="cluster-end", daemon=True).start()

    def place(self, compute: str) -> Place:
        """The place of a compute (its id). Raises errors.Missing when it does not come up in time."""
        with self._changed:
            self._changed.wait_for(lambda: self._standing(compute) is not None or bool(self._problem(compute)), self._patience)
            found = self._standing(compute)
            if found is None:
                why = self._problem(compute) or "it was not started"
                raise Missing(f"the compute {ids.name(compute)!r} is not running: {why}", code="ComputeNotRunning")
            return found

    def close(self) -> None:
        with self._changed:
            held, self._held = list(self._held.values()), {}
        for one in held:
            if one.place is not None:
                one.place.close()

    def _standing(self, compute: str) -> Place | None:
        return self._held[compute].place if compute in self._held else None

    def _problem(self, compute: str) -> str:
        return self._held[compute].problem if compute in self._held else ""

    def _open(self, compute: str, request: Request) -> None:
        try:
            with self._changed:
                standing = self._standing(compute)
            if standing is not None and self._resize(standing, request.arguments):
                self._tell(compute, Outcome(State.RUNNING, standing.status()))
                return
            place = self._make(request.arguments, lambda told: self._tell(compute, Outcome(State.RUNNING, told)))
        except AzurineError as error:
            self._refuse(compute, request.key, {"code": error.code, "message": error.message})
        except Exception as error:
            # The edge of the performer: the compute must say that it has no nodes, and why.
            _logger.exception("the cluster of %s could not be started", request.resource)
            self._refuse(compute, request.key, {"code": "ClusterFailed", "message": f"the cluster could not be started: {error}"})
        else:
            self._take_over(compute, request.key, place)

    def _take_over(self, compute: str, key: str, place: Place) -> None:
        """The new place stands in the old one's stead, unless it is no longer wished for."""
        with self._changed:
            held = self._held.get(compute)
            leaving: Place | None = place
            if held is not None and held.key == key:
                leaving, held.place = held.place, place
            self._changed.notify_all()
        if leaving is not None:
            leaving.close()
        if leaving is not place:
            self._tell(compute, Outcome(State.RUNNING, place.status()))

    def _refuse(self, compute: str, key: str, problem: dict[str, str]) -> None:
        """Whoever waits for the place hears at once that it will not come; a wish that was replaced meanwhile is in nobody's way."""
        with self._changed:
            held = self._held.get(compute)
            if held is None or held.key != key:
                return
            held.problem = problem["message"]
            self._changed.notify_all()
        held.file(Outcome(State.FAILED, {}, problem))

    def _tell(self, compute: str, outcome: Outcome) -> None:
        with self._changed:
            held = self._held.get(compute)
        if held is not None:
            held.file(outcome)

    def _end(self, place: Place | None, file: File) -> None:
        if place is not None:
            place.close()
        file(Outcome(State.CANCELLED))
