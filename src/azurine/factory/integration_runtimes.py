"""Integration runtimes: names of places to run. Here everything runs on the server, so each of them is a name, and is online.

https://learn.microsoft.com/azure/data-factory/concepts-integration-runtime
"""

from azurine.factory import kinds
from azurine.model import clock, ids
from azurine.model.resources import Json, Resource

ONLINE = "Online"


def status(runtime: Resource) -> Json:
    """What `getStatus` answers."""
    properties = runtime.spec["properties"]
    kind = str(properties["type"])
    about = {"createTime": clock.iso(runtime.created_at), "nodes": [], "links": []} if kind == "SelfHosted" else {"nodes": [], "otherErrors": []}
    owner = ids.name(kinds.factory_of(runtime.id))
    return {"name": runtime.name, "properties": {"type": kind, "dataFactoryName": owner, "state": ONLINE, "typeProperties": about}}
