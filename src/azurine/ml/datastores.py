"""Datastores: where data lives, and with what credentials it is read, under a name.

Known types are AzureBlob, AzureDataLakeGen2, AzureFile, AzureDataLakeGen1 and OneLake; credentials are AccountKey, Sas,
ServicePrincipal, Certificate or None. A datastore in a storage account of this server has its container from the moment it is made;
one whose container cannot be made is a datastore all the same, and says why. Secrets are taken and kept apart: no answer shows them, only `secrets` gives them, to the
door's listSecrets. A PUT that repeats the credentials without secrets, as the official client does, leaves the secrets as they are.
https://learn.microsoft.com/azure/machine-learning/how-to-datastore
"""

import re

from azurine.ml import assets, names
from azurine.ml.reading import Reader
from azurine.model import ids
from azurine.model.decisions import Decision, Perform
from azurine.model.kinds import Admission, Kind, Look
from azurine.model.resources import Json, Resource
from azurine.model.states import is_final

PLACES = {
    "AzureBlob": ("accountName", "containerName"),
    "AzureDataLakeGen2": ("accountName", "filesystem"),
    "AzureFile": ("accountName", "fileShareName"),
    "AzureDataLakeGen1": ("storeName",),
    "OneLake": ("oneLakeWorkspaceName",),
}
"""The fields of each type that say where it is."""

CREDENTIALS = {
    "None": ((), ()),
    "AccountKey": ((), ("key",)),
    "Sas": ((), ("sasToken",)),
    "ServicePrincipal": (("tenantId", "clientId"), ("clientSecret",)),
    "Certificate": (("tenantId", "clientId", "thumbprint"), ("certificate",)),
}
"""For each type of credentials: the fields it needs, and the secrets among them."""

MADE_HERE = ("AzureBlob", "AzureDataLakeGen2", "AzureFile")
"""Types whose place is a container, and is made when the account is this server's own."""
WORK = "container"
DEFAULT = "workspaceblobstore"
_PLACE = re.compile(r"[^./\\\x00-\x1f][^/\\\x00-\x1f]{0,254}")


def admit(admission: Admission) -> Json:
    names.check(ids.name(admission.id), names.DATASTORE)
    body = Reader(admission.body)
    properties = body.mapping("properties", required=True)
    properties.text("description")
    properties.labels("tags")
    sort = properties.choice("datastoreType", PLACES, required=True)
    for field in PLACES.get(sort, ()):
        place = properties.text(field, required=True)
        if place.strip() and not _PLACE.fullmatch(place):
            properties.fault(field, f"{field} must be a plain name: 1 to 255 characters, no slashes, not beginning with a dot")
    properties.choice("protocol", ("https", "http", "wasbs", "abfss"))
    properties.text("endpoint")
    credentials = _credentials(properties)
    body.finish()
    return _spec(admission, sort, credentials)


def decide(look: Look) -> Decision:
    """Wishes for the container, once for each place that the datastore has had."""
    datastore = look.resource
    place = location(datastore)
    if datastore.deleting or place["type"] not in MADE_HERE:
        return Decision({}, settled=True)
    key = f"{datastore.id}#container#{place['account']}/{place['container']}"
    outcome = look.outcome(key)
    if outcome is None or not is_final(outcome["state"]):
        return Decision(datastore.status, (Perform(key, WORK, {"account": place["account"], "container": place["container"]}),))
    return Decision({"error": outcome["error"]} if outcome.get("error") else {}, settled=True)


def show(resource: Resource) -> Json:
    properties = resource.spec["properties"]
    failed = {"containerError": dict(resource.status["error"])} if resource.status.get("error") else {}
    return {"properties": {"tags": {}, **properties, "isDefault": resource.name == DEFAULT, **failed}}


def secrets(resource: Resource) -> Json:
    """The secrets as listSecrets answers them; `{"secretsType": "None"}` when the datastore has none of its own."""
    kept = (resource.spec.get(assets.PRIVATE) or {}).get("secrets")
    return dict(kept) if kept else {"secretsType": "None"}


def location(resource: Resource) -> Json:
    """Where it is: {"type", "account", "container", "endpoint", "protocol"}, whatever the type calls them."""
    properties = resource.spec["properties"]
    fields = PLACES[properties["datastoreType"]]
    return {
        "type": properties["datastoreType"],
        "account": properties[fields[0]],
        "container": properties[fields[1]] if len(fields) > 1 else "",
        "endpoint": properties.get("endpoint") or "",
        "protocol": properties.get("protocol") or "https",
    }


def _credentials(properties: Reader) -> str:
    """Checks the credentials and answers their type. Missing secrets are fine: those kept before may still serve."""
    below = properties.mapping("credentials")
    sort = below.choice("credentialsType", CREDENTIALS, required=bool(below.value)) or "None"
    needed, hidden = CREDENTIALS[sort]
    for field in needed:
        below.text(field, required=True)
    given = below.mapping("secrets")
    for field in hidden:
        given.text(field)
    return sort


def _spec(admission: Admission, sort: str, credentials: str) -> Json:
    spec = dict(assets.keep(admission))
    properties = dict(spec["properties"])
    given = properties.get("credentials") or {}
    hidden = {key: value for key, value in (given.get("secrets") or {}).items() if value is not None}
    properties["datastoreType"] = sort
    properties["credentials"] = {**assets.without(given, {"secrets"}), "credentialsType": credentials}
    for answered in ("isDefault", "containerError"):
        properties.pop(answered, None)
    kept = {**hidden, "secretsType": credentials} if hidden.keys() - {"secretsType"} else _before(admission, credentials)
    spec["properties"] = properties
    return {**spec, assets.PRIVATE: {"secrets": kept}} if kept else spec


def _before(admission: Admission, credentials: str) -> Json:
    """The secrets kept so far, when the type of the credentials stays the same."""
    if admission.previous is None:
        return {}
    kept: Json = (admission.previous.spec.get(assets.PRIVATE) or {}).get("secrets") or {}
    return kept if kept.get("secretsType") == credentials else {}


KIND = Kind(name="workspaces/datastores", admit=admit, show=show, decide=decide, leaves_at_once=True)
