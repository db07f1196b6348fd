"""A subscription: the outermost folder of everything. https://learn.microsoft.com/rest/api/resources/subscriptions

The house has one by itself, made at first start; others exist as soon as they are PUT (Azure makes them through billing instead).
"""

from azurine.model import errors, ids
from azurine.model.kinds import Admission, Kind
from azurine.model.resources import Json, Resource


def admit(admission: Admission) -> Json:
    name = admission.body.get("displayName", ids.name(admission.id))
    if not isinstance(name, str) or not name.strip():
        raise errors.Invalid("displayName must be a text that is not empty", path="displayName")
    return {**admission.body, "displayName": name}


def show(resource: Resource) -> Json:
    defaults = {"state": "Enabled", "subscriptionPolicies": {"locationPlacementId": "Public_2014-09-01", "quotaId": "None", "spendingLimit": "Off"}}
    return {**defaults, "authorizationSource": "RoleBased", **resource.spec, "subscriptionId": resource.name}


KIND = Kind("subscriptions", admit, show, provider="Microsoft.Resources")
