"""The performer of `step`: a job's wish becomes a task at the place the job named, and what is seen there is filed.

    wish (arguments) ── lay_out ──▶ order (paths, variables, token) ──▶ place.start(task) ── watcher ──▶ outcome, filed

A task's folder is named by its key, so the same wish after a restart meets the same folder: a finished task is reported,
a living one adopted. Places are asked for when a step needs them; they tell everything to `seen`.
"""

import hashlib
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from azurine.compute import tasks
from azurine.compute.contract import Place, Sighting, Task
from azurine.model import states
from azurine.model.decisions import Outcome
from azurine.model.errors import AzurineError
from azurine.model.resources import Json
from azurine.model.states import State
from azurine.reconcile.performers import File, Request

_logger = logging.getLogger(__name__)

LayOut = Callable[[Json], Json]
"""The wish's arguments as the guest needs them: addresses as paths, variables complete. Raises AzurineError when something is not there."""


class Steps:
    """folder: where tasks are kept. place_of: the place behind a compute's id ("local" too); raises AzurineError when it is gone."""

    def __init__(self, folder: Path, place_of: Callable[[str], Place], lay_out: LayOut) -> None:
        self._folder = folder
        self._place_of = place_of
        self._lay_out = lay_out
        self._lock = threading.Lock()
        self._files: dict[str, File] = {}
        self._places: dict[str, Place] = {}
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="steps")

    def perform(self, request: Request, file: File) -> None:
        with self._lock:
            self._files[request.key] = file
        self._pool.submit(self._begin, request, file)

    def cease(self, key: str, file: File) -> None:
        with self._lock:
            place = self._places.get(key)
            self._files[key] = file
        self._pool.submit(self._end, key, place, file)

    def seen(self, key: str, sighting: Sighting) -> None:
        """What a place tells of a task; the watcher of every place."""
        with self._lock:
            file = self._files.get(key)
            if states.is_final(sighting.state):
                self._files.pop(key, None)
                self._places.pop(key, None)
        if file is not None:
            output = {**(sighting.output or {}), "phase": sighting.phase, "node": sighting.node, "lost": sighting.lost}
            output.pop("error", None)
            output.pop("state", None)
            file(Outcome(sighting.state, output, sighting.error))

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def task_folder(self, run: str, key: str) -> Path:
        return self._folder / run / hashlib.sha256(key.encode()).hexdigest()[:16]

    def _begin(self, request: Request, file: File) -> None:
        try:
            folder = self.task_folder(str(request.arguments["run"]), request.key)
            order = tasks.order(folder) if (folder / tasks.ORDER).exists() else {**self._lay_out(request.arguments), "key": request.key}
            place = self._place_of(str(request.arguments["compute"]))
            with self._lock:
                self._places[request.key] = place
            place.start(Task(request.key, folder, order))
        except AzurineError as error:
            file(Outcome(State.FAILED, {}, {"code": error.code, "message": error.message}))
        except Exception as error:
            # The edge of the performer: whatever it is, the job must hear of it rather than wait for ever.
            _logger.exception("the step %s could not be begun", request.key)
            file(Outcome(State.FAILED, {}, {"code": "InternalError", "message": f"the step could not be begun: {error}"}))

    def _end(self, key: str, place: Place | None, file: File) -> None:
        """A task that was begun before a restart is adopted with the wish to cancel in its folder, which its guest heeds."""
        try:
            if place is not None:
                place.stop(key)
                return
            job, _, _ = key.partition("#")
            folder = self.task_folder(job.rsplit("/", 1)[1], key)
            if not (folder / tasks.ORDER).exists():
                file(Outcome(State.CANCELLED))
                return
            tasks.wish_cancel(folder)
            order = tasks.order(folder)
            self._place_of(str(order["compute"])).start(Task(key, folder, order))
        except Exception as error:
            # As above: a cancelled job ends, also when its place is gone.
            _logger.exception("the step %s could not be ended", key)
            file(Outcome(State.CANCELLED, {}, {"code": "Canceled", "message": f"cancelled; its task could not be reached: {error}"}))
