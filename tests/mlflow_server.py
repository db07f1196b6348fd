"""An MLflow door by itself, served by uvicorn in a thread of this process: plain http, a free port, everything in memory or in a folder."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette

from azurine.api.mlflow.house import Spot
from azurine.api.mlflow.routes import routes
from azurine.api.mlflow.stored_files import StoredFiles
from azurine.ml import experiments, models
from azurine.model import clock, errors, ids
from azurine.model.clock import Clock
from azurine.model.resources import Json, Resource
from azurine.storage.accounts import Accounts
from azurine.storage.files import Files
from azurine.storage.urls import Location
from azurine.store.log import Create, Log, Report
from azurine.tracking.contract import Tracking

ACCOUNT = "azurine"
GROUP = "subscriptions/s/resourceGroups/g"
WORKSPACE = f"{GROUP}/workspaces/w"
OTHER = f"{GROUP}/workspaces/other"
CONTAINERS = {"workspaceartifactstore": "azureml", "workspaceblobstore": "azureml-blobstore"}
KINDS = {kind.name: kind for kind in (experiments.KIND, models.CONTAINER, models.KIND)}


@dataclass(frozen=True)
class Door:
    """root: where the accounts are. app: for tests without a socket."""

    log: Log
    tracking: Tracking
    root: Path
    app: Starlette
    port: int = 0

    def uri(self, workspace: str = "w") -> str:
        base = f"/mlflow/v1.0/{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/{workspace}"
        return f"http://127.0.0.1:{self.port}{base}" if self.port else base

    def folder(self, run: str) -> Path:
        """Where a run's artifacts are on the disk."""
        return self.root / ACCOUNT / "azureml" / "ExperimentRun" / f"dcid.{run}"

    def job(self, name: str, status: Json | None = None, owner: str = "", **properties: Any) -> Resource:
        """A job that the house runs."""
        spec = {"properties": {"jobType": "Command", "experimentName": "training", "displayName": name.title(), **properties}}
        state = {"state": "running", "started": 1_700_000_000.0} if status is None else status
        made = self.log.write(
            [Create(ids.child(WORKSPACE, "jobs", name), "workspaces/jobs", WORKSPACE, spec, state, owner, settled=False)], 1_700_000_000.0
        )[0]
        assert isinstance(made, Resource)
        return made

    def report(self, name: str, **status: Any) -> None:
        self.log.write([Report(ids.child(WORKSPACE, "jobs", name), status)], 1_700_000_100.0)


def door(log: Log, tracking: Tracking, root: Path, now: Clock = clock.system) -> Door:
    accounts = Accounts(root)
    accounts.create(ACCOUNT)

    def locate(spot: Spot) -> Location:
        if spot.datastore not in CONTAINERS:
            raise errors.Missing(f"there is no datastore {spot.datastore}")
        return Location(ACCOUNT, CONTAINERS[spot.datastore], spot.path)

    above = [("subscriptions/s", ""), (GROUP, "subscriptions/s"), (WORKSPACE, GROUP), (OTHER, GROUP)]
    log.write([Create(identifier, ids.kind_of(identifier), parent, {}) for identifier, parent in above], now())
    app = Starlette(routes=routes(log, tracking, StoredFiles(Files(accounts), locate), now, kinds=KINDS))
    return Door(log, tracking, root, app)


@contextmanager
def serving(log: Log, tracking: Tracking, root: Path) -> Iterator[Door]:
    quiet = door(log, tracking, root)
    listener = socket.create_server(("127.0.0.1", 0))
    # asyncio does this only for sockets made with IPPROTO_TCP said aloud; without it each answer in two parts waits 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    server = uvicorn.Server(uvicorn.Config(quiet.app, log_level="warning", lifespan="off", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        # The socket listens already: who connects now is served as soon as the loop runs.
        yield Door(log, tracking, root, quiet.app, listener.getsockname()[1])
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
