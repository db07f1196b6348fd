"""Where the rooms of monitors meet: the kinds of the wing, those who wait for the end of their runs, and the door by which they are asked to run.

A part of `app`, which puts the kinds, the table and the performers among the others.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from azurine.api import monitors as door
from azurine.api.actions import Table
from azurine.ml import dataset_monitors, monitor_runs
from azurine.ml.dataset_monitors import requests
from azurine.reconcile.following import Following
from azurine.reconcile.performers import Performer
from azurine.store.log import Log

KINDS = dataset_monitors.KINDS


class Monitors:
    """locate: (workspace, address) → where that is on this machine."""

    def __init__(self, log: Log, locate: Callable[[str, str], Path | None]) -> None:
        self._locate = locate
        self._following = Following(log, "job", monitor_runs.told)
        self.performers: Mapping[str, Performer] = {monitor_runs.WORK: self._following}

    def table(self) -> Table:
        return door.Monitors(dataset_monitors.NAME, dataset_monitors.RUNS, requests.body, self._locate).table()

    def close(self) -> None:
        self._following.close()
