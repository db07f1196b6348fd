"""The questions about a workspace and its machines that the official client asks: keys, notebooks, diagnosis, nodes, sizes.

What belongs to services that are not here (notebooks, insights, registries of images) is answered empty, as Azure does for a workspace
without them.
"""

from collections.abc import Callable, Sequence
from typing import Any

from azurine.api import resources
from azurine.api.actions import Asked, Question, Table
from azurine.api.stores import Stores
from azurine.model import ids
from azurine.model.resources import Json, Resource

WORKSPACE = "workspaces"
DIAGNOSED = [
    "userDefinedRouteResults",
    "networkSecurityRuleResults",
    "resourceLockResults",
    "dnsResolutionResults",
    "storageAccountResults",
    "keyVaultResults",
    "containerRegistryResults",
    "applicationInsightsResults",
    "otherResults",
]


def table(stores: Stores, account_of: Callable[[Resource], str]) -> Table:
    """account_of: workspace → the storage account it keeps its data in."""

    def key(asked: Asked) -> tuple[str, str]:
        account = account_of(asked.resource)
        return account, stores.keys(account)[0]

    def list_keys(asked: Asked) -> dict[str, Any]:
        account, secret = key(asked)
        arm_id = f"/{ids.parent(asked.id)}/providers/Microsoft.Storage/storageAccounts/{account}"
        empty = {"appInsightsInstrumentationKey": "", "containerRegistryCredentials": None, "notebookAccessKeys": None}
        return {"userStorageKey": secret, "userStorageArmId": arm_id, "userStorageResourceId": arm_id, **empty}

    return {
        (WORKSPACE, "listKeys"): list_keys,
        (WORKSPACE, "listStorageAccountKeys"): lambda asked: {"userStorageKey": key(asked)[1]},
        (WORKSPACE, "resyncKeys"): _standing,
        (WORKSPACE, "diagnose"): _diagnosis,
        (WORKSPACE, "listNotebookKeys"): _no_notebooks("primaryAccessKey", "secondaryAccessKey"),
        (WORKSPACE, "listNotebookAccessToken"): _no_notebooks("accessToken", "hostName", "notebookResourceId", "publicDns", "refreshToken", "scope"),
    }


def nodes(of: Callable[[Resource], Sequence[Json]]) -> Question:
    """POST …/computes/{n}/listNodes. of: compute → its nodes as Azure writes them."""
    return lambda asked: {"nodes": [dict(one) for one in of(asked.resource)]}


def _standing(asked: Asked) -> None:
    """Nothing has to be done, but for a workspace that is there."""
    resources.get(asked.house, asked.id)


def _diagnosis(asked: Asked) -> dict[str, Any]:
    _standing(asked)
    return {"value": {name: [] for name in DIAGNOSED}}


def _no_notebooks(*fields: str) -> Question:
    def answer(asked: Asked) -> dict[str, Any]:
        _standing(asked)
        return {name: "" for name in fields}

    return answer
