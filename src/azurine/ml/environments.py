"""Environments: what has to be installed before a step can run, under a name and a version.

An environment is an `image`, an image with a `condaFile` (the text of a conda file), or a `build` context; exactly one of image
and build. Here a conda file becomes a virtual environment of its own, made when a step first needs it. Curated names
(`curated`) are known without being registered, and their names are kept for them.
https://learn.microsoft.com/azure/machine-learning/concept-environments
"""

import re

from azurine.ml import assets, curated, names
from azurine.model import ids
from azurine.model.kinds import Admission, Kind
from azurine.model.resources import Json, Resource

_RESERVED = re.compile(r"(AzureML|Microsoft)", re.I)


def on_host(version: Resource) -> bool:
    """Does this environment stand for the interpreter that the server runs in?"""
    return bool((version.spec.get(assets.PRIVATE) or {}).get("host"))


def admit(admission: Admission) -> Json:
    names.check_version(admission.id)
    body, properties = assets.begin(admission)
    image, build = properties.text("image"), properties.mapping("build")
    conda = properties.text("condaFile", longest=1_000_000)
    if not image and not build.value:
        properties.fault("", "an environment needs an image or a build context", "MissingField")
    if image and build.value:
        properties.fault("build", "an environment has an image or a build context, not both")
    if conda and not image:
        properties.fault("condaFile", "a conda file needs an image beside it")
    if build.value:
        build.text("contextUri", required=True)
        build.text("dockerfilePath")
    properties.choice("osType", ("Linux", "Windows"))
    for _, route in properties.entries("inferenceConfig"):
        route.text("path", required=True)
        route.whole("port", required=True, least=1, most=65535)
    reserved = _curated(admission, properties.value)
    if reserved is None and _RESERVED.match(ids.name(ids.parent(admission.id))):
        properties.fault("", "names that begin with AzureML or Microsoft are kept for curated environments; choose another name", "InvalidName")
    body.finish()
    return assets.keep_version(admission, defaults={"osType": "Linux"}, plan=curated.plan(reserved) if reserved else None)


def show(resource: Resource) -> Json:
    sort = "Curated" if (resource.spec.get(assets.PRIVATE) or {}).get("curated") else "UserCreated"
    return assets.show_version(environmentType=sort, provisioningState="Succeeded")(resource)


def _curated(admission: Admission, properties: Json) -> Json | None:
    """The curated environment of this name, when what is PUT is just that."""
    found = curated.known(ids.name(ids.parent(admission.id)))
    if found is None:
        return None
    given = {key: value for key, value in assets.definition_of(properties).items() if key != "osType"}
    wanted = {key: value for key, value in found["properties"].items() if key != "osType"}
    return found if given == wanted else None


CONTAINER = assets.container("workspaces/environments")
KIND = Kind(name=curated.KIND_NAME, admit=admit, show=show, archivable=True)
