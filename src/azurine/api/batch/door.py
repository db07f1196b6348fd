"""Calls of batch endpoints: a POST says where data lies, and is answered with the job that works on it.

    POST /batch-endpoints/{name}/jobs                       starts a job; the header `azureml-model-deployment` names the deployment
    GET  /batch-endpoints/{name}/jobs                       those that were started so
    GET  /mferp/managementfrontend/…/batchEndpoints/{name}[/deployments/{name}]/jobs     the same, as the official client asks

Endpoints of workspaces other than the default one have the workspace's number in the path, before the name. The job is a pipeline job
like any other; what it looks like is given to this door as a function.
"""

import uuid
from collections.abc import Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from azurine.api import answers, body, resources
from azurine.api.house import House
from azurine.api.registries import FRONT
from azurine.model import errors, ids
from azurine.model.resources import Json, Resource
from azurine.store import admission

JOBS, ENDPOINTS = "workspaces/jobs", "workspaces/batchEndpoints"
DEPLOYMENTS = f"{ENDPOINTS}/deployments"
PINNED = "azureml-model-deployment"
MOST = 1000
"""Jobs in one list: the newest."""
_LISTED = FRONT + "/subscriptions/{s}/{groups}/{g}/providers/{provider}/workspaces/{w}/{collection}/{endpoint}"

Make = Callable[[Resource, Resource, Json], tuple[str, Json]]
"""(endpoint, deployment, what was sent) → the name of the job ("": any), and its body. Raises errors.Invalid."""


class Batch:
    """make: see `Make`. chosen: endpoint → its default deployment. came_of: (job, endpoint, deployment or "") → did it come of such a call?

    workspace_of: number of a workspace ("": the default one) → its id.
    """

    def __init__(
        self,
        house: House,
        make: Make,
        chosen: Callable[[Resource], str],
        came_of: Callable[[Resource, str, str], bool],
        workspace_of: Callable[[str], str | None],
    ) -> None:
        self._house, self._make, self._chosen, self._came_of, self._workspace_of = house, make, chosen, came_of, workspace_of

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/batch-endpoints/{endpoint}/jobs", self.answer, methods=["GET", "POST"]),
            Route("/batch-endpoints/{number}/{endpoint}/jobs", self.answer, methods=["GET", "POST"]),
            Route(_LISTED + "/jobs", self.listed, methods=["GET"]),
            Route(_LISTED + "/deployments/{deployment}/jobs", self.listed, methods=["GET"]),
        ]

    async def answer(self, request: Request) -> Response:
        workspace = self._workspace_of(str(request.path_params.get("number") or ""))
        if workspace is None:
            raise errors.Missing(f"there is no workspace {str(request.path_params['number'])[:80]!r}", code="WorkspaceNotFound")
        endpoint = ids.child(workspace, "batchEndpoints", str(request.path_params["endpoint"]))
        if request.method == "GET":
            return answers.answered(await run_in_threadpool(self._list, request, endpoint, ""))
        raw = await body.read_bytes(request)
        job = await run_in_threadpool(self._begun, request, endpoint, raw)
        return answers.answered(self._house.answer(job), 201, {"Location": str(request.url)})

    async def listed(self, request: Request) -> Response:
        before, _, after = answers.raw_path(request).removeprefix(FRONT).partition("/workspaces/")
        name = after.partition("/")[0]
        workspace = self._house.addresses.read(f"{before}/workspaces/{name}").id
        endpoint = ids.child(workspace, "batchEndpoints", str(request.path_params["endpoint"]))
        deployment = str(request.path_params.get("deployment") or "")
        return answers.answered(await run_in_threadpool(self._list, request, endpoint, "" if deployment == "None" else deployment))

    def _begun(self, request: Request, endpoint_id: str, raw: bytes) -> Resource:
        house = self._house
        principal = answers.principal(request)
        house.ask(principal, house.kinds[ENDPOINTS], "read", endpoint_id)
        endpoint = resources.get(house, endpoint_id)
        name = request.headers.get(PINNED, "") or self._chosen(endpoint)
        if not name:
            there = ", ".join(one.name for one in house.log.page(DEPLOYMENTS, endpoint.id, limit=100)) or "none"
            message = f"the endpoint {endpoint.name} has no default deployment; name one in the header {PINNED}. There are: {there}"
            raise errors.Invalid(message, code="DeploymentNotFound")
        deployment = resources.get(house, ids.child(endpoint.id, "deployments", name))
        if deployment.deleting or deployment.status.get("state") != "Succeeded":
            raise errors.Conflict(f"the deployment {deployment.name} is not ready: it is {deployment.status.get('state') or 'being created'}")
        wanted, content = self._make(endpoint, deployment, body.parse(raw))
        job = ids.child(ids.parent(endpoint.id), "jobs", wanted or f"batchjob-{uuid.uuid4()}")
        house.ask(principal, house.kinds[JOBS], "write", job)
        asked = admission.Request(job, lambda _: content, by=answers.asker(request), only_new=True)
        return admission.admit(house.log, house.kinds, asked, house.clock()).resource

    def _list(self, request: Request, endpoint_id: str, deployment: str) -> dict[str, Any]:
        house = self._house
        house.ask(answers.principal(request), house.kinds[JOBS], "read", ids.parent(endpoint_id))
        endpoint = resources.get(house, endpoint_id)
        if deployment:
            resources.get(house, ids.child(endpoint.id, "deployments", deployment))
        found = house.log.page(JOBS, ids.parent(endpoint.id), owner="", limit=MOST)
        return {"value": [house.answer(one) for one in found if self._came_of(one, endpoint.name, deployment)]}
