"""What is not run again, and what is: plays of one pipeline submitted twice."""

from collections.abc import Mapping
from typing import Any

import pytest

from azurine.model.decisions import Outcome
from azurine.store.log import Mark
from ml.jobs.stage import ENVIRONMENT, WORKSPACE, Stage

FOLDER = {"type": "uri_folder"}
DATA = "azureml://datastores/workspaceblobstore/paths/x/"


def submit(stage: Stage, name: str, *, n: str = "1", component: str = "make", settings: Mapping[str, Any] | None = None, data: str = DATA) -> None:
    """a (takes data and a number) → b (takes what a made)."""
    nodes = {
        "a": {"componentId": f"azureml:{component}:1", "inputs": {"n": n, "d": {"job_input_type": "uri_folder", "uri": data}}},
        "b": {"componentId": "azureml:use:1", "inputs": {"d": "${{parent.jobs.a.outputs.o}}"}, "outputs": {"o": {"value": "${{parent.outputs.o}}"}}},
    }
    stage.pipeline(name, nodes, outputs={"o": {}}, settings=settings or {})
    stage.settle()


def finish(stage: Stage, name: str) -> list[str]:
    """Lets all steps that run succeed and all copies be made; answers the nodes that were really run."""
    ran = []
    for _ in range(4):
        for key, file in list(stage.copies.files.items()):
            file(Outcome("succeeded"))
            del stage.copies.files[key]
        stage.settle()
        for node in stage.children(name):
            child = stage.child(name, node)
            if any(child.name in key for key in stage.steps.files) and stage.status(child.name) != "Completed":
                ran.append(node)
                stage.tell(child, "succeeded")
    assert stage.status(name) == "Completed"
    return ran


@pytest.fixture
def twice(stage: Stage) -> Stage:
    """The pipeline has run once, as `first`."""
    inputs = {"n": {"type": "integer"}, "d": FOLDER}
    stage.component("make", command="make ${{inputs.n}} ${{inputs.d}} ${{outputs.o}}", inputs=inputs, outputs={"o": FOLDER})
    stage.component("dice", command="dice ${{inputs.n}} ${{inputs.d}} ${{outputs.o}}", inputs=inputs, outputs={"o": FOLDER}, is_deterministic=False)
    stage.component("other", command="other ${{inputs.n}} ${{inputs.d}} ${{outputs.o}}", inputs=inputs, outputs={"o": FOLDER})
    stage.component("use", command="use ${{inputs.d}} ${{outputs.o}}", inputs={"d": FOLDER}, outputs={"o": FOLDER})
    submit(stage, "first")
    assert finish(stage, "first") == ["a", "b"]
    return stage


def test_the_same_again_is_reused_all_the_way(twice: Stage) -> None:
    submit(twice, "second")
    assert finish(twice, "second") == []
    for node in ("a", "b"):
        mine, its = twice.shown(twice.child("second", node).name), twice.child("first", node).name
        assert mine["properties"]["azureml.isreused"] == "true"
        assert mine["properties"]["azureml.reusedrunid"] == its
        assert mine["outputs"]["o"]["uri"] == twice.shown(its)["outputs"]["o"]["uri"]
        assert mine["outputs"]["default"]["uri"].endswith(f"dcid.{its}/")
    assert [wish["from"] for wish in twice.copies.wishes.values()] == [twice.child("first", node).name for node in ("a", "b")]
    assert twice.shown("second")["outputs"]["o"]["uri"] == twice.shown("first")["outputs"]["o"]["uri"]


def test_a_third_time_it_is_still_the_first_that_is_reused(twice: Stage) -> None:
    submit(twice, "second")
    finish(twice, "second")
    submit(twice, "third")
    assert finish(twice, "third") == []
    assert twice.shown(twice.child("third", "b").name)["properties"]["azureml.reusedrunid"] == twice.child("first", "b").name


@pytest.mark.parametrize(
    "changed",
    [
        {"n": "2"},
        {"component": "other"},
        {"component": "dice"},
        {"settings": {"force_rerun": True}},
        {"data": "azureml://datastores/workspaceblobstore/paths/y/"},
    ],
    ids=str,
)
def test_what_differs_is_run_again_with_all_that_takes_from_it(twice: Stage, changed: dict[str, Any]) -> None:
    submit(twice, "second", **changed)
    assert finish(twice, "second") == ["a", "b"]


def test_where_it_runs_does_not_count(twice: Stage) -> None:
    twice.put("computes/cpu", {"properties": {"computeType": "AmlCompute", "properties": {"scaleSettings": {"minNodeCount": 0, "maxNodeCount": 1}}}})
    twice.settle()
    submit(twice, "second", settings={"default_compute": "azureml:cpu"})
    assert finish(twice, "second") == []


def test_what_was_forced_to_run_again_is_what_is_reused_from_then_on(twice: Stage) -> None:
    submit(twice, "second", settings={"force_rerun": True})
    finish(twice, "second")
    submit(twice, "third")
    assert finish(twice, "third") == []
    assert twice.shown(twice.child("third", "a").name)["properties"]["azureml.reusedrunid"] == twice.child("second", "a").name


def test_another_version_of_the_data_is_other_data(twice: Stage) -> None:
    for version in ("1", "2"):
        twice.put(f"data/d/versions/{version}", {"properties": {"dataUri": DATA}})
        submit(twice, f"with{version}", data="azureml:d@latest")
        assert finish(twice, f"with{version}")[:1] == ["a"], "the asset counts, not only where it lies"
    submit(twice, "again", data="azureml:d:1")
    assert finish(twice, "again") == []


def test_the_same_code_under_another_address_is_the_same_code(stage: Stage) -> None:
    for number, content in enumerate(("aa", "aa", "bb")):
        uri = f"azureml://datastores/workspaceblobstore/paths/code{number}/"
        stage.put(f"codes/c{number}/versions/1", {"properties": {"codeUri": uri, "properties": {"hash_sha256": content}}})
        stage.component(f"made{number}", command="make", code=f"azureml:c{number}:1")
        stage.pipeline(f"p{number}", {"a": {"componentId": f"azureml:made{number}:1"}})
        stage.settle()
        assert finish(stage, f"p{number}") == ([] if number == 1 else ["a"])


def test_a_result_whose_job_is_gone_is_not_reused_and_is_replaced(twice: Stage) -> None:
    twice.store.write([Mark(twice.job("first").id)], twice.clock())
    twice.settle()
    submit(twice, "second")
    assert finish(twice, "second") == ["a", "b"]
    submit(twice, "third")
    assert finish(twice, "third") == []


def test_a_command_by_itself_is_never_reused(stage: Stage) -> None:
    for name in ("one", "two"):
        job = stage.put(f"jobs/{name}", {"properties": {"jobType": "Command", "command": "run", "environmentId": ENVIRONMENT}})
        stage.settle()
        stage.tell(job, "succeeded")
    assert len(stage.steps.wishes) == 2


def test_a_failed_step_is_run_again(stage: Stage) -> None:
    stage.component("make", command="make")
    for name, ending in (("one", "failed"), ("two", "succeeded")):
        stage.pipeline(name, {"a": {"componentId": "azureml:make:1"}})
        stage.settle()
        stage.tell(stage.child(name, "a"), ending)
    assert [stage.status(name) for name in ("one", "two")] == ["Failed", "Completed"]


def test_a_result_that_somebody_else_put_there_does_no_harm(twice: Stage) -> None:
    [result] = [one for one in twice.store.page("workspaces/results", WORKSPACE) if one.spec["job"] == twice.child("first", "a").name]
    twice.put(f"results/{result.name}", {"job": "../nowhere"})
    submit(twice, "second")
    assert finish(twice, "second") == ["a", "b"]
