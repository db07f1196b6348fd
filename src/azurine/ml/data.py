"""Data: a file, a folder or a table somewhere, under a name and a version.

Registering copies nothing: a version is an address and its type (`uri_file`, `uri_folder`, `mltable`), and keeps both for ever.
https://learn.microsoft.com/azure/machine-learning/how-to-create-data-assets
"""

from azurine.ml import assets, names, uris
from azurine.model import ids
from azurine.model.kinds import Admission, Kind
from azurine.model.resources import Json

TYPES = ("uri_folder", "uri_file", "mltable")


def admit(admission: Admission) -> Json:
    names.check_version(admission.id)
    body, properties = assets.begin(admission)
    given = properties.choice("dataType", TYPES)
    uris.check(properties, "dataUri", ids.up_to(admission.id, ids.WORKSPACES))
    for place, uri in enumerate(properties.items("referencedUris")):
        if not isinstance(uri, str):
            properties.fault(f"referencedUris[{place}]", "an address must be a string", "InvalidType")
    body.finish()
    return assets.keep_version(admission, defaults={"dataType": given or "uri_folder"})


CONTAINER = assets.container("workspaces/data")
KIND = Kind(name="workspaces/data/versions", admit=admit, show=assets.show_version(), archivable=True)
