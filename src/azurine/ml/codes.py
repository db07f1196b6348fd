"""Code: a folder of scripts as it was when it was uploaded, known by the hash of its content.

The client asks first whether a version with the same hash is there (`properties.hash_sha256`), and uploads only when it is not.
https://learn.microsoft.com/azure/machine-learning/reference-yaml-job-command
"""

from azurine.ml import assets, names, uris
from azurine.model import ids
from azurine.model.kinds import Admission, Kind
from azurine.model.resources import Json


def admit(admission: Admission) -> Json:
    names.check_version(admission.id)
    body, properties = assets.begin(admission)
    uri = properties.text("codeUri", required=True)
    if uri and not uri.startswith("git+"):
        uris.check(properties, "codeUri", ids.up_to(admission.id, ids.WORKSPACES))
    body.finish()
    return assets.keep_version(admission)


CONTAINER = assets.container("workspaces/codes")
KIND = Kind(name="workspaces/codes/versions", admit=admit, show=assets.show_version(provisioningState="Succeeded"), archivable=True)
