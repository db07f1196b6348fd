"""Pipeline endpoints: an address with a name that starts whichever published pipeline is its default version, or any other of its versions.

The endpoint's id follows from its name (`model.ids.numbered`), so that there is one of a name and either finds it. Versions are numbered from
0 and stay; the default version, description, tags and status may change.
https://learn.microsoft.com/python/api/azureml-pipeline-core/azureml.pipeline.core.pipelineendpoint
"""

from collections.abc import Mapping
from typing import Any

from azurine.ml import assets, names, pipelines
from azurine.ml.jobs import published
from azurine.ml.reading import Reader, clipped
from azurine.model import errors, ids
from azurine.model.kinds import Admission, Kind
from azurine.model.resources import Json

NAME = "workspaces/pipelineEndpoints"
STATUSES = (published.ACTIVE, published.DISABLED)
MOST_VERSIONS = 10_000


def admit(request: Admission) -> Json:
    pipelines.check_guid(ids.name(request.id))
    body, properties = assets.begin(request)
    name = properties.text("name", required=True)
    if name and not names.fits(name, names.EXPERIMENT):
        properties.fault("name", f"{clipped(name)} cannot be the name of a pipeline endpoint; it has {names.EXPERIMENT.words}", "InvalidName")
    status = properties.choice("status", STATUSES) or published.ACTIVE
    versions = _versions(request, properties)
    default = properties.text("defaultVersion") or (versions[0]["version"] if versions else "")
    if versions and default not in [one["version"] for one in versions]:
        known = ", ".join(one["version"] for one in versions)
        properties.fault("defaultVersion", f"{clipped(default)} is not one of the versions; it could be {known}", "UnknownVersion")
    _check_name(request, name)
    body.finish()
    spec = {**assets.keep(request)["properties"], "name": name, "status": status, "versions": versions, "defaultVersion": default}
    return {"properties": spec}


def show(resource: Any) -> Json:
    return {"properties": {"tags": {}, "properties": {}, **assets.show(resource)["properties"], "provisioningState": "Succeeded"}}


def _check_name(request: Admission, name: str) -> None:
    """An endpoint keeps its name, and its id is the one that goes with it."""
    workspace = ids.up_to(request.id, ids.WORKSPACES)
    if request.previous is not None and request.previous.spec["properties"]["name"] != name:
        before = request.previous.spec["properties"]["name"]
        raise errors.Conflict(f"the pipeline endpoint {before} cannot be renamed; make another one", code="UserError", path="properties.name")
    right = ids.name(ids.numbered(workspace, published.ENDPOINTS, name))
    if name and ids.name(request.id) != right:
        raise errors.Invalid(f"the id of the pipeline endpoint {clipped(name)} is {right}", code="InvalidName", path="name")


def _versions(request: Admission, properties: Reader) -> list[dict[str, str]]:
    """[{"version", "pipelineId"}], each of a published pipeline. Those that there are stay."""
    given = properties.items("versions", required=True)
    before = request.previous.spec["properties"]["versions"] if request.previous is not None else []
    if not given and properties.has("versions"):
        properties.fault("versions", "an endpoint needs at least one version, such as {version: '0', pipelineId: …}", "MissingField")
    if len(given) > MOST_VERSIONS:
        properties.fault("versions", f"{len(given)} versions are too many; at most {MOST_VERSIONS} are possible")
        return []
    found: list[dict[str, str]] = []
    for place, one in enumerate(given):
        entry = Reader(one, properties.at(f"versions[{place}]"), properties.faults)
        if not isinstance(one, Mapping):
            entry.fault("", f"a version is an object with version and pipelineId, not {clipped(one)}", "InvalidType")
            continue
        version, pipeline = entry.text("version", required=True, longest=40), entry.text("pipelineId", required=True).lower()
        if version in [other["version"] for other in found]:
            entry.fault("version", f"the version {clipped(version)} is there twice")
        if pipeline and _is_new(pipeline, before) and request.references.get(_pipeline(request, pipeline)) is None:
            entry.fault("pipelineId", f"there is no published pipeline {clipped(pipeline)} in the workspace", "PipelineNotFound")
        found.append({"version": version, "pipelineId": pipeline})
    gone = [one["version"] for one in before if one not in found]
    if gone and not properties.faults:
        properties.fault("versions", f"the version {gone[0]} cannot be changed or taken away; add another one, and make it the default")
    return found


def _is_new(pipeline: str, before: list[dict[str, str]]) -> bool:
    return pipeline not in [one["pipelineId"] for one in before]


def _pipeline(request: Admission, guid: str) -> str:
    return ids.child(ids.up_to(request.id, ids.WORKSPACES), published.PIPELINES, guid)


KIND = Kind(name=NAME, admit=admit, show=show)
