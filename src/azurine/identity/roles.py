"""May this principal do this there? The one place where that is asked.

Today everybody who is known may do everything, and a step what its job's author may. Role assignments will be read
here; nothing else has to change.
"""

from azurine.identity.directory import Principal


def may(principal: Principal, action: str, scope: str) -> bool:
    """action: an Azure operation such as "Microsoft.MachineLearningServices/workspaces/jobs/write". scope: a resource id."""
    return principal.kind in ("owner", "service", "step")
