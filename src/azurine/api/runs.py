"""A job as run history tells of it: made from the body that the job shows, so that there is nothing to keep alike.

Run history is the older data plane beside ARM: its times are `…Utc`, its identities are objects, and a child knows its parent and root.
`view` takes what every job shows; a wing that knows more (why it failed, when it really started) hands `view` its own additions.
"""

from collections.abc import Callable, Mapping
from typing import Any

from azurine.api.house import House
from azurine.model import clock, ids
from azurine.model.resources import Json, Resource

More = Callable[[Resource], Json]
"""resource → members of the run that are known better than from the shown body; they replace those of `view`."""
TYPES = {"pipeline": "azureml.PipelineRun", "command": "azureml.scriptrun", "sweep": "hyperdrive"}
FOLDERS = frozenset({"uri_file", "uri_folder", "mltable"})
CLIMB = 100


def view(house: House, job: Resource, more: More | None = None) -> dict[str, Any]:
    """The run: GET …/runs/{id}."""
    body = house.show(job)
    properties = body.get("properties") or {}
    kind = str(properties.get("jobType") or "")
    run: dict[str, Any] = {
        "runNumber": job.created,
        "runId": job.name,
        "runUuid": job.name,
        "rootRunId": ids.name(_root(house, job)),
        "rootRunUuid": ids.name(_root(house, job)),
        "parentRunId": _parent(job),
        "parentRunUuid": _parent(job),
        "experimentId": str(properties.get("experimentName") or "Default"),
        "experimentName": str(properties.get("experimentName") or "Default"),
        "status": str(properties.get("status") or "NotStarted"),
        "displayName": properties.get("displayName") or job.name,
        "name": properties.get("displayName") or job.name,
        "description": properties.get("description"),
        "hidden": properties.get("isArchived") is True,
        "tags": _texts(properties.get("tags")),
        "properties": _texts(properties.get("properties")),
        "parameters": {},
        "runType": TYPES.get(kind.lower(), "azureml.StepRun" if _parent(job) else "azureml.scriptrun"),
        "runTypeV2": {"orchestrator": kind, "traits": [], "computeType": None},
        "dataContainerId": f"dcid.{job.name}",
        "target": _target(properties),
        "compute": {"target": _target(properties)},
        "services": {},
        "createdUtc": clock.iso(job.created_at),
        "startTimeUtc": _time(properties, "startTimeUtc"),
        "endTimeUtc": _time(properties, "endTimeUtc"),
        "createdBy": {"userObjectId": job.created_by, "userName": job.created_by or "azurine"},
        "lastModifiedBy": {"userObjectId": job.updated_by, "userName": job.updated_by or "azurine"},
        "lastModifiedUtc": clock.iso(job.updated_at),
        "userId": job.created_by,
        "revision": job.revision,
        "statusRevision": job.revision,
        "inputs": {},
        "outputs": outputs(house, job, properties),
        "error": {"error": dict(job.status["error"])} if isinstance(job.status.get("error"), Mapping) else None,
        "warnings": [],
        **(more(job) if more else {}),
    }
    return {key: value for key, value in run.items() if value is not None}


def details(run: Json, log_files: Mapping[str, str]) -> dict[str, Any]:
    """GET …/runs/{id}/details: the run, with the addresses of its logs."""
    return {**run, "createdTimeUtc": run.get("createdUtc"), "logFiles": dict(log_files)}


def outputs(house: House, job: Resource, properties: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Where each output can be asked for; only those that are somewhere.

    parity: a model is called a folder here. The official client knows how to resolve models too, but that way of it fails on
    every answer (it takes the method `values` for the member), while the way of folders leads to the same files.
    """
    found: dict[str, dict[str, str]] = {}
    for name, output in (properties.get("outputs") or {}).items():
        if isinstance(output, Mapping) and output.get("uri"):
            kind = str(output.get("jobOutputType") or "uri_folder")
            found[name] = {"assetId": f"{house.addresses.arm_id(job.id)}/outputs/{name}", "type": kind if kind in FOLDERS else "uri_folder"}
    return found


def _parent(job: Resource) -> str | None:
    """The job that asked for this one; another sort of owner (a schedule, a factory) is no parent of a run."""
    return ids.name(job.owner) if job.owner and ids.kind_of(job.owner) == job.kind else None


def _root(house: House, job: Resource) -> str:
    current: Resource | None = job
    root = job.id
    for _ in range(CLIMB):
        if current is None or _parent(current) is None:
            break
        root = current.owner
        current = house.log.get(root)
    return root


def _target(properties: Mapping[str, Any]) -> str | None:
    compute = properties.get("computeId")
    return str(compute).rstrip("/").rsplit("/", 1)[-1] if compute else None


def _time(properties: Mapping[str, Any], name: str) -> str | None:
    inner = properties.get("properties")
    found = properties.get(name) or (inner.get(name) or inner.get(name[0].upper() + name[1:]) if isinstance(inner, Mapping) else None)
    return str(found) if found else None


def _texts(mapping: Any) -> dict[str, str]:
    return {str(key): str(value) for key, value in mapping.items() if value is not None} if isinstance(mapping, Mapping) else {}
