"""Where the rooms of jobs meet: computes and environments, what a step is told, and those who do what jobs wish for.

    a job's wish ─▶ performer ─▶ the place that its compute means (this machine, a cluster) ─▶ a process of the step's environment

A part of `app`, which puts the performers among the others.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from azurine.api.envelope import Addresses
from azurine.compute import sufficing
from azurine.compute.cluster import ClusterPlace
from azurine.compute.contract import Place
from azurine.compute.environments import Environments
from azurine.compute.fleet import Limits
from azurine.compute.processes import LocalPlace
from azurine.identity.tokens import STEP_LIFETIME, Tokens
from azurine.ml import computes, datastores, numbers
from azurine.model import clock, errors, ids
from azurine.model.resources import Json
from azurine.places import Places
from azurine.reconcile import tags
from azurine.reconcile.chores import Chores
from azurine.reconcile.clusters import Clusters
from azurine.reconcile.graphs import Graphs
from azurine.reconcile.orders import Orders
from azurine.reconcile.performers import Performer
from azurine.reconcile.steps import Steps
from azurine.store.log import Log
from azurine.tracking.contract import Tracking

BUILD_LOG = "azureml-logs/20_image_build_log.txt"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the work of jobs needs of the house. url: of the server. trust: whom steps trust. ended: hears of a task's folder when it succeeded."""

    home: Path
    log: Log
    tracking: Tracking
    places: Places
    addresses: Addresses
    tokens: Tokens
    environments: Environments
    url: str
    trust: Path
    ended: Callable[[Path], None]


class Training:
    """Those who do the work of jobs, and the computes where it is done."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        orders = Orders(sys.executable, around.places.locate, lambda workspace, run: around.places.artifacts(workspace, run).folder, self._told)
        self._steps = Steps(around.home / "tasks", self._place, orders.lay_out, around.ended)
        self._local = LocalPlace(around.home, None, self._steps.seen)
        self._clusters = Clusters(self._cluster, _resize)
        self._chores = (
            Chores("environment", self._environment),
            Chores("tracking.copy", self._copy),
            Chores(datastores.WORK, around.places.make_container),
        )
        self.performers: Mapping[str, Performer] = {
            "step": self._steps,
            "graph": Graphs(self._steps, self.rests),
            "cluster": self._clusters,
            "environment": self._chores[0],
            "tracking.copy": self._chores[1],
            datastores.WORK: self._chores[2],
        }

    def rests(self, job: str) -> bool:
        """Is there nothing more to be done for a job?"""
        found = self._around.log.get(job)
        return found is None or found.settled

    def stop(self) -> None:
        """Nothing more is begun; what runs goes on."""
        self._steps.close()
        for chore in self._chores:
            chore.close()

    def close(self) -> None:
        self._clusters.close()
        self._local.close()

    def _place(self, compute: str) -> Place:
        found = self._around.log.get(compute) if compute != "local" else None
        if found is None or computes.key(found) is None:
            return self._local
        return self._clusters.place(compute)

    def _cluster(self, wish: Json, tell: Callable[[Json], None]) -> Place:
        return ClusterPlace(
            self._around.home, str(wish["name"]), _limits(wish), self._steps.seen, address=str(wish.get("scheduler") or ""), changed=tell
        )

    def _told(self, wish: Json) -> Mapping[str, str]:
        """What a step needs to speak to this server: where it is, whom to trust, and a token of its own."""
        around = self._around
        workspace = str(wish["workspace"])
        job = around.log.get(ids.child(workspace, "jobs", str(wish["run"])))
        tracking = f"{around.url}/mlflow/v1.0/{around.addresses.path(workspace).lstrip('/')}"
        token = around.tokens.issue_step(str(wish["run"]), job.created_by if job is not None else "")
        bundle = str(around.trust)
        return {
            "AZUREML_RUN_TOKEN": token,
            "AZUREML_RUN_TOKEN_EXPIRY": str(int(clock.system() + STEP_LIFETIME)),
            "AZUREML_SERVICE_ENDPOINT": around.url,
            "AZUREML_RUN_HISTORY_SERVICE_ENDPOINT": around.url,
            "AZUREML_DISCOVERY_SERVICE_ENDPOINT": f"{around.url}/discovery",
            "AZUREML_EXPERIMENT_ID": numbers.experiment(ids.child(workspace, "experiments", str(wish.get("experiment") or "Default"))),
            "AZUREML_WORKSPACE_ID": numbers.workspace(workspace),
            "MLFLOW_TRACKING_URI": tracking,
            "MLFLOW_TRACKING_TOKEN": token,
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "MSI_ENDPOINT": f"{around.url}/msi/token",
            "MSI_SECRET": token,
            "REQUESTS_CA_BUNDLE": bundle,
            "SSL_CERT_FILE": bundle,
            "NO_PROXY": "localhost,127.0.0.1,.localhost",
            "no_proxy": "localhost,127.0.0.1,.localhost",
        }

    def _environment(self, wish: Json, is_ceased: Callable[[], bool]) -> Json:
        log = self._around.places.artifacts(str(wish["workspace"]), str(wish["run"])).folder / BUILD_LOG
        definition = self._brought(wish) if "model" in wish["definition"] else wish["definition"]
        return {"python": self._around.environments.ensure(definition, log, is_ceased).python}

    def _brought(self, wish: Json) -> Json:
        """The environment that a model brings with it."""
        uri = str(wish["definition"]["model"])
        path = self._around.places.locate(str(wish["workspace"]), uri)
        if path is None or not path.is_dir():
            raise errors.Missing(f"the files of the model are not there: {uri}", code="ModelNotFound")
        return sufficing.definition(path)

    def _copy(self, wish: Json, is_ceased: Callable[[], bool]) -> Json:
        before, job = (ids.child(str(wish["workspace"]), "jobs", str(wish[side])) for side in ("from", "to"))
        self._around.tracking.copy(before, job)
        tags.take_over(self._around.log, before, job, clock.system())
        return {}


def _limits(wish: Json) -> Limits:
    return Limits(int(wish["min"]), int(wish["max"]), float(wish["idle"]))


def _resize(place: Place, wish: Json) -> bool:
    """Other bounds for a cluster of our own; one that is attached elsewhere is another place."""
    if not isinstance(place, ClusterPlace) or wish.get("scheduler") or place.attached:
        return False
    place.resize(_limits(wish))
    return True
