"""The pipelines' data plane: publish, list, enable, disable, and start runs by POST, with the addresses and words of Azure's.

    POST PipelineRuns/PipelineSubmit/{pipeline}                       starts a run; answers its Id
    POST PipelineRuns/PipelineEndpointSubmit/Id/{endpoint}[/{version}]   the same for an endpoint (…/Name/{name}[/{version}] by name)
    GET  PipelineRuns/{run} · PipelineRuns/Pipeline/{pipeline}        POST PipelineRuns/{run}/Cancel · DELETE PipelineRuns/{run}/Execution
    POST Pipelines/Create   GET Pipelines · Pipelines/{id}            PUT Pipelines/{id}/status
    POST PipelineEndpoints/Create   GET PipelineEndpoints · …/Id/{id} · …/Name?Name= · …/{id}/pipelines   PUT PipelineEndpoints/{id}

A run is a pipeline job like any other: the job's kind puts what was published in its place. So this door only translates, and a run
is followed where every job is. `Pipelines/Create` takes a run (`PipelineRunId`) or the body of a pipeline job (`Job`); the graphs of
modules that Azure's first Python SDK sends are not understood.
https://learn.microsoft.com/azure/machine-learning/how-to-deploy-pipelines
"""

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from azurine.api import answers, body, resources
from azurine.api.arm import not_allowed
from azurine.api.envelope import decoded
from azurine.api.house import House
from azurine.api.pipelines import asking, entities
from azurine.model import errors, ids
from azurine.model.resources import Json, Resource
from azurine.store import admission

JOBS, PIPELINES, ENDPOINTS = "workspaces/jobs", "workspaces/pipelines", "workspaces/pipelineEndpoints"
METHODS = ["GET", "POST", "PUT", "DELETE"]
MOST = 1000
"""Pipelines, endpoints or runs in one list: the newest."""
FIRST_VERSION = "0"
_PATH = "/pipelines/v1.0/subscriptions/{s}/{groups}/{g}/providers/{provider}/workspaces/{w}/{rest:path}"

Answer = Response | Mapping[str, Any] | Sequence[Any]


class Pipelines:
    def __init__(self, house: House) -> None:
        self._house = house

    def routes(self) -> list[BaseRoute]:
        return [Route(_PATH, self.answer, methods=METHODS)]

    async def answer(self, request: Request) -> Response:
        before, _, after = answers.raw_path(request).partition("/workspaces/")
        name, _, below = after.partition("/")
        address = self._house.addresses.read(f"/subscriptions/{before.partition('/subscriptions/')[2]}/workspaces/{name}")
        workspace = resources.get(self._house, address.id).id
        words = [decoded(one) for one in below.split("/") if one]
        raw = await body.read_bytes(request) if request.method in ("POST", "PUT") else b""
        done = await run_in_threadpool(self._answered, request, workspace, words, raw)
        return done if isinstance(done, Response) else answers.answered(done)

    def _answered(self, request: Request, workspace: str, words: list[str], raw: bytes) -> Answer:
        said = [request.method, *(word.lower() for word in words)]
        match said:
            case ["POST", "pipelineruns", "pipelinesubmit", pipeline]:
                return self._started(request, workspace, {"pipelineId": self._there(workspace, "pipelines", pipeline)}, raw)
            case ["POST", "pipelineruns", "pipelineendpointsubmit", ("id" | "name") as how, *_]:
                return self._started(request, workspace, self._of_endpoint(request, workspace, how, words[3:]), raw)
            case ["GET", "pipelineruns", "pipeline", pipeline]:
                return self._runs(request, workspace, pipeline)
            case ["GET", "pipelineruns", _]:
                return entities.run(self._house, self._read(request, ids.child(workspace, "jobs", words[1]), JOBS))
            case ["POST", "pipelineruns", _, "cancel"] | ["DELETE", "pipelineruns", _, "execution"]:
                return self._cancelled(request, ids.child(workspace, "jobs", words[1]))
            case ["POST", "pipelines", "create"]:
                return self._published(request, workspace, body.parse(raw))
            case ["PUT", "pipelines", pipeline, "status"]:
                return self._set_status(request, ids.child(workspace, "pipelines", pipeline), raw)
            case ["GET", "pipelines"]:
                return self._listed(request, workspace, PIPELINES, entities.pipeline)
            case ["GET", "pipelines", pipeline]:
                return entities.pipeline(
                    self._house, answers.root(request), self._read(request, ids.child(workspace, "pipelines", pipeline), PIPELINES)
                )
            case ["POST", "pipelineendpoints", "create"]:
                return self._endpoint_made(request, workspace, body.parse(raw))
            case ["GET", "pipelineendpoints"]:
                return self._listed(request, workspace, ENDPOINTS, entities.endpoint)
            case ["GET", "pipelineendpoints", "name"]:
                return self._endpoint(request, ids.numbered(workspace, "pipelineEndpoints", _named(request)))
            case ["GET", "pipelineendpoints", "id", endpoint]:
                return self._endpoint(request, ids.child(workspace, "pipelineEndpoints", endpoint))
            case ["GET", "pipelineendpoints", endpoint, "pipelines"]:
                return self._endpoint_pipelines(request, ids.child(workspace, "pipelineEndpoints", endpoint))
            case ["PUT", "pipelineendpoints", endpoint]:
                return self._endpoint_changed(request, ids.child(workspace, "pipelineEndpoints", endpoint), body.parse(raw))
        if request.method != "GET" and len(words) < 2:
            raise not_allowed(request.method, answers.raw_path(request))
        raise errors.Missing(f"the pipelines' data plane has no {request.method} {'/'.join(words)[:200]!r}", code="NotFound")

    # ── runs ──

    def _started(self, request: Request, workspace: str, named: Json, raw: bytes) -> dict[str, Any]:
        asked = body.parse(raw) if raw.strip() else {}
        parent = request.query_params.get("parentRunId")
        wanted = asking.job({**asked, **({"ParentRunId": parent} if parent else {})}, named)
        job = ids.child(workspace, "jobs", str(uuid.uuid4()))
        self._house.ask(answers.principal(request), self._house.kinds[JOBS], "write", job)
        try:
            return entities.run(self._house, self._put(request, job, {"properties": wanted}))
        except errors.Invalid as error:
            raise asking.told(error, wanted) from error

    def _of_endpoint(self, request: Request, workspace: str, how: str, rest: list[str]) -> dict[str, Any]:
        """Which endpoint, and which version of it: in the path, or (parity) as a query."""
        query = {key.lower(): value for key, value in request.query_params.items()}
        name, version = (*rest, "", "")[:2] if how == "id" or rest else (query.get("name", ""), "")
        wanted = ids.numbered(workspace, "pipelineEndpoints", name) if how == "name" else ids.child(workspace, "pipelineEndpoints", name.lower())
        found = resources.get(self._house, wanted)
        version = version or query.get("pipelineversion", "")
        return {"pipelineEndpointId": found.name, **({"pipelineVersion": version} if version else {})}

    def _runs(self, request: Request, workspace: str, pipeline: str) -> list[dict[str, Any]]:
        self._house.ask(answers.principal(request), self._house.kinds[JOBS], "read", workspace)
        found = self._house.log.page(JOBS, workspace, owner="", limit=MOST)
        return [entities.run(self._house, one) for one in found if _notes(one).get(entities.PIPELINE_NOTE) == pipeline]

    def _cancelled(self, request: Request, job: str) -> Response:
        kind = self._house.kinds[JOBS]
        self._house.ask(answers.principal(request), kind, "cancel/action", job)
        resources.change(self._house, job, lambda current: kind.wishes["cancel"](current, {}), answers.asker(request))
        return answers.nothing(200)

    # ── published pipelines ──

    def _published(self, request: Request, workspace: str, asked: Json) -> dict[str, Any]:
        given = {str(key).lower(): value for key, value in asked.items() if value is not None}
        if "graph" in given:
            message = "graphs of modules are not understood; name a run (PipelineRunId) or send the body of a pipeline job (Job)"
            raise errors.Unsupported(message, path="Graph")
        renamed = {"pipelinerunid": "jobName", "job": "job", **_PLAIN}
        properties = {ours: given[theirs] for theirs, ours in renamed.items() if theirs in given}
        found = ids.child(workspace, "pipelines", str(uuid.uuid4()))
        self._house.ask(answers.principal(request), self._house.kinds[PIPELINES], "write", found)
        return entities.pipeline(self._house, answers.root(request), self._put(request, found, {"properties": properties}))

    def _set_status(self, request: Request, pipeline: str, raw: bytes) -> Response:
        """parity: the body is a JSON string, not an object."""
        self._house.ask(answers.principal(request), self._house.kinds[PIPELINES], "write", pipeline)
        try:
            status = json.loads(raw)
        except ValueError as problem:
            raise errors.Invalid('the body must be a JSON string, such as "Disabled"', code="InvalidRequestContent") from problem
        resources.patch(self._house, pipeline, {"properties": {"status": status}}, {}, answers.asker(request))
        return answers.nothing(200)

    # ── endpoints ──

    def _endpoint_made(self, request: Request, workspace: str, asked: Json) -> dict[str, Any]:
        given = {str(key).lower(): value for key, value in asked.items() if value is not None}
        name = given.get("name")
        if not isinstance(name, str) or not name:
            raise errors.Invalid("Name is required", code="MissingField", path="Name")
        properties = {ours: given[theirs] for theirs, ours in _PLAIN.items() if theirs in given and ours != "version"}
        first = {"version": FIRST_VERSION, "pipelineId": given.get("pipelineid")}
        endpoint = ids.numbered(workspace, "pipelineEndpoints", name)
        self._house.ask(answers.principal(request), self._house.kinds[ENDPOINTS], "write", endpoint)
        if self._house.log.get(endpoint) is not None:
            raise errors.Conflict(f"there is a pipeline endpoint {name[:80]!r} already; add a version to it, or choose another name", path="Name")
        made = self._put(request, endpoint, {"properties": {**properties, "versions": [first], "defaultVersion": FIRST_VERSION}}, only_new=True)
        return entities.endpoint(self._house, answers.root(request), made)

    def _endpoint(self, request: Request, endpoint: str) -> dict[str, Any]:
        return entities.endpoint(self._house, answers.root(request), self._read(request, endpoint, ENDPOINTS))

    def _endpoint_pipelines(self, request: Request, endpoint: str) -> list[dict[str, Any]]:
        versions = self._read(request, endpoint, ENDPOINTS).spec["properties"]["versions"]
        place = ids.child(ids.up_to(endpoint, ids.WORKSPACES), "pipelines", "")
        found = [one for one in (self._house.log.get(f"{place}{version['pipelineId']}") for version in versions) if one is not None]
        return [entities.pipeline(self._house, answers.root(request), one) for one in found if _is_wanted(request, one)]

    def _endpoint_changed(self, request: Request, endpoint: str, asked: Json) -> dict[str, Any]:
        """The whole endpoint as it was read, with changes; what is left out stays."""
        self._house.ask(answers.principal(request), self._house.kinds[ENDPOINTS], "write", endpoint)
        given = {str(key).lower(): value for key, value in asked.items() if value is not None}
        changes = {ours: given[theirs] for theirs, ours in {**_PLAIN, "defaultversion": "defaultVersion"}.items() if theirs in given}
        if "pipelineversionlist" in given:
            listed = given["pipelineversionlist"]
            named = {"version": "version", "pipelineid": "pipelineId"}
            changes["versions"] = [
                {named.get(str(key).lower(), str(key)): value for key, value in one.items()} if isinstance(one, Mapping) else one
                for one in (listed if isinstance(listed, list) else [])
            ]
        changes.pop("version", None)
        done = resources.patch(self._house, endpoint, {"properties": changes}, {}, answers.asker(request))
        return entities.endpoint(self._house, answers.root(request), done.resource)

    # ── what they share ──

    def _there(self, workspace: str, collection: str, name: str) -> str:
        """The name of something that must be there."""
        return resources.get(self._house, ids.child(workspace, collection, name.lower())).name

    def _read(self, request: Request, identifier: str, kind: str) -> Resource:
        self._house.ask(answers.principal(request), self._house.kinds[kind], "read", identifier)
        return resources.get(self._house, identifier)

    def _put(self, request: Request, identifier: str, content: Json, only_new: bool = False) -> Resource:
        asked = admission.Request(identifier, lambda _: content, by=answers.asker(request), only_new=only_new)
        return admission.admit(self._house.log, self._house.kinds, asked, self._house.clock()).resource

    def _listed(self, request: Request, workspace: str, kind: str, shape: Callable[[House, str, Resource], dict[str, Any]]) -> list[dict[str, Any]]:
        self._house.ask(answers.principal(request), self._house.kinds[kind], "read", workspace)
        size = request.headers.get("batchsize", "")
        most = min(int(size), MOST) if size.isascii() and size.isdigit() and len(size) < 9 else MOST
        found = [one for one in self._house.log.page(kind, workspace, limit=MOST) if _is_wanted(request, one)]
        return [shape(self._house, answers.root(request), one) for one in found[:most]]


_PLAIN = {"name": "name", "description": "description", "version": "version", "tags": "tags", "properties": "properties", "entitystatus": "status"}
"""What is called nearly the same at both doors."""


def _is_wanted(request: Request, found: Resource) -> bool:
    """parity: lists show what is active unless `activeOnly=false`."""
    active = request.query_params.get("activeOnly", "true").lower() != "false"
    return not active or found.spec["properties"]["status"] == "Active"


def _named(request: Request) -> str:
    name = request.query_params.get("Name") or request.query_params.get("name") or ""
    if not name:
        raise errors.Invalid("which endpoint? …/PipelineEndpoints/Name?Name=<its name>", path="Name")
    return name


def _notes(job: Resource) -> Mapping[str, Any]:
    return (job.spec.get("properties") or {}).get("properties") or {}
