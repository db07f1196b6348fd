"""Task folders that nobody needs any more go: at the start of the server, and whenever a job has come to rest.

A task's folder is what is known of it while its job is under way: by it a step is found again after a restart. When the job
rests, its outcome stands in the store, and the folder is only in the way. Whether it does is asked for each folder anew, by the
key in its order, so that a folder is never taken from a job that goes on, also not from one of the same name elsewhere.

A folder whose guest still lives (its last act is to tidy up) goes when that has ended.
"""

import contextlib
import logging
import queue
import shutil
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from azurine.compute import tasks
from azurine.model.resources import Resource

GOING = ".going-"
"""How the name of a folder begins that is being removed, also by a server that was killed meanwhile."""
SOON, LATER = 0.2, 60.0
"""Seconds until what could not go is looked at again: a guest that tidies up is gone soon, one that lives on is not."""

_logger = logging.getLogger(__name__)


class Sweeper:
    """folder: where tasks are kept, a folder for each job's name. kind: of the jobs. is_over: does the job (its id) rest, or is it gone?

    forget: called with the id of each job that was removed, so that nothing more is kept about it elsewhere.
    """

    def __init__(self, folder: Path, kind: str, is_over: Callable[[str], bool], forget: Callable[[str], None] = lambda job: None) -> None:
        self._folder = folder
        self._kind = kind
        self._is_over = is_over
        self._forget = forget
        self._gone: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._names: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Sweeps what earlier servers left, then what is told, in a thread of its own."""
        self._thread = threading.Thread(target=self._run, name="sweeper", daemon=True)
        self._thread.start()

    def tell(self, versions: Sequence[Resource]) -> None:
        """What the log tells of."""
        for version in versions:
            if version.settled and version.kind == self._kind:
                if version.deleting:
                    self._gone.put(version.id)
                self._names.put(version.name)

    def close(self) -> None:
        if self._thread is not None:
            self._names.put(None)
            self._thread.join(5)

    def sweep(self, name: str) -> bool:
        """Removes what may go of the folders of a job's name; answers whether all of it went."""
        place = self._folder / name
        if not place.is_dir():
            return True
        for folder in place.iterdir():
            if folder.name.startswith(GOING):
                shutil.rmtree(folder, ignore_errors=True)
            elif self._may_go(folder):
                # Renamed first: of one that was removed only in part it could not be told any more whose it was.
                shutil.rmtree(folder.rename(folder.with_name(f"{GOING}{folder.name}")), ignore_errors=True)
        # Only an empty folder lets itself be removed: what came meanwhile stays.
        with contextlib.suppress(OSError):
            place.rmdir()
        return not place.exists()

    def _run(self) -> None:
        left = {one.name for one in self._folder.iterdir()} if self._folder.is_dir() else set()
        left, pause = self._sweep_each(left), SOON
        while True:
            try:
                name = self._names.get(timeout=pause if left else None)
            except queue.Empty:
                left, pause = self._sweep_each(left), min(2 * pause, LATER)
                continue
            if name is None:
                return
            left, pause = self._sweep_each({name, *left}), SOON
            self._forget_gone()

    def _forget_gone(self) -> None:
        while not self._gone.empty():
            job = self._gone.get()
            try:
                self._forget(job)
            except Exception:
                # The edge of the sweeper, as below: what is kept too long does no harm.
                _logger.exception("what was recorded about %s could not be removed", job)

    def _sweep_each(self, names: set[str]) -> set[str]:
        """Answers the names of which something is left that may go later."""
        left = set()
        for name in names:
            try:
                if not self.sweep(name):
                    left.add(name)
            except Exception:
                # The edge of the sweeper: what cannot be removed now is in nobody's way.
                _logger.exception("the task folders of %s could not be removed", name)
        return left

    def _may_go(self, folder: Path) -> bool:
        try:
            key = str(tasks.order(folder)["key"])
        except (OSError, ValueError, KeyError):
            return False
        return self._is_over(key.partition("#")[0]) and not tasks.is_taken(folder)
