"""Models: what training leaves behind, under a name and a version, ready to be loaded, deployed and compared.

A version is an address and a type: `custom_model` (any file or folder), `mlflow_model` (a folder with an MLmodel file) or
`triton_model`. Address and type stay; description, tags, properties and stage may change.
https://learn.microsoft.com/azure/machine-learning/how-to-manage-models
"""

from azurine.ml import assets, names, uris
from azurine.model import ids
from azurine.model.kinds import Admission, Kind
from azurine.model.resources import Json

TYPES = ("custom_model", "mlflow_model", "triton_model")


def admit(admission: Admission) -> Json:
    names.check_version(admission.id)
    body, properties = assets.begin(admission)
    given = properties.choice("modelType", TYPES)
    uris.check(properties, "modelUri", ids.up_to(admission.id, ids.WORKSPACES))
    for _, flavor in properties.entries("flavors"):
        flavor.mapping("data")
    properties.text("stage", longest=255)
    body.finish()
    return assets.keep_version(admission, defaults={"modelType": given or "custom_model", "flavors": {}})


CONTAINER = assets.container("workspaces/models")
KIND = Kind(
    name="workspaces/models/versions",
    admit=admit,
    show=assets.show_version(flavors={}, provisioningState="Succeeded"),
    archivable=True,
)
