"""Where everything meets: the only file that knows all rooms. `House` is what a server is made of, `serve` a running one.

    settings ─▶ store, accounts, directory, tokens ─▶ loop with its performers ─▶ doors ─▶ one port, TLS

Nothing here decides anything; it makes the rooms, hands each what it needs, and takes them down again in order.
"""

import contextlib
import fcntl
import json
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from azurine import batch, factories, ml, online, registry
from azurine.alerts import Alerts
from azurine.api import auth, looking, public, questions, routes
from azurine.api import drafts as draft_questions
from azurine.api import identity as identity_door
from azurine.api import schedules as schedule_questions
from azurine.api.artifacts import Artifacts
from azurine.api.blobs.door import blob_app
from azurine.api.envelope import Addresses
from azurine.api.factory import callbacks
from azurine.api.job_files import JobFiles
from azurine.api.job_files import Place as FilesPlace
from azurine.api.mlflow import routes as mlflow_door
from azurine.api.mlflow.house import Spot
from azurine.api.mlflow.stored_files import StoredFiles
from azurine.api.scoring.door import Door
from azurine.api.stores import Stores
from azurine.compute import sufficing
from azurine.compute.cluster import ClusterPlace
from azurine.compute.contract import Place
from azurine.compute.environments import Environments
from azurine.compute.fleet import Limits
from azurine.compute.looks import Looks
from azurine.compute.processes import LocalPlace
from azurine.events import Events
from azurine.identity import certificates, roles
from azurine.identity.directory import Directory
from azurine.identity.endpoint_keys import EndpointKeys
from azurine.identity.tokens import STEP_LIFETIME, Tokens
from azurine.ml import (
    checking,
    computes,
    datastores,
    deployments,
    drafts,
    jobs,
    numbers,
    pipeline_endpoints,
    pipelines,
    registry_ids,
    resource_groups,
    schedules,
    subscriptions,
    uris,
    workspaces,
)
from azurine.ml.alerting import drift_alerts
from azurine.ml.jobs import comparing, inputs, journal, retracing, words
from azurine.model import clock, errors, ids
from azurine.model.kinds import Kind
from azurine.model.resources import Json, Resource
from azurine.outbound.vault import Vault
from azurine.reconcile.chores import Chores
from azurine.reconcile.clusters import Clusters
from azurine.reconcile.graphs import Graphs
from azurine.reconcile.loop import HOUSE, Loop
from azurine.reconcile.orders import Orders
from azurine.reconcile.performers import Performer
from azurine.reconcile.steps import Steps
from azurine.reconcile.sweeping import Sweeper
from azurine.settings import Settings, machine, variable
from azurine.storage import blocks, signatures, urls
from azurine.storage.accounts import Accounts
from azurine.storage.files import Files
from azurine.store import admission
from azurine.store.references import LogReferences
from azurine.store.sql import open_log
from azurine.tracking.sql import Sql

_logger = logging.getLogger(__name__)

LOCK_ATTEMPTS = 20
SWITCH_INTERVAL = 0.0005
LINGER = 0.05
"""Seconds by which it may be told later that a step is a phase further: a quick step then costs one commit instead of five."""
BUILD_LOG = "azureml-logs/20_image_build_log.txt"
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
        self.environments = Environments(home, machine())
        workspace = f"subscriptions/{settings.subscription}/resourceGroups/{settings.resource_group}/workspaces/{settings.workspace}"
        self.kinds: dict[str, Kind] = {
            kind.name: kind
            for kind in (
                *ml.kinds(url),
                *jobs.KINDS,
                pipelines.KIND,
                pipeline_endpoints.KIND,
                drafts.KIND,
                schedules.KIND,
                drift_alerts.KIND,
                *online.kinds(url, workspace),
                *factories.KINDS,
                subscriptions.KIND,
                resource_groups.KIND,
                deployments.KIND,
            )
        }
        self._addresses = Addresses(self.kinds)
        self.online = online.Online(
            home,
            settings.identity,
            workspace,
            self.log,
            python=lambda definition, log: self.environments.ensure(definition, log).python,
            locate=self.locate,
            logs=self._endpoint_logs,
            variables={name: value for name, value in machine().items() if not name.startswith("AZURINE_")},
        )
        self.steps = Steps(home / "tasks", self._place, self._orders().lay_out, lambda folder: self.events.step_ended(folder))
        self.events = Events(self.log, self.kinds, self.files, self._location)
        self._local = LocalPlace(home, None, self.steps.seen)
        self.clusters = Clusters(self._cluster, _resize)
        self._chores = (Chores("environment", self._environment), Chores("tracking.copy", self._copy), Chores(datastores.WORK, self._container))
        self.tracking = Sql(settings.store or f"sqlite:///{home / 'tracking.db'}")
        vault = Vault(Path(settings.secrets or home / "secrets.yaml"), variable)
        self._alerts = Alerts(settings.smtp, settings.smtp_from, vault, self.certificates.bundle)
        self._workshop = factories.Workshop(
            factories.Surroundings(
                home,
                self.accounts,
                self.log,
                self.kinds,
                self.tracking,
                url,
                self.certificates.bundle,
                self.tokens,
                self.directory,
                EndpointKeys(settings.identity),
                vault,
            )
        )
        performers: dict[str, Performer] = {
            "step": self.steps,
            "graph": Graphs(self.steps, self._rests),
            "cluster": self.clusters,
            "environment": self._chores[0],
            "tracking.copy": self._chores[1],
            datastores.WORK: self._chores[2],
            "deployment": self.online.performer,
            **self._workshop.performers,
            **self.events.performers,
            **self._alerts.performers,
        }
        self.loop = Loop(self.log, self.kinds, performers, clock.system, LINGER)
        self._looks = Looks(home, sys.executable)
        self._sweeper = Sweeper(home / "tasks", jobs.KIND.name, self._rests, self.tracking.forget)
        self.log.listen(self._sweeper.tell)
        self.ready = False

    def app(self) -> Door:
        paths = auth.public_paths([*auth.IDENTITY_PATHS, *public.PUBLIC, callbacks.PUBLIC])
        inner = routes.create_app(
            self.log,
            self.kinds,
            authorize=roles.may,
            sign_in=lambda inner: auth.Authentication(inner, self.tokens.check, paths, f"{self.url}/{self.settings.tenant}"),
            asked_for=ASKED_FOR,
            finish={jobs.KIND.name: self._with_addresses},
            instead=registry_ids.curated_instead,
            table={
                **questions.table(
                    self._stores(), account_of=workspaces.account, location=datastores.location, secrets=datastores.secrets, nodes=computes.nodes
                ),
                **self.online.table,
                **factories.table(),
                **schedule_questions.table(schedules.NAME, schedules.submitted),
                **self._workshop.table(),
                **draft_questions.table(checking.check, self._compare),
                **looking.table(self._data_at, self._looks.look, inputs.place, self._again),
            },
            extra=[
                *identity_door.routes(self.directory, self.tokens),
                *mlflow_door.routes(
                    self.log, self.tracking, StoredFiles(self.files, self._spot), clock.system, kinds=self.kinds, authorize=roles.may
                ),
            ],
            early=[
                *self.events.routes(roles.may),
                *self._workshop.routes(),
                *self.online.routes(self.kinds, roles.may),
                *batch.routes(self.log, self.kinds, roles.may, {jobs.KIND.name: self._with_addresses}, self.online.workspace),
            ],
            blobs=blob_app(self.files, self.tokens.check, self._challenge()),
            artifacts=self._artifacts(),
            sizes=computes.sizes,
            ready=lambda: self.ready,
        )
        return self.online.door(inner, self.tokens.check, roles.may)

    def _with_addresses(self, job: Resource, body: dict[str, Any]) -> dict[str, Any]:
        """The addresses of a job's services, which only the running server knows."""
        workspace = f"/{self._addresses.path(ids.parent(job.id)).lstrip('/')}"
        known = {"Tracking": f"{self.url}/mlflow/v1.0{workspace}?", "Studio": f"{self.url}/runs/{job.name}?wsid={workspace}"}
        services = dict(body["properties"].get("services") or {})
        for name, address in known.items():
            if name in services:
                services[name] = {**services[name], "endpoint": address}
        return {**body, "properties": {**body["properties"], "services": services}}

    def _challenge(self) -> str:
        """Where clients of the storage accounts sign in, said to those who have not."""
        return f"Bearer authorization_uri={self.url}/{self.settings.tenant}/oauth2/authorize resource_id=https://storage.azure.com"

    def _stores(self) -> Stores:
        def sign(account: str, container: str, permissions: str, seconds: float) -> str:
            # Whoever is given a signature is about to write: the container of a datastore is there from then on.
            self.accounts.ensure_container(account, container)
            key = self.accounts.keys(account)[0]
            return signatures.container_sas(urls.Location(account, container), key, permissions, clock.system() + seconds)

        host = self.url.split("://", 1)[1]
        return Stores(sign, lambda account: f"https://{account}.blob.{host}", self._ensure, self.accounts.exists, self.accounts.keys)

    def _ensure(self, account: str, container: str) -> None:
        self.accounts.create(account)
        self.accounts.ensure_container(account, container)

    def _artifacts(self) -> Artifacts:
        files = JobFiles(self._stores(), self.artifacts, lambda job: journal.text(job, self.log.owned_by(job.id)))
        return Artifacts(files.names, files.url)

    def _spot(self, spot: Spot) -> urls.Location:
        place = datastores.location(self._datastore(ids.child(spot.workspace, "datastores", spot.datastore)))
        if not self.accounts.exists(str(place["account"])):
            raise errors.Unsupported(f"the datastore {spot.datastore!r} is not on this server")
        self.accounts.ensure_container(str(place["account"]), str(place["container"]))
        return urls.Location(str(place["account"]), str(place["container"]), spot.path)

    def start(self) -> None:
        """Furnishes a new home, begins to look after what was left unfinished, and says ready."""
        self.accounts.sweep()
        blocks.sweep(self.files)
        self._furnish()
        self.events.start()
        self.loop.start()
        self._sweeper.start()
        self.ready = True

    def close(self) -> None:
        self.ready = False
        self.loop.stop()
        self._sweeper.close()
        self.steps.close()
        for chore in self._chores:
            chore.close()
        self._workshop.close()
        self.events.close()
        self._alerts.close()
        self.clusters.close()
        self.online.close()
        self._looks.close()
        self._local.close()
        self.tracking.close()
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
        registry.fill(self.log, chosen.location, HOUSE, clock.system())
        for datastore in self.log.page(datastores.KIND.name, workspace):
            place = datastores.location(datastore)
            if self.accounts.exists(str(place["account"])):
                self.accounts.ensure_container(str(place["account"]), str(place["container"]))

    def _orders(self) -> Orders:
        return Orders(sys.executable, self.locate, lambda workspace, run: self.artifacts(workspace, run).folder, self._surroundings)

    def locate(self, workspace: str, uri: str) -> Path | None:
        """The path of an address in our own storage, or of a library component's code; None for what lies elsewhere."""
        if (code := registry.code(uri)) is not None:
            return code
        location = self._location(workspace, uri)
        return self._path(location) if location is not None else None

    def _data_at(self, workspace: str, address: str) -> Path | None:
        """The same for whatever an input may be given as: an asset, a job's output, an address."""
        return self.locate(workspace, inputs.pin(address, "uri_folder", LogReferences(self.log), workspace)["uri"])

    def _steps(self, job: Resource) -> dict[str, Resource]:
        return {str(one.spec["node"]): one for one in self.log.owned_by(job.id) if one.spec.get("node")}

    def _again(self, job: Resource, output: str) -> Json | None:
        """What makes an output again that was not kept, everything at its place on this machine."""
        above = self.log.get(job.owner) if job.owner else None
        found = retracing.graph(job, output, self._steps(above)) if above is not None else None
        workspace = ids.up_to(job.id, ids.WORKSPACES)
        return {"node": job.spec["node"], "port": output, "nodes": [self._placed(workspace, one) for one in found]} if found else None

    def _placed(self, workspace: str, node: Json) -> Json:
        given: Mapping[str, Json] = node["inputs"]
        values = {port: one["value"] for port, one in given.items() if one.get("value") is not None}
        places = {str(one): self.locate(workspace, str(one)) for one in values.values() if str(one).startswith("azureml://datastores/")}
        paths = {port: self.locate(workspace, one["uri"]) for port, one in given.items() if "uri" in one}
        return {
            "name": node["name"],
            "component": node["component"],
            "parameters": values,
            "inputs": {port: one for port, one in given.items() if "node" in one}
            | {port: {"path": str(path)} for port, path in paths.items() if path is not None},
            "places": {address: str(path) for address, path in places.items() if path is not None},
        }

    def _compare(self, left: Resource, right: Resource) -> Mapping[str, Any]:
        """Two runs beside each other, with what their steps have measured."""

        def metrics(seen: list[Resource]) -> dict[str, dict[str, float]]:
            found = self.tracking.latest([one.id for one in seen])
            return {run: {name: metric.value for name, metric in facts.metrics.items()} for run, facts in found.items()}

        return comparing.compare(left, right, self._steps, metrics)

    def artifacts(self, workspace: str, run: str) -> FilesPlace:
        """Where a run's logs and artifacts are."""
        location = self._location(workspace, words.artifacts_uri(run))
        folder = self._path(location) if location is not None else None
        if location is None or folder is None:
            raise errors.Missing("the workspace's artifact store is not on this server", code="DatastoreNotFound")
        return FilesPlace(location.account, location.container, location.path, folder)

    def _endpoint_logs(self, workspace: str, endpoint: str, deployment: str) -> Path:
        folder = self.locate(workspace, f"azureml://datastores/{words.ARTIFACT_STORE}/paths/OnlineEndpoints/{endpoint}/{deployment}")
        if folder is None:
            raise errors.Missing("the workspace's artifact store is not on this server", code="DatastoreNotFound")
        return folder

    def _location(self, workspace: str, uri: str) -> urls.Location | None:
        found = uris.read(uri, workspace)
        if isinstance(found, uris.InDatastore):
            place = datastores.location(self._datastore(found.datastore))
            return urls.Location(str(place["account"]), str(place["container"]), found.path)
        if isinstance(found, uris.Elsewhere):
            address = urls.parse(uri)
            return address.location if isinstance(address, urls.AzureUrl) else None
        return None

    def _datastore(self, identifier: str) -> Resource:
        found = self.log.get(identifier)
        if found is None:
            raise errors.Missing(f"there is no datastore {ids.name(identifier)!r} in the workspace", code="DatastoreNotFound")
        return found

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
        return ClusterPlace(
            self.settings.home, str(wish["name"]), _limits(wish), self.steps.seen, address=str(wish.get("scheduler") or ""), changed=tell
        )

    def _surroundings(self, wish: Json) -> Mapping[str, str]:
        """What a step needs to speak to this server: where it is, whom to trust, and a token of its own."""
        workspace = str(wish["workspace"])
        job = self.log.get(ids.child(workspace, "jobs", str(wish["run"])))
        tracking = f"{self.url}/mlflow/v1.0/{self._addresses.path(workspace).lstrip('/')}"
        token = self.tokens.issue_step(str(wish["run"]), job.created_by if job is not None else "")
        bundle = str(self.certificates.bundle)
        return {
            "AZUREML_RUN_TOKEN": token,
            "AZUREML_RUN_TOKEN_EXPIRY": str(int(clock.system() + STEP_LIFETIME)),
            "AZUREML_SERVICE_ENDPOINT": self.url,
            "AZUREML_RUN_HISTORY_SERVICE_ENDPOINT": self.url,
            "AZUREML_DISCOVERY_SERVICE_ENDPOINT": f"{self.url}/discovery",
            "AZUREML_EXPERIMENT_ID": numbers.experiment(ids.child(workspace, "experiments", str(wish.get("experiment") or "Default"))),
            "AZUREML_WORKSPACE_ID": numbers.workspace(workspace),
            "MLFLOW_TRACKING_URI": tracking,
            "MLFLOW_TRACKING_TOKEN": token,
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "MSI_ENDPOINT": f"{self.url}/msi/token",
            "MSI_SECRET": token,
            "REQUESTS_CA_BUNDLE": bundle,
            "SSL_CERT_FILE": bundle,
            "NO_PROXY": "localhost,127.0.0.1,.localhost",
            "no_proxy": "localhost,127.0.0.1,.localhost",
        }

    def _container(self, wish: Json, is_ceased: Callable[[], bool]) -> Json:
        if self.accounts.exists(str(wish["account"])):
            self.accounts.ensure_container(str(wish["account"]), str(wish["container"]))
        return {}

    def _rests(self, job: str) -> bool:
        found = self.log.get(job)
        return found is None or found.settled

    def _environment(self, wish: Json, is_ceased: Callable[[], bool]) -> Json:
        log = self.artifacts(str(wish["workspace"]), str(wish["run"])).folder / BUILD_LOG
        definition = self._brought(wish) if "model" in wish["definition"] else wish["definition"]
        return {"python": self.environments.ensure(definition, log, is_ceased).python}

    def _brought(self, wish: Json) -> Json:
        """The environment that a model brings with it."""
        uri = str(wish["definition"]["model"])
        path = self.locate(str(wish["workspace"]), uri)
        if path is None or not path.is_dir():
            raise errors.Missing(f"the files of the model are not there: {uri}", code="ModelNotFound")
        return sufficing.definition(path)

    def _copy(self, wish: Json, is_ceased: Callable[[], bool]) -> Json:
        jobs_of = ids.child(str(wish["workspace"]), "jobs", "")
        self.tracking.copy(f"{jobs_of}{wish['from']}", f"{jobs_of}{wish['to']}")
        return {}


def _limits(wish: Json) -> Limits:
    return Limits(int(wish["min"]), int(wish["max"]), float(wish["idle"]))


def _resize(place: Place, wish: Json) -> bool:
    """Other bounds for a cluster of our own; one that is attached elsewhere is another place."""
    if not isinstance(place, ClusterPlace) or wish.get("scheduler") or place.attached:
        return False
    place.resize(_limits(wish))
    return True


def serve(settings: Settings) -> None:
    """Runs a server in the foreground until it is told to stop (SIGINT, SIGTERM).

    Raises errors.Conflict when the home is in use by a live server or the port cannot be listened on, OSError when the home cannot be written.
    """
    # Imported here: whoever only wants the rooms needs no web server.
    import uvicorn

    from azurine.api.scoring.gate import Gates

    settings.home.mkdir(parents=True, exist_ok=True)
    # Several threads wait for each other here (loop, commits, requests); the usual 5 ms between switches would be felt in every commit.
    sys.setswitchinterval(SWITCH_INTERVAL)
    with _only_one(settings.home), _listening(settings) as listener:
        port = int(listener.getsockname()[1])
        url = settings.url(port)
        house = House(settings, url)
        try:
            # uvicorn raises the signal that ended it once more when it is done; that must not end this process before the house is closed.
            signal.signal(signal.SIGTERM, lambda *_: None)
            house.start()
            app = house.app()
            config = uvicorn.Config(
                app,
                ssl_certfile=str(house.certificates.server),
                log_level=settings.log_level,
                access_log=False,
                lifespan="off",
                http=Gates(app).protocol,  # type: ignore[arg-type]  # it only ever calls it
                server_header=False,
                date_header=True,
                timeout_keep_alive=75,
                timeout_graceful_shutdown=5,
            )
            _say_where(settings, port, url)
            _server(config).run(sockets=[listener])
        finally:
            house.close()
            with contextlib.suppress(FileNotFoundError):
                (settings.home / "server.json").unlink()


def _server(config: Any) -> Any:
    """A uvicorn server that, told to stop, does not wait for clients that only keep their connection open."""
    import uvicorn

    from azurine.api.scoring.gate import Gate

    class Server(uvicorn.Server):
        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            for connection in list(self.server_state.connections):
                if cast(Gate, connection).is_quiet:
                    connection.transport.abort()
            await super().shutdown(sockets)

    return Server(config)


def _say_where(settings: Settings, port: int, url: str) -> None:
    """`server.json`: for whoever looks for the server. Stays behind when the server is killed; the lock says whether it lives."""
    told = {"pid": os.getpid(), "host": settings.host, "port": port, "url": url, "store": settings.store, "started": clock.system()}
    temporary = settings.home / ".server.json"
    temporary.write_text(json.dumps(told), encoding="utf-8")
    temporary.replace(settings.home / "server.json")


@contextlib.contextmanager
def _only_one(home: Path) -> Iterator[None]:
    """One live server for one home. The kernel gives the lock back when the process dies, however it dies; that can take it a moment."""
    handle = os.open(home / "server.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        for attempt in range(LOCK_ATTEMPTS):
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as problem:
                if attempt == LOCK_ATTEMPTS - 1:
                    advice = f"stop it with `azurine down --home {home}`"
                    raise errors.Conflict(f"The home {home} is in use by a server that is running; {advice}.") from problem
                time.sleep(0.1)  # nothing announces that a lock is free without taking it
        yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # With the protocol named, small answers are sent at once (TCP_NODELAY); without it each waits for 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host.strip("[]"), settings.port))
        listener.listen(1024)
    except OSError as problem:
        listener.close()
        advice = "another one can be chosen with --port; 0 is any free one"
        raise errors.Conflict(f"{settings.host}:{settings.port} cannot be listened on: {problem.strerror}; {advice}.") from problem
    try:
        yield listener
    finally:
        listener.close()


def _always(body: Json) -> Callable[[object], Json]:
    return lambda _: body
