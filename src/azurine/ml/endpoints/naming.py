"""What endpoints and deployments may be called, and the addresses at which endpoints are reached.

https://learn.microsoft.com/azure/machine-learning/reference-yaml-endpoint-online
"""

import re

from azurine.ml import names, numbers
from azurine.model import ids

ENDPOINT = names.Rule(
    re.compile(r"[a-zA-Z](?=.{2,31}$)[-a-zA-Z0-9]*[a-zA-Z0-9]"),
    "3 to 32 letters, digits and -, beginning with a letter and not ending with -",
)


def address(root: str, endpoint: str, default: str) -> str:
    """What an endpoint's addresses begin with. default: id of the workspace whose endpoints have the short ones."""
    workspace, name = ids.up_to(endpoint, ids.WORKSPACES), ids.name(endpoint)
    if workspace == default:
        return f"{root}/endpoints/{name}"
    return f"{root}/workspaces/{numbers.workspace(workspace)}/endpoints/{name}"


def batch_address(root: str, endpoint: str, default: str) -> str:
    """What the addresses of a batch endpoint begin with."""
    workspace, name = ids.up_to(endpoint, ids.WORKSPACES), ids.name(endpoint)
    if workspace == default:
        return f"{root}/batch-endpoints/{name}"
    return f"{root}/batch-endpoints/{numbers.workspace(workspace)}/{name}"
