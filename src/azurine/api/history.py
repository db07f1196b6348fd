"""Run history's REST door: what `MLClient.jobs.stream`, `download`, `update`, `archive` and `list(parent_job_name=…)` ask for.

A run is a job (`api.runs`). Runs are addressed directly or below their experiment, by name or by id; here that is the same. A PATCH
goes through the job's own `admit`, like any other change of a job. Outputs are resolved by the data planes of data and models: an
output's id is the job's address with `/outputs/{name}`, and its place is read from the job.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from azurine.api import answers, body, paging, resources, runs
from azurine.api.arm import not_allowed
from azurine.api.artifacts import Artifacts
from azurine.api.envelope import decoded
from azurine.api.house import House
from azurine.model import errors, ids
from azurine.model.resources import Resource

JOBS = "workspaces/jobs"
WORKSPACE = "/subscriptions/{s}/{groups}/{g}/providers/{provider}/workspaces/{w}"
METHODS = ["GET", "PATCH", "POST", "PUT", "DELETE"]
CHANGES = {"displayName": "displayName", "description": "description", "tags": "tags", "properties": "properties", "hidden": "isArchived"}
"""What of a run may be changed, and what a job calls it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a path below `…/workspaces/{w}/` names: a run, and what of it ("" for the run itself)."""

    run: str
    part: str


class History:
    def __init__(self, house: House, artifacts: Artifacts, more: runs.More | None = None) -> None:
        self._house = house
        self._artifacts = artifacts
        self._more = more

    def routes(self) -> list[BaseRoute]:
        below = WORKSPACE + "/{rest:path}"
        return [
            Route("/history/v1.0" + below, self.history, methods=METHODS),
            Route("/data/v1.0" + WORKSPACE + "/dataversion/batchGetResolvedUris", self.resolved("uri"), methods=["POST"]),
            Route("/modelregistry/v1.0" + WORKSPACE + "/models/batchGetResolvedUris", self.resolved("path"), methods=["POST"]),
        ]

    async def history(self, request: Request) -> Response:
        workspace = self._workspace(request)
        segments = answers.raw_path(request).split("/workspaces/", 1)[-1].split("/")[1:]
        if segments == ["rundata"] and request.method == "POST":
            return await self._run_data(request, workspace)
        asked = read(segments)
        job_id = ids.child(workspace, "jobs", asked.run)
        verb = "read" if request.method == "GET" else "write"
        self._house.ask(answers.principal(request), self._house.kinds[JOBS], verb, job_id)
        if request.method == "PATCH" and not asked.part:
            return await self._changed(request, job_id)
        if request.method == "POST" and asked.part == "cancel":
            return await run_in_threadpool(self._cancelled, request, job_id)
        if request.method != "GET":
            raise not_allowed(request.method, answers.raw_path(request))
        return await run_in_threadpool(self._read, request, job_id, asked.part)

    def resolved(self, member: str) -> Any:
        """The data planes that say where outputs and assets are. member: what they call the place, "uri" or "path"."""

        async def batch(request: Request) -> Response:
            workspace = self._workspace(request)
            self._house.ask(answers.principal(request), self._house.kinds[JOBS], "read", workspace)
            wanted = (await body.read(request)).get("values")
            if not isinstance(wanted, list) or not all(isinstance(one, str) for one in wanted) or len(wanted) > paging.LONGEST:
                raise errors.Invalid(f"values must be an array of at most {paging.LONGEST} ids", path="values")
            found = await run_in_threadpool(lambda: {one: self._place(workspace, one) for one in wanted})
            return answers.answered({"values": {one: {member: uri, "type": kind} for one, (uri, kind) in found.items() if uri}})

        return batch

    def _read(self, request: Request, job_id: str, part: str) -> Response:
        job = resources.get(self._house, job_id)
        if part == "":
            return answers.answered(self._view(job))
        if part == "details":
            return answers.answered(runs.details(self._view(job), self._artifacts.logs(job)))
        if part == "children":
            return self._children(request, job)
        if part == "services":
            return answers.answered({})
        if part.startswith("serviceinstances/"):
            return answers.answered({"instances": {}})
        if part.startswith("artifacts"):
            return answers.answered(self._artifacts.answer(job, part, request.query_params))
        raise errors.Missing(f"run history has no {part[:60]!r} of a run", code="NotFound")

    def _children(self, request: Request, job: Resource) -> Response:
        def fetch(after: int | None, limit: int) -> list[Resource]:
            return self._house.log.page(job.kind, ids.parent(job.id), owner=job.id, after=after, newest_first=False, limit=limit)

        parameters = request.query_params.multi_items()
        page = paging.take(fetch, lambda one: True, paging.wanted(parameters))
        found: dict[str, Any] = {"value": [self._view(one) for one in page.resources]}
        if page.token:
            found["nextLink"] = paging.next_link(answers.root(request) + answers.raw_path(request), parameters, page.token)
            found["continuationToken"] = page.token
        return answers.answered(found)

    async def _changed(self, request: Request, job_id: str) -> Response:
        given = await body.read(request)
        changes = {job: given[run] for run, job in CHANGES.items() if given.get(run) is not None}
        for name in ("tags", "properties"):
            body.mapping(changes, name)
        by = answers.asker(request)
        done = await run_in_threadpool(resources.patch, self._house, job_id, {"properties": changes}, {}, by, runs_merge)
        return answers.answered(self._view(done.resource))

    def _cancelled(self, request: Request, job_id: str) -> Response:
        wish = self._house.kinds[JOBS].wishes.get("cancel")
        if wish is None:
            raise errors.Unsupported("jobs cannot be cancelled here")
        resources.change(self._house, job_id, lambda current: wish(current, {}), answers.asker(request))
        return answers.nothing(200)

    async def _run_data(self, request: Request, workspace: str) -> Response:
        run_id = (await body.read(request)).get("runId")
        if not isinstance(run_id, str) or not run_id:
            raise errors.Invalid("runId must name a run", path="runId")
        job_id = ids.child(workspace, "jobs", decoded(run_id.encode("utf-8", "replace").decode("latin-1")))
        self._house.ask(answers.principal(request), self._house.kinds[JOBS], "read", job_id)
        job = await run_in_threadpool(resources.get, self._house, job_id)
        return answers.answered({"runMetadata": self._view(job), "runDefinition": None, "jobSpecification": None})

    def _view(self, job: Resource) -> dict[str, Any]:
        return runs.view(self._house, job, self._more)

    def _workspace(self, request: Request) -> str:
        """Our id of the workspace in the path, which must exist."""
        before, _, after = answers.raw_path(request).partition("/workspaces/")
        raw = "/subscriptions/" + before.partition("/subscriptions/")[2] + "/workspaces/" + after.partition("/")[0]
        address = self._house.addresses.read(raw)
        return resources.get(self._house, address.id).id

    def _place(self, workspace: str, asset_id: str) -> tuple[str, str]:
        """(uri, type) of an output of a job, or of a data or model version; ("", "") for what is not there."""
        arm_id, separator, output = asset_id.partition("/outputs/")
        try:
            identifier = self._house.addresses.inside(arm_id)
        except errors.AzurineError:
            return "", ""
        found = self._house.log.get(identifier) if identifier.startswith(workspace + "/") else None
        if found is None:
            return "", ""
        properties: Mapping[str, Any] = self._house.show(found).get("properties") or {}
        if not separator:
            uri = properties.get("dataUri") or properties.get("modelUri") or ""
            return str(uri), str(properties.get("dataType") or properties.get("modelType") or "uri_folder")
        shown = (properties.get("outputs") or {}).get(output)
        return (str(shown.get("uri") or ""), str(shown.get("jobOutputType") or "uri_folder")) if isinstance(shown, Mapping) else ("", "")


def read(segments: list[str]) -> Asked:
    """`runs/{id}/…`, `experiments/{e}/runs/{id}/…`, `experimentids/{e}/runs/{id}/…`. Raises errors.Missing for anything else."""
    parts = segments[2:] if len(segments) > 2 and segments[0] in ("experiments", "experimentids") else segments
    if len(parts) < 2 or parts[0] != "runs":
        raise errors.Missing("run history knows runs/{id} and experiments/{name}/runs/{id}, and what is below them", code="NotFound")
    return Asked(decoded(parts[1]), "/".join(decoded(one) for one in parts[2:] if one))


def runs_merge(standing: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """parity: run history adds tags and properties to those that are there, where ARM replaces them."""
    before = dict(standing.get("properties") or {})
    for name, value in changes["properties"].items():
        before[name] = {**(before.get(name) or {}), **value} if name in ("tags", "properties") else value
    return {**standing, "properties": before}
