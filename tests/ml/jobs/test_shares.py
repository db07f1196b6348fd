"""How a job of several instances goes: plays of their shares."""

from typing import Any

import pytest

from azurine.ml.jobs import command, shares
from azurine.model.decisions import Outcome
from azurine.model.errors import Invalid
from azurine.model.resources import Resource
from azurine.store.log import Remove
from ml.jobs.stage import ENVIRONMENT, WORKSPACE, Stage

COMPONENT = {
    "type": "parallel",
    "inputs": {"files": {"type": "uri_folder"}},
    "outputs": {"rows": {"type": "uri_file"}},
    "input_data": "${{inputs.files}}",
    "mini_batch_size": "5",
    "resources": {"instance_count": 2},
    "task": {"type": "run_function", "entry_script": "score.py", "environment": ENVIRONMENT, "append_row_to": "${{outputs.rows}}"},
}
DATA = {"jobInputType": "uri_folder", "uri": "azureml://datastores/workspaceblobstore/paths/data"}


def started(stage: Stage, **spec: Any) -> Resource:
    """The step of a pipeline of one parallel component."""
    name = stage.component("score", **{**COMPONENT, **spec})
    node = {"type": "parallel", "componentId": name, "inputs": {"files": DATA}, "outputs": {"rows": {"type": "uri_file"}}}
    stage.pipeline("p", {"score": node})
    stage.settle()
    stage.settle()
    return stage.child("p", "score")


def tell(stage: Stage, job: Resource, share: int, state: str, attempt: int = 1, error: Any = None, **output: Any) -> None:
    stage.steps.files[shares.key(job, share, attempt)](Outcome(state, output, error))
    stage.settle()


def wished(stage: Stage, job: Resource) -> list[str]:
    return sorted(key.rpartition("#")[2] for key in stage.steps.wishes if key.startswith(f"{job.id}#"))


def test_every_instance_gets_a_share_and_one_says_that_all_is_done(stage: Stage) -> None:
    job = started(stage)
    assert wished(stage, job) == ["0.1", "1.1"]
    told = stage.steps.wishes[shares.key(job, 1, 1)]
    assert (told["part"]["share"], told["parallel"]["script"], told["parallel"]["append_to"], told["parallel"]["batch_size"]) == (
        1,
        "score.py",
        "rows",
        5,
    )
    assert stage.status(job.name) == "Queued"
    tell(stage, job, 0, "running", phase="preparing")
    assert stage.status(job.name) == "Preparing"
    tell(stage, job, 0, "running", phase="running")
    assert stage.status(job.name) == "Running"
    tell(stage, job, 1, "succeeded", complete=False)
    assert stage.status(job.name) == "Running"
    tell(stage, job, 0, "succeeded", complete=True)
    assert (stage.status(job.name), stage.status("p")) == ("Completed", "Completed")


def test_a_lost_share_is_begun_again_and_only_so_often(stage: Stage) -> None:
    job = started(stage)
    for attempt in (1, 2, 3):
        tell(stage, job, 1, "failed", attempt, lost=True)
        assert f"1.{attempt + 1}" in wished(stage, job)
    tell(stage, job, 1, "failed", 4, error={"code": "NodeLost", "message": "the node died"}, lost=True)
    assert stage.steps.ceased == [shares.key(job, 0, 1)]
    assert stage.status(job.name) == "Failed"
    assert stage.shown(job.name)["error"] == {"error": {"code": "NodeLost", "message": "the node died"}}


def test_a_failure_ends_the_others(stage: Stage) -> None:
    job = started(stage)
    tell(stage, job, 1, "running", phase="running")
    tell(stage, job, 0, "failed", error={"code": "UserError", "message": "3 items have failed"})
    assert stage.steps.ceased == [shares.key(job, 1, 1)]
    assert (stage.status(job.name), stage.shown(job.name)["error"]["error"]["message"]) == ("Failed", "3 items have failed")


def test_a_share_that_waits_is_not_begun_when_all_is_done(stage: Stage) -> None:
    job = started(stage)
    tell(stage, job, 0, "succeeded", complete=True)
    assert stage.steps.ceased == [shares.key(job, 1, 1)]
    assert stage.status(job.name) == "Completed"


def test_a_lost_share_does_not_matter_when_all_is_done(stage: Stage) -> None:
    job = started(stage)
    tell(stage, job, 1, "running", phase="running")
    tell(stage, job, 0, "succeeded", complete=True)
    assert stage.status(job.name) != "Completed", "the other may still tidy up"
    tell(stage, job, 1, "failed", lost=True)
    tell(stage, job, 1, "pending", 2) if shares.key(job, 1, 2) in stage.steps.files else stage.settle()
    assert stage.status(job.name) == "Completed"


def test_cancel_ends_every_share(stage: Stage) -> None:
    job = started(stage)
    tell(stage, job, 0, "running", phase="running")
    stage.cancel("p")
    stage.settle()
    assert sorted(stage.steps.ceased) == [shares.key(job, 0, 1), shares.key(job, 1, 1)]
    assert (stage.status(job.name), stage.status("p")) == ("Canceled", "Canceled")


# ── a command that asks for its instances ────────────────────────────────────────────────────────────────────────────


def spread(stage: Stage, most: int = 3, **more: Any) -> Resource:
    stage.command("c", resources={"instanceCount": most, "properties": {command.SPREAD: True}}, **more)
    stage.settle()
    stage.settle()
    return stage.job("c")


def test_a_command_begins_alone_and_gets_the_instances_it_asks_for(stage: Stage) -> None:
    job = spread(stage)
    assert wished(stage, job) == ["0.1"]
    told = stage.steps.wishes[shares.key(job, 0, 1)]
    assert (told["part"]["share"], told["part"]["attempt"], told["instances"], told["command"]) == (0, 1, 3, "run")
    tell(stage, job, 0, "running", phase="running")
    assert wished(stage, job) == ["0.1"]
    tell(stage, job, 0, "running", phase="wanted-7")
    assert wished(stage, job) == ["0.1", "1.1", "2.1"], "no more than there may be"
    tell(stage, job, 0, "failed", lost=True)
    assert wished(stage, job) == ["0.1", "0.2", "1.1", "2.1"]
    tell(stage, job, 1, "succeeded", complete=False)
    tell(stage, job, 2, "succeeded", complete=False)
    assert stage.status("c") == "Running"
    tell(stage, job, 0, "succeeded", 2, complete=True)
    assert stage.status("c") == "Completed"


def test_a_command_that_asks_for_none_is_done_by_one(stage: Stage) -> None:
    job = spread(stage)
    tell(stage, job, 0, "running", phase="running")
    tell(stage, job, 0, "succeeded", complete=True)
    assert (stage.status("c"), wished(stage, job)) == ("Completed", ["0.1"])


def test_instances_are_not_asked_for_where_the_compute_takes_none_any_more(stage: Stage) -> None:
    stage.put("computes/pair", {"properties": {"computeType": "AmlCompute", "properties": {"scaleSettings": {"maxNodeCount": 2}}}})
    job = spread(stage, computeId="azureml:pair")
    tell(stage, job, 0, "running", phase="running")
    stage.store.write([Remove(f"{WORKSPACE}/computes/pair")], stage.clock())
    tell(stage, job, 0, "running", phase="wanted-2")
    assert wished(stage, job) == ["0.1"]
    tell(stage, job, 0, "succeeded", complete=True)
    assert stage.status("c") == "Completed"


def test_a_command_of_several_instances_that_says_nothing_of_it_is_one_step(stage: Stage) -> None:
    stage.command("c", resources={"instanceCount": 3})
    stage.settle()
    assert "spread" not in stage.job("c").spec["plan"]
    assert [key.rpartition("#")[2] for key in stage.steps.wishes] == ["1"]


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ({"task": None}, "task"),
        ({"task": {**COMPONENT["task"], "entry_script": "../x.py"}}, "task.entry_script"),  # type: ignore[dict-item]
        ({"task": {**COMPONENT["task"], "type": "dance"}}, "task.type"),  # type: ignore[dict-item]
        ({"task": {**COMPONENT["task"], "program_arguments": "--x ${{inputs.no}}"}}, "task.program_arguments"),  # type: ignore[dict-item]
        ({"task": {**COMPONENT["task"], "program_arguments": "'"}}, "task.program_arguments"),  # type: ignore[dict-item]
        ({"task": {**COMPONENT["task"], "append_row_to": "${{outputs.no}}"}}, "task.append_row_to"),  # type: ignore[dict-item]
        ({"input_data": "files"}, "input_data"),
        ({"mini_batch_size": "0"}, "mini_batch_size"),
        ({"mini_batch_size": "many"}, "mini_batch_size"),
        ({"partition_keys": [1]}, "partition_keys"),
        ({"error_threshold": -2}, "error_threshold"),
        ({"max_concurrency_per_instance": 0}, "max_concurrency_per_instance"),
        ({"retry_settings": {"timeout": 0}}, "retry_settings.timeout"),
        ({"logging_level": "LOUD"}, "logging_level"),
        ({"resources": {"instance_count": 0}}, "resources.instance_count"),
    ],
)
def test_a_bad_parallel_component(stage: Stage, spec: Any, path: str) -> None:
    with pytest.raises(Invalid) as caught:
        stage.component("bad", **{**COMPONENT, **spec})
    assert caught.value.details[0].path == f"properties.componentSpec.{path}", caught.value.details
