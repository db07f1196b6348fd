"""What the bodies of endpoints and of their deployments have in common, online and batch: read when they come, and shown."""

from azurine.ml import assets, names
from azurine.ml.endpoints import naming
from azurine.ml.reading import Reader
from azurine.model import ids
from azurine.model.kinds import Admission
from azurine.model.resources import Json, Resource


def begin(admission: Admission) -> tuple[Reader, Reader]:
    """Readers of the body and of its properties, with the fields that all of them have already read."""
    names.check(ids.name(admission.id), naming.ENDPOINT)
    body = Reader(admission.body)
    body.text("location")
    body.labels("tags")
    body.mapping("identity")
    properties = body.mapping("properties", required=True)
    properties.text("description")
    properties.labels("properties")
    return body, properties


def keep(admission: Admission, properties: Json, answered: tuple[str, ...], **said: object) -> Json:
    """The spec of what was PUT. answered: properties that answers carry and requests need not. said: properties as they are understood."""
    kept = assets.without(admission.body, assets.ENVELOPE | {assets.PRIVATE})
    return {**kept, "properties": {**assets.without(properties, answered), **said}}


def show(resource: Resource, defaults: Json, known: Json) -> Json:
    """The body of an answer. defaults: properties where none were given. known: those that only the house can say."""
    body = dict(assets.show(resource))
    given = {name: value for name, value in body["properties"].items() if value is not None}
    return {"location": "local", "tags": {}, **body, "properties": {"properties": {}, **defaults, **given, **known}}
