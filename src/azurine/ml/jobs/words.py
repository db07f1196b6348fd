"""How a job is going, in Azure's words.

Inside, a job has one of six states and, while it is not final, a phase:

    pending ──▶ pending/queued ──▶ pending/preparing ──▶ running ──▶ running/finalizing ──▶ succeeded
       │             │                    │                 │                │          └──▶ failed
       └─────────────┴────────────────────┴────── cancel ───┴────────────────┴─────────────▶ cancelled

https://learn.microsoft.com/azure/machine-learning/how-to-understand-job-status
"""

from azurine.model import clock, ids, states
from azurine.model.resources import Json, Resource
from azurine.model.states import State

NOT_STARTED = "NotStarted"

_FINAL_WORDS = {State.SUCCEEDED: "Completed", State.FAILED: "Failed", State.CANCELLED: "Canceled", State.SKIPPED: "NotStarted"}
_PHASE_WORDS = {"queued": "Queued", "preparing": "Preparing", "starting": "Starting", "running": "Running", "finalizing": "Finalizing"}

ARTIFACT_STORE = "workspaceartifactstore"


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


def times(job: Resource) -> dict[str, str]:
    """`startTimeUtc` and `endTimeUtc`, as far as they are known."""
    named = (("startTimeUtc", job.status.get("started")), ("endTimeUtc", job.status.get("ended")))
    return {name: clock.iso(moment) for name, moment in named if moment}


def show(job: Resource) -> Json:
    """The job as the door answers it: what was PUT, and how it is going."""
    spec = job.spec
    plan = spec.get("plan", {})
    properties = {name: value for name, value in spec.get("properties", {}).items() if value is not None}
    properties["status"] = status(job)
    properties["experimentName"] = plan.get("experiment", "Default")
    properties["displayName"] = properties.get("displayName") or job.name
    properties.setdefault("isArchived", False)
    properties["tags"] = dict(properties.get("tags") or {})
    properties["properties"] = {**(properties.get("properties") or {}), **_notes(job)}
    properties["services"] = {**_SERVICES, **(properties.get("services") or {})}
    properties["outputs"] = _outputs(job)
    if plan.get("type") == "command":
        properties.setdefault("command", plan["command"])
        properties.setdefault("environmentId", plan.get("environment_id", ""))
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


def _outputs(job: Resource) -> dict[str, Json]:
    default = {"jobOutputType": "uri_folder", "mode": "ReadWriteMount", "uri": artifacts_uri(job.status.get("reused") or job.name)}
    shown: dict[str, Json] = {"default": default}
    declared = job.spec.get("properties", {}).get("outputs") or {}
    planned = job.spec.get("plan", {}).get("outputs", {})
    for name, output in planned.items():
        was_put = {key: value for key, value in (declared.get(name) or {}).items() if key not in ("value", "type", "job_output_type")}
        made = job.status.get("outputs", {}).get(name, output)
        shown[name] = {**was_put, "jobOutputType": output["type"], "uri": made["uri"]}
        if made.get("asset"):
            shown[name] = {**shown[name], "assetName": ids.name(ids.parent(made["asset"])), "assetVersion": ids.name(made["asset"])}
    return shown
