"""Published pipelines: a pipeline that anybody who may can start by its address, with values for its parameters.

What is published is the body of a pipeline job (`job`) or an earlier run (`jobName`); it never changes. It is checked as a job
would be, and everything it names of components, environments and code is kept with it, so that no later change of those
changes it. Its parameters are the pipeline's inputs, their values the defaults. Publishing under the same name again makes another
published pipeline, of the next version; a pipeline endpoint (`pipeline_endpoints`) is the address that stays the same meanwhile.
https://learn.microsoft.com/azure/machine-learning/how-to-deploy-pipelines
"""

import re
from collections.abc import Mapping
from typing import Any

from azurine.ml import assets, jobs
from azurine.ml.jobs import inputs, published, words
from azurine.ml.reading import Reader, clipped
from azurine.model import errors, ids
from azurine.model.kinds import Admission, Kind, References
from azurine.model.resources import Json, Resource

NAME = "workspaces/pipelines"
STATUSES = (published.ACTIVE, published.DEPRECATED, published.DISABLED)
LONGEST_NAME = 255
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_FIXED = ("name", "version", "job", "jobName")
_OF_THE_RUN = frozenset({*jobs.ANSWERED, *published.ASKED, "isArchived", "tags", "properties", "description"})
"""What a body says of one run, and not of the pipeline."""


def admit(request: Admission) -> Json:
    check_guid(ids.name(request.id))
    body, properties = assets.begin(request)
    name = properties.text("name", required=True, longest=LONGEST_NAME)
    status = properties.choice("status", STATUSES) or published.ACTIVE
    version = properties.text("version", longest=LONGEST_NAME)
    if request.previous is not None:
        _check_same(request.previous, properties)
        body.finish()
        changed = {**assets.keep(request)["properties"], "status": status}
        return {**request.previous.spec, "properties": {**request.previous.spec["properties"], **changed}}
    keeping, job = _source(request, properties)
    planned = _planned(request, keeping, job, properties)
    body.finish()
    spec = {**assets.keep(request)["properties"], "name": name, "status": status, "job": job}
    spec["version"] = version or _next_version(request, name)
    plan = {"kept": keeping.kept, "newest": keeping.newest_of, "parameters": _parameters(planned), "steps": len(planned.get("nodes") or {})}
    return {"properties": spec, assets.PRIVATE: plan}


def check_guid(name: str) -> None:
    """Raises errors.Invalid when a name is no GUID in small letters."""
    if not _GUID.fullmatch(name):
        message = f"{clipped(name)} cannot be the id of a published pipeline or endpoint; it is a GUID such as 0f4c7b0e-5d3e-4c55-9d3f-0a1b2c3d4e5f"
        raise errors.Invalid(message, code="InvalidName", path="name")


def show(resource: Resource) -> Json:
    body = dict(assets.show(resource))
    plan = resource.spec[assets.PRIVATE]
    answered = {"provisioningState": "Succeeded", "parameters": plan["parameters"], "totalRunSteps": plan["steps"]}
    return {**body, "properties": {"tags": {}, "properties": {}, **body["properties"], **answered}}


def _source(request: Admission, properties: Reader) -> tuple[published.Keeping, dict[str, Any]]:
    """What is published: the properties of the job, and the references that note what it names."""
    if properties.has("job") == properties.has("jobName"):
        properties.fault("job", "a pipeline is published from the body of a pipeline job (job) or from a run (jobName), one of them", "MissingField")
        return published.Keeping(request.references), {}
    if properties.has("job"):
        job = properties.mapping("job")
        # Labels are called `properties`, too: what has a type is the job itself.
        given = job.value if job.has("jobType") or job.has("jobs") else job.mapping("properties").value
        return published.Keeping(request.references), {key: value for key, value in given.items() if key not in _OF_THE_RUN}
    name = properties.text("jobName")
    run = request.references.get(ids.child(ids.up_to(request.id, ids.WORKSPACES), "jobs", name)) if name else None
    if run is None or run.spec.get("plan", {}).get("type") != "pipeline":
        what = "is no run of a pipeline" if run is not None else "is not a run in the workspace"
        properties.fault("jobName", f"{clipped(name)} {what}; the name of a pipeline job would be right", "InvalidRun")
        return published.Keeping(request.references), {}
    return published.Keeping(published.references(request.references, str(run.spec["plan"].get("published") or ""))), of_run(run)


def of_run(run: Resource) -> dict[str, Any]:
    """The job's properties, with what its references meant when it was submitted."""
    plan = run.spec["plan"]
    body = {key: value for key, value in run.spec["properties"].items() if key not in _OF_THE_RUN}
    nodes = {name: {**node, "componentId": words.address(str(node["componentId"]))} for name, node in plan["nodes"].items()}
    given = {name: _pinned(one, plan["inputs"].get(name) or {}) for name, one in (body.get("inputs") or {}).items()}
    return {**body, "jobs": nodes, "inputs": given}


def _pinned(given: Any, planned: Json) -> Any:
    if not isinstance(given, Mapping) or "uri" not in planned:
        return given
    address = words.address(planned["asset"]) if planned.get("asset") else planned["uri"]
    return {**{key: value for key, value in given.items() if key not in ("path", "value")}, "jobInputType": planned["type"], "uri": address}


def _planned(request: Admission, keeping: References, job: Mapping[str, Any], properties: Reader) -> dict[str, Any]:
    """The plan of a run with the defaults. What is wrong with it is noted, below `job`."""
    if properties.faults:
        return {}
    workspace = ids.up_to(request.id, ids.WORKSPACES)
    practised = Admission(ids.child(workspace, "jobs", ids.name(request.id)), {"properties": job}, keeping, now=request.now, by=request.by)
    where = "jobName" if properties.has("jobName") else "job"
    try:
        plan: dict[str, Any] = jobs.admit(practised)["plan"]
    except errors.AzurineError as error:
        for one in error.details or [errors.Detail(error.code, error.message, error.path)]:
            properties.faults.append(errors.Detail(one.code, one.message, properties.at(where) + one.path.removeprefix("properties")))
        return {}
    if plan.get("type") != "pipeline":
        properties.fault(f"{where}.jobType", "only a pipeline can be published; jobType must be Pipeline", "InvalidType")
    return plan


def _parameters(plan: Json) -> dict[str, Json]:
    """{name: {"type", "default", "data"}} of the pipeline's inputs."""
    found: dict[str, Json] = {}
    for name, one in (plan.get("inputs") or {}).items():
        if "uri" in one:
            found[name] = {"type": one["type"], "default": words.address(one["asset"]) if one.get("asset") else one["uri"], "data": True}
        else:
            found[name] = {"type": inputs.LITERAL, "default": one.get("value"), "data": False}
    return found


def _next_version(request: Admission, name: str) -> str:
    siblings = request.references.children(ids.up_to(request.id, ids.WORKSPACES), NAME)
    numbers = [one.spec["properties"].get("version", "") for one in siblings if one.spec["properties"].get("name") == name]
    return str(max((int(one) for one in numbers if one.isascii() and one.isdigit() and len(one) < 10), default=0) + 1)


def _check_same(previous: Resource, properties: Reader) -> None:
    before = previous.spec["properties"]
    for key in _FIXED:
        if properties.has(key) and properties.value[key] != before.get(key):
            message = f"the published pipeline {before['name']} cannot get another {key}; publish it again, under the same name if you like"
            raise errors.Conflict(message, code="UserError", path=f"properties.{key}")


KIND = Kind(name=NAME, admit=admit, show=show)
