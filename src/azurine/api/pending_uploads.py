"""POST …/versions/{v}/startPendingUpload: where a client may put the files of an asset before it registers the asset.

Each asset version gets a container of its own, for the client writes into its root. The container's name is made from the asset's id, so
asking twice gives the same place. Nothing is written into the store: an upload that is never registered is files, not state.
https://learn.microsoft.com/rest/api/azureml/code-versions/create-or-get-start-pending-upload
"""

import hashlib
from collections.abc import Callable
from typing import Any

from azurine.api import resources
from azurine.api.actions import Asked, Question
from azurine.api.stores import ALL, HOUR, Stores
from azurine.model import ids
from azurine.model.resources import Resource

AS_LONG_AS = 24 * HOUR


def question(stores: Stores, account_of: Callable[[Resource], str]) -> Question:
    """account_of: workspace → the storage account it keeps its data in."""

    def start(asked: Asked) -> dict[str, Any]:
        workspace = resources.get(asked.house, ids.up_to(asked.id, ids.WORKSPACES))
        account = account_of(workspace)
        container = container_name(asked.id)
        stores.ensure(account, container)
        uri = f"{stores.url(account)}/{container}"
        return {
            "pendingUploadId": container,
            "pendingUploadType": str(asked.body.get("pendingUploadType") or "TemporaryBlobReference"),
            "blobReferenceForConsumption": {
                "blobUri": uri,
                "storageAccountArmId": f"/{ids.parent(workspace.id)}/providers/Microsoft.Storage/storageAccounts/{account}",
                "credential": {"credentialType": "SAS", "sasUri": f"{uri}?{stores.sign(account, container, ALL, AS_LONG_AS)}"},
            },
        }

    return start


def container_name(identifier: str) -> str:
    """Azure writes a number here that means nothing; ours is the same each time."""
    return "upload-" + hashlib.sha256(identifier.encode()).hexdigest()[:40]
