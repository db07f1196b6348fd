"""Whatever is PUT, `admit` answers a plan or an AzurineError, and what was admitted can be shown and looked at."""

import copy
import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from azurine.ml import jobs
from azurine.model.errors import AzurineError
from azurine.model.kinds import Look
from azurine.store.log import Mark
from azurine.store.references import LogReferences
from ml.jobs.stage import ENVIRONMENT, WORKSPACE, Stage

PARTS = [
    "${{parent.inputs.d}}",
    "${{parent.jobs.a.outputs.o}}",
    "${{parent.jobs.a.inputs.n}}",
    "${{parent.outputs.res}}",
    "${{inputs.n}}",
    "$[[${{inputs.t}}]]",
    "${{name}}",
    "${{",
    "azureml:d:1",
    "azureml:prep:1",
    "azureml:inner:1",
    "azureml://datastores/workspaceblobstore/paths/x",
    "azureml://jobs/done/outputs/o",
    "literal",
    "uri_folder",
    "Command",
    "Pipeline",
    "pipeline",
    "PT5S",
    "../x",
    "\0",
    "\ud800",
    "nan",
    "1",
]
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.sampled_from(PARTS))
KEYS = st.one_of(st.sampled_from(["value", "uri", "mode", "type", "jobInputType", "a", "b", "o", "n", "default"]), st.text(max_size=5))
VALUES = st.recursive(SCALARS, lambda below: st.one_of(st.lists(below, max_size=3), st.dictionaries(KEYS, below, max_size=3)), max_leaves=6)

COMMAND: dict[str, Any] = {
    "jobType": "Command",
    "command": "run ${{inputs.n}} ${{outputs.o}} $[[${{inputs.d}}]]",
    "environmentId": ENVIRONMENT,
    "codeId": "azureml:c:1",
    "computeId": "local",
    "experimentName": "e",
    "displayName": "shown",
    "inputs": {"n": {"jobInputType": "literal", "value": "1"}, "d": {"jobInputType": "uri_folder", "uri": "azureml:d:1", "mode": "Download"}},
    "outputs": {
        "o": {"jobOutputType": "uri_folder", "mode": "Upload", "assetName": "x", "uri": "azureml://datastores/workspaceblobstore/paths/${{name}}"}
    },
    "environmentVariables": {"A": "${{inputs.n}}"},
    "limits": {"timeout": "PT5S"},
    "resources": {"instanceCount": 2},
    "distribution": {"distributionType": "PyTorch", "processCountPerInstance": 1},
    "tags": {"a": "b"},
    "properties": {"a": "b"},
    "services": {"s": {"jobServiceType": "x"}},
}
PIPELINE: dict[str, Any] = {
    "jobType": "Pipeline",
    "settings": {"default_compute": "serverless", "default_datastore": "workspaceblobstore", "force_rerun": False, "continue_on_step_failure": True},
    "inputs": {"d": {"jobInputType": "uri_folder", "uri": "azureml:d:1"}, "n": {"jobInputType": "literal", "value": "2"}},
    "outputs": {"res": {"jobOutputType": "uri_folder", "assetName": "x"}},
    "jobs": {
        "a": {
            "type": "command",
            "componentId": "azureml:prep:1",
            "inputs": {"d": {"job_input_type": "literal", "value": "${{parent.inputs.d}}"}, "n": "${{parent.inputs.n}}"},
            "outputs": {"o": {"value": "${{parent.outputs.res}}", "type": "literal"}},
            "environment_variables": {"A": "${{parent.inputs.n}}"},
            "limits": {"timeout": "PT5S"},
            "resources": {"instance_count": 1},
        },
        "b": {
            "componentId": "azureml:prep:1",
            "inputs": {"d": "${{parent.jobs.a.outputs.o}}", "n": "${{parent.jobs.a.inputs.n}}"},
            "computeId": "local",
        },
        "c": {"type": "pipeline", "componentId": "azureml:inner:1"},
    },
}


def _filled() -> Stage:
    stage = Stage()
    inputs = {"d": {"type": "uri_folder"}, "n": {"type": "integer"}, "t": {"type": "string", "optional": True}}
    stage.component("prep", command="prep ${{inputs.d}} ${{outputs.o}}", inputs=inputs, outputs={"o": {"type": "uri_folder"}})
    stage.component("make", command="make ${{outputs.o}}", outputs={"o": {"type": "uri_folder"}})
    stage.component("inner", jobs={"x": {"componentId": "azureml:make:1"}})
    stage.put("data/d/versions/1", {"properties": {"dataUri": "azureml://datastores/workspaceblobstore/paths/d/"}})
    stage.put("codes/c/versions/1", {"properties": {"codeUri": "azureml://datastores/workspaceblobstore/paths/code/"}})
    stage.command("done", outputs={"o": {}})
    return stage


STAGE = _filled()


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    if isinstance(value, dict):
        for key, below in value.items():
            found += places(below, (*path, key))
    return found


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Any]:
    """A good body of which a few places are anything."""
    body = {"properties": copy.deepcopy(draw(st.sampled_from([COMMAND, PIPELINE])))}
    for _ in range(draw(st.integers(0, 3))):
        *above, last = draw(st.sampled_from(places(body)))
        here = body
        for key in above:
            here = here[key]
        match draw(st.sampled_from(["replace", "remove", "add", "rename"])):
            case "replace":
                here[last] = draw(VALUES)
            case "remove":
                del here[last]
            case "add":
                here[draw(KEYS)] = draw(VALUES)
            case "rename":
                here[draw(KEYS)] = here.pop(last)
        if not body:
            break
    return body


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(bodies())
def test_any_body_is_planned_or_refused(body: dict[str, Any]) -> None:
    try:
        job = STAGE.put("jobs/any", body)
    except AzurineError as error:
        assert error.message and len(error.message) < 4000
        assert all(isinstance(one.path, str) and one.message for one in error.details)
        return
    try:
        json.dumps(STAGE.shown("any"))
        decided = jobs.decide(Look(job, (), STAGE.clock(), LogReferences(STAGE.store)))
        assert decided.effects and not decided.settled
        STAGE.settle()
        assert STAGE.status("any") in ("NotStarted", "Queued", "Running", "Failed")
        json.dumps(STAGE.shown("any"))
    finally:
        STAGE.store.write([Mark(f"{WORKSPACE}/jobs/any")], STAGE.clock())
        STAGE.clock.advance(1)
        STAGE.settle()


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(KEYS, VALUES, max_size=4), VALUES)
def test_any_json_at_all(body: dict[str, Any], properties: Any) -> None:
    for one in (body, {"properties": properties}, {"properties": body}):
        try:
            STAGE.put("jobs/none", one)
        except AzurineError:
            continue
        raise AssertionError(f"this is no job: {one}")
