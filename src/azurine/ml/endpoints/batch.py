"""Batch endpoints: an address that is told where data lies, and answers with a job that puts predictions for it somewhere.

An endpoint does nothing by itself. What is kept is which of its deployments is meant when a call names none. A call needs a token of
the directory (`authMode` is AADToken, always).
https://learn.microsoft.com/azure/machine-learning/reference-yaml-endpoint-batch
"""

from azurine.ml.endpoints import bodies, naming
from azurine.ml.reading import clipped
from azurine.model.kinds import Admission, Kind
from azurine.model.resources import Json, Resource

NAME = "workspaces/batchEndpoints"
DEPLOYMENTS = f"{NAME}/deployments"
_ANSWERED = ("provisioningState", "scoringUri", "swaggerUri")


def admit(admission: Admission) -> Json:
    body, properties = bodies.begin(admission)
    mode = properties.choice("authMode", ("AADToken", "Key", "AMLToken"))
    if mode not in ("", "AADToken"):
        properties.fault("authMode", f"{mode} is not for batch endpoints; AADToken is", "NotSupported")
    defaults = properties.mapping("defaults")
    chosen = defaults.text("deploymentName")
    there = [one.name for one in admission.references.children(admission.id, DEPLOYMENTS)]
    if chosen and chosen.lower() not in [one.lower() for one in there]:
        known = ", ".join(there) or "none"
        defaults.fault("deploymentName", f"there is no deployment {clipped(chosen)} in this endpoint; there are: {known}", "DeploymentNotFound")
    body.finish()
    return bodies.keep(admission, properties.value, _ANSWERED, authMode="AADToken")


def default_deployment(endpoint: Resource) -> str:
    """The one that is meant when none is named; "" when that was not said."""
    return str((endpoint.spec["properties"].get("defaults") or {}).get("deploymentName") or "")


def kind(root: str, default: str = "") -> Kind:
    """root: where clients reach the server. default: id of the workspace whose endpoints have the short addresses."""

    def show(resource: Resource) -> Json:
        address = f"{naming.batch_address(root, resource.id, default)}/jobs"
        return bodies.show(resource, {}, {"provisioningState": "Succeeded", "scoringUri": address})

    return Kind(name=NAME, admit=admit, show=show, long_running=True)
