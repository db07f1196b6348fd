"""Template deployments, as far as the official clients make a workspace with one. https://learn.microsoft.com/rest/api/resources/deployments

`MLClient.workspaces.begin_create` does not PUT a workspace: it deploys a template that makes one, with a storage account, a key vault and
more beside it. Here the workspace is made; what stands beside it in Azure is part of the house already. Of a template's expressions
`[parameters('x')]` is computed; a member that needs another one is left to its default.

A template without a workspace is refused: nothing of it could be made here.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from azurine.model import errors, ids
from azurine.model.decisions import Create, Decision
from azurine.model.kinds import Admission, Kind, Look
from azurine.model.resources import Json, Resource
from azurine.model.states import State

WORKSPACE = "Microsoft.MachineLearningServices/workspaces"
NAME = "deployments"
KEPT = ("description", "friendlyName", "publicNetworkAccess", "hbiWorkspace", "imageBuildCompute")
KINDS = {"default": "Default", "hub": "Hub", "project": "Project", "featurestore": "FeatureStore"}
_PARAMETER = re.compile(r"\[\s*parameters\(\s*'([^']{1,256})'\s*\)\s*\]")
_UNKNOWN = object()


def admit(admission: Admission) -> Json:
    properties = admission.body.get("properties")
    if not isinstance(properties, dict):
        raise errors.Invalid("properties must be an object with a template", code="InvalidRequestContent", path="properties")
    template = properties.get("template")
    if not isinstance(template, dict) or not isinstance(template.get("resources"), list):
        raise errors.Invalid("template must be an object with resources", code="InvalidTemplate", path="properties.template")
    parameters = _parameters(properties, template)
    made = [body for body in (_workspace(one, parameters) for one in _resources(template)) if body]
    if not made:
        message = f"the template makes no {WORKSPACE}; other templates cannot be deployed here"
        raise errors.Unsupported(message, code="DeploymentNotSupported", path="properties.template.resources")
    group = ids.up_to(admission.id, "resourceGroups")
    wanted = {ids.child(group, "workspaces", str(body.pop("name"))): body for body in made}
    return {"properties": {"mode": properties.get("mode") or "Incremental"}, "plan": {"workspaces": wanted}}


def decide(look: Look) -> Decision:
    wanted: Mapping[str, Json] = look.resource.spec["plan"]["workspaces"]
    if look.resource.deleting:
        return Decision({"provisioningState": "Deleting"}, settled=True)
    # What was made once is not made again: its deletion, later, is what the user wants.
    if look.resource.status.get("provisioningState") == "Succeeded":
        return Decision({"provisioningState": "Succeeded"}, settled=True)
    missing = [one for one in wanted if look.references.get(one) is None]
    refused = [outcome for one in missing if (outcome := look.outcome(f"create:{one}")) and outcome.get("state") == State.FAILED]
    if refused:
        error = refused[0].get("error") or {}
        failed = {"code": "DeploymentFailed", "message": str(error.get("message") or "the workspace was refused"), "details": [dict(error)]}
        return Decision({"provisioningState": "Failed", "error": failed}, settled=True)
    if missing:
        return Decision({"provisioningState": "Running"}, tuple(Create(one, "workspaces", wanted[one]) for one in missing))
    return Decision({"provisioningState": "Succeeded"}, settled=True)


def show(resource: Resource) -> Json:
    state = resource.status.get("provisioningState", "Accepted")
    made = [{"id": _arm_id(one)} for one in resource.spec["plan"]["workspaces"]] if state == "Succeeded" else []
    properties = {**resource.spec["properties"], "provisioningState": state, "duration": "PT1S", "outputResources": made}
    if resource.status.get("error"):
        properties |= {"error": resource.status["error"], "provisioningErrors": [{"error": resource.status["error"]}]}
    return {"properties": properties}


def _workspace(resource: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The body of the workspace that a resource of a template describes; {} when it describes something else."""
    if str(resource.get("type", "")).lower() != WORKSPACE.lower():
        return {}
    name = _value(resource.get("name"), parameters)
    if not isinstance(name, str) or not name:
        raise errors.Invalid("the name of the workspace must be a text or a parameter", code="InvalidTemplate", path="properties.template.resources")
    detail = resource.get("properties")
    given = {key: _value(detail.get(key), parameters) for key in KEPT} if isinstance(detail, dict) else {}
    body = {
        "name": name,
        "location": _value(resource.get("location"), parameters),
        "tags": _value(resource.get("tags"), parameters),
        "kind": KINDS.get(str(_value(resource.get("kind"), parameters)).lower(), "Default"),
        "properties": {key: value for key, value in given.items() if value is not _UNKNOWN and value not in (None, "")},
    }
    return {key: value for key, value in body.items() if value is not _UNKNOWN and value is not None}


def _resources(template: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A template often describes the same workspace several times, each under a condition; the first one of a name counts."""
    seen: set[str] = set()
    for one in template["resources"]:
        key = f"{one.get('type')}/{one.get('name')}" if isinstance(one, dict) else ""
        if key and key not in seen:
            seen.add(key)
            yield one


def _parameters(properties: Mapping[str, Any], template: Mapping[str, Any]) -> dict[str, Any]:
    """The value of every parameter: given, or the template's default."""
    values: dict[str, Any] = {}
    declared, given = template.get("parameters"), properties.get("parameters")
    for source, member in ((declared, "defaultValue"), (given, "value")):
        if isinstance(source, dict):
            values |= {key: one[member] for key, one in source.items() if isinstance(one, dict) and member in one}
    return values


def _value(expression: Any, parameters: Mapping[str, Any]) -> Any:
    """What an expression stands for; _UNKNOWN when it takes more than a parameter to say."""
    if not isinstance(expression, str) or not expression.startswith("[") or expression.startswith("[["):
        return expression
    named = _PARAMETER.fullmatch(expression)
    if named is None or named[1] not in parameters:
        return _UNKNOWN
    value = parameters[named[1]]
    return _UNKNOWN if isinstance(value, str) and value.startswith("[") else value


def _arm_id(identifier: str) -> str:
    return f"/{ids.parent(identifier)}/providers/{WORKSPACE}/{ids.name(identifier)}"


KIND = Kind(NAME, admit, show, decide, provider="Microsoft.Resources", long_running=True)
