"""Published pipelines, pipeline endpoints and their runs as the pipelines' data plane writes them: Azure's older capital names.

Made from the bodies that the kinds show, so that there is nothing to keep alike.
"""

from collections.abc import Mapping
from typing import Any

from azurine.api.house import House
from azurine.model import clock, ids
from azurine.model.resources import Resource

PIPELINE_NOTE, SOURCE_NOTE = "azureml.pipelineid", "azureml.runsource"
FINISHED = {"Completed": "Finished", "CancelRequested": "Running", "Finalizing": "Running"}
"""parity: words for the status of a run that this plane has of its own."""
ENDED = ("Finished", "Failed", "Canceled")


def pipeline(house: House, root: str, found: Resource) -> dict[str, Any]:
    """A published pipeline."""
    shown = house.show(found)["properties"]
    parameters: Mapping[str, Any] = shown.get("parameters") or {}
    return {
        "Name": shown["name"],
        "Description": shown.get("description"),
        "Version": shown.get("version"),
        "GraphId": found.name,
        "TotalRunSteps": shown.get("totalRunSteps"),
        "ParameterAssignments": {name: _text(one["default"]) for name, one in parameters.items() if not one["data"]},
        "DataPathAssignments": {name: {"Uri": one["default"]} for name, one in parameters.items() if one["data"]},
        "DataSetDefinitionValueAssignments": {},
        "Url": f"{runs(house, root, found)}/PipelineSubmit/{found.name}",
        "ContinueRunOnStepFailure": (shown["job"].get("settings") or {}).get("continue_on_step_failure", True) not in (False, "False", "false"),
        "EnableNotification": False,
        **_shared(found, shown),
    }


def endpoint(house: House, root: str, found: Resource) -> dict[str, Any]:
    """A pipeline endpoint."""
    shown = house.show(found)["properties"]
    return {
        "Name": shown["name"],
        "Description": shown.get("description"),
        "DefaultVersion": shown["defaultVersion"],
        "PipelineVersionList": [{"Version": one["version"], "PipelineId": one["pipelineId"]} for one in shown["versions"]],
        "Url": f"{runs(house, root, found)}/PipelineEndpointSubmit/Id/{found.name}",
        "SwaggerUrl": None,
        **_shared(found, shown),
    }


def run(house: House, job: Resource) -> dict[str, Any]:
    """A pipeline's run."""
    shown = house.show(job)["properties"]
    status = FINISHED.get(shown["status"], shown["status"])
    notes = shown.get("properties") or {}
    literals = {name: one.get("value") for name, one in (shown.get("inputs") or {}).items() if one.get("jobInputType") == "literal"}
    return {
        "Description": shown.get("description"),
        "Status": {
            "StatusCode": status,
            "StatusDetail": ((shown.get("error") or {}).get("error") or {}).get("message"),
            "CreationTime": clock.iso(job.created_at),
            "EndTime": shown.get("endTimeUtc"),
        },
        "GraphId": notes.get(PIPELINE_NOTE),
        "IsSubmitted": True,
        "HasErrors": status == "Failed",
        "HasWarnings": False,
        "UploadState": "Completed" if status in ENDED else "NotStarted",
        "ParameterAssignments": {name: _text(value) for name, value in literals.items()},
        "DataSetDefinitionValueAssignments": {},
        "RunHistoryExperimentName": shown.get("experimentName"),
        "PipelineId": notes.get(PIPELINE_NOTE),
        "RunSource": notes.get(SOURCE_NOTE),
        "RunType": "HTTP",
        "TotalRunSteps": len(shown.get("jobs") or {}),
        **_shared(job, shown),
        "EntityStatus": "Active",
    }


def runs(house: House, root: str, found: Resource) -> str:
    """The address below which runs of the workspace's pipelines are asked for."""
    return f"{root}/pipelines/v1.0{house.addresses.path(ids.up_to(found.id, ids.WORKSPACES))}/PipelineRuns"


def _shared(found: Resource, shown: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "Id": found.name,
        "Etag": f'"{found.revision}"',
        "CreatedDate": clock.iso(found.created_at),
        "LastModifiedDate": clock.iso(found.updated_at),
        "EntityStatus": shown.get("status"),
        "Properties": shown.get("properties") or {},
        "tags": shown.get("tags") or {},
    }


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
