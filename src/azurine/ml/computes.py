"""Computes: named places to run, which grow when there is work and shrink when there is none.

A cluster (`AmlCompute`) has between `minNodeCount` and `maxNodeCount` nodes and gives an idle one back after
`nodeIdleTimeBeforeScaleDown`. Here a node is a worker process of a Dask cluster that belongs to this compute. A compute instance is a
cluster of exactly one node that can be started and stopped. `Kubernetes`, `VirtualMachine` and the like are accepted by name.

A Dask scheduler of one's own is attached by the tag `azurine.dask.scheduler: tcp://host:8786` on an AmlCompute: tags travel through
every official client and file format unchanged, and a file with the tag stays valid in Azure. The workers that have
joined the scheduler are then the nodes; nothing is started or stopped there.

The cluster itself is work that lasts (`Perform` "cluster") under the key `<id>#cluster#<generation>`; what it tells about its
nodes while it runs is what the compute shows. Another size of cluster is another generation.
https://learn.microsoft.com/azure/machine-learning/how-to-create-attach-compute-cluster
"""

import re
from typing import Any

from azurine.ml import assets, names
from azurine.ml.reading import Reader, clipped
from azurine.model import clock, errors, ids
from azurine.model.decisions import Cease, Decision, Effect, Perform
from azurine.model.kinds import Admission, Kind, Look
from azurine.model.resources import Json, Resource
from azurine.model.states import State, is_final

CLUSTER, INSTANCE = "AmlCompute", "ComputeInstance"
BY_NAME = ("Kubernetes", "VirtualMachine", "SynapseSpark", "HDInsight", "Databricks", "DataLakeAnalytics", "DataFactory", "AKS")
SCHEDULER = "azurine.dask.scheduler"
WORK = "cluster"
SLOTS = 1
"""Steps that a node runs at once (Azure's clusters run one job per node)."""
MOST_NODES = 1000
IDLE = 120.0

_SCHEDULER = re.compile(r"(tcp|tls|ws|wss)://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):\d{1,5}")
_HIDDEN = {"userAccountCredentials": ("adminUserPassword",), "administratorAccount": ("password", "privateKeyData")}
_WORDS = {State.SUCCEEDED: "Succeeded", State.RUNNING: "Succeeded", State.PENDING: "Creating", State.FAILED: "Failed", State.CANCELLED: "Creating"}
_COUNTS = {
    "idleNodeCount": "idle",
    "runningNodeCount": "running",
    "unusableNodeCount": "unusable",
    "preparingNodeCount": "preparing",
    "leavingNodeCount": "leaving",
}


def admit(admission: Admission) -> Json:
    names.check(ids.name(admission.id), names.COMPUTE)
    body = Reader(admission.body)
    body.text("location")
    body.labels("tags")
    properties = body.mapping("properties", required=True)
    properties.text("description")
    properties.text("resourceId")
    sort = properties.choice("computeType", (CLUSTER, INSTANCE, *BY_NAME), required=True)
    detail = properties.mapping("properties")
    if sort == CLUSTER:
        _check_cluster(body, detail)
    elif sort == INSTANCE:
        detail.text("vmSize")
        detail.seconds("idleTimeBeforeShutdown")
    body.finish()
    if admission.previous is not None and _sort(admission.previous) != sort:
        raise errors.Conflict(f"{ids.name(admission.id)} is of type {_sort(admission.previous)}; delete it before making a {sort} of that name")
    return _spec(admission, sort)


def decide(look: Look) -> Decision:
    resource = look.resource
    current = key(resource) if _wanted(resource) and not resource.deleting else None
    effects: list[Effect] = [Cease(one, WORK) for one in _alive(resource) if one != current]
    if resource.deleting:
        never_seen = key(resource) is not None and look.outcome(str(key(resource))) is None
        effects += [Cease(str(key(resource)), WORK)] if never_seen else []
        return Decision({"provisioningState": "Deleting"}, tuple(effects), settled=not _alive(resource))
    if current is None:
        return Decision({"provisioningState": "Succeeded", "state": "Stopped"}, tuple(effects), settled=not effects)
    effects.append(Perform(current, WORK, _arguments(resource)))
    return Decision(_status(look.outcome(current)), tuple(effects))


def show(resource: Resource) -> Json:
    body = dict(assets.show(resource))
    given = dict(body["properties"])
    sort = _sort(resource)
    answered: dict[str, Any] = {
        **given,
        "provisioningState": resource.status.get("provisioningState", "Creating"),
        "provisioningErrors": resource.status.get("errors"),
        "createdOn": clock.iso(resource.created_at),
        "modifiedOn": clock.iso(resource.updated_at or resource.created_at),
        "isAttachedCompute": sort in BY_NAME or bool(scheduler(resource)),
    }
    if sort == CLUSTER:
        answered["properties"] = {"vmPriority": "Dedicated", **(given.get("properties") or {}), **_nodes_shown(resource)}
    elif sort == INSTANCE:
        answered["properties"] = {**(given.get("properties") or {}), "state": _instance_state(resource)}
    return {"location": "local", **body, "properties": answered}


def key(resource: Resource) -> str | None:
    """The key under which this compute's cluster runs; None for those accepted by name only, whose steps run beside the server."""
    if _sort(resource) in BY_NAME:
        return None
    return f"{resource.id}#cluster#{(resource.spec.get(assets.PRIVATE) or {}).get('generation', 1)}"


def scheduler(resource: Resource) -> str:
    """The address of the attached Dask scheduler; "" when the cluster is the server's own."""
    return str((resource.spec.get("tags") or {}).get(SCHEDULER) or "")


def started(resource: Resource) -> bool:
    """May steps be sent here? A stopped instance takes none."""
    return (_sort(resource) in BY_NAME or _wanted(resource)) and not resource.deleting


def nodes(resource: Resource) -> list[Json]:
    """What listNodes answers, as far as the cluster has told."""
    return list(resource.status.get("nodes") or [])


def most(resource: Resource) -> int:
    """Nodes that there may be at once; of a scheduler of somebody else's, those that it has now."""
    if _sort(resource) in BY_NAME:
        return 1
    return len(nodes(resource)) or 1 if scheduler(resource) else int(_shape(resource.spec)["max"])


def start(resource: Resource, body: Json) -> Json:
    return _with_wish(resource, "Running")


def stop(resource: Resource, body: Json) -> Json:
    return _with_wish(resource, "Stopped")


def sizes() -> list[Json]:
    """What listing the machine sizes of a location answers: names that files use; here every one of them is this machine."""
    return [_size(*row) for row in _SIZES]


def _check_cluster(body: Reader, detail: Reader) -> None:
    scale = detail.mapping("scaleSettings")
    least = scale.whole("minNodeCount", least=0, most=MOST_NODES) or 0
    most = scale.whole("maxNodeCount", required=bool(scale.value), least=1, most=MOST_NODES)
    if most is not None and least > most:
        scale.fault("minNodeCount", f"minNodeCount is {least}, above maxNodeCount, which is {most}")
    scale.seconds("nodeIdleTimeBeforeScaleDown")
    detail.text("vmSize")
    detail.choice("vmPriority", ("Dedicated", "LowPriority"))
    detail.choice("osType", ("Linux", "Windows"))
    address = body.mapping("tags").value.get(SCHEDULER)
    if address is not None and not (isinstance(address, str) and _SCHEDULER.fullmatch(address)):
        body.mapping("tags").fault(SCHEDULER, f"{clipped(address)} is not the address of a Dask scheduler; write it like tcp://host:8786")


def _spec(admission: Admission, sort: str) -> Json:
    spec = dict(assets.keep(admission))
    spec["properties"], hidden = _hide({**spec["properties"], "computeType": sort})
    before = (admission.previous.spec.get(assets.PRIVATE) or {}) if admission.previous else {}
    plan: dict[str, Any] = {"wanted": before.get("wanted", "Running"), "secrets": hidden or before.get("secrets") or {}}
    same = admission.previous is not None and _shape(admission.previous.spec) == _shape(spec)
    # Begins with the time, so that a compute made anew under an old name is not taken for the old one's work.
    plan["generation"] = before["generation"] if same else max(int(admission.now), int(before.get("generation", 0)) + 1)
    return {**spec, assets.PRIVATE: plan}


def _hide(properties: Json) -> tuple[Json, Json]:
    """The properties without passwords and private keys, and those."""
    detail = dict(properties.get("properties") or {})
    hidden = {}
    for field, fields in _HIDDEN.items():
        given = detail.get(field)
        if isinstance(given, dict):
            hidden.update({one: given[one] for one in fields if given.get(one) is not None})
            detail[field] = assets.without(given, fields)
    return ({**properties, "properties": detail} if detail else properties), hidden


def _shape(spec: Json) -> Json:
    """What makes a cluster the cluster it is."""
    detail = Reader((spec["properties"].get("properties")) or {})
    scale = detail.mapping("scaleSettings")
    single = spec["properties"]["computeType"] == INSTANCE
    least = 1 if single else scale.whole("minNodeCount") or 0
    return {
        "min": least,
        "max": 1 if single else scale.whole("maxNodeCount") or max(least, 1),
        "idle": scale.seconds("nodeIdleTimeBeforeScaleDown", IDLE),
        "scheduler": str((spec.get("tags") or {}).get(SCHEDULER) or ""),
        "slots": SLOTS,
    }


def _arguments(resource: Resource) -> Json:
    return {"id": resource.id, "name": resource.name, **_shape(resource.spec)}


def _status(outcome: Json | None) -> Json:
    if outcome is None:
        return {"provisioningState": "Creating", "state": "Creating"}
    told = outcome.get("output") or {}
    status: dict[str, Any] = {"provisioningState": _WORDS.get(State(outcome["state"]), "Creating"), "state": "Running", "cluster": told}
    if told.get("nodes"):
        status["nodes"] = told["nodes"]
    if outcome["state"] == State.FAILED:
        error = outcome.get("error") or {}
        status["state"] = "CreateFailed"
        status["errors"] = [
            {"error": {"code": error.get("code") or "ClusterFailed", "message": error.get("message") or "the cluster could not be started"}}
        ]
    return status


def _nodes_shown(resource: Resource) -> Json:
    told = resource.status.get("cluster") or {}
    return {
        "currentNodeCount": told.get("current", 0),
        "targetNodeCount": told.get("target", 0),
        "nodeStateCounts": {"preemptedNodeCount": 0, **{shown: told.get(name, 0) for shown, name in _COUNTS.items()}},
        "allocationState": told.get("state", "Steady"),
        "allocationStateTransitionTime": told.get("since") or clock.iso(resource.updated_at or resource.created_at),
        "errors": resource.status.get("errors"),
    }


def _instance_state(resource: Resource) -> str:
    if _wanted(resource):
        return str(resource.status.get("state", "Creating")) if resource.status.get("state") != "Stopped" else "Starting"
    return "Stopping" if _alive(resource) else "Stopped"


def _alive(resource: Resource) -> list[str]:
    """Keys of this compute's clusters that are not over, of whatever generation."""
    mine = f"{resource.id}#cluster#"
    return [one for one, outcome in (resource.status.get("outcomes") or {}).items() if one.startswith(mine) and not is_final(outcome["state"])]


def _sort(resource: Resource) -> str:
    return str(resource.spec["properties"]["computeType"])


def _wanted(resource: Resource) -> bool:
    return _sort(resource) not in BY_NAME and (resource.spec.get(assets.PRIVATE) or {}).get("wanted") != "Stopped"


def _with_wish(resource: Resource, wanted: str) -> Json:
    if _sort(resource) != INSTANCE:
        raise errors.Invalid(f"{resource.name} is of type {_sort(resource)}; only a compute instance can be started and stopped", path="name")
    plan = dict(resource.spec.get(assets.PRIVATE) or {})
    if wanted == "Running" and plan.get("wanted") == "Stopped":
        plan["generation"] = int(plan.get("generation", 0)) + 1
    return {**resource.spec, assets.PRIVATE: {**plan, "wanted": wanted}}


_SIZES = (
    ("STANDARD_D2_V2", "standardDv2Family", 2, 7.0),
    ("STANDARD_DS11_V2", "standardDSv2Family", 2, 14.0),
    ("STANDARD_DS2_V2", "standardDSv2Family", 2, 7.0),
    ("STANDARD_DS3_V2", "standardDSv2Family", 4, 14.0),
    ("STANDARD_D4_V3", "standardDv3Family", 4, 16.0),
    ("STANDARD_E4S_V3", "standardESv3Family", 4, 32.0),
    ("STANDARD_F4S_V2", "standardFSv2Family", 4, 8.0),
)


def _size(name: str, family: str, cores: int, memory: float) -> Json:
    return {
        "name": name,
        "family": family,
        "vCPUs": cores,
        "gpus": 0,
        "osVhdSizeMB": 1_047_552,
        "maxResourceVolumeMB": 102_400,
        "memoryGB": memory,
        "lowPriorityCapable": True,
        "premiumIO": "S" in name.removeprefix("STANDARD"),
        "supportedComputeTypes": [CLUSTER, INSTANCE],
    }


KIND = Kind(
    name="workspaces/computes",
    admit=admit,
    show=show,
    decide=decide,
    wishes={"start": start, "stop": stop, "restart": start},
    long_running=True,
)
