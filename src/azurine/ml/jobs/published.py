"""Runs of published pipelines: the job that a user asks for by the pipeline's number becomes the job that was published.

A job's body may name a published pipeline (`pipelineId`), or a pipeline endpoint (`pipelineEndpointId` or `pipelineEndpointName`,
and `pipelineVersion` when it is not to be the default), with `parameterAssignments` and `dataPathAssignments`. What was published is
put in its place, with those values for its inputs; the rest of the body wins over what was published. Published pipelines' own
addresses and the factory ask for exactly this job, so there is one way only.

What a published pipeline looked up when it was published (components, environments, code) is kept with it, and its runs are shown
that: `Kept` stands before the living references, for the run and for every step below it. Data is looked up when it runs.

https://learn.microsoft.com/azure/machine-learning/how-to-deploy-pipelines
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from azurine.ml.jobs import inputs
from azurine.ml.reading import Reader, clipped
from azurine.model import ids
from azurine.model.kinds import Admission, References
from azurine.model.resources import Json, Resource

PIPELINES, ENDPOINTS = "pipelines", "pipelineEndpoints"
ACTIVE, DEPRECATED, DISABLED = "Active", "Deprecated", "Disabled"
NAMED = ("pipelineId", "pipelineEndpointId", "pipelineEndpointName")
ASKED = (*NAMED, "pipelineVersion", "parameterAssignments", "dataPathAssignments", "continueOnStepFailure")
"""What a body says of a published pipeline."""
PIPELINE_NOTE, ENDPOINT_NOTE = "azureml.pipelineid", "azureml.pipelineendpointid"
_IN_A_DATASTORE = "azureml://datastores/"
_KEPT = ("components", "environments", "codes")


class Kept:
    """What was looked up when a pipeline was published, before what there is now. plan: of the published pipeline."""

    def __init__(self, living: References, plan: Json) -> None:
        self._living = living
        self._kept: Mapping[str, Any] = plan["kept"]
        self._newest: Mapping[str, Any] = plan["newest"]

    def get(self, identifier: str) -> Resource | None:
        if identifier not in self._kept:
            return self._living.get(identifier)
        kept = self._kept[identifier]
        return Resource(identifier, kept["kind"], kept["spec"]) if kept is not None else None

    def newest(self, parent: str, kind: str) -> Resource | None:
        if f"{parent}#{kind}" not in self._newest:
            return self._living.newest(parent, kind)
        found = self._newest[f"{parent}#{kind}"]
        return self.get(found) if found is not None else None

    def children(self, parent: str, kind: str) -> Sequence[Resource]:
        return self._living.children(parent, kind)


class Keeping:
    """Living references that note what is to be kept of what they answer, as `Kept` reads it. That there was nothing is noted, too."""

    def __init__(self, living: References) -> None:
        self._living = living
        self.kept: dict[str, Json | None] = {}
        self.newest_of: dict[str, str | None] = {}

    def get(self, identifier: str) -> Resource | None:
        found = self._living.get(identifier)
        if _is_kept(found.kind if found is not None else ids.kind_of(identifier)):
            self._note(identifier, found)
        return found

    def newest(self, parent: str, kind: str) -> Resource | None:
        found = self._living.newest(parent, kind)
        if _is_kept(kind):
            self.newest_of[f"{parent}#{kind}"] = found.id if found is not None else None
            if found is not None:
                self._note(found.id, found)
        return found

    def children(self, parent: str, kind: str) -> Sequence[Resource]:
        return self._living.children(parent, kind)

    def _note(self, identifier: str, found: Resource | None) -> None:
        self.kept[identifier] = {"kind": found.kind, "spec": found.spec} if found is not None else None


def read(request: Admission, given: Reader, parent: Json) -> tuple[Admission, Reader, str]:
    """The admission with the published pipeline in its place and its references before the living ones; its id, "" when there is none.

    given: at the body's `properties`. parent: the plan of the pipeline that it is a step of. What is wrong is noted.
    """
    if parent.get("published"):
        pipeline = str(parent["published"])
        return replace(request, references=references(request.references, pipeline)), given, pipeline
    if not any(given.has(key) for key in NAMED):
        return request, given, ""
    found = _named(given, request.references, ids.up_to(request.id, ids.WORKSPACES))
    if found is None:
        given.finish()
        return request, given, ""
    properties = _expanded(given, found)
    kept = references(request.references, found.id)
    asked = replace(request, references=kept, body={**request.body, "properties": properties})
    return asked, Reader(properties, given.path, given.faults), found.id


def references(living: References, published: str) -> References:
    """What a run of a published pipeline is shown; the living ones when it is gone, or the run is of none."""
    found = living.get(published) if published else None
    return Kept(living, found.spec["plan"]) if found is not None else living


def _is_kept(kind: str) -> bool:
    parts = kind.split("/")
    return parts[-1] == "versions" and parts[-2:-1] != [] and parts[-2] in _KEPT


def _named(given: Reader, known: References, workspace: str) -> Resource | None:
    """The published pipeline that the body names."""
    said = [key for key in NAMED if given.has(key)]
    if len(said) > 1:
        given.fault(said[1], f"{' and '.join(said)} exclude each other; one of them would be right")
        return None
    text = given.text(said[0], required=True)
    if not text:
        return None
    if said[0] == "pipelineId":
        return _pipeline(given, "pipelineId", ids.child(workspace, PIPELINES, text.lower()), known)
    named = said[0] == "pipelineEndpointName"
    endpoint = known.get(ids.numbered(workspace, ENDPOINTS, text) if named else ids.child(workspace, ENDPOINTS, text.lower()))
    if endpoint is None:
        given.fault(said[0], f"there is no pipeline endpoint {clipped(text)} in the workspace", "PipelineEndpointNotFound")
        return None
    shown = endpoint.spec["properties"]
    if shown["status"] == DISABLED:
        given.fault(said[0], f"the pipeline endpoint {shown['name']} is disabled; enable it first", "PipelineEndpointDisabled")
        return None
    version = given.text("pipelineVersion") or str(shown["defaultVersion"])
    versions = {str(one["version"]): str(one["pipelineId"]) for one in shown["versions"]}
    if version not in versions:
        given.fault("pipelineVersion", f"{shown['name']} has no version {clipped(version)}; it has: {', '.join(versions)}", "UnknownVersion")
        return None
    return _pipeline(given, said[0], ids.child(workspace, PIPELINES, versions[version]), known)


def _pipeline(given: Reader, key: str, identifier: str, known: References) -> Resource | None:
    found = known.get(identifier)
    if found is None:
        given.fault(key, f"there is no published pipeline {clipped(ids.name(identifier))} in the workspace", "PipelineNotFound")
    elif found.spec["properties"]["status"] == DISABLED:
        given.fault(key, f"the published pipeline {found.spec['properties']['name']} ({found.name}) is disabled; enable it first", "PipelineDisabled")
        return None
    return found


def _expanded(given: Reader, pipeline: Resource) -> dict[str, Any]:
    """The properties of the job that was published, with what the body says instead."""
    shown = pipeline.spec["properties"]
    base: Mapping[str, Any] = shown["job"]
    said = {key: value for key, value in given.value.items() if value is not None}
    settings = {**(base.get("settings") or {}), **(said.get("settings") or {})}
    if said.get("continueOnStepFailure") is not None:
        settings["continue_on_step_failure"] = given.flag("continueOnStepFailure")
    notes = {PIPELINE_NOTE: pipeline.name} | ({ENDPOINT_NOTE: _endpoint(said, pipeline)} if not said.get("pipelineId") else {})
    return {
        **base,
        "displayName": base.get("displayName") or shown["name"],
        **said,
        "jobType": "Pipeline",
        "inputs": _inputs(given, base, pipeline),
        "settings": settings,
        "properties": {**(said.get("properties") or {}), **notes},
    }


def _endpoint(said: Mapping[str, Any], pipeline: Resource) -> str:
    if said.get("pipelineEndpointId"):
        return str(said["pipelineEndpointId"]).lower()
    return ids.name(ids.numbered(ids.up_to(pipeline.id, ids.WORKSPACES), ENDPOINTS, str(said["pipelineEndpointName"])))


def _inputs(given: Reader, base: Mapping[str, Any], pipeline: Resource) -> dict[str, Any]:
    """The pipeline's inputs, each with the value that is assigned to it."""
    parameters: Mapping[str, Json] = pipeline.spec["plan"]["parameters"]
    found = {**(base.get("inputs") or {}), **given.mapping("inputs").value}
    values, places = given.mapping("parameterAssignments"), given.mapping("dataPathAssignments")
    for name, value in values.value.items():
        if value is None or not _is_parameter(values, name, parameters):
            continue
        if isinstance(value, Mapping | list):
            values.fault(name, f"a plain value would be right here, not {clipped(value)}", "InvalidType")
        elif _is_data(parameters[name]):
            found[name] = {**_entry(found.get(name)), "jobInputType": parameters[name]["type"], "uri": str(value)}
        else:
            found[name] = {"jobInputType": inputs.LITERAL, "value": value}
    for name in places.value:
        if not _is_parameter(places, name, parameters):
            continue
        place = _place(places.mapping(name))
        if _is_data(parameters[name]):
            found[name] = {**_entry(found.get(name)), "jobInputType": parameters[name]["type"], "uri": place}
        elif str(parameters[name].get("default") or "").startswith(_IN_A_DATASTORE):
            # Import Data and the like take their place as text.
            found[name] = {"jobInputType": inputs.LITERAL, "value": place}
        else:
            places.fault(name, f"the parameter {name} is a plain value ({parameters[name]['type']}), no place; assign it in ParameterAssignments")
    return found


def _is_parameter(given: Reader, name: str, parameters: Mapping[str, Json]) -> bool:
    if name not in parameters:
        message = f"the pipeline has no parameter {clipped(name)}; it has: {', '.join(parameters) or 'none'}"
        given.fault(name, message, "UnknownParameter")
    return name in parameters


def _is_data(parameter: Json) -> bool:
    return bool(parameter["data"])


def _entry(one: Any) -> dict[str, Any]:
    """What is kept of an input that is given another address: how it is handed over."""
    return {"mode": one["mode"]} if isinstance(one, Mapping) and one.get("mode") else {}


def _place(given: Reader) -> str:
    """The address of `{"DataStoreName": …, "RelativePath": …}`."""
    spelled = Reader({str(key).lower(): value for key, value in given.value.items()}, given.path, given.faults)
    store = spelled.text("datastorename", required=True)
    path = spelled.text("relativepath").lstrip("/")
    return f"{_IN_A_DATASTORE}{store}/paths/{path}"
