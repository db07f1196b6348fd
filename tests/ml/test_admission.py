"""What is refused, with the path of what is wrong; what is taken; and that nothing, however odd, breaks a kind."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from azurine.model import errors

CASES = json.loads((Path(__file__).parent.parent / "cases" / "ml" / "refused.json").read_text(encoding="utf-8"))


def body_of(case: dict) -> dict:
    if "spec" in case:
        return {"properties": {"componentSpec": case["spec"]}}
    return case["body"] if "body" in case else {"properties": case["properties"]}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['id']}: {case['says'][:50]}")
def test_what_is_wrong_is_said_with_its_path(house, case):
    with pytest.raises(getattr(errors, case.get("error", "Invalid"))) as caught:
        house.put(case["id"], body_of(case))
    found = [(caught.value.path, caught.value.message)] + [(one.path, one.message) for one in caught.value.details]
    assert any(path == case["path"] and case["says"] in message for path, message in found), found
    if "code" in case:
        assert case["code"] in {caught.value.code, *(one.code for one in caught.value.details)}


def test_everything_wrong_is_said_at_once(house):
    spec = {"type": "command", "environment": "none:1", "inputs": {"a": {"type": "?"}, "b": {"type": "integer", "default": "x"}}}
    with pytest.raises(errors.Invalid) as caught:
        house.put("components/c/versions/1", {"properties": {"componentSpec": spec}})
    paths = [one.path.removeprefix("properties.componentSpec.") for one in caught.value.details]
    assert paths == ["inputs.a.type", "inputs.b.default", "command", "environment"]
    assert "(and 3 more)" in caught.value.message


def test_what_was_put_can_be_got_unknown_fields_included(house):
    body = {"properties": {"dataUri": "https://x/y", "dataType": "uri_file", "later": {"a": [1, None]}}, "extra": 1, "id": "x", "systemData": {}}
    made = house.put("data/d/versions/1", body)
    shown = house.show(made)
    assert shown["extra"] == 1
    assert shown["properties"]["later"] == {"a": [1, None]}
    assert "id" not in shown
    assert "systemData" not in shown


def test_the_same_version_again_with_new_words_about_it_is_fine(house):
    body = {"properties": {"dataUri": "https://x/y", "dataType": "uri_file", "tags": {"a": "1"}}}
    house.put("data/d/versions/1", body)
    again = house.put("data/d/versions/1", {"properties": {**body["properties"], "tags": {"b": "2"}, "description": "said", "isArchived": True}})
    assert house.show(again)["properties"] == {
        "dataUri": "https://x/y",
        "dataType": "uri_file",
        "tags": {"b": "2"},
        "properties": {},
        "description": "said",
        "isArchived": True,
        "isAnonymous": False,
    }


def test_a_model_keeps_its_stage_and_job_when_a_later_put_leaves_them_out(house):
    house.put("models/m/versions/1", {"properties": {"modelUri": "runs:/r/model", "stage": "Staging", "jobName": "r"}})
    shown = house.show(house.put("models/m/versions/1", {"properties": {"modelUri": "runs:/r/model", "isArchived": True}}))["properties"]
    assert (shown["stage"], shown["jobName"], shown["isArchived"]) == ("Staging", "r", True)


def test_a_component_may_be_registered_again_from_the_same_file(house):
    spec = {**house.get("subscriptions/s/resourceGroups/g/workspaces/shop/components/prep/versions/1").spec["properties"]["componentSpec"]}
    house.put("components/prep/versions/1", {"properties": {"componentSpec": {**spec, "_source": "YAML.JOB", "display_name": "Prep"}}})


@pytest.mark.parametrize(
    "jobs",
    [
        {
            "m": {"componentId": "make:1"},
            "a": {"componentId": "prep:1", "type": "command", "inputs": {"raw": {"value": "${{parent.jobs.m.outputs.out}}"}}},
        },
        {
            "a": {
                "componentId": "prep:1",
                "inputs": {"raw": {"value": "${{parent.inputs.d}}"}, "n": {"value": "3"}},
                "outputs": {"out": {"value": "${{parent.outputs.o}}"}},
            }
        },
        {"m": {"componentId": "make@latest"}, "a": {"componentId": "prep:1", "inputs": {"raw": {"value": "${{parent.jobs.m.outputs.artifacts}}"}}}},
        {
            "m": {"componentId": "make:1"},
            "a": {"componentId": "prep:1", "inputs": {"raw": "${{parent.inputs.d}}", "n": "${{parent.jobs.m.outputs.count}}"}},
        },
        {
            "a": {
                "componentId": "prep:1",
                "computeId": "${{parent.inputs.where}}",
                "inputs": {"raw": {"uri": "azureml:patients:1", "job_input_type": "uri_folder"}},
            }
        },
        {
            "a": {
                "componentId": "prep:1",
                "inputs": {"raw": {"value": "${{parent.inputs.d}}"}},
                "outputs": {"out": {"uri": "azureml://datastores/x/paths/${{name}}"}},
            }
        },
    ],
)
def test_a_pipeline_component_that_is_wired_rightly(house, jobs):
    spec = {
        "type": "pipeline",
        "inputs": {"d": {"type": "uri_folder"}, "where": {"type": "string"}},
        "outputs": {"o": {"type": "uri_folder"}},
        "jobs": jobs,
    }
    house.put("components/p/versions/1", {"properties": {"componentSpec": spec}})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=8), below, max_size=3),
    max_leaves=8,
)
FIELDS = {
    "data/d/versions/1": ["dataUri", "dataType", "tags", "isArchived", "referencedUris"],
    "data/patients/versions/1": ["dataUri", "dataType", "tags"],
    "data/d": ["tags", "dataType", "isArchived"],
    "models/m/versions/1": ["modelUri", "modelType", "flavors", "stage"],
    "codes/c/versions/1": ["codeUri", "properties"],
    "environments/e/versions/1": ["image", "build", "condaFile", "osType", "inferenceConfig"],
    "datastores/d": ["datastoreType", "accountName", "containerName", "credentials", "protocol"],
    "computes/dev": ["computeType", "properties", "resourceId"],
    "experiments/e": ["tags", "lifecycle"],
    "components/c/versions/1": ["componentSpec"],
}
SPEC_FIELDS = [
    "type",
    "command",
    "environment",
    "code",
    "inputs",
    "outputs",
    "jobs",
    "environment_variables",
    "resources",
    "distribution",
    "is_deterministic",
]
WORDS = [
    "command",
    "pipeline",
    "AzureBlob",
    "AmlCompute",
    "ComputeInstance",
    "azurine-host:1",
    "prep:1",
    "https://x/y",
    "${{inputs.a}}",
    "${{parent.jobs.a.outputs.b}}",
]


@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=300, deadline=None)
def test_any_body_is_taken_or_refused_and_what_is_taken_can_be_shown(house, data):
    identifier = data.draw(st.sampled_from(sorted(FIELDS)))
    value = (
        json_values
        | st.sampled_from(WORDS)
        | st.dictionaries(st.sampled_from(["a", "b", *SPEC_FIELDS]), json_values | st.sampled_from(WORDS), max_size=4)
    )
    properties = data.draw(st.dictionaries(st.sampled_from(FIELDS[identifier]), value, max_size=5))
    if identifier.startswith("components"):
        node = st.dictionaries(st.sampled_from(["componentId", "inputs", "outputs", "type"]), value, max_size=4)
        deeper = st.dictionaries(st.sampled_from(["a", "b", "raw"]), node | value, max_size=3)
        properties["componentSpec"] = data.draw(st.dictionaries(st.sampled_from(SPEC_FIELDS), value | deeper, max_size=6))
    before = dict(house.resources)
    try:
        made = house.put(identifier, {"properties": properties, "tags": data.draw(json_values)})
    except errors.AzurineError as error:
        assert error.message
        assert house.resources == before
    else:
        json.dumps(house.show(made))
    house.resources = before
