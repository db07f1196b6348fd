"""Online deployments: a model with its scoring script, and the processes that answer an endpoint's requests with them.

A deployment's processes are work that lasts (`Perform` "deployment") under the key `<id>#<created>#serve#<generation>.<edition>`.
Whatever is changed that they depend on makes another generation: other processes. The old ones go on serving until the new ones
answer, and go on for good when the new ones fail; what serves now stands in the status as `serving`, and that is where the door sends
requests. How many processes there are is the edition: another one keeps the processes that there are.

    Creating ──▶ Succeeded ──(PUT)──▶ Updating ──▶ Succeeded            `serving` moves to the new generation here
        └──▶ Failed                       └──▶ Failed                   (`serving` stays)

https://learn.microsoft.com/azure/machine-learning/reference-yaml-deployment-managed-online
"""

from typing import Any

from azurine.ml import assets
from azurine.ml.endpoints import bodies, collecting, online, serving
from azurine.ml.reading import Reader
from azurine.model import ids
from azurine.model.decisions import Cease, Decision, Effect, Perform
from azurine.model.errors import Invalid
from azurine.model.kinds import Admission, Kind, Look, References
from azurine.model.resources import Json, Resource
from azurine.model.states import State, is_final

WORK = "deployment"
MOST_INSTANCES = 64
_ANSWERED = ("provisioningState", "provisioningErrors")
_OF_EDITION = ("instances", "limits", "liveness", "readiness")
FAILED, SUCCEEDED, CREATING, UPDATING = "Failed", "Succeeded", "Creating", "Updating"


def admit(admission: Admission) -> Json:
    body, properties = bodies.begin(admission)
    count = body.mapping("sku").whole("capacity", least=1, most=MOST_INSTANCES) or 1
    properties.labels("environmentVariables")
    compute_type = properties.choice("endpointComputeType", ("Managed", "Kubernetes", "AzureMLCompute")) or "Managed"
    properties.text("instanceType")
    properties.text("modelMountPath")
    properties.flag("appInsightsEnabled")
    _check_scale(properties)
    plan: dict[str, Any] = {
        **serving.plan(properties, admission.references, ids.up_to(admission.id, ids.WORKSPACES)),
        "limits": serving.limits(properties),
        "liveness": serving.probe(properties, "livenessProbe"),
        "readiness": serving.probe(properties, "readinessProbe"),
        "collector": collecting.plan(properties, admission.references, admission.id),
        "instances": count,
    }
    body.finish()
    plan |= _counted(admission.previous, plan)
    sku = {"name": "Default", **(admission.body.get("sku") or {}), "capacity": count}
    return {**bodies.keep(admission, properties.value, _ANSWERED, endpointComputeType=compute_type), "sku": sku, assets.PRIVATE: plan}


def decide(look: Look) -> Decision:
    resource = look.resource
    wanted = _key(resource)
    alive = _alive(resource)
    if resource.deleting:
        never_seen = () if look.outcome(wanted) is not None else (wanted,)
        effects = tuple(Cease(one, WORK) for one in (*alive, *never_seen))
        return Decision(dict(resource.status), effects, settled=not alive)
    outcome = look.outcome(wanted)
    serves = resource.status.get("serving")
    if outcome is not None and outcome["state"] == State.RUNNING and outcome["output"].get("ready"):
        return _ready(resource, wanted, alive)
    wishes: list[Effect] = []
    if serves and serves["key"] != wanted:
        wishes.append(Perform(serves["key"], WORK, serves["arguments"]))
    if outcome is not None and is_final(outcome["state"]):
        error = outcome.get("error") or {"code": "DeploymentFailed", "message": "the deployment's processes ended"}
        return Decision(_status(wanted, FAILED, serves, error), tuple(wishes))
    wishes.append(Perform(wanted, WORK, _arguments(resource)))
    kept = {wanted, serves["key"]} if serves else {wanted}
    wishes += [Cease(one, WORK) for one in alive if one not in kept]
    return Decision(_status(wanted, UPDATING if serves else CREATING, serves), tuple(wishes))


def release(resource: Resource, references: References) -> None:
    """A deployment that requests are sent to stays. parity: so it does in Azure, which says it in these words."""
    endpoint = references.get(ids.parent(resource.id))
    if endpoint is None or endpoint.deleting:
        return
    name = resource.name.lower()
    for what, shares in (("live", online.live(endpoint)), ("mirrored", online.mirrored(endpoint))):
        if shares.get(name):
            message = f"{resource.name} has {shares[name]} percent of the {what} traffic of {endpoint.name}"
            raise Invalid(
                f"You can't delete a deployment that has {what} traffic allocated to it; set its traffic to 0 first: {message}", code="UserError"
            )


def show(resource: Resource) -> Json:
    plan = resource.spec[assets.PRIVATE]
    limits = plan["limits"]
    defaults = {"environmentVariables": {}, "appInsightsEnabled": False, "scaleSettings": {"scaleType": "Default"}}
    known: dict[str, Any] = {
        "requestSettings": {
            "requestTimeout": _iso(limits["timeout"]),
            "maxConcurrentRequestsPerInstance": limits["concurrent"],
            "maxQueueWait": _iso(0.5 if limits["queue"] is None else limits["queue"]),
        },
        "livenessProbe": _probe_shown(plan["liveness"]),
        "readinessProbe": _probe_shown(plan["readiness"]),
        "provisioningState": _state(resource),
    }
    if resource.spec["properties"].get("dataCollector"):
        known["dataCollector"] = collecting.shown(resource.spec["properties"]["dataCollector"])
    if resource.status.get("error") and known["provisioningState"] == FAILED:
        known["provisioningErrors"] = [{"error": resource.status["error"]}]
    return {"kind": "Managed", **bodies.show(resource, defaults, known)}


def limits(resource: Resource) -> Json:
    """What the door holds requests to: timeout, queue, concurrent; and the number of instances."""
    plan = resource.spec[assets.PRIVATE]
    return {**plan["limits"], "instances": plan["instances"]}


def served_by(resource: Resource) -> str:
    """The key of the generation that answers requests now; "" when none does yet."""
    return str((resource.status.get("serving") or {}).get("key") or "")


def sizes(resource: Resource) -> list[Json]:
    """What listing the skus answers: to how many instances it can be scaled."""
    capacity = {"minimum": 1, "maximum": MOST_INSTANCES, "default": 1, "scaleType": "Manual"}
    return [
        {"resourceType": "Microsoft.MachineLearningServices/" + resource.kind, "sku": {"name": "Default", "tier": "Standard"}, "capacity": capacity}
    ]


def _ready(resource: Resource, wanted: str, alive: list[str]) -> Decision:
    arguments = _arguments(resource)
    old = tuple(Cease(one, WORK) for one in alive if one != wanted)
    return Decision(_status(wanted, SUCCEEDED, {"key": wanted, "arguments": arguments}), (Perform(wanted, WORK, arguments), *old))


def _state(resource: Resource) -> str:
    """What was last said of it, unless that was said of another edition."""
    if resource.status.get("of") == _key(resource):
        return str(resource.status["state"])
    return UPDATING if resource.status.get("serving") else CREATING


def _status(of: str, state: str, serves: Json | None, error: Json | None = None) -> Json:
    status: dict[str, Any] = {"state": state, "of": of}
    if serves:
        status["serving"] = serves
    if error:
        status["error"] = {"code": error.get("code") or "DeploymentFailed", "message": error.get("message") or ""}
    return status


def _arguments(resource: Resource) -> Json:
    plan = resource.spec[assets.PRIVATE]
    passed = ("workspace", "model", "code", "environment", "variables", "limits", "liveness", "readiness", "collector", "instances")
    return {**{name: plan[name] for name in passed}, "endpoint": ids.name(ids.parent(resource.id)), "deployment": resource.name}


def _counted(previous: Resource | None, plan: Json) -> Json:
    """Another generation when anything changed that the processes depend on, or when the last one came to nothing; else another edition."""
    if previous is None:
        return {"generation": 1, "edition": 1}
    before = previous.spec[assets.PRIVATE]
    generation, edition = int(before["generation"]), int(before["edition"])
    if previous.status.get("state") == FAILED or any(plan[name] != before[name] for name in plan if name not in _OF_EDITION):
        return {"generation": generation + 1, "edition": 1}
    return {"generation": generation, "edition": edition + any(plan[name] != before[name] for name in _OF_EDITION)}


def _key(resource: Resource) -> str:
    plan = resource.spec[assets.PRIVATE]
    return f"{resource.id}#{resource.created_at:.6f}#serve#{plan['generation']}.{plan['edition']}"


def _alive(resource: Resource) -> list[str]:
    """Keys of this deployment's generations that are not over."""
    return [one for one, outcome in (resource.status.get("outcomes") or {}).items() if not is_final(outcome["state"])]


def _check_scale(properties: Reader) -> None:
    scale = properties.mapping("scaleSettings")
    scale.choice("scaleType", ("Default", "TargetUtilization"))
    least = scale.whole("minInstances", least=1, most=MOST_INSTANCES)
    most = scale.whole("maxInstances", least=1, most=MOST_INSTANCES)
    if least and most and least > most:
        scale.fault("minInstances", f"minInstances is {least}, above maxInstances, which is {most}")


def _probe_shown(probe: Json) -> Json:
    return {name: _iso(value) if name in ("initialDelay", "period", "timeout") else value for name, value in probe.items()}


def _iso(seconds: float) -> str:
    return f"PT{seconds:g}S"


KIND = Kind(name=online.DEPLOYMENTS, admit=admit, show=show, decide=decide, release=release, long_running=True)
