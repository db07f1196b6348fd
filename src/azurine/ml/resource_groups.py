"""A resource group: a named folder of workspaces and factories in a subscription.

https://learn.microsoft.com/rest/api/resources/resource-groups

Its name is as Azure allows: letters, digits, `_`, `-`, `.`, `(`, `)`, not ending with a dot, at most 90 characters.
"""

import re

from azurine.model import errors, ids
from azurine.model.kinds import Admission, Kind
from azurine.model.resources import Json, Resource

LOCATION = "local"
_NAME = re.compile(r"[\w\-.()]{0,89}[\w\-()]")


def admit(admission: Admission) -> Json:
    name = ids.name(admission.id)
    if not _NAME.fullmatch(name):
        message = f"{name!r} is no name for a resource group: letters, digits, '_', '-', '.', '(' and ')', at most 90, no dot at the end"
        raise errors.Invalid(message, code="InvalidResourceGroup", path="name")
    tags = admission.body.get("tags")
    if tags is not None and not (isinstance(tags, dict) and all(isinstance(value, str) for value in tags.values())):
        raise errors.Invalid("tags must be an object of texts", code="InvalidTags", path="tags")
    location = admission.body.get("location") or LOCATION
    if not isinstance(location, str):
        raise errors.Invalid("location must be a text", code="LocationInvalid", path="location")
    return {**admission.body, "location": location}


def show(resource: Resource) -> Json:
    properties = resource.spec.get("properties")
    return {**resource.spec, "properties": {**(properties if isinstance(properties, dict) else {}), "provisioningState": "Succeeded"}}


KIND = Kind("resourceGroups", admit, show, provider="Microsoft.Resources", long_running=True)
