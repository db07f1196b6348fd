"""The table of this door, and how a request becomes a call.

`https://HOST/mlflow/v1.0/subscriptions/S/resourceGroups/G/providers/Microsoft.MachineLearningServices/workspaces/W` is the tracking
URI of a workspace; clients put `/api/2.0/mlflow/…` behind it. Any prefix will do: the workspace is found in what precedes `/api/`.
One route catches all and looks calls up by name, so that the last of a hundred is found as quickly as the first.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import unquote

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from azurine.api.house import Authorize, anybody
from azurine.api.mlflow import answers, limits, table
from azurine.api.mlflow.aliases import Aliases
from azurine.api.mlflow.arguments import Arguments, from_body, from_query
from azurine.api.mlflow.artifacts import NO_PARTS, Files
from azurine.api.mlflow.experiments import Experiments
from azurine.api.mlflow.house import Artifacts, Call, Shelf
from azurine.api.mlflow.index import Index
from azurine.api.mlflow.living import Living
from azurine.api.mlflow.logged_models import LoggedModels
from azurine.api.mlflow.recording import Recording
from azurine.api.mlflow.registry import Registry
from azurine.api.mlflow.runs import StoredRuns
from azurine.api.mlflow.searching import Search
from azurine.api.mlflow.sources import Sources
from azurine.api.mlflow.versions import Versions
from azurine.model import errors
from azurine.model.clock import Clock
from azurine.model.kinds import Kind
from azurine.store.log import Log
from azurine.tracking.contract import Tracking

WorkspaceOf = Callable[[Request], str]

VERSION = "3.3.0"
"""The version whose contract is spoken: the last one before clients send traces in OpenTelemetry's form."""

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]
_WORKSPACE = re.compile(r"/subscriptions/([^/]+)/resourceGroups/([^/]+)/(?:providers/[^/]+/)?workspaces/([^/]+)(?:/|$)", re.IGNORECASE)
_API = re.compile(r"(?P<prefix>.*?)/(?:ajax-)?api/[23]\.0/(?P<what>mlflow-artifacts|mlflow)(?:/(?P<rest>.*))?", re.DOTALL)
_MODEL = re.compile(r"logged-models/(?P<model_id>[^/]+)(?P<rest>/params|/tags(?:/(?P<tag_key>.+))?|/artifacts/directories)?", re.DOTALL)
_PARTS = re.compile(r"(?:mpu|presigned)/.*", re.DOTALL)


def workspace_of(request: Request) -> str:
    """The id of the workspace named in the address. Raises errors.Missing when there is none."""
    found = _WORKSPACE.search(request.scope["path"])
    if found is None:
        raise errors.Missing(
            "The tracking URI must name a workspace: …/subscriptions/S/resourceGroups/G/providers/…/workspaces/W", code="ENDPOINT_NOT_FOUND"
        )
    return f"subscriptions/{found[1]}/resourceGroups/{found[2]}/workspaces/{found[3]}"


def caller_of(request: Request) -> str:
    """The object id of who signed in, as `api.auth` leaves it; "" where nobody asks."""
    return str(getattr(request.scope.get("principal"), "object_id", ""))


def routes(
    log: Log,
    tracking: Tracking,
    artifacts: Artifacts,
    clock: Clock,
    *,
    kinds: Mapping[str, Kind] | None = None,
    workspace_of: WorkspaceOf = workspace_of,
    authorize: Authorize = anybody,
    prefix: str = "/mlflow",
) -> list[Route]:
    """kinds: the house's, by name, so that experiments and models made here are made by their own rules."""
    door = Door(log, tracking, artifacts, clock, kinds or {}, workspace_of, authorize)
    return [Route(f"{prefix}/{{path:path}}", door.answer, methods=METHODS)]


def action(method: str, name: str) -> str:
    """What a call does, in the words that roles are written in."""
    about = "models" if name.startswith(("registered-models", "model-versions")) else "experiments/runs"
    reads = method in ("GET", "HEAD") or name.endswith(("/search", "/search-datasets", "/get-latest-versions"))
    verb = "read" if reads else "delete" if method == "DELETE" or name.endswith("/delete") else "write"
    return f"Microsoft.MachineLearningServices/workspaces/{about}/{verb}"


class Door:
    def __init__(
        self,
        log: Log,
        tracking: Tracking,
        artifacts: Artifacts,
        clock: Clock,
        kinds: Mapping[str, Kind],
        workspace_of: WorkspaceOf,
        authorize: Authorize,
    ) -> None:
        runs = StoredRuns(log, clock)
        shelf = Shelf(log, kinds, clock)
        index = Index(log, runs)
        experiments = Experiments(shelf, index.experiments)
        sources = Sources(log, runs, tracking, artifacts)
        registry = Registry(shelf, sources)
        aliases = Aliases(shelf, registry)
        self._log = log
        self._workspace_of = workspace_of
        self._authorize = authorize
        self._files = Files(artifacts, runs, tracking)
        models = LoggedModels(tracking, runs, experiments, self._files, clock)
        self._of_model = table.one_logged_model(models)
        self._table: table.Table = {
            **table.experiments(experiments),
            **table.runs(Living(runs, tracking, experiments), Recording(runs, tracking), Search(index, tracking, experiments), self._files),
            **table.registry(registry, aliases, Versions(shelf, registry, aliases, sources)),
            **table.logged_models(models),
        }

    async def answer(self, request: Request) -> Response:
        """The edge: whatever is raised below becomes an answer here."""
        try:
            return await self._route(request)
        except errors.AzurineError as refusal:
            return answers.refuse(refusal)
        except ClientDisconnect:
            return answers.refuse(errors.Invalid("the connection ended before the whole body arrived", code="BAD_REQUEST"))
        except Exception as problem:  # noqa: BLE001 -- one of the edges: recorded, answered
            return answers.unexpected(problem, f"{request.method} {request.scope['path']}")

    async def _route(self, request: Request) -> Response:
        path = request.scope["path"]
        if path.endswith(("/version", "/health")) and "/api/" not in path:
            return PlainTextResponse(VERSION if path.endswith("/version") else "OK")
        found = _API.fullmatch(path)
        if found is None:
            raise _no_endpoint(request)
        workspace = self._workspace_of(request)
        self._ask(request, action(request.method, found["rest"] or ""), workspace)
        if found["what"] == "mlflow-artifacts":
            await run_in_threadpool(self._check_workspace, workspace)
            return await self._artifact(request, workspace, found["rest"] or "")
        handler, caught = self._find(request, found["rest"] or "")
        arguments = await _arguments(request)
        call = Call(workspace, caller_of(request), arguments, caught)
        return await run_in_threadpool(self._perform, handler, call)

    def _ask(self, request: Request, wanted: str, workspace: str) -> None:
        if not self._authorize(request.scope.get("principal"), wanted, workspace):
            raise errors.Denied(f"The client with object id {caller_of(request)!r} may not perform {wanted!r} over the scope '/{workspace}'")

    def _perform(self, handler: table.Handler, call: Call) -> Response:
        self._check_workspace(call.workspace)
        return answers.answer(handler(call))

    def _check_workspace(self, workspace: str) -> None:
        found = self._log.get(workspace)
        if found is None or found.deleting:
            raise errors.Missing(f"The workspace {workspace.rsplit('/', 1)[-1][:100]} does not exist.")

    def _find(self, request: Request, name: str) -> tuple[table.Handler, Mapping[str, str]]:
        method = "GET" if request.method == "HEAD" else request.method
        handler = self._table.get((method, name.strip("/")))
        if handler is not None:
            return handler, {}
        if found := _MODEL.fullmatch(name):
            handler = self._of_model.get((method, "/tags/*" if found["tag_key"] else found["rest"] or ""))
            if handler is not None:
                return handler, {"model_id": found["model_id"], "tag_key": unquote(found["tag_key"] or "")}
        raise _no_endpoint(request)

    async def _artifact(self, request: Request, workspace: str, rest: str) -> Response:
        if _PARTS.fullmatch(rest):
            raise errors.Unsupported(NO_PARTS)
        if rest.strip("/") == "artifacts" and request.method in ("GET", "HEAD"):
            return await self._files.list(request, workspace)
        verbs: Mapping[str, Callable[[Request, str, str], Awaitable[Response]]] = {
            "GET": self._files.download,
            "HEAD": self._files.download,
            "PUT": self._files.upload,
            "DELETE": self._files.delete,
        }
        verb = verbs.get(request.method)
        if verb is None or not rest.startswith("artifacts/"):
            raise _no_endpoint(request)
        return await verb(request, workspace, rest.removeprefix("artifacts/"))


async def _arguments(request: Request) -> Arguments:
    if request.method in ("GET", "HEAD"):
        return from_query(request.query_params.multi_items())
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limits.LONGEST_REQUEST:
        raise _too_large()
    pieces: list[bytes] = []
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > limits.LONGEST_REQUEST:
            raise _too_large()
        pieces.append(piece)
    raw = b"".join(pieces)
    if not raw.strip():
        return from_query(request.query_params.multi_items())
    return await run_in_threadpool(from_body, raw) if size > 65536 else from_body(raw)


def _too_large() -> errors.TooLarge:
    return errors.TooLarge(f"The request is over the limit of {limits.LONGEST_REQUEST} bytes: split it up.")


def _no_endpoint(request: Request) -> errors.Missing:
    return errors.Missing(f"There is no endpoint {request.method} {request.scope['path'][-300:]}", code="ENDPOINT_NOT_FOUND")
