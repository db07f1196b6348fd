"""The files of a job: which there are in its folder of the artifact store, and addresses that open them.

A pipeline's own log (`logs/azureml/executionlogs.txt`, what `jobs stream` prints) is told from the states of its steps; it
is written anew when somebody asks and it has grown.
"""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from azurine.api.stores import HOUR, READ, Stores
from azurine.model import ids
from azurine.model.resources import Resource

JOURNAL = "logs/azureml/executionlogs.txt"
MOST = 10_000
"""Files of one job that are listed; more than that is a data set, not logs."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run's files are: as blobs, and as a folder of this machine."""

    account: str
    container: str
    path: str
    folder: Path


class JobFiles:
    """place: (workspace, run) → where the run's files are. journal: job → text of its own log, "" for none."""

    def __init__(self, stores: Stores, place: Callable[[str, str], Place], journal: Callable[[Resource], str]) -> None:
        self._stores = stores
        self._place = place
        self._journal = journal

    def names(self, job: Resource) -> Iterable[tuple[str, int]]:
        folder = self._place(ids.parent(job.id), job.name).folder
        self._write_journal(job, folder)
        found: list[tuple[str, int]] = []
        for base, folders, files in os.walk(folder):
            folders.sort()
            for name in sorted(files):
                path = os.path.join(base, name)
                found.append((os.path.relpath(path, folder).replace(os.sep, "/"), os.stat(path).st_size if os.path.exists(path) else 0))
                if len(found) >= MOST:
                    return found
        return found

    def url(self, job: Resource, name: str) -> str:
        place = self._place(ids.parent(job.id), job.name)
        path = quote(f"{place.container}/{place.path.rstrip('/')}/{name}", safe="/~()")
        return f"{self._stores.url(place.account)}/{path}?{self._stores.sign(place.account, place.container, READ, 24 * HOUR)}"

    def _write_journal(self, job: Resource, folder: Path) -> None:
        text = self._journal(job).encode()
        path = folder / JOURNAL
        if not text or (path.exists() and path.stat().st_size == len(text)):
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        temporary.write_bytes(text)
        temporary.replace(path)
