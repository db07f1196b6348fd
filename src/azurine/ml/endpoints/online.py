"""Online endpoints: an address that answers requests in real time, and how its requests are shared among deployments.

An endpoint does nothing by itself; its deployments do. What is kept here is who may call it (`authMode`: a key, a token of the
endpoint's own, or a token of the directory), the traffic, and how often each of its two keys was made anew. The keys themselves
are kept nowhere: they follow from a secret of the server's and from what is kept here (`key_text`).
https://learn.microsoft.com/azure/machine-learning/reference-yaml-endpoint-online
"""

from azurine.ml import assets
from azurine.ml.endpoints import bodies, naming, traffic
from azurine.ml.reading import Reader
from azurine.model import errors
from azurine.model.kinds import Admission, Kind
from azurine.model.resources import Json, Resource

NAME = "workspaces/onlineEndpoints"
DEPLOYMENTS = f"{NAME}/deployments"
KEY, AML_TOKEN, AAD_TOKEN = "Key", "AMLToken", "AADToken"
PRIMARY, SECONDARY = "primary", "secondary"
_ANSWERED = ("provisioningState", "scoringUri", "swaggerUri", "keys")


def admit(admission: Admission) -> Json:
    body, properties = bodies.begin(admission)
    mode = properties.choice("authMode", (KEY, AML_TOKEN, AAD_TOKEN)) or KEY
    access = properties.choice("publicNetworkAccess", ("Enabled", "Disabled")) or "Enabled"
    given = _given_keys(properties)
    traffic.check(properties, [one.name for one in admission.references.children(admission.id, DEPLOYMENTS)])
    body.finish()
    before = (admission.previous.spec[assets.PRIVATE]) if admission.previous else {"made": {PRIMARY: 1, SECONDARY: 1}, "given": {}}
    spec = bodies.keep(admission, properties.value, _ANSWERED, authMode=mode, publicNetworkAccess=access)
    return {**spec, assets.PRIVATE: {**before, "given": {**before["given"], **given}}}


def regenerate(resource: Resource, body: Json) -> Json:
    """The wish for another primary or secondary key. parity: the official client sends the old key along; it says nothing."""
    which = str(body.get("keyType") or PRIMARY).lower()
    if which not in (PRIMARY, SECONDARY):
        raise errors.Invalid(f"{which[:40]!r} is no type of key; Primary or Secondary would be right", path="keyType")
    if auth_mode(resource) != KEY:
        raise errors.Invalid(f"{resource.name} does not use keys; its authMode is {auth_mode(resource)}", path="keyType")
    plan = resource.spec[assets.PRIVATE]
    made = {**plan["made"], which: plan["made"][which] + 1}
    given = assets.without(plan["given"], (which,))
    return {**resource.spec, assets.PRIVATE: {**plan, "made": made, "given": given}}


def auth_mode(resource: Resource) -> str:
    return str(resource.spec["properties"]["authMode"])


def key_text(resource: Resource, which: str) -> str:
    """What the server's secret is applied to, to get a key: names one key of one endpoint for ever."""
    return f"{resource.id}#{resource.created}#{which}#{resource.spec[assets.PRIVATE]['made'][which]}"


def given_key(resource: Resource, which: str) -> str:
    """The key that whoever made the endpoint chose; "" when the server makes it."""
    return str(resource.spec[assets.PRIVATE]["given"].get(which) or "")


def live(resource: Resource) -> dict[str, int]:
    """deployment → percent of the requests."""
    return traffic.shares(resource.spec["properties"].get("traffic"))


def mirrored(resource: Resource) -> dict[str, int]:
    return traffic.shares(resource.spec["properties"].get("mirrorTraffic"))


def kind(root: str, default: str = "") -> Kind:
    """root: where clients reach the server. default: id of the workspace whose endpoints have the short addresses."""

    def show(resource: Resource) -> Json:
        begin = naming.address(root, resource.id, default)
        known = {"provisioningState": "Succeeded", "scoringUri": f"{begin}/score", "swaggerUri": f"{begin}/swagger.json"}
        body = bodies.show(resource, {"traffic": {}, "mirrorTraffic": {}}, known)
        return {"kind": "Managed", **body, "identity": body.get("identity") or {"type": "SystemAssigned"}}

    return Kind(name=NAME, admit=admit, show=show, wishes={"regenerateKeys": regenerate}, long_running=True)


def _given_keys(properties: Reader) -> dict[str, str]:
    keys = properties.mapping("keys")
    found = {}
    for which, field in ((PRIMARY, "primaryKey"), (SECONDARY, "secondaryKey")):
        key = keys.text(field, longest=256)
        if key and (len(key) < 16 or not key.isascii() or not key.isprintable() or " " in key):
            keys.fault(field, "a key must have 16 to 256 printable characters and no spaces")
        if key:
            found[which] = key
    return found
