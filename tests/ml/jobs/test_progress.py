"""How a pipeline goes, as plays: which nodes are started when, and how it ends."""

from typing import Any

import pytest

from azurine.ml.jobs import journal
from azurine.model.resources import Json
from azurine.reconcile.loop import Loop
from azurine.store.log import Mark, Remove
from ml.jobs.stage import ENVIRONMENT, KINDS, WORKSPACE, Stage

FOLDER = {"type": "uri_folder"}


def bound(text: str, **more: Any) -> Json:
    return {"job_input_type": "literal", "value": text, **more}


def goes_to(text: str) -> Json:
    return {"type": "literal", "value": text}


@pytest.fixture
def parts(stage: Stage) -> Stage:
    """Components: `make` makes a folder, `use` takes one and makes one, `may` takes one if there is one."""
    stage.component("make", command="make ${{inputs.n}} ${{outputs.o}}", inputs={"n": {"type": "integer", "default": 1}}, outputs={"o": FOLDER})
    stage.component("use", command="use ${{inputs.d}} ${{outputs.o}}", inputs={"d": FOLDER}, outputs={"o": FOLDER})
    stage.component("may", command="may $[[${{inputs.d}}]]", inputs={"d": {**FOLDER, "optional": True}})
    return stage


MAKE: Json = {"type": "command", "componentId": "azureml:make:1"}


def use(node: str, component: str = "use", port: str = "o") -> Json:
    return {"type": "command", "componentId": f"azureml:{component}:1", "inputs": {"d": bound(f"${{{{parent.jobs.{node}.outputs.{port}}}}}")}}


def test_nodes_start_when_their_needs_are_there_and_branches_side_by_side(parts: Stage) -> None:
    parts.pipeline("p", {"a": MAKE, "b": use("a"), "c": use("a"), "d": use("b"), "e": MAKE})
    parts.settle()
    assert parts.children("p") == ["a", "e"]
    parts.succeed("a", of="p")
    assert parts.children("p") == ["a", "e", "b", "c"]
    parts.succeed("b", "c", "e", of="p")
    assert parts.status("p") == "Running"
    parts.succeed("d", of="p")
    assert parts.status("p") == "Completed"
    assert parts.store.unsettled() == []


def test_a_node_is_given_what_another_made(parts: Stage) -> None:
    parts.pipeline("p", {"a": MAKE, "b": {**use("a"), "inputs": {"d": bound("${{parent.jobs.a.outputs.o}}", mode="Download")}}})
    parts.settle()
    parts.succeed("a", of="p")
    name = parts.child("p", "a").name
    assert parts.wish(parts.child("p", "b"))["inputs"]["d"] == {
        "type": "uri_folder",
        "mode": "download",
        "uri": f"azureml://datastores/workspaceblobstore/paths/azureml/{name}/o/",
    }


@pytest.mark.parametrize("word", ["artifacts", "default"])
def test_a_nodes_artifact_store_can_be_taken_by_another(parts: Stage, word: str) -> None:
    parts.pipeline("p", {"a": MAKE, "b": use("a", port=word)})
    parts.settle()
    parts.succeed("a", of="p")
    store = f"azureml://datastores/workspaceartifactstore/paths/ExperimentRun/dcid.{parts.child('p', 'a').name}/"
    assert parts.wish(parts.child("p", "b"))["inputs"]["d"]["uri"] == store


def test_an_output_declared_as_artifacts_is_the_artifact_store(parts: Stage) -> None:
    parts.component("say", outputs={"artifacts": FOLDER})
    parts.pipeline("p", {"a": {"componentId": "azureml:say:1"}, "b": use("a", port="artifacts")})
    parts.settle()
    parts.succeed("a", of="p")
    assert parts.wish(parts.child("p", "b"))["inputs"]["d"]["uri"].endswith(f"/ExperimentRun/dcid.{parts.child('p', 'a').name}/")


def test_what_the_pipeline_was_given_reaches_its_nodes_as_it_was_written(parts: Stage) -> None:
    parts.component(
        "show",
        command="show ${{inputs.rate}} ${{inputs.on}} ${{inputs.text}} ${{inputs.d}}",
        inputs={"rate": {"type": "number"}, "on": {"type": "boolean"}, "text": {"type": "string"}, "d": {**FOLDER, "mode": "download"}},
        environment_variables={"A": "1", "B": "2"},
    )
    parts.put("data/d/versions/1", {"properties": {"dataUri": "azureml://datastores/workspaceblobstore/paths/x/"}})
    given = {name: bound(f"${{{{parent.inputs.{name}}}}}") for name in ("rate", "on", "d")}
    parts.pipeline(
        "p",
        {
            "a": {
                "componentId": "azureml:show:1",
                "inputs": {**given, "text": bound("rate ${{parent.inputs.rate}} of ${{parent.inputs.d}}")},
                "environment_variables": {"B": "${{parent.inputs.rate}}", "C": "x"},
                "limits": {"timeout": "${{parent.inputs.time}}"},
                "resources": {"instance_count": 2},
                "distribution": {"type": "pytorch", "process_count_per_instance": 1},
                "computeId": "${{parent.inputs.where}}",
            }
        },
        inputs={
            **{
                name: {"jobInputType": "literal", "value": value}
                for name, value in {"rate": "0.010", "on": "true", "time": "PT5S", "where": "local"}.items()
            },
            "d": {"jobInputType": "uri_folder", "uri": "azureml:d@latest"},
        },
    )
    parts.settle()
    wish = parts.wish(parts.child("p", "a"))
    data = {
        "type": "uri_folder",
        "mode": "download",
        "uri": "azureml://datastores/workspaceblobstore/paths/x/",
        "asset": f"{WORKSPACE}/data/d/versions/1",
    }
    text = {"value": f"rate 0.010 of {data['uri']}"}
    assert wish["inputs"] == {"rate": {"value": "0.010"}, "on": {"value": "True"}, "text": text, "d": data}
    assert wish["variables"] == {"A": "1", "B": "0.010", "C": "x"}
    assert (wish["timeout"], wish["instances"], wish["distribution"]["type"], wish["compute"]) == (5.0, 2, "pytorch", "local")


@pytest.mark.parametrize(
    ("given", "inputs"),
    [
        ("${{parent.inputs.d}}", {"d": {"jobInputType": "uri_folder", "uri": "azureml:d@latest"}}),
        ({"job_input_type": "uri_folder", "uri": "azureml:d@latest"}, {}),
        ("azureml:d@latest", {}),
    ],
    ids=["the pipeline's", "the node's", "the node's, in short"],
)
def test_latest_is_the_latest_of_the_moment_of_submission(parts: Stage, given: Any, inputs: Json) -> None:
    for version in ("1", "2"):
        if version == "2":
            parts.component("later", command="use ${{inputs.d}}", inputs={"d": FOLDER, "after": FOLDER}, environment="azureml:e@latest")
            later = {"componentId": "azureml:later:1", "inputs": {"d": given, "after": "${{parent.jobs.a.outputs.o}}"}}
            parts.pipeline("p", {"a": MAKE, "b": later}, inputs=inputs)
        parts.put(f"data/d/versions/{version}", {"properties": {"dataUri": f"azureml://datastores/workspaceblobstore/paths/{version}/"}})
        parts.put(f"environments/e/versions/{version}", {"properties": {"image": f"image{version}"}})
    parts.settle()
    parts.succeed("a", of="p")
    child = parts.child("p", "b")
    [wish] = parts.environments.wishes.values()
    assert wish["definition"] == {"image": "image1"}
    assert child.spec["plan"]["inputs"]["d"]["asset"].endswith("/d/versions/1")


def test_a_nodes_output_bound_to_the_pipelines_goes_where_that_one_goes(parts: Stage) -> None:
    nodes = {"a": {**MAKE, "outputs": {"o": goes_to("${{parent.outputs.res}}")}}, "b": use("a")}
    path = "azureml://datastores/workspaceblobstore/paths/mine/${{name}}"
    parts.pipeline("p", nodes, outputs={"res": {"uri": path, "assetName": "table", "mode": None}})
    parts.settle()
    parts.succeed("a", of="p")
    where = "azureml://datastores/workspaceblobstore/paths/mine/p"
    assert parts.wish(parts.child("p", "a"))["outputs"]["o"]["uri"] == where
    assert parts.wish(parts.child("p", "b"))["inputs"]["d"]["uri"] == where
    parts.succeed("b", of="p")
    shown = parts.shown("p")["outputs"]["res"]
    assert (shown["uri"], shown["jobOutputType"], shown["assetVersion"]) == (where, "uri_folder", "1")


def test_a_pipelines_output_without_a_type_has_that_of_the_nodes(parts: Stage) -> None:
    parts.component("file", outputs={"f": {"type": "uri_file"}})
    parts.pipeline("p", {"a": {"componentId": "azureml:file:1", "outputs": {"f": goes_to("${{parent.outputs.res}}")}}}, outputs={"res": None})
    assert parts.shown("p")["outputs"]["res"]["jobOutputType"] == "uri_file"


@pytest.mark.parametrize(("goes_on", "expected"), [(True, ["a", "b", "d"]), (False, ["a", "b"])])
def test_whether_other_branches_go_on_after_a_failure(parts: Stage, goes_on: bool, expected: list[str]) -> None:
    nodes = {"a": MAKE, "b": {**MAKE, "inputs": {"n": "2"}}, "c": use("a"), "d": use("b")}
    parts.pipeline("p", nodes, settings={"continue_on_step_failure": goes_on})
    parts.settle()
    parts.tell(parts.child("p", "a"), "failed", error={"code": "UserError", "message": "no"})
    if goes_on:
        parts.succeed("b", "d", of="p")
    assert parts.children("p") == expected
    assert parts.status("p") == "Failed"
    assert parts.shown("p")["error"]["error"]["message"].startswith("the job a (")
    assert parts.status(parts.child("p", "b").name) == ("Completed" if goes_on else "Canceled")


@pytest.mark.parametrize(("goes_on", "expected"), [(True, ["a", "b"]), (False, ["a"])])
def test_a_failed_producer_of_an_optional_input(parts: Stage, goes_on: bool, expected: list[str]) -> None:
    parts.pipeline(
        "p", {"a": MAKE, "b": use("a", "may")}, settings={"continue_on_step_failure": True, "continue_run_on_failed_optional_input": goes_on}
    )
    parts.settle()
    parts.tell(parts.child("p", "a"), "failed", error={"code": "UserError", "message": "no"})
    assert parts.children("p") == expected
    if goes_on:
        assert parts.wish(parts.child("p", "b"))["inputs"] == {"d": {"value": None}}
        parts.succeed("b", of="p")
    assert parts.status("p") == "Failed"


def test_cancel_of_a_pipeline_ends_its_steps_and_starts_no_more(parts: Stage) -> None:
    parts.pipeline("p", {"a": MAKE, "b": {**MAKE, "inputs": {"n": "2"}}, "c": use("a")})
    parts.settle()
    parts.succeed("a", of="p")
    parts.tell(parts.child("p", "b"), "running", phase="running")
    parts.cancel("p")
    assert [parts.status(parts.child("p", node).name) for node in ("a", "b", "c")] == ["Completed", "Canceled", "Canceled"]
    assert parts.status("p") == "Canceled"
    assert len(parts.steps.ceased) == 2


def test_a_step_cancelled_by_a_user_fails_its_pipeline(parts: Stage) -> None:
    parts.pipeline("p", {"a": MAKE, "b": use("a")})
    parts.settle()
    parts.cancel(parts.child("p", "a").name)
    assert (parts.children("p"), parts.status("p")) == (["a"], "Failed")
    assert "it was canceled" in parts.shown("p")["error"]["error"]["message"]


def test_a_step_that_cannot_be_made_is_told_and_other_branches_go_on(parts: Stage) -> None:
    parts.pipeline("p", {"a": MAKE, "b": use("a"), "c": {**MAKE, "inputs": {"n": "2"}}})
    parts.settle()
    parts.store.write([Remove(f"{WORKSPACE}/components/use/versions/1")], parts.clock())
    parts.succeed("a", of="p")
    assert parts.status("p") == "Running"
    parts.succeed("c", of="p")
    assert parts.status("p") == "Failed"
    message = parts.shown("p")["error"]["error"]["message"]
    assert message.startswith("the job b could not be started: ") and "'use:1'" in message


def test_pipelines_in_pipelines(parts: Stage) -> None:
    inner = {
        "x": {"type": "command", "componentId": "azureml:make:1", "inputs": {"n": bound("${{parent.inputs.n}}")}},
        "y": {**use("x"), "outputs": {"o": goes_to("${{parent.outputs.o}}")}},
    }
    parts.component("inner", jobs=inner, inputs={"n": {"type": "integer", "optional": True}}, outputs={"o": FOLDER})
    middle = {"i": {"type": "pipeline", "componentId": "azureml:inner:1", "outputs": {"o": goes_to("${{parent.outputs.o}}")}}}
    parts.component("middle", jobs=middle, outputs={"o": FOLDER})
    parts.pipeline(
        "p", {"m": {"componentId": "azureml:middle:1"}, "last": use("m")}, settings={"default_compute": "serverless", "force_rerun": "true"}
    )
    parts.settle()
    middle_job = parts.child("p", "m")
    inner_job = parts.child(middle_job.name, "i")
    parts.succeed("x", of=inner_job.name)
    assert parts.wish(parts.child(inner_job.name, "x"))["inputs"] == {"n": {"value": "1"}}, (
        "the optional input has no value: the step's default stands"
    )
    parts.succeed("y", of=inner_job.name)
    assert parts.wish(parts.child("p", "last"))["inputs"]["d"]["uri"] == parts.wish(parts.child(inner_job.name, "y"))["outputs"]["o"]["uri"]
    assert parts.wish(parts.child(inner_job.name, "y"))["root"] == "p"
    parts.succeed("last", of="p")
    assert parts.status("p") == "Completed"
    assert parts.shown(inner_job.name)["properties"]["azureml.rootpipelinerunid"] == "p"


def test_an_input_of_another_job_is_what_that_one_is_given(parts: Stage) -> None:
    taken = bound("${{parent.jobs.a.inputs.n}}")
    parts.pipeline(
        "p",
        {
            "a": {**MAKE, "inputs": {"n": "5"}},
            "b": {**MAKE, "inputs": {"n": taken}},
            "c": MAKE,
            "d": {**MAKE, "inputs": {"n": bound("${{parent.jobs.c.inputs.n}}")}},
        },
    )
    parts.settle()
    assert [parts.wish(parts.child("p", node))["inputs"]["n"]["value"] for node in "abcd"] == ["5", "5", "1", "1"]


def test_deleting_a_pipeline_takes_its_steps_along(parts: Stage) -> None:
    parts.pipeline("p", {"a": MAKE, "b": use("a")})
    parts.settle()
    child = parts.child("p", "a")
    parts.store.write([Mark(parts.job("p").id)], parts.clock())
    parts.settle()
    assert parts.store.get(child.id) is None
    assert parts.store.get(f"{WORKSPACE}/jobs/p") is None
    assert len(parts.steps.ceased) == 1


def test_a_step_that_was_begun_is_not_begun_again_after_a_restart(parts: Stage) -> None:
    parts.pipeline("p", {"a": MAKE, "b": use("a")})
    parts.settle()
    parts.succeed("a", of="p")
    parts.steps.wishes.clear()
    parts.loop = Loop(parts.store, KINDS, {"step": parts.steps}, parts.clock)
    parts.loop.rouse()
    parts.settle()
    assert list(parts.steps.wishes) == [key for key in parts.steps.files if parts.child("p", "b").name in key]


def test_the_journal_only_grows_at_its_end(parts: Stage) -> None:
    parts.pipeline("p", {"a": MAKE, "b": {**MAKE, "inputs": {"n": "2"}}, "c": use("a")})
    told = ""
    for step in range(6):
        parts.clock.advance(10)
        if step == 0:
            parts.settle()
        elif step == 1:
            parts.tell(parts.child("p", "b"), "running", phase="running")
        elif step == 2:
            # It ended before b began, but that is known only now.
            parts.tell(parts.child("p", "a"), "succeeded", ended=parts.clock() - 18, phases={"run_s": 1, "finalize_s": 0})
        elif step == 3:
            parts.tell(parts.child("p", "c"), "running", phase="running")
        elif step == 4:
            parts.tell(parts.child("p", "b"), "failed", error={"code": "UserError", "message": "no\nmore"})
        else:
            parts.tell(parts.child("p", "c"), "succeeded")
        now = journal.text(parts.job("p"), parts.store.owned_by(parts.job("p").id))
        assert now.startswith(told)
        told = now
    said = [line.split("] ", 1)[1].split(" (")[0] for line in told.splitlines()]
    assert said[:6] == ["pipeline p has started", "b: started", "a: started", "a: Completed", "c: started", "b: Failed: no"]
    assert said[6] == "c: Completed" and said[7].startswith("pipeline p: Failed: the job b")
    assert ENVIRONMENT not in told
