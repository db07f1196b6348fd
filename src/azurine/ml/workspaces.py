"""Workspaces: the place where everything of a team lives, and what it has from the first day.

A new workspace has four datastores, of which `workspaceblobstore` is the default one, and the environment `azurine-host`. They are
asked for by `decide`, and offered as a list by `defaults` to whoever wants them there before the first answer. An answer
tells clients where the data plane and MLflow are; that depends on the server's address, hence `kind(address)`.
https://learn.microsoft.com/azure/machine-learning/concept-workspace
"""

from collections.abc import Callable

from azurine.ml import assets, curated, datastores, environments, names, numbers
from azurine.ml.reading import Reader
from azurine.model import ids
from azurine.model.decisions import Create, Decision
from azurine.model.kinds import Admission, Kind, Look
from azurine.model.resources import Json, Resource

NAME = "workspaces"
ACCOUNT = "azurine"
"""The storage account of every workspace that names no other."""
_PROVIDER = "providers/Microsoft.MachineLearningServices"
_STORES = {
    datastores.DEFAULT: ("AzureBlob", "containerName", "azureml-blobstore"),
    "workspaceartifactstore": ("AzureBlob", "containerName", "azureml"),
    "workspacefilestore": ("AzureFile", "fileShareName", "azureml-filestore"),
    "workspaceworkingdirectory": ("AzureFile", "fileShareName", "code"),
}


def account(workspace: Resource) -> str:
    """The name of the storage account that the workspace keeps its data in."""
    return _account(workspace.spec.get("properties") or {})


def defaults(workspace: str, storage_account: str = ACCOUNT) -> list[tuple[str, str, Json]]:
    """(id, kind, body) of what every workspace has, in the order in which it should be created."""
    # Workspaces may share an account, never a container: the names end with the workspace's own number, as in Azure.
    own = numbers.workspace(workspace)
    stores = [
        (ids.child(workspace, "datastores", name), datastores.KIND.name, _store((sort, field, f"{container}-{own}"), storage_account))
        for name, (sort, field, container) in _STORES.items()
    ]
    host = curated.known(curated.HOST) or {}
    container = ids.child(workspace, "environments", curated.HOST)
    return [
        *stores,
        (container, environments.CONTAINER.name, {"properties": {}}),
        (ids.child(container, "versions", "1"), environments.KIND.name, {"properties": host["properties"]}),
    ]


def kind(address: str) -> Kind:
    """The kind, for a server that is reached at `address` (`https://localhost:8443`)."""
    return Kind(name=NAME, admit=admit, show=show_at(address), decide=decide, long_running=True)


def admit(admission: Admission) -> Json:
    names.check(ids.name(admission.id), names.WORKSPACE)
    body = Reader(admission.body)
    body.text("location")
    body.labels("tags")
    body.choice("kind", ("Default", "Hub", "Project", "FeatureStore"))
    properties = body.mapping("properties")
    for field in ("description", "friendlyName", "storageAccount", "keyVault", "applicationInsights", "containerRegistry"):
        properties.text(field)
    properties.choice("publicNetworkAccess", ("Enabled", "Disabled"))
    _check_account(properties)
    body.finish()
    spec = assets.keep(admission)
    return {**spec, "location": spec.get("location") or "local", "kind": spec.get("kind") or "Default"}


def decide(look: Look) -> Decision:
    status = {"provisioningState": "Deleting" if look.resource.deleting else "Succeeded"}
    if look.resource.deleting:
        return Decision(status, settled=True)
    wanted = [Create(*one) for one in defaults(look.resource.id, account(look.resource)) if look.references.get(one[0]) is None]
    return Decision(status, effects=tuple(wanted), settled=True)


def show_at(address: str) -> Callable[[Resource], Json]:
    def show(resource: Resource) -> Json:
        body = dict(assets.show(resource))
        given = body.get("properties") or {}
        group = ids.parent(resource.id)
        answered = {
            "friendlyName": resource.name,
            "storageAccount": f"/{group}/providers/Microsoft.Storage/storageAccounts/{_account(given)}",
            "publicNetworkAccess": "Enabled",
            "hbiWorkspace": False,
            "tenantId": "00000000-0000-0000-0000-00000000a2e0",
            **{key: value for key, value in given.items() if value is not None},
            "workspaceId": numbers.workspace(resource.id),
            "discoveryUrl": f"{address}/discovery",
            "mlFlowTrackingUri": f"{address}/mlflow/v1.0/{group}/{_PROVIDER}/workspaces/{resource.name}",
            "provisioningState": resource.status.get("provisioningState", "Succeeded"),
        }
        return {"tags": {}, "sku": {"name": "Basic", "tier": "Basic"}, "identity": None, **body, "properties": answered}

    return show


def _store(place: tuple[str, str, str], storage_account: str) -> Json:
    sort, field, container = place
    return {
        "properties": {
            "datastoreType": sort,
            "accountName": storage_account,
            field: container,
            "protocol": "https",
            "credentials": {"credentialsType": "None"},
        }
    }


def _account(properties: Json) -> str:
    given = str(properties.get("storageAccount") or "")
    return given.rstrip("/").rsplit("/", 1)[-1] or ACCOUNT


def _check_account(properties: Reader) -> None:
    name = _account(properties.value)
    if not (3 <= len(name) <= 24 and name.isascii() and name.isalnum() and name == name.lower()):
        properties.fault("storageAccount", "a storage account has 3 to 24 lower-case letters and digits")


KIND = kind("")
