"""How a job is going, in Azure's words.

Inside, a job has one of six states and, while it is not final, a phase. `docs/lifecycles.md` draws them.

    pending                 NotStarted        running                 Running
    pending/queued          Queued            running/finalizing      Finalizing
    pending/preparing       Preparing         succeeded               Completed
    pending/provisioning    Provisioning      failed                  Failed
    pending/starting        Starting          cancelled               Canceled

The words come in this order: a job whose environment is made first says Preparing, Provisioning, Starting; another one
says Queued, Preparing.

https://learn.microsoft.com/azure/machine-learning/how-to-understand-job-status
"""

from collections.abc import Mapping
from typing import Any

from azurine.ml import registry_ids
from azurine.model import clock, ids, states
from azurine.model.resources import Json, Resource
from azurine.model.states import State

NOT_STARTED = "NotStarted"
DEFAULT_OUTPUT = "default"
STORE_NAMES = ("artifacts", DEFAULT_OUTPUT)
"""What a job's artifact store is called among its outputs."""

_FINAL_WORDS = {State.SUCCEEDED: "Completed", State.FAILED: "Failed", State.CANCELLED: "Canceled", State.SKIPPED: "NotStarted"}
_PHASE_WORDS = {"queued": "Queued", "preparing": "Preparing", "provisioning": "Provisioning", "starting": "Starting"}

ARTIFACT_STORE = "workspaceartifactstore"
PROVIDER = "Microsoft.MachineLearningServices"


def status(job: Resource) -> str:
    """Azure's status word of a job."""
    state = job.status.get("state", State.PENDING)
    if states.is_final(state):
        return _FINAL_WORDS[state]
    if job.spec.get("cancel"):
        return "CancelRequested"
    if state == State.RUNNING:
        return "Finalizing" if job.status.get("phase") == "finalizing" else "Running"
    return _PHASE_WORDS.get(job.status.get("phase", ""), NOT_STARTED)


def artifacts_uri(job_name: str) -> str:
    """Where a job's logs, `outputs/` folder and tracked artifacts are."""
    return f"azureml://datastores/{ARTIFACT_STORE}/paths/ExperimentRun/dcid.{job_name}/"


def address(identifier: str) -> str:
    """The address of something in a workspace or in the registry, as it stands in bodies."""
    if registry_ids.within(identifier):
        return registry_ids.address(identifier)
    return "/" + identifier.replace("/workspaces/", f"/providers/{PROVIDER}/workspaces/", 1)


def times(job: Resource) -> dict[str, str]:
    """`startTimeUtc` and `endTimeUtc`, as far as they are known."""
    named = (("startTimeUtc", job.status.get("started")), ("endTimeUtc", job.status.get("ended")))
    return {name: clock.iso(moment) for name, moment in named if moment}


def show(job: Resource) -> Json:
    """The job as the door answers it: what was PUT, and how it is going."""
    plan = job.spec.get("plan", {})
    properties = {name: value for name, value in job.spec.get("properties", {}).items() if value is not None}
    properties["status"] = status(job)
    properties["experimentName"] = plan.get("experiment", "Default")
    properties["displayName"] = properties.get("displayName") or job.name
    properties.setdefault("isArchived", False)
    properties["tags"] = dict(properties.get("tags") or {})
    properties["properties"] = {**(properties.get("properties") or {}), **_notes(job)}
    properties["services"] = {**_SERVICES, **(properties.get("services") or {})}
    properties["inputs"] = {name: _input(one) for name, one in (properties.get("inputs") or {}).items() if one is not None}
    properties["outputs"] = _outputs(job)
    if isinstance(properties.get("jobs"), Mapping):
        properties["jobs"] = {name: _node(one) for name, one in properties["jobs"].items()}
    if plan.get("type") in ("command", "parallel"):
        properties.setdefault("command", plan["command"])
        properties.setdefault("environmentId", plan.get("environment_id", ""))
        if plan.get("code_id"):
            # parity: always the address. The official client stumbles over a name here, and then shows no list of jobs at all.
            properties["codeId"] = address(plan["code_id"])
    if job.owner:
        properties["parentJobName"] = ids.name(job.owner)
    properties.update(times(job))
    if job.status.get("error"):
        properties["error"] = {"error": {name: value for name, value in job.status["error"].items() if value}}
    return {"properties": properties}


_SERVICES: dict[str, Json] = {
    "Tracking": {"jobServiceType": "Tracking", "endpoint": "/mlflow"},
    "Studio": {"jobServiceType": "Studio", "endpoint": "/studio"},
}


def _notes(job: Resource) -> dict[str, str]:
    """Properties that the service adds."""
    notes: dict[str, str] = {}
    if job.status.get("reused"):
        notes |= {"azureml.isreused": "true", "azureml.reusedrunid": str(job.status["reused"])}
    if job.owner:
        notes |= {"azureml.pipelinerunid": ids.name(job.owner), "azureml.rootpipelinerunid": job.spec.get("plan", {}).get("root", "")}
    return notes


def _input(one: Any) -> Json:
    """As the wire has it, also when it was PUT as in a file, or by a pipeline. parity: plain values are text."""
    entry = one if isinstance(one, Mapping) else {"value": one}
    sort = entry.get("jobInputType") or entry.get("job_input_type") or entry.get("type") or "literal"
    shown = {**{key: value for key, value in entry.items() if key not in ("type", "job_input_type", "path")}, "jobInputType": sort}
    if entry.get("path") and "uri" not in entry:
        shown["uri"] = entry["path"]
    if isinstance(entry.get("value"), bool | int | float):
        shown["value"] = str(entry["value"])
    if isinstance(entry.get("mode"), str):
        shown["mode"] = _MODES.get(entry["mode"].lower(), entry["mode"])
    return shown


def _node(node: Any) -> Any:
    """A step as the client can read it: it stumbles over an input that is nothing but its value (parity)."""
    if not isinstance(node, Mapping) or not isinstance(node.get("inputs"), Mapping):
        return node
    if all(isinstance(one, Mapping) for one in node["inputs"].values()):
        return node
    given = {name: one if isinstance(one, Mapping) else {"job_input_type": "literal", "value": one} for name, one in node["inputs"].items()}
    return {**node, "inputs": given}


def _outputs(job: Resource) -> dict[str, Json]:
    """Where the outputs are. The artifact store is shown as one of them when the job has ended.

    parity: a running job that shows it makes the official client look for the logs it streams in that store by itself, with an account
    key that it does not have; without it, it takes the addresses that run history gives it, which is what we want.
    """
    shown: dict[str, Json] = {}
    if states.is_final(job.status.get("state", "")):
        store = artifacts_uri(str(job.status.get("reused") or job.name))
        shown[DEFAULT_OUTPUT] = {"jobOutputType": "uri_folder", "mode": "ReadWriteMount", "uri": store}
    declared = job.spec.get("properties", {}).get("outputs") or {}
    for name, output in job.spec.get("plan", {}).get("outputs", {}).items():
        was_put: dict[str, Any] = {key: one for key, one in (declared.get(name) or {}).items() if key not in _NOT_SHOWN}
        made = job.status.get("outputs", {}).get(name, output)
        shown[name] = {**was_put, "jobOutputType": output["type"], "mode": _MODES[output["mode"]], "uri": made["uri"]}
        if made.get("asset"):
            shown[name] = {**shown[name], "assetName": ids.name(ids.parent(made["asset"])), "assetVersion": ids.name(made["asset"])}
    return shown


_MODES = {
    "ro_mount": "ReadOnlyMount",
    "rw_mount": "ReadWriteMount",
    "download": "Download",
    "upload": "Upload",
    "direct": "Direct",
    "eval_mount": "EvalMount",
    "eval_download": "EvalDownload",
}
_NOT_SHOWN = frozenset({"value", "type", "job_output_type", "bound"})
