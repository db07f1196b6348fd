"""The files of a job: which there are in its folder of the artifact store, and addresses that open them.

A pipeline's own log (`logs/azureml/executionlogs.txt`, what `jobs stream` prints) is told from the states of its steps; it
is written anew when somebody asks and it has grown.
"""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from urllib.parse import quote

from azurine.api.stores import HOUR, READ, Stores
from azurine.model import ids
from azurine.model.resources import Resource

CONTAINER = "azureml"
JOURNAL = "logs/azureml/executionlogs.txt"
MOST = 10_000
"""Files of one job that are listed; more than that is a data set, not logs."""


class JobFiles:
    """folder: (workspace, run) → the folder. account: workspace → storage account. journal: job → text of its own log, "" for none."""

    def __init__(self, stores: Stores, folder: Callable[[str, str], Path], account: Callable[[str], str], journal: Callable[[Resource], str]) -> None:
        self._stores = stores
        self._folder = folder
        self._account = account
        self._journal = journal

    def names(self, job: Resource) -> Iterable[tuple[str, int]]:
        folder = self._folder(ids.parent(job.id), job.name)
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
        account = self._account(ids.parent(job.id))
        place = quote(f"{CONTAINER}/ExperimentRun/dcid.{job.name}/{name}", safe="/~()")
        return f"{self._stores.url(account)}/{place}?{self._stores.sign(account, CONTAINER, READ, 24 * HOUR)}"

    def _write_journal(self, job: Resource, folder: Path) -> None:
        text = self._journal(job).encode()
        path = folder / JOURNAL
        if not text or (path.exists() and path.stat().st_size == len(text)):
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        temporary.write_bytes(text)
        temporary.replace(path)
