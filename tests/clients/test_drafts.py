"""Drafts over REST and by command, and two runs beside each other, on a real server."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from azure.ai.ml import load_component

from azurine import cli
from clients.submitting import completed, written
from running import RunningServer

COMPONENT = """
name: drafted_train
version: "{version}"
type: command
is_deterministic: false
command: >-
  echo rate=${{{{inputs.rate}}}} kind=${{{{inputs.kind}}}}; python -c "import mlflow; mlflow.log_metric('score', ${{{{inputs.rate}}}} * {factor})";
  echo x > ${{{{outputs.model}}}}/x
environment: azureml:AzureML-sklearn-1.5@latest
inputs:
  data: {{type: uri_folder, optional: true}}
  rate: {{type: number, min: 0, max: 1}}
  kind: {{type: string, enum: [linear, tree], default: linear}}
outputs: {{model: {{type: uri_folder}}}}
"""
TRAIN = {"type": "command", "componentId": "azureml:drafted_train:1", "inputs": {"rate": "${{parent.inputs.rate}}"}}
JOB = {
    "jobType": "Pipeline",
    "settings": {"default_compute": "serverless"},
    "inputs": {"rate": {"jobInputType": "literal", "value": "0.5"}},
    "jobs": {"train": TRAIN},
}
LAYOUT = {"nodes": {"train": {"x": 10, "y": -2.5}}, "zoom": 1, "of the canvas": [None, {"a": "b"}]}
REGISTRY = "azureml://registries/azureml/components"

Ask = Callable[..., Any]


@pytest.fixture(scope="module", autouse=True)
def components(connection: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("drafts")
    for version, factor in (("1", 1), ("2", 10)):
        (folder / "component.yml").write_text(COMPONENT.format(version=version, factor=factor))
        connection.ml.components.create_or_update(load_component(folder / "component.yml"))


@pytest.fixture(scope="module")
def ask(connection: Any) -> Ask:
    def send(method: str, path: str, body: Any = None, status: int = 200, **headers: str) -> Any:
        address = f"{connection.url}{connection.workspace_id}/{path}"
        answer = connection.http.request(method, address, params={"api-version": "2024-04-01"}, json=body, headers=headers)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    return send


def test_a_draft_is_kept_as_it_is(ask: Ask) -> None:
    """Incomplete, wrong, with a layout of anybody's making; a stale copy is not written over a newer one."""
    wild = {"jobs": {"half": {"inputs": {"rate": "${{nonsense"}}, "none": 3}, "inputs": None, "to come": True}
    made = ask("PUT", "pipelineDrafts/wild", {"properties": {"displayName": "Wild", "job": wild, "layout": LAYOUT, "tags": {"a": "b"}}}, 201)
    kept = ask("GET", "pipelineDrafts/wild")
    assert kept == made
    assert (kept["properties"]["job"], kept["properties"]["layout"]) == (wild, LAYOUT)
    moved = ask("PATCH", "pipelineDrafts/wild", {"properties": {"layout": {}}}, **{"If-Match": made["etag"]})
    assert (moved["properties"]["layout"], moved["properties"]["job"]) == ({}, wild)
    ask("PATCH", "pipelineDrafts/wild", {"properties": {"layout": LAYOUT}}, 412, **{"If-Match": made["etag"]})
    assert "wild" in [one["name"] for one in ask("GET", "pipelineDrafts")["value"]]
    assert not ask("POST", "pipelineDrafts/wild/validate")["valid"]
    ask("DELETE", "pipelineDrafts/wild")
    ask("GET", "pipelineDrafts/wild", None, 404)


@pytest.mark.parametrize(
    ("jobs", "found"),
    [
        ({}, {(None, None, "jobs")}),
        ({"a": {**TRAIN, "inputs": {}}}, {("a", "rate", "jobs.a.inputs.rate")}),
        ({"a": {**TRAIN, "inputs": {"rate": 7}}, "b": {**TRAIN, "inputs": {"rate": 0.1, "kind": "forest"}}}, {("a", "rate", "jobs.a.inputs.rate"), ("b", "kind", "jobs.b.inputs.kind")}),
        ({"a": {**TRAIN, "inputs": {"rate": 0.1, "speed": 1}}}, {("a", "speed", "jobs.a.inputs.speed")}),
        ({"a": {**TRAIN, "componentId": "azureml:gone:1"}, "b": {**TRAIN, "inputs": {"rate": 1, "data": "${{parent.jobs.a.outputs.model}}"}}}, {("a", None, "jobs.a.componentId")}),
        ({"b": {**TRAIN, "inputs": {"rate": 1, "data": "${{parent.jobs.nobody.outputs.model}}"}}}, {("b", "data", "jobs.b.inputs.data")}),
        ({"a": {**TRAIN, "inputs": {"rate": "${{parent.inputs.speed}}"}}}, {("a", "rate", "jobs.a.inputs.rate")}),
        ({"a": TRAIN, "b": {**TRAIN, "inputs": {"rate": "${{parent.jobs.a.outputs.model}}"}}}, {("b", "rate", "jobs.b.inputs.rate")}),
        ({"learner": {"type": "command", "componentId": f"{REGISTRY}/linear_regression/versions/1"},
          "score": {"type": "command", "componentId": f"{REGISTRY}/score_model/versions/1",
                    "inputs": {"trained_model": "${{parent.jobs.learner.outputs.untrained_model}}", "dataset": {"jobInputType": "uri_folder", "uri": "azureml://datastores/workspaceblobstore/paths/x/"}}}},
         {("score", "trained_model", "jobs.score.inputs.trained_model")}),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_by_node_and_port(ask: Ask, jobs: Any, found: set[tuple[str | None, str | None, str]]) -> None:
    ask("PUT", "pipelineDrafts/wrong", {"properties": {"job": {**JOB, "jobs": jobs}}}, 201)
    try:
        told = ask("POST", "pipelineDrafts/wrong/validate")
        assert not told["valid"]
        assert {(one["node"], one.get("input"), one["path"].removeprefix("properties.job.")) for one in told["problems"]} == found, told
        assert all(one["message"] and one["code"] for one in told["problems"])
    finally:
        ask("DELETE", "pipelineDrafts/wrong")


def test_parameters_and_ports_are_told_apart(ask: Ask) -> None:
    inputs = {"rate": 7, "data": "${{parent.jobs.nobody.outputs.model}}"}
    ask("PUT", "pipelineDrafts/apart", {"properties": {"job": {**JOB, "jobs": {"a": {**TRAIN, "inputs": inputs}}}}}, 201)
    told = {one["input"]: one for one in ask("POST", "pipelineDrafts/apart/validate")["problems"]}
    assert {name: one["kind"] for name, one in told.items()} == {"rate": "parameter", "data": "port"}
    assert "at most 1" in told["rate"]["message"]
    said = ask("POST", "pipelineDrafts/apart/submit", {}, 400)["error"]
    assert sorted(one["target"] for one in said["details"]) == ["properties.job.jobs.a.inputs.data", "properties.job.jobs.a.inputs.rate"]


def test_submitted_cloned_and_compared(ask: Ask, connection: Any) -> None:
    ask("PUT", "pipelineDrafts/whole", {"properties": {"displayName": "A whole one", "job": JOB, "layout": LAYOUT}}, 201)
    assert ask("POST", "pipelineDrafts/whole/validate") == {"valid": True, "problems": []}
    said = {"name": "drafted-one", "experimentName": "drafting", "parameters": {"rate": 0.25}, "tags": {"try": "1"}}
    assert ask("POST", "pipelineDrafts/whole/submit", said)["name"] == "drafted-one"
    ask("POST", "pipelineDrafts/whole/submit", said, 409)
    assert ask("GET", "pipelineDrafts/whole")["properties"]["lastSubmittedJobName"] == "drafted-one"
    one = completed(connection, "drafted-one")
    assert (one.display_name, one.experiment_name, one.tags, one.properties["azureml.pipelinedraftid"]) == (
        "A whole one",
        "drafting",
        {"try": "1"},
        "whole",
    )
    (step,) = connection.ml.jobs.list(parent_job_name="drafted-one")
    assert "rate=0.25 kind=linear" in written(connection, step.name)

    copy = ask("POST", "pipelineDrafts/whole/clone", {"name": "copied"})
    assert (copy["properties"]["job"], copy["properties"]["layout"], copy["properties"]["parentDraftName"]) == (JOB, LAYOUT, "whole")
    other = {**TRAIN, "componentId": "azureml:drafted_train:2", "inputs": {**TRAIN["inputs"], "kind": "tree"}}
    ask("PATCH", "pipelineDrafts/copied", {"properties": {"job": {**JOB, "jobs": {"train": other}}}})
    ask("POST", "pipelineDrafts/copied/submit", {"name": "drafted-two", "parameters": {"rate": 0.25}, "experimentName": "drafting"})
    completed(connection, "drafted-two")

    told = ask("POST", "jobs/drafted-one/compare", {"with": "drafted-two"})
    differences = {(one["node"], one["what"], one["name"]): (one["left"], one["right"]) for one in told["differences"]}
    assert differences == {
        ("train", "parameter", "kind"): ("linear", "tree"),
        ("train", "component", ""): ("drafted_train:1", "drafted_train:2"),
        ("train", "metric", "score"): (0.25, 2.5),
    }
    (node,) = told["nodes"]
    assert (node["node"], node["left"]["status"], node["right"]["component"]) == ("train", "Completed", "drafted_train:2")
    assert node["left"]["seconds"] > 0
    assert ask("POST", "jobs/drafted-one/compare", {"with": "drafted-one"})["differences"] == []
    ask("POST", "jobs/drafted-one/compare", {"with": "nobody"}, 404)
    ask("POST", "jobs/drafted-one/compare", {}, 400)

    back = ask("PUT", "pipelineDrafts/of-a-run", {"properties": {"jobName": "drafted-two"}}, 201)["properties"]
    assert (back["parentJobName"], back["job"]["jobs"]["train"]["inputs"]["kind"]) == ("drafted-two", "tree")
    assert ask("POST", "pipelineDrafts/of-a-run/validate")["valid"]


@pytest.mark.parametrize(
    ("action", "body", "target", "message"),
    [
        ("submit", {"parameters": {"speed": 1}}, "parameters.speed", "it has: rate"),
        ("submit", {"parameters": {"rate": {"a": 1}}}, "parameters.rate", "a plain value"),
        ("submit", {"parameters": {"rate": 7}}, "properties.job.jobs.train.inputs.rate", "at most 1"),
        ("submit", {"parameters": []}, "parameters", "must be an object"),
        ("submit", {"name": "a/b"}, "name", "must be a name"),
        ("clone", {"name": 3}, "name", "must be a name"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_request(ask: Ask, action: str, body: Any, target: str, message: str) -> None:
    ask("PUT", f"pipelineDrafts/refused-{action}", {"properties": {"job": JOB}}, 201)
    try:
        error = ask("POST", f"pipelineDrafts/refused-{action}/{action}", body, 400)["error"]
        assert (error["target"], message in error["message"]) == (target, True), error
    finally:
        ask("DELETE", f"pipelineDrafts/refused-{action}")


def test_what_cannot_be_a_draft(ask: Ask) -> None:
    for properties, target in (
        ({"job": []}, "properties.job"),
        ({"layout": "wide"}, "properties.layout"),
        ({"jobName": "nobody"}, "properties.jobName"),
        ({"jobName": "x", "job": {}}, "properties.jobName"),
        ({"displayName": 1}, "properties.displayName"),
    ):
        assert ask("PUT", "pipelineDrafts/none", {"properties": properties}, 400)["error"]["target"] == target


def test_by_command(server: RunningServer, connection: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    def azurine(*words: str, code: int = 0) -> Any:
        capfd.readouterr()
        assert cli.main(["draft", *words, "--home", str(server.home), "-o", "json"]) == code
        out, err = capfd.readouterr()
        return json.loads(out) if out.strip() else err

    (tmp_path / "half.json").write_text(json.dumps({"job": {**JOB, "jobs": {"train": {**TRAIN, "inputs": {}}}}, "layout": LAYOUT}))
    made = azurine("create", "-n", "by-command", "-f", str(tmp_path / "half.json"), "--display-name", "Half")
    assert (made["display_name"], made["steps"], made["layout"]) == ("Half", 1, LAYOUT)
    assert "already" in azurine("create", "-n", "by-command", code=1)
    (problem,) = azurine("validate", "-n", "by-command", code=4)
    assert (problem["node"], problem["input"], problem["kind"]) == ("train", "rate", "parameter")
    assert "properties.job.jobs.train.inputs.rate" in azurine("submit", "-n", "by-command", code=1)
    azurine("update", "-n", "by-command", "--set", "jobs.train.inputs.rate=${{parent.inputs.rate}}", "jobs.train.inputs.kind=tree")
    assert azurine("validate", "-n", "by-command") == []
    ran = azurine("submit", "-n", "by-command", "--set", "rate=1", "--job-name", "by-command-one", "--stream")
    assert ran["status"] == "Completed"
    assert azurine("show", "-n", "by-command")["last_submitted_job"] == "by-command-one"

    (tmp_path / "pipeline.yml").write_text(
        "type: pipeline\nsettings: {default_compute: serverless}\ninputs: {rate: 0.5}\n"
        "jobs:\n  train:\n    type: command\n    component: azureml:drafted_train:1\n    inputs: {rate: '${{parent.inputs.rate}}'}\n"
    )
    azurine("create", "-n", "by-yaml", "-f", str(tmp_path / "pipeline.yml"))
    assert azurine("clone", "-n", "by-yaml", "--new-name", "by-yaml-2")["name"] == "by-yaml-2"
    azurine("submit", "-n", "by-yaml-2", "--job-name", "by-command-two", "--stream")
    told = {(one["node"], one["what"], one["name"]): (one["left"], one["right"]) for one in azurine("compare", "by-command-one", "by-command-two")}
    assert told["train", "parameter", "kind"] == ("tree", "linear")
    assert told[None, "parameter", "rate"] == ("1", "0.5")
    assert told["train", "metric", "score"] == (1.0, 0.5)
    azurine("create", "-n", "of-run", "--job", "by-command-two")
    assert azurine("validate", "-n", "of-run") == []
    assert {"by-command", "by-yaml", "by-yaml-2", "of-run"} <= {one["name"] for one in azurine("list")}
    azurine("delete", "-n", "by-yaml", "--yes")
    azurine("show", "-n", "by-yaml", code=3)
