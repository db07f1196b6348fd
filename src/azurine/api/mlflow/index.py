"""The runs of a workspace in memory, for searching: made from the log when a workspace is first searched, kept true by it afterwards.

It holds nothing that the log does not say: a server that starts again makes it anew. Only what a search looks at is kept,
so that a page of runs costs no read per run.
"""

import threading
from collections.abc import Sequence

from azurine.api.mlflow import house
from azurine.api.mlflow.runs import Run, StoredRuns, from_resource
from azurine.model import ids
from azurine.model.resources import Resource
from azurine.store.log import Log

PAGE = 500


class Index:
    def __init__(self, log: Log, runs: StoredRuns) -> None:
        self._runs = runs
        self._lock = threading.Lock()
        self._loading = threading.Lock()
        self._known: dict[str, dict[str, tuple[int, Run | None]]] = {}
        self._complete: set[str] = set()
        log.listen(self._hear)

    def of(self, workspace: str) -> list[Run]:
        """All runs of a workspace, the latest made first: nearly the order in which searches want them."""
        if workspace not in self._complete:
            self._load(workspace)
        with self._lock:
            return [run for _, run in reversed(self._known[workspace].values()) if run is not None]

    def experiments(self, workspace: str) -> set[str]:
        """The experiments that runs name."""
        return {run.experiment for run in self.of(workspace)}

    def _hear(self, versions: Sequence[Resource]) -> None:
        for version in versions:
            if version.kind == house.JOBS and self._known:
                self._keep(ids.parent(version.id), version.id, version.revision, None if version.deleting else from_resource(version))

    def _keep(self, workspace: str, identifier: str, revision: int, run: Run | None) -> None:
        """None: the run is gone, and a version read before that must not bring it back."""
        with self._lock:
            known = self._known.get(workspace)
            if known is not None and revision >= known.get(identifier, (0, None))[0]:
                known[identifier] = (revision, run)

    def _load(self, workspace: str) -> None:
        with self._loading:
            if workspace in self._complete:
                return
            with self._lock:
                # From here on, what is written while we read is heard.
                self._known.setdefault(workspace, {})
            after: int | None = None
            while page := self._runs.under(workspace, after, PAGE):
                for run, revision in page:
                    self._keep(workspace, run.id, revision, run)
                after = page[-1][0].created
                if len(page) < PAGE:
                    break
            self._complete.add(workspace)
