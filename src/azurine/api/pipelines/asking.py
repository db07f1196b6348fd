"""What a request for a run of a published pipeline says, as the body of the job that it asks for.

    {"ExperimentName": …, "ParameterAssignments": {name: value}, "DataPathAssignments": {name: {"DataStoreName", "RelativePath"}}, …}

Names are taken in upper or lower case, and what is not known is passed over, as Azure does. What is wrong with the job is told at the
place in the request that it came from (`told`).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from azurine.api.pipelines.entities import SOURCE_NOTE
from azurine.model import errors
from azurine.model.resources import Json

PARENT_NOTE, SCHEDULE_NOTE = "azureml.parentrunid", "azureml.scheduleid"
ASSIGNED = {"parameterAssignments": "ParameterAssignments", "dataPathAssignments": "DataPathAssignments"}
_TEXTS = {"experimentName": "ExperimentName", "displayName": "DisplayName", "description": "Description"}
_NOTES = {SOURCE_NOTE: "RunSource", SCHEDULE_NOTE: "ScheduleId", PARENT_NOTE: "ParentRunId"}


def job(asked: Json, named: Json) -> dict[str, Any]:
    """The properties of the job. named: which pipeline or endpoint, as a job's body says it."""
    given = {str(key).lower(): value for key, value in asked.items() if value is not None}
    texts = {ours: _text(given, theirs) for ours, theirs in _TEXTS.items() if given.get(theirs.lower())}
    notes = {ours: _text(given, theirs) for ours, theirs in _NOTES.items() if given.get(theirs.lower())}
    carried = {key: _object(given, word) for key, word in (("tags", "Tags"), ("properties", "Properties"))}
    going_on = [given[word.lower()] for word in ("ContinueRunOnStepFailure", "ContinueOnStepFailure") if word.lower() in given]
    if going_on and not isinstance(going_on[0], bool):
        raise errors.Invalid("ContinueOnStepFailure must be true or false", path="ContinueOnStepFailure")
    places = {**_object(given, "DataPathAssignments"), **_literals(_object(given, "DataSetDefinitionValueAssignments"))}
    return {
        "jobType": "Pipeline",
        **named,
        **texts,
        "tags": {name: str(value) for name, value in carried["tags"].items()},
        "properties": {name: str(value) for name, value in {**carried["properties"], **notes}.items()},
        "parameterAssignments": {**_object(given, "ParameterAssignments"), **_datasets(_object(given, "DataSetDefinitionValueAssignments"))},
        "dataPathAssignments": places,
        **({"continueOnStepFailure": going_on[0]} if going_on else {}),
    }


def told(error: errors.Invalid, asked: Json) -> errors.Invalid:
    """The same error, at the places of the request. asked: the properties of the job that was asked for."""
    found = [replace(one, path=_place(one.path, asked)) for one in error.details]
    return errors.Invalid(error.message, code=error.code, path=_place(error.path, asked), details=found)


def _place(path: str, asked: Json) -> str:
    for ours, theirs in ASSIGNED.items():
        if path.startswith(f"properties.{ours}"):
            return theirs + path.removeprefix(f"properties.{ours}")
    if path.startswith("properties.inputs."):
        name = path.removeprefix("properties.inputs.").removesuffix(".uri")
        return f"{'DataPathAssignments' if name in asked['dataPathAssignments'] else 'ParameterAssignments'}.{name}"
    return {"properties.experimentName": "ExperimentName", "properties.pipelineVersion": "PipelineVersion"}.get(path, path)


def _text(given: Mapping[str, Any], word: str) -> str:
    found = given[word.lower()]
    if not isinstance(found, str):
        raise errors.Invalid(f"{word} must be a string", path=word)
    return found


def _object(given: Mapping[str, Any], word: str) -> dict[str, Any]:
    found = given.get(word.lower())
    if found is not None and not isinstance(found, dict):
        raise errors.Invalid(f"{word} must be an object of names and values", path=word)
    return dict(found or {})


def _literals(definitions: Mapping[str, Any]) -> dict[str, Any]:
    """Data sets that are given as a place."""
    found = {name: _member(one, "LiteralValue") for name, one in definitions.items()}
    return {name: place for name, place in found.items() if place is not None}


def _datasets(definitions: Mapping[str, Any]) -> dict[str, str]:
    """Data sets that are given by name: the version asked for, or the latest."""
    found = {}
    for name, one in definitions.items():
        reference = _member(one, "DataSetReference") or _member(one, "SavedDataSetReference")
        if not isinstance(reference, Mapping):
            continue
        named = _member(reference, "Name") or _member(reference, "Id")
        if not isinstance(named, str) or not named:
            where = f"DataSetDefinitionValueAssignments.{name}"
            raise errors.Invalid("a data set is named by Name or Id, and Version when it is not to be the latest", path=where)
        version = _member(reference, "Version")
        found[name] = f"azureml:{named}:{version}" if version else f"azureml:{named}@latest"
    return found


def _member(one: Any, word: str) -> Any:
    if not isinstance(one, Mapping):
        return None
    return next((value for key, value in one.items() if str(key).lower() == word.lower()), None)
