"""Drafts: pipelines that somebody is still working on. A draft may be incomplete, or wrong; it is kept as it is.

Its `job` is the body of a pipeline job (its `properties`), so that what is drafted, submitted and published is one format; its `layout` is the
canvas's own and is kept untouched. A new draft may begin as a copy: of a run (`jobName`), of a published pipeline (`pipelineId`) or of
another draft (`draftName`); what it was copied from is noted. What is wrong with a draft is told when somebody asks (`checking`).
https://learn.microsoft.com/azure/machine-learning/how-to-create-component-pipelines-ui
"""

from typing import Any

from azurine.ml import assets, names, pipelines
from azurine.ml.jobs import published
from azurine.ml.reading import Reader, clipped
from azurine.model import ids
from azurine.model.kinds import Admission, Kind
from azurine.model.resources import Json, Resource

COLLECTION = "pipelineDrafts"
NAME = f"workspaces/{COLLECTION}"
SOURCES = {"jobName": "parentJobName", "pipelineId": "parentPipelineId", "draftName": "parentDraftName"}
"""What a new draft may be a copy of, and what it remembers that as."""


def admit(request: Admission) -> Json:
    names.check(ids.name(request.id), names.JOB)
    body, properties = assets.begin(request)
    properties.text("displayName", longest=1000)
    properties.text("lastSubmittedJobName")
    job = properties.mapping("job").value
    properties.mapping("layout")
    kept = {key: value for key, value in assets.keep(request)["properties"].items() if value is not None}
    said = [key for key in SOURCES if properties.has(key)]
    if said and request.previous is None:
        if len(said) > 1 or properties.has("job"):
            other = "job" if properties.has("job") else said[1]
            properties.fault(said[0], f"{said[0]} and {other} exclude each other: a draft begins as one of them", "InvalidValue")
        else:
            kept |= _copied(request, properties, said[0])
    for key, noted in SOURCES.items():
        if kept.get(key) is not None and request.previous is None:
            kept[noted] = kept[key]
        kept.pop(key, None)
    body.finish()
    return {"properties": {"job": dict(job), **kept}}


def show(resource: Resource) -> Json:
    shown = assets.show(resource)["properties"]
    return {"properties": {"tags": {}, "properties": {}, "displayName": resource.name, "layout": {}, **shown, "provisioningState": "Succeeded"}}


def job_of(draft: Resource) -> Json:
    """The pipeline job's properties, as far as they are drafted."""
    found: Json = draft.spec["properties"]["job"]
    return found


def _copied(request: Admission, properties: Reader, key: str) -> dict[str, Any]:
    """What the copy has of its source. What is wrong with the source's name is noted."""
    workspace, name = ids.up_to(request.id, ids.WORKSPACES), properties.text(key, required=True)
    collection = {"jobName": "jobs", "pipelineId": published.PIPELINES, "draftName": COLLECTION}[key]
    found = request.references.get(ids.child(workspace, collection, name.lower() if key == "pipelineId" else name)) if name else None
    if found is None or (key == "jobName" and found.spec.get("plan", {}).get("type") != "pipeline"):
        noun = {"jobName": "run of a pipeline", "pipelineId": "published pipeline", "draftName": "draft"}[key]
        properties.fault(key, f"there is no {noun} {clipped(name)} in the workspace", "ResourceNotFound")
        return {}
    if key == "jobName":
        return {"job": pipelines.of_run(found)}
    shown = found.spec["properties"]
    return {part: shown[part] for part in ("job", "layout") if part in shown}


KIND = Kind(name=NAME, admit=admit, show=show)
