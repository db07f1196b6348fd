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
from azurine.model import ids, states
from azurine.model.decisions import Outcome
from azurine.model.errors import AzurineError
from azurine.model.resources import Json
from azurine.model.states import State
from azurine.reconcile.performers import File, Request

_logger = logging.getLogger(__name__)

LayOut = Callable[[Json], Json]
"""The wish's arguments as the guest needs them: addresses as paths, variables complete. Raises AzurineError when something is not there."""


Ended = Callable[[Path], None]
"""Called with a task's folder when it has succeeded, before that is filed; after a crash in between once more."""


class Steps:
    """folder: where tasks are kept. place_of: the place behind a compute's id ("local" too); raises AzurineError when it is gone."""

    def __init__(self, folder: Path, place_of: Callable[[str], Place], lay_out: LayOut, ended: Ended = lambda folder: None) -> None:
        self._folder = folder
        self._ended = ended
        self._place_of = place_of
        self._lay_out = lay_out
        self._lock = threading.Lock()
        self._files: dict[str, File] = {}
        self._places: dict[str, Place] = {}
        self._beginning: set[str] = set()
        self._ceased: set[str] = set()
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="steps")

    def perform(self, request: Request, file: File) -> None:
        with self._lock:
            self._files[request.key] = file
            self._beginning.add(request.key)
        self._pool.submit(self._begin, request, file)

    def cease(self, key: str, file: File) -> None:
        with self._lock:
            place = self._places.get(key)
            self._files[key] = file
            if key in self._beginning:
                self._ceased.add(key)
        self._pool.submit(self._end, key, place, file)

    def seen(self, key: str, sighting: Sighting) -> None:
        """What a place tells of a task; the watcher of every place."""
        with self._lock:
            file = self._files.get(key)
            if states.is_final(sighting.state):
                self._files.pop(key, None)
                self._places.pop(key, None)
        if file is not None:
            if sighting.state == State.SUCCEEDED:
                self._tell(key)
            output = {**(sighting.output or {}), "phase": sighting.phase, "node": sighting.node, "lost": sighting.lost}
            output.pop("error", None)
            output.pop("state", None)
            file(Outcome(sighting.state, output, sighting.error))

    def _tell(self, key: str) -> None:
        try:
            self._ended(self.task_folder(ids.name(key.partition("#")[0]), key))
        except Exception:
            # Whoever wants to hear of it must not keep the step from ending.
            _logger.exception("the end of the step %s could not be told", key)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def task_folder(self, run: str, key: str) -> Path:
        return self._folder / run / hashlib.sha256(key.encode()).hexdigest()[:16]

    def _begin(self, request: Request, file: File) -> None:
        key = request.key
        try:
            folder = self.task_folder(str(request.arguments["run"]), key)
            is_new = not (folder / tasks.ORDER).exists()
            order = {**self._lay_out(request.arguments), "key": key} if is_new else tasks.order(folder)
            self._start(Task(key, folder, order), self._place_of(str(request.arguments["compute"])), is_new)
        except AzurineError as error:
            self._refuse(key, file, {"code": error.code, "message": error.message})
        except Exception as error:
            # The edge of the performer: whatever it is, the job must hear of it rather than wait for ever.
            _logger.exception("the step %s could not be begun", key)
            self._refuse(key, file, {"code": "InternalError", "message": f"the step could not be begun: {error}"})
        finally:
            with self._lock:
                self._beginning.discard(key)
                self._ceased.discard(key)

    def _start(self, task: Task, place: Place, is_new: bool) -> None:
        # With the lock held, so that a wish to end comes either before the start, which then is left out, or after it.
        with self._lock:
            if is_new and task.key in self._ceased:
                return
            self._places[task.key] = place
            place.start(task)

    def _refuse(self, key: str, file: File, error: Json) -> None:
        with self._lock:
            self._files.pop(key, None)
            is_ceased = key in self._ceased
        if not is_ceased:
            file(Outcome(State.FAILED, {}, error))

    def _end(self, key: str, place: Place | None, file: File) -> None:
        """A task that was begun before a restart is adopted first. The wish is in its folder too, for a guest that comes later."""
        try:
            if place is None:
                job, _, _ = key.partition("#")
                folder = self.task_folder(ids.name(job), key)
                if not (folder / tasks.ORDER).exists():
                    file(Outcome(State.CANCELLED))
                    return
                tasks.wish_cancel(folder)
                order = tasks.order(folder)
                place = self._place_of(str(order["compute"]))
                self._start(Task(key, folder, order), place, is_new=False)
            place.stop(key)
        except Exception as error:
            # As above: a cancelled job ends, also when its place is gone.
            _logger.exception("the step %s could not be ended", key)
            file(Outcome(State.CANCELLED, {}, {"code": "Canceled", "message": f"cancelled; its task could not be reached: {error}"}))
