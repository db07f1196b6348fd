"""Where the rooms of online endpoints meet: what a server needs to keep models running and to send requests to them.

    a deployment's wish ─▶ performer ─▶ services (processes)          a request ─▶ door ─▶ lane ─▶ one of the processes

A part of `app`, which makes one of these and puts its door in front of the others.
"""

import logging
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from azurine.api import answers
from azurine.api.actions import Table
from azurine.api.envelope import Addresses
from azurine.api.scoring import actions
from azurine.api.scoring.door import Door
from azurine.api.scoring.fronts import Front, Fronts, Target
from azurine.api.scoring.lanes import Limits
from azurine.compute.services import Services
from azurine.guest import warming
from azurine.identity.directory import Principal
from azurine.identity.endpoint_keys import EndpointKeys
from azurine.ml import endpoints, numbers, resource_groups, subscriptions, workspaces
from azurine.ml.endpoints import online, online_deployments
from azurine.model import clock, errors, ids
from azurine.model.kinds import Kind
from azurine.model.resources import Json, Resource
from azurine.reconcile.deployments import Deployments, Surroundings, service_of
from azurine.store.log import Log

_logger = logging.getLogger(__name__)
KINDS = (online.NAME, online.DEPLOYMENTS)
PROGRAM = Path(__file__).parent / "guest" / "scoring.py"
SCORE = "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/score/action"


class Online:
    """home: the server's folder. default: id of the workspace whose endpoints have the short addresses. See `Surroundings` for the rest."""

    def __init__(
        self,
        home: Path,
        identity: Path,
        default: str,
        log: Log,
        *,
        python: Callable[[Json, Path], str],
        locate: Callable[[str, str], Path | None],
        logs: Callable[[str, str, str], Path],
        variables: Mapping[str, str],
    ) -> None:
        self._default = default
        self._log = log
        self._logs = logs
        self._keys = EndpointKeys(identity)
        self._fronts = Fronts(log, self._front, KINDS)
        surroundings = Surroundings(python, locate, logs, variables, PROGRAM)
        self._warm = home / "warm"
        self.performer = Deployments(
            home / "services", lambda seen: Services(seen, lambda one, own: warming.zygote(self._warm, one, {}, _kind_of(own))), surroundings
        )
        self._ahead = ThreadPoolExecutor(1, thread_name_prefix="online-ahead")
        log.listen(self._hear)

    def start(self) -> None:
        """Where there are endpoints there will be deployments."""
        if any(self._log.page(online.NAME, one.id, limit=1) for one in self._workspaces()):
            self._ahead.submit(self._warm_up)

    @property
    def table(self) -> Table:
        """The questions that are asked of endpoints and deployments."""
        return actions.table(KINDS, keys=self._both, token=self._token, logs=self._folder, clock=clock.system)

    def routes(self, kinds: Mapping[str, Kind], may: Callable[[Principal, str, str], bool]) -> list[BaseRoute]:
        """What is asked of deployments by GET beside themselves: to how many instances they can be scaled."""
        addresses = Addresses(kinds)

        async def skus(request: Request) -> Response:
            found = addresses.read(answers.raw_path(request).rpartition("/")[0], action=False)
            deployment = self._log.get(found.id)
            if not may(answers.principal(request), f"{KINDS[1]}/read", found.id):
                raise errors.Denied(f"you may not read {ids.name(found.id)}")
            if deployment is None:
                raise errors.Missing(f"there is no deployment {ids.name(found.id)!r}")
            return answers.answered({"value": [dict(one) for one in online_deployments.sizes(deployment)]})

        place = "/subscriptions/{subscription}/{groups}/{group}/providers/{provider}/workspaces/{workspace}"
        return [Route(place + "/onlineEndpoints/{endpoint}/deployments/{deployment}/skus", skus)]

    def door(self, inner: ASGIApp, check: Callable[[str], Principal], may: Callable[[Principal, str, str], bool]) -> Door:
        """inner: answers everything that is no request to an endpoint. check: token → principal. may: (principal, action, id)."""

        def admit(front: Front, token: str) -> None:
            if front.mode == online.AML_TOKEN:
                if not self._keys.holds(_identity(front.endpoint), token):
                    raise errors.Unauthenticated("the token is not one of this endpoint's, or has expired; fetch another one")
                return
            principal = check(token)
            if not may(principal, SCORE, front.endpoint.id):
                raise errors.Denied(f"{principal.name} may not call the endpoint {front.endpoint.name}")

        found = Door(inner, self._fronts, self.performer.services.sockets, admit, self.workspace, check)
        self.performer.drain, self.performer.changed = found.drain, found.changed
        return found

    def close(self) -> None:
        self._ahead.shutdown(wait=True, cancel_futures=True)
        self.performer.close()

    def _hear(self, versions: Sequence[Resource]) -> None:
        if any(one.kind == online.NAME and not one.deleting for one in versions):
            with suppress(RuntimeError):  # the server ends
                self._ahead.submit(self._warm_up)

    def _warm_up(self) -> None:
        """Makes the process that most deployments are forks of (of the server's own interpreter), so that the first does not wait for imports."""
        try:
            warming.zygote(self._warm, sys.executable, {}, warming.SCORING)
        except Exception:  # an edge: a deployment starts without it, too, only later
            _logger.warning("no process could be warmed up for deployments", exc_info=True)

    def _front(self, endpoint: Resource, deployments: Sequence[Resource]) -> Front:
        keys = tuple(key.encode() for key in self._both(endpoint)) if online.auth_mode(endpoint) == online.KEY else ()
        targets = {one.name.lower(): _target(one) for one in deployments}
        live, mirrored = tuple(online.live(endpoint).items()), tuple(online.mirrored(endpoint).items())
        return Front(endpoint, online.auth_mode(endpoint), keys, live, mirrored, targets)

    def _both(self, endpoint: Resource) -> tuple[str, str]:
        if online.auth_mode(endpoint) == online.AAD_TOKEN:
            raise errors.Invalid(f"{endpoint.name} has no keys; its authMode is {online.auth_mode(endpoint)}", code="InvalidAuthMode")
        primary, secondary = (
            online.given_key(endpoint, which) or self._keys.key(online.key_text(endpoint, which)) for which in (online.PRIMARY, online.SECONDARY)
        )
        return primary, secondary

    def _token(self, endpoint: Resource, oid: str) -> tuple[str, float]:
        if online.auth_mode(endpoint) != online.AML_TOKEN:
            raise errors.Invalid(f"{endpoint.name} has no tokens of its own; its authMode is {online.auth_mode(endpoint)}", code="InvalidAuthMode")
        return self._keys.token(_identity(endpoint), oid)

    def _folder(self, deployment: Resource) -> Path:
        endpoint = ids.parent(deployment.id)
        return self._logs(ids.parent(endpoint), ids.name(endpoint), deployment.name)

    def workspace(self, number: str) -> str | None:
        if not number:
            return self._default
        return next((one.id for one in self._workspaces() if numbers.workspace(one.id) == number), None)

    def _workspaces(self) -> Iterator[Resource]:
        for subscription in self._log.page(subscriptions.KIND.name, "", limit=1000):
            for group in self._log.page(resource_groups.KIND.name, subscription.id, limit=1000):
                yield from self._log.page(workspaces.NAME, group.id, limit=1000)


def kinds(address: str, default: str) -> tuple[Kind, ...]:
    return endpoints.kinds(address, default)


def _target(deployment: Resource) -> Target:
    limits = online_deployments.limits(deployment)
    concurrent, instances = int(limits["concurrent"]), int(limits["instances"])
    found = Limits(float(limits["timeout"]), limits["queue"], concurrent, 2 * concurrent * instances)
    return Target(deployment.name, service_of(online_deployments.served_by(deployment)), found)


def _kind_of(variables: Mapping[str, str]) -> warming.Kind:
    """Of a deployment's process: one whose code speaks of MLflow starts from a process that has imported it."""
    source = variables.get("AZUREML_SOURCE_DIRECTORY", "")
    return warming.TRACKING if source and warming.kind_of(Path(source), "") is warming.TRACKING else warming.SCORING


def _identity(endpoint: Resource) -> str:
    """One endpoint for ever: another one of the same name is another."""
    return f"{endpoint.id}#{endpoint.created}"
