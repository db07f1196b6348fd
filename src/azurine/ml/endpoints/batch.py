"""Batch endpoints: an address that is told where data lies, and answers with a job that puts predictions for it somewhere.

An endpoint does nothing by itself. What is kept is which of its deployments is meant when a call names none. A call needs a token of
the directory (`authMode` is AADToken, always).
https://learn.microsoft.com/azure/machine-learning/reference-yaml-endpoint-batch
"""

from typing import Any

from azurine.ml import assets, names
from azurine.ml.endpoints import naming
from azurine.ml.reading import Reader, clipped
from azurine.model import ids
from azurine.model.kinds import Admission, Kind
from azurine.model.resources import Json, Resource

NAME = "workspaces/batchEndpoints"
DEPLOYMENTS = f"{NAME}/deployments"
_ANSWERED = ("provisioningState", "scoringUri", "swaggerUri")


def admit(admission: Admission) -> Json:
    names.check(ids.name(admission.id), naming.ENDPOINT)
    body = Reader(admission.body)
    body.text("location")
    body.labels("tags")
    body.mapping("identity")
    properties = body.mapping("properties", required=True)
    properties.text("description")
    properties.labels("properties")
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
    kept = assets.without(admission.body, assets.ENVELOPE | {assets.PRIVATE})
    return {**kept, "properties": {**assets.without(properties.value, _ANSWERED), "authMode": "AADToken"}}


def default_deployment(endpoint: Resource) -> str:
    """The one that is meant when none is named; "" when that was not said."""
    return str((endpoint.spec["properties"].get("defaults") or {}).get("deploymentName") or "")


def kind(root: str, default: str = "") -> Kind:
    """root: where clients reach the server. default: id of the workspace whose endpoints have the short addresses."""

    def show(resource: Resource) -> Json:
        body = dict(assets.show(resource))
        shown: dict[str, Any] = {
            "properties": {},
            **{name: value for name, value in body["properties"].items() if value is not None},
            "provisioningState": "Succeeded",
            "scoringUri": f"{naming.batch_address(root, resource.id, default)}/jobs",
        }
        return {"location": "local", "tags": {}, **body, "properties": shown}

    return Kind(name=NAME, admit=admit, show=show, long_running=True)
