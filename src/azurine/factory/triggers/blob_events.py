"""Storage event triggers: a pipeline is run for each blob that is created or deleted in a storage account of this server.

The path that must fit is `/{container}/blobs/{path of the blob}`, its beginning and its end. Pipelines are given the name of the blob and its
folder: `@triggerBody().fileName`, `@triggerBody().folderPath`. The scope is the account's ARM id; its last part names the account here.

https://learn.microsoft.com/azure/data-factory/how-to-create-event-trigger
"""

from collections.abc import Mapping
from typing import Any

from azurine.factory.faults import Faults
from azurine.factory.triggers import firing
from azurine.factory.triggers.events import Blob
from azurine.factory.triggers.sorts import Sort
from azurine.model.kinds import Admission
from azurine.model.resources import Json

TYPE = "BlobEventsTrigger"
CREATED, DELETED = "Microsoft.Storage.BlobCreated", "Microsoft.Storage.BlobDeleted"
_PATH = "properties.typeProperties"


def check(admission: Admission, properties: Mapping[str, Any], faults: Faults) -> None:
    given = faults.mapping(properties, "typeProperties", "properties", required=True)
    faults.text(given, "scope", _PATH, required=True)
    ends = [faults.text(given, key, _PATH) for key in ("blobPathBeginsWith", "blobPathEndsWith")]
    if not any(ends):
        faults.note(f"{_PATH}.blobPathBeginsWith", "One of 'blobPathBeginsWith' and 'blobPathEndsWith' is required.")
    for place, one in enumerate(faults.listed(given, "events", _PATH, required=True)):
        if str(one).lower() not in (CREATED.lower(), DELETED.lower()):
            faults.note(f"{_PATH}.events[{place}]", f"'{one}' is no event of blobs; {CREATED} and {DELETED} are.")
    firing.check_listed(properties, faults)


def told(properties: Mapping[str, Any], event: Any) -> Json | None:
    given = properties["typeProperties"]
    if not isinstance(event, Blob) or str(given.get("scope")).rstrip("/").rpartition("/")[2].lower() != event.account.lower():
        return None
    if (DELETED if event.deleted else CREATED).lower() not in [str(one).lower() for one in given.get("events") or ()]:
        return None
    if given.get("ignoreEmptyBlobs") is True and not event.size and not event.deleted:
        return None
    path = f"/{event.container}/blobs/{event.path}"
    begin = str(given.get("blobPathBeginsWith") or "")
    if not path.startswith(begin if begin.startswith("/") else f"/{begin}") or not path.endswith(str(given.get("blobPathEndsWith") or "")):
        return None
    folder, _, name = event.path.rpartition("/")
    return {"fileName": name, "folderPath": f"{event.container}/{folder}" if folder else event.container}


SORT = Sort(TYPE, check, firing.listed, told=told)
