from typing import Any

import pytest

from azurine.ml import deployments
from azurine.model import errors
from azurine.model.kinds import Admission, Look
from azurine.model.resources import Json, Resource

GROUP = "subscriptions/s/resourceGroups/g"
ID = f"{GROUP}/deployments/d"
WORKSPACE = f"{GROUP}/workspaces/w"


class Known:
    def __init__(self, *identifiers: str) -> None:
        self._known = identifiers

    def get(self, identifier: str) -> Resource | None:
        return Resource(identifier, "workspaces", {}) if identifier in self._known else None

    def newest(self, parent: str, kind: str) -> Resource | None:
        return None

    def children(self, parent: str, kind: str) -> list[Resource]:
        return []


def template(**changes: Any) -> dict[str, Any]:
    resource = {
        "type": "Microsoft.MachineLearningServices/workspaces",
        "name": "[parameters('workspaceName')]",
        "location": "[parameters('location')]",
        "tags": "[parameters('tagValues')]",
        "kind": "[parameters('kind')]",
        "properties": {"description": "[parameters('description')]", "storageAccount": "[variables('storageAccount')]", "hbiWorkspace": False},
        **changes,
    }
    other = {"type": "Microsoft.KeyVault/vaults", "name": "[parameters('keyVaultName')]"}
    declared = {"location": {"defaultValue": "[resourceGroup().location]"}, "kind": {"defaultValue": "default"}}
    return {"parameters": declared, "resources": [other, resource, {**resource, "condition": "[not(variables('x'))]"}]}


def admitted(body: Json) -> Json:
    return deployments.admit(Admission(ID, body, Known()))


def deployment(**parameters: Any) -> Json:
    given = {key: {"value": value} for key, value in {"workspaceName": "w", **parameters}.items()}
    return {"properties": {"mode": "incremental", "template": template(), "parameters": given}}


def test_the_workspace_of_a_template_is_found_and_its_parameters_computed() -> None:
    spec = admitted(deployment(description="Our work", tagValues={"team": "a"}, kind="hub"))
    body = {"tags": {"team": "a"}, "kind": "Hub", "properties": {"description": "Our work", "hbiWorkspace": False}}
    assert spec["plan"]["workspaces"] == {WORKSPACE: body}


@pytest.mark.parametrize(
    ("properties", "path"),
    [
        (None, "properties"),
        ({}, "properties.template"),
        ({"template": {"resources": {}}}, "properties.template"),
        ({"template": {"resources": [{"type": "Microsoft.Web/sites", "name": "x"}, 3]}}, "properties.template.resources"),
        ({"template": template(name="[concat('a', 'b')]")}, "properties.template.resources"),
    ],
)
def test_other_templates_are_refused(properties: Any, path: str) -> None:
    with pytest.raises((errors.Invalid, errors.Unsupported)) as problem:
        admitted({"properties": properties})
    assert problem.value.path == path


def test_it_wishes_for_the_workspace_until_it_is_there() -> None:
    resource = Resource(ID, "deployments", admitted(deployment()))
    first = deployments.decide(Look(resource, (), 0.0, Known()))
    assert [(one.id, one.kind) for one in first.effects if hasattr(one, "kind")] == [(WORKSPACE, "workspaces")]
    assert (first.status["provisioningState"], first.settled) == ("Running", False)
    last = deployments.decide(Look(resource, (), 0.0, Known(WORKSPACE)))
    assert (last.status, last.effects, last.settled) == ({"provisioningState": "Succeeded"}, (), True)
    after = Resource(ID, "deployments", resource.spec, last.status)
    assert deployments.decide(Look(after, (), 0.0, Known())).effects == ()
    shown = deployments.show(after)
    assert shown["properties"]["outputResources"] == [{"id": f"/{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/w"}]


def test_a_refused_workspace_fails_the_deployment() -> None:
    outcome = {"state": "failed", "output": {}, "error": {"code": "ValidationError", "message": "the name is too short"}}
    resource = Resource(ID, "deployments", admitted(deployment()), {"outcomes": {f"create:{WORKSPACE}": outcome}})
    decision = deployments.decide(Look(resource, (), 0.0, Known()))
    shown = deployments.show(Resource(ID, "deployments", resource.spec, decision.status))
    assert shown["properties"]["provisioningState"] == "Failed"
    assert shown["properties"]["error"]["message"] == "the name is too short"
