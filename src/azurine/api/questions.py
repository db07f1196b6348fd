"""The table of Azure ML's actions that are questions: which function answers which word on which kind.

What a datastore's place and secrets are, where a workspace keeps its data and which nodes a compute has is known by the wing; it is
given as functions.
"""

from collections.abc import Callable, Sequence

from azurine.api import datastore_secrets, pending_uploads, workspace_keys
from azurine.api.actions import Table
from azurine.api.stores import Stores
from azurine.model.resources import Json, Resource

UPLOADED = ("workspaces/codes/versions", "workspaces/data/versions", "workspaces/models/versions")
UPLOADS = ("startPendingUpload", "createOrGetStartPendingUpload")


def table(
    stores: Stores,
    *,
    account_of: Callable[[Resource], str],
    location: Callable[[Resource], Json],
    secrets: Callable[[Resource], Json],
    nodes: Callable[[Resource], Sequence[Json]],
) -> Table:
    """account_of: workspace → storage account. location, secrets: of a datastore. nodes: of a compute."""
    upload = pending_uploads.question(stores, account_of)
    return {
        ("workspaces/datastores", "listSecrets"): datastore_secrets.question(stores, location, secrets),
        ("workspaces/computes", "listNodes"): workspace_keys.nodes(nodes),
        **{(kind, word): upload for kind in UPLOADED for word in UPLOADS},
        **workspace_keys.table(stores, account_of),
    }
