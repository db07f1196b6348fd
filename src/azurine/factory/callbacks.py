"""Callbacks: what was posted to the `callBackUri` of a WebHook activity. Kept under its run, which is looked at again because of it."""

from collections.abc import Mapping

from azurine.factory import kinds
from azurine.model import ids
from azurine.model.errors import Invalid
from azurine.model.kinds import Admission, Kind
from azurine.model.resources import Json, Resource

NAME = "factories/pipelineruns/callbacks"


def of(run: str, activity: str) -> str:
    """The id of the callback of one attempt of an activity."""
    return ids.child(run, "callbacks", activity)


def admit(admission: Admission) -> Json:
    body = admission.body.get("body")
    if not isinstance(body, Mapping):
        raise Invalid("A callback is a JSON object.", code="BadRequest", path="body")
    return {"body": dict(body)}


def show(callback: Resource) -> Json:
    return dict(callback.spec)


KIND = Kind(NAME, admit, show, provider=kinds.PROVIDER, without_operations=True, door="closed")
