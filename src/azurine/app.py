"""Where everything meets: the only file that knows all rooms. `House` is what a server is made of, `serve` a running one.

    settings ─▶ store, accounts, directory, tokens ─▶ loop with its performers ─▶ doors ─▶ one port, TLS

Nothing here decides anything; it makes the rooms, hands each what it needs, and takes them down again in order.
"""

import contextlib
import fcntl
import json
import logging
import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp

from azurine import ml
from azurine.api import auth, public, routes
from azurine.api import identity as identity_door
from azurine.api.blobs.door import blob_app
from azurine.api.envelope import Addresses
from azurine.compute.contract import Place
from azurine.compute.processes import LocalPlace
from azurine.identity import certificates, roles
from azurine.identity.directory import Directory
from azurine.identity.tokens import Tokens
from azurine.ml import computes, datastores, jobs, numbers, resource_groups, subscriptions, uris, workspaces
from azurine.model import clock, errors, ids
from azurine.model.kinds import Kind
from azurine.model.resources import Json
from azurine.reconcile.chores import Chores
from azurine.reconcile.clusters import Clusters
from azurine.reconcile.loop import HOUSE, Loop
from azurine.reconcile.orders import Orders
from azurine.reconcile.performers import Performer
from azurine.reconcile.steps import Steps
from azurine.settings import Settings
from azurine.storage import urls
from azurine.storage.accounts import Accounts
from azurine.storage.files import Files
from azurine.store import admission
from azurine.store.sql import open_log

_logger = logging.getLogger(__name__)

ASKED_FOR = ("workspaces/jobs",)
"""Kinds whose lists show only what a user asked for: the steps of a pipeline are listed under it."""


class House:
    """All rooms of one server, wired. url: where clients reach it."""

    def __init__(self, settings: Settings, url: str) -> None:
        self.settings = settings
        self.url = url
        home = settings.home
        self.log = open_log(settings.store or f"sqlite:///{home / 'azurine.db'}")
        self.accounts = Accounts(home / "storage")
        self.accounts.create(settings.account)
        self.files = Files(self.accounts)
        self.certificates = certificates.prepare(settings.certificates, clock.system(), settings.names)
        self.directory = Directory(settings.identity, settings.tenant)
        self.tokens = Tokens(settings.identity, self.directory, settings.names)
        self.kinds: dict[str, Kind] = {kind.name: kind for kind in (*ml.kinds(url), *jobs.KINDS, subscriptions.KIND, resource_groups.KIND)}
        self.steps = Steps(home / "tasks", self._place, self._orders().lay_out)
        self._local = LocalPlace(home, None, self.steps.seen)
        self.clusters = Clusters(self._cluster)
        self._chores = (Chores("environment", self._environment), Chores("tracking.copy", self._copy))
        performers: dict[str, Performer] = {
            "step": self.steps,
            "cluster": self.clusters,
            "environment": self._chores[0],
            "tracking.copy": self._chores[1],
        }
        self.loop = Loop(self.log, self.kinds, performers, clock.system)
        self.ready = False

    def app(self) -> ASGIApp:
        paths = auth.public_paths([*auth.IDENTITY_PATHS, *public.PUBLIC])
        return routes.create_app(
            self.log,
            self.kinds,
            authorize=roles.may,
            sign_in=lambda inner: auth.Authentication(inner, self.tokens.check, paths, f"{self.url}/{self.settings.tenant}"),
            asked_for=ASKED_FOR,
            extra=identity_door.routes(self.directory, self.tokens),
            blobs=blob_app(self.files, self.tokens.check),
            ready=lambda: self.ready,
        )

    def start(self) -> None:
        """Furnishes a new home, begins to look after what was left unfinished, and says ready."""
        self._furnish()
        self.loop.start()
        self.ready = True

    def close(self) -> None:
        self.ready = False
        self.loop.stop()
        self.steps.close()
        for chore in self._chores:
            chore.close()
        self.clusters.close()
        self._local.close()
        self.log.close()

    def _furnish(self) -> None:
        """The subscription, the resource group and the workspace that every home begins with."""
        chosen = self.settings
        subscription = f"subscriptions/{chosen.subscription}"
        group = f"{subscription}/resourceGroups/{chosen.resource_group}"
        workspace = f"{group}/workspaces/{chosen.workspace}"
        account = {"storageAccount": chosen.account}
        wanted: list[tuple[str, Json]] = [
            (subscription, {}),
            (group, {"location": chosen.location}),
            (workspace, {"location": chosen.location, "properties": {"description": "The workspace of this home", **account}}),
            *((identifier, body) for identifier, _, body in workspaces.defaults(workspace, chosen.account)),
        ]
        for identifier, body in wanted:
            if self.log.get(identifier) is None:
                admission.admit(self.log, self.kinds, admission.Request(identifier, _always(body), by=HOUSE), clock.system())

    def _orders(self) -> Orders:
        return Orders(sys.executable, self.locate, self.artifacts, self._surroundings)

    def locate(self, workspace: str, uri: str) -> Path | None:
        """The path of an address in our own storage; None for what lies elsewhere."""
        found = uris.read(uri, workspace)
        if isinstance(found, uris.InDatastore):
            datastore = self.log.get(found.datastore)
            if datastore is None:
                raise errors.Missing(f"there is no datastore {ids.name(found.datastore)!r}: {uri}", code="DatastoreNotFound")
            place = datastores.location(datastore)
            return self._path(urls.Location(str(place["account"]), str(place["container"]), found.path))
        if isinstance(found, uris.Elsewhere):
            address = urls.parse(uri)
            if isinstance(address, urls.AzureUrl):
                return self._path(address.location)
        return None

    def artifacts(self, workspace: str, run: str) -> Path:
        """The folder of a run's logs and artifacts."""
        found = self.log.get(workspace)
        account = workspaces.account(found) if found is not None else self.settings.account
        path = self._path(urls.Location(account, "azureml", f"ExperimentRun/dcid.{run}"))
        if path is None:
            raise errors.Missing(f"the workspace's storage account {account!r} is not here", code="StorageAccountNotFound")
        return path

    def _path(self, location: urls.Location) -> Path | None:
        if not self.accounts.exists(location.account):
            return None
        self.accounts.ensure_container(location.account, location.container)
        return self.files.local_path(location)

    def _place(self, compute: str) -> Place:
        found = self.log.get(compute) if compute != "local" else None
        if found is None or computes.key(found) is None:
            return self._local
        return self.clusters.place(compute)

    def _cluster(self, wish: Json, tell: Callable[[Json], None]) -> Place:
        return LocalPlace(self.settings.home, int(wish["max"]), self.steps.seen, node=str(wish["name"]))

    def _surroundings(self, wish: Json) -> Mapping[str, str]:
        """What a step needs to speak to this server: where it is, whom to trust, and a token of its own."""
        workspace = str(wish["workspace"])
        job = self.log.get(ids.child(workspace, "jobs", str(wish["run"])))
        tracking = f"{self.url}/mlflow/v1.0/{Addresses(self.kinds).path(workspace).lstrip('/')}"
        token = self.tokens.issue_step(str(wish["run"]), job.created_by if job is not None else "")
        bundle = str(self.certificates.bundle)
        return {
            "AZUREML_RUN_TOKEN": token,
            "AZUREML_SERVICE_ENDPOINT": self.url,
            "AZUREML_WORKSPACE_ID": numbers.workspace(workspace),
            "MLFLOW_TRACKING_URI": tracking,
            "MLFLOW_TRACKING_TOKEN": token,
            "REQUESTS_CA_BUNDLE": bundle,
            "SSL_CERT_FILE": bundle,
            "NO_PROXY": "localhost,127.0.0.1,.localhost",
            "no_proxy": "localhost,127.0.0.1,.localhost",
        }

    def _environment(self, wish: Json) -> Json:
        return {"python": sys.executable}

    def _copy(self, wish: Json) -> Json:
        return {}


def serve(settings: Settings) -> None:
    """Runs a server in the foreground until it is told to stop (SIGINT, SIGTERM).

    Raises errors.Conflict when the home is in use or the port is taken, errors.Temporary when the home cannot be written.
    """
    # Imported here: whoever only wants the rooms needs no web server.
    import uvicorn

    with contextlib.suppress(OSError):
        settings.home.mkdir(parents=True, exist_ok=True)
    with _only_one(settings.home), _listening(settings) as listener:
        port = int(listener.getsockname()[1])
        url = settings.url(port)
        house = House(settings, url)
        try:
            house.start()
            config = uvicorn.Config(
                house.app(),
                ssl_certfile=str(house.certificates.server),
                log_level=settings.log_level,
                access_log=False,
                lifespan="off",
                http="httptools",
                server_header=False,
                date_header=True,
                timeout_keep_alive=75,
                timeout_graceful_shutdown=5,
            )
            _say_where(settings, port, url)
            uvicorn.Server(config).run(sockets=[listener])
        finally:
            house.close()
            with contextlib.suppress(FileNotFoundError):
                (settings.home / "server.json").unlink()


def _say_where(settings: Settings, port: int, url: str) -> None:
    """`server.json`: for whoever looks for the server. Stays behind when the server is killed; the lock says whether it lives."""
    told = {"pid": os.getpid(), "host": settings.host, "port": port, "url": url, "store": settings.store, "started": clock.system()}
    temporary = settings.home / ".server.json"
    temporary.write_text(json.dumps(told), encoding="utf-8")
    temporary.replace(settings.home / "server.json")


@contextlib.contextmanager
def _only_one(home: Path) -> Iterator[None]:
    """One live server for one home. The kernel gives the lock back when the process dies, however it dies."""
    try:
        handle = os.open(home / "server.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as problem:
        raise errors.Temporary(f"The home {home} cannot be written: {problem.strerror}.") from problem
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as problem:
            raise errors.Conflict(f"The home {home} is in use by a server that is running; stop it with `azurine down --home {home}`.") from problem
        yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host.strip("[]"), settings.port))
        listener.listen(1024)
    except OSError as problem:
        listener.close()
        raise errors.Conflict(
            f"{settings.host}:{settings.port} cannot be listened on: {problem.strerror}. Another port can be chosen with --port; 0 is any free one."
        ) from problem
    try:
        yield listener
    finally:
        listener.close()


def _always(body: Json) -> Callable[[object], Json]:
    return lambda _: body


def sweep(tasks: Path, is_over: Any) -> None:
    """Removes the folders of tasks whose jobs are over."""
    for folder in tasks.iterdir() if tasks.is_dir() else ():
        if is_over(folder.name):
            shutil.rmtree(folder, ignore_errors=True)
