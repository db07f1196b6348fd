"""The whole door as one ASGI application: a flat list of routes, and the layers around them in order.

From the outside in: the boundary (every failure becomes an answer), the host (names of storage accounts go to the Blob door), the
sign-in, the routes. `create_app` is given everything it needs and wires nothing by itself.
"""

from collections.abc import Callable, Mapping, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from azurine.api import actions, answers, locations, public, registries, runs
from azurine.api.arm import Arm
from azurine.api.artifacts import Artifacts
from azurine.api.boundary import Boundary
from azurine.api.envelope import Addresses
from azurine.api.history import JOBS, History
from azurine.api.hosts import ByHost
from azurine.api.house import Authorize, Finish, House, anybody
from azurine.api.operations import decode, result, status
from azurine.api.pipelines.door import PIPELINES, Pipelines
from azurine.model import clock as clocks
from azurine.model import errors
from azurine.model.kinds import Kind
from azurine.model.resources import Json
from azurine.store.log import Log

Layer = Callable[[ASGIApp], ASGIApp]
METHODS = ["GET", "HEAD", "PUT", "PATCH", "DELETE", "POST", "OPTIONS"]


def create_app(
    log: Log,
    kinds: Mapping[str, Kind],
    *,
    clock: clocks.Clock = clocks.system,
    authorize: Authorize = anybody,
    sign_in: Layer | None = None,
    table: actions.Table | None = None,
    asked_for: Sequence[str] = (),
    finish: Mapping[str, Finish] | None = None,
    instead: Callable[[str], str] = lambda identifier: "",
    extra: Sequence[BaseRoute] = (),
    early: Sequence[BaseRoute] = (),
    blobs: ASGIApp | None = None,
    artifacts: Artifacts | None = None,
    more: runs.More | None = None,
    sizes: Callable[[], Sequence[Json]] = tuple,
    ready: Callable[[], bool] = lambda: True,
) -> ASGIApp:
    """sign_in: wraps the routes and sets scope["principal"]. table: actions that are questions. extra: routes of other doors. early: those that stand before ARM's.

    asked_for: kinds whose lists leave out what other resources asked for. finish: completes what a kind shows with the server's own
    addresses. instead: see `House`. blobs: the application for `{account}.blob.…` hosts. artifacts, more: the files of a job, and what its
    run says beyond what the job shows. sizes: machine sizes of a location. ready: whether /healthz answers 200.
    """
    house = House(log, kinds, clock, Addresses(kinds), authorize, frozenset(asked_for), finish=finish or {}, instead=instead)
    past = History(house, artifacts or Artifacts(lambda job: (), lambda job, name: ""), more).routes() if JOBS in kinds else []
    published = Pipelines(house).routes() if PIPELINES in kinds else []
    arm = Arm(house, actions.Actions(table or {}))
    shared = registries.routes(house, arm)
    routes = [*early, *locations.routes(sizes), *_arm_routes(house, arm), *shared, *past, *published, *public.routes(house, ready), *extra]
    inner: ASGIApp = Router(routes=routes, redirect_slashes=False, default=_nothing_here)
    if sign_in is not None:
        inner = sign_in(inner)
    return Boundary(ByHost(inner, blobs) if blobs is not None else inner)


def _arm_routes(house: House, arm: Arm) -> list[BaseRoute]:
    group = "/subscriptions/{subscription}/{groups}/{group}"
    place = "/subscriptions/{subscription}/providers/{provider}/locations/{location}"

    async def operation_status(request: Request) -> Response:
        found = status(house, decode(request.path_params["operation"]))
        return answers.answered(found, 200, {"retry-after-ms": "200"} if found["status"] == "InProgress" else None)

    async def operation_result(request: Request) -> Response:
        over, made = result(house, decode(request.path_params["operation"]))
        if not over:
            return answers.nothing(202, {"Location": str(request.url), "retry-after-ms": "200"})
        return answers.nothing(204) if made is None else answers.answered(made)

    async def deployed(request: Request) -> Response:
        # What a deployment did, step by step: here it has no steps that could be told.
        return answers.answered({"value": []})

    async def everything(request: Request) -> Response:
        return await arm(request)

    return [
        Route(place + "/operationsStatus/{operation}", operation_status, methods=METHODS),
        Route(place + "/operationResults/{operation}", operation_result, methods=METHODS),
        Route(group + "/deployments/{deployment}/operations", deployed),
        Route(group + "/providers/Microsoft.Resources/deployments/{deployment}/operations", deployed),
        Route("/subscriptions", everything, methods=METHODS),
        Route("/subscriptions/{rest:path}", everything, methods=METHODS),
    ]


async def _nothing_here(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        raise errors.Missing(f"There is nothing at {str(scope.get('path', ''))[:300]!r}", code="NotFound")
    raise errors.Unsupported("only HTTP is spoken here")
