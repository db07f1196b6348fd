"""Plays with published pipelines: what was looked up at publication is what runs, all the way down; and whatever is published, it is told."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from azurine.ml import checking, drafts, pipeline_endpoints, pipelines
from azurine.ml.jobs import comparing
from azurine.model import errors, ids
from azurine.model.kinds import Admission
from azurine.model.resources import Resource
from azurine.store.log import Remove
from azurine.store.references import LogReferences
from ml.jobs.stage import WORKSPACE, Stage
from ml.jobs.test_any_body import STAGE, bodies

ONE = "11111111-1111-1111-1111-111111111111"
TWO = "22222222-2222-2222-2222-222222222222"


def published(stage: Stage, guid: str = ONE, **properties: Any) -> Resource:
    return stage.put(f"pipelines/{guid}", {"properties": {"name": "p", **properties}})


def endpoint_id(name: str) -> str:
    return ids.numbered(WORKSPACE, "pipelineEndpoints", name)


def asked(stage: Stage, name: str, **properties: Any) -> Resource:
    return stage.put(f"jobs/{name}", {"properties": {"jobType": "Pipeline", **properties}})


@pytest.fixture
def nested(stage: Stage) -> Stage:
    """A step in a pipeline in a pipeline."""
    stage.component("say", command="say hello ${{inputs.who}}", inputs={"who": {"type": "string"}}, is_deterministic=False)
    inner = {"say": {"componentId": "azureml:say@latest", "inputs": {"who": "${{parent.inputs.who}}"}}}
    stage.component("inner", jobs=inner, inputs={"who": {"type": "string"}})
    job = {
        "jobType": "Pipeline",
        "inputs": {"who": {"jobInputType": "literal", "value": "world"}},
        "jobs": {"inner": {"type": "pipeline", "componentId": "azureml:inner:1", "inputs": {"who": "${{parent.inputs.who}}"}}},
    }
    published(stage, job=job)
    return stage


def command_of(stage: Stage, run: str) -> str:
    stage.settle()
    inner = stage.child(run, "inner")
    return str(stage.wish(stage.child(inner.name, "say"))["command"])


def changed(stage: Stage) -> None:
    """Another component under the same name and version, and a newer one."""
    version = f"{WORKSPACE}/components/say/versions/1"
    stage.store.write([Remove(version)], stage.clock())
    stage.component("say", command="say bye ${{inputs.who}}", inputs={"who": {"type": "string"}}, is_deterministic=False)


def test_changes_reach_no_step_however_deep(nested: Stage) -> None:
    changed(nested)
    asked(nested, "old", pipelineId=ONE, parameterAssignments={"who": "you"})
    assert command_of(nested, "old") == "say hello ${{inputs.who}}"
    assert nested.shown("old")["inputs"]["who"]["value"] == "you"
    nested.pipeline("new", {"inner": {"type": "pipeline", "componentId": "azureml:inner:1", "inputs": {"who": "x"}}})
    assert command_of(nested, "new") == "say bye ${{inputs.who}}"


def test_a_run_of_it_is_published_as_it_was(nested: Stage) -> None:
    """Published anew from a run, after the component has changed: still what ran."""
    asked(nested, "first", pipelineId=ONE)
    nested.settle()
    changed(nested)
    published(nested, TWO, jobName="first")
    asked(nested, "second", pipelineId=TWO)
    assert command_of(nested, "second") == "say hello ${{inputs.who}}"
    shown = nested.store.get(f"{WORKSPACE}/pipelines/{TWO}")
    assert shown is not None
    assert shown.spec["properties"]["version"] == "2"


def test_one_that_is_gone_does_not_stop_its_runs(nested: Stage) -> None:
    asked(nested, "orphan", pipelineId=ONE)
    nested.store.write([Remove(f"{WORKSPACE}/pipelines/{ONE}")], nested.clock())
    assert command_of(nested, "orphan") == "say hello ${{inputs.who}}"


def test_asking_twice_for_a_job_starts_one(nested: Stage) -> None:
    first = asked(nested, "once", pipelineId=ONE, parameterAssignments={"who": "you"})
    assert asked(nested, "once", pipelineId=ONE, parameterAssignments={"who": "you"}).revision == first.revision
    with pytest.raises(errors.Conflict, match="parameterAssignments"):
        asked(nested, "once", pipelineId=ONE, parameterAssignments={"who": "me"})


@pytest.mark.parametrize(
    ("properties", "path", "message"),
    [
        ({"pipelineId": TWO}, "properties.pipelineId", "no published pipeline"),
        ({"pipelineId": ONE, "pipelineEndpointName": "e"}, "properties.pipelineEndpointName", "exclude each other"),
        ({"pipelineEndpointName": "nobody"}, "properties.pipelineEndpointName", "no pipeline endpoint"),
        ({"pipelineId": 3}, "properties.pipelineId", "must be a string"),
        ({"pipelineId": ONE, "parameterAssignments": "x"}, "properties.parameterAssignments", "must be an object"),
        ({"pipelineId": ONE, "continueOnStepFailure": "x"}, "properties.continueOnStepFailure", "true or false"),
    ],
)
def test_what_cannot_be_asked_for(nested: Stage, properties: Any, path: str, message: str) -> None:
    with pytest.raises(errors.Invalid, match=message) as raised:
        asked(nested, "refused", **properties)
    assert raised.value.path == path


@pytest.mark.parametrize(
    ("properties", "path"),
    [
        ({"name": None}, "properties.name"),
        ({"status": "Asleep"}, "properties.status"),
        ({"versions": []}, "properties.versions"),
        ({"versions": [{"version": "0", "pipelineId": TWO}]}, "properties.versions[0].pipelineId"),
        ({"versions": [{"version": "0", "pipelineId": ONE}, {"version": "0", "pipelineId": ONE}]}, "properties.versions[1].version"),
        ({"versions": ["0"]}, "properties.versions[0]"),
        ({"defaultVersion": "9"}, "properties.defaultVersion"),
    ],
)
def test_what_an_endpoint_cannot_be(nested: Stage, properties: Any, path: str) -> None:
    whole = {"name": "e", "versions": [{"version": "0", "pipelineId": ONE}], **properties}
    with pytest.raises(errors.Invalid) as raised:
        nested.put(endpoint_id("e"), {"properties": {key: one for key, one in whole.items() if one is not None}})
    assert raised.value.path == path


def test_an_endpoint_keeps_its_name_and_its_versions(nested: Stage) -> None:
    whole = {"name": "e", "versions": [{"version": "0", "pipelineId": ONE}]}
    nested.put(endpoint_id("e"), {"properties": whole})
    for change, refusal in (({"name": "f"}, errors.Conflict), ({"versions": [{"version": "1", "pipelineId": ONE}]}, errors.Invalid)):
        with pytest.raises(refusal):
            nested.put(endpoint_id("e"), {"properties": {**whole, **change}})
    with pytest.raises(errors.Invalid, match="the id of the pipeline endpoint 'g' is"):
        nested.put(endpoint_id("h"), {"properties": {**whole, "name": "g"}})
    published(nested, TWO, jobName=asked(nested, "r", pipelineId=ONE).name)
    more = {**whole, "versions": [*whole["versions"], {"version": "1", "pipelineId": TWO}], "defaultVersion": "1"}
    nested.put(endpoint_id("e"), {"properties": more})
    asked(nested, "by-name", pipelineEndpointName="E")
    asked(nested, "by-version", pipelineEndpointName="e", pipelineVersion="0")
    notes = [nested.shown(one)["properties"]["azureml.pipelineid"] for one in ("by-name", "by-version")]
    assert notes == [TWO, ONE]


def test_runs_beside_each_other_name_nodes_by_their_way(nested: Stage) -> None:
    for name, who in (("left", "you"), ("right", "me")):
        asked(nested, name, pipelineId=ONE, parameterAssignments={"who": who})
        nested.settle()

    def steps(job: Resource) -> dict[str, Resource]:
        return {str(one.spec["node"]): one for one in nested.store.owned_by(job.id) if one.spec.get("node")}

    told = comparing.compare(nested.job("left"), nested.job("right"), steps, lambda seen: {seen[0].id: {"nan": float("nan")}})
    assert [one["node"] for one in told["nodes"]] == ["inner", "inner.say"]
    assert {(one["node"], one["what"], one["left"], one["right"]) for one in told["differences"]} == {
        (None, "parameter", "you", "me"),
        (None, "metric", "nan", None),
        ("inner", "parameter", "you", "me"),
        ("inner.say", "parameter", "you", "me"),
    }


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(bodies())
def test_whatever_the_job_is_it_is_published_or_refused_and_checked(body: dict[str, Any]) -> None:
    job, known = body.get("properties"), LogReferences(STAGE.store)
    try:
        spec = pipelines.admit(Admission(f"{WORKSPACE}/pipelines/{ONE}", {"properties": {"name": "p", "job": job}}, known))
        pipelines.show(Resource(f"{WORKSPACE}/pipelines/{ONE}", pipelines.NAME, spec))
    except errors.AzurineError as error:
        assert error.message
    try:
        spec = drafts.admit(Admission(f"{WORKSPACE}/pipelineDrafts/d", {"properties": {"job": job}}, known))
    except errors.AzurineError as error:
        assert error.message
    else:
        draft = Resource(f"{WORKSPACE}/pipelineDrafts/d", drafts.NAME, spec)
        drafts.show(draft)
        assert all(one["path"] and one["message"] for one in checking.check(draft, LogReferences(STAGE.store)))
    try:
        endpoint = {"properties": {"name": "e", "versions": [job], "defaultVersion": job}}
        pipeline_endpoints.admit(Admission(endpoint_id("e"), endpoint, known))
    except errors.AzurineError as error:
        assert error.message
