"""How a command job goes: this look → this decision, told as plays."""

import pytest

from azurine.model.decisions import Outcome
from azurine.store.log import Mark, Remove
from ml.jobs.stage import WORKSPACE, Stage

LOST = {"lost": True}
OUTPUT = {"jobOutputType": "uri_folder"}
CONDA = "dependencies:\n- pip:\n  - six\n"


def test_a_command_says_azures_words_in_azures_order(stage: Stage) -> None:
    job = stage.command("j")
    said = [stage.status("j")]
    for state, phase in (("", ""), ("running", "preparing"), ("running", "running"), ("running", "finalizing"), ("succeeded", "")):
        if state:
            stage.tell(job, state, phase=phase)
        else:
            stage.settle()
        said.append(stage.status("j"))
    assert said == ["NotStarted", "Queued", "Preparing", "Running", "Finalizing", "Completed"]
    assert stage.store.unsettled() == []


def test_one_whose_environment_is_made_first_says_them_in_order_too(stage: Stage) -> None:
    stage.put("environments/e/versions/1", {"properties": {"image": "x", "condaFile": CONDA}})
    job = stage.command("j", environmentId="azureml:e:1")
    stage.settle()
    said = [stage.status("j")]
    [(key, wish)] = stage.environments.wishes.items()
    assert wish["definition"] == {"image": "x", "condaFile": CONDA}
    assert not stage.steps.wishes, "no step is wished for before its environment is there"
    stage.environments.files[key](Outcome("succeeded", {"python": "/env/bin/python"}))
    stage.settle()
    said.append(stage.status("j"))
    assert stage.wish(job)["python"] == "/env/bin/python"
    for phase in ("preparing", "running", "finalizing"):
        stage.tell(job, "running", phase=phase)
        said.append(stage.status("j"))
    assert said == ["Preparing", "Provisioning", "Starting", "Running", "Finalizing"]


def test_an_environment_that_cannot_be_made_fails_the_job_with_its_reason(stage: Stage) -> None:
    stage.put("environments/e/versions/1", {"properties": {"image": "x", "condaFile": CONDA}})
    stage.command("j", environmentId="azureml:e:1")
    stage.settle()
    [file] = stage.environments.files.values()
    file(Outcome("failed", {}, {"code": "PackageNotFound", "message": "six is not there"}))
    stage.settle()
    assert stage.shown("j")["error"] == {"error": {"code": "PackageNotFound", "message": "six is not there"}}
    assert stage.status("j") == "Failed"


def test_a_step_that_fails_by_itself_is_not_tried_again(stage: Stage) -> None:
    job = stage.command("j")
    stage.settle()
    stage.tell(job, "failed", error={"code": "UserError", "message": "exited with status code 3"})
    assert stage.status("j") == "Failed"
    assert stage.shown("j")["error"]["error"]["message"] == "exited with status code 3"
    assert len(stage.steps.wishes) == 1


def test_a_lost_step_is_tried_again_as_a_new_attempt_but_not_for_ever(stage: Stage) -> None:
    job = stage.command("j")
    stage.settle()
    for attempt in (1, 2, 3):
        stage.tell(job, "failed", attempt, error={"code": "NodeLost", "message": "gone"}, **LOST)
        assert stage.status("j") == "Queued"
        assert stage.wish(job, attempt + 1) == stage.wish(job, 1)
    stage.tell(job, "failed", 4, error={"code": "NodeLost", "message": "gone"}, **LOST)
    assert (stage.status("j"), len(stage.steps.wishes)) == ("Failed", 4)


def test_a_step_that_ran_longer_than_its_limit_is_cancelled_and_says_so(stage: Stage) -> None:
    job = stage.command("j", limits={"jobLimitsType": "Command", "timeout": "PT90S"})
    stage.settle()
    assert stage.wish(job)["timeout"] == 90
    stage.tell(job, "cancelled", error={"code": "TimeoutExceeded", "message": "too long"})
    assert stage.status("j") == "Canceled"
    assert stage.shown("j")["error"]["error"]["code"] == "TimeoutExceeded"


@pytest.mark.parametrize("phase", ["", "running"])
def test_cancel_ends_the_work_first_and_then_the_job(stage: Stage, phase: str) -> None:
    job = stage.command("j")
    stage.settle()
    if phase:
        stage.tell(job, "running", phase=phase)
    stage.cancel("j")
    assert len(stage.steps.ceased) == 1
    assert stage.status("j") == "Canceled"


def test_cancel_of_one_whose_environment_is_being_made(stage: Stage) -> None:
    stage.put("environments/e/versions/1", {"properties": {"image": "x", "condaFile": CONDA}})
    stage.command("j", environmentId="azureml:e:1")
    stage.settle()
    stage.cancel("j")
    assert (stage.status("j"), len(stage.environments.ceased), stage.steps.wishes) == ("Canceled", 1, {})


def test_cancel_that_comes_too_late_leaves_the_job_completed(stage: Stage) -> None:
    job = stage.command("j")
    stage.settle()
    stage.steps.cease = lambda key, file: file(Outcome("succeeded", {}))  # type: ignore[method-assign]
    stage.cancel("j")
    assert stage.job("j").spec["cancel"] is True
    assert stage.status("j") == "Completed"
    assert job.id == stage.job("j").id


def test_a_compute_that_went_away_before_the_job_could_start(stage: Stage) -> None:
    stage.put("computes/cpu", {"properties": {"computeType": "AmlCompute", "properties": {"scaleSettings": {"minNodeCount": 0, "maxNodeCount": 1}}}})
    stage.settle()
    stage.command("j", computeId="cpu")
    stage.store.write([Remove(f"{WORKSPACE}/computes/cpu")], stage.clock())
    stage.settle()
    assert stage.status("j") == "Failed"
    assert "the compute 'cpu' was deleted" in stage.shown("j")["error"]["error"]["message"]


def test_a_named_output_becomes_the_next_version_of_its_asset(stage: Stage) -> None:
    job = stage.command("j", outputs={"o": {**OUTPUT, "assetName": "table"}, "m": {"jobOutputType": "mlflow_model", "assetName": "model"}})
    stage.put("data/table/versions/7", {"properties": {"dataUri": "azureml://datastores/workspaceblobstore/paths/x/", "dataType": "uri_folder"}})
    stage.settle()
    stage.tell(job, "succeeded")
    assert stage.status("j") == "Completed"
    made = stage.store.get(f"{WORKSPACE}/data/table/versions/8")
    assert made is not None and made.spec["properties"]["dataUri"] == "azureml://datastores/workspaceblobstore/paths/azureml/j/o/"
    model = stage.store.get(f"{WORKSPACE}/models/model/versions/1")
    assert model is not None and (model.spec["properties"]["modelType"], model.spec["properties"]["jobName"]) == ("mlflow_model", "j")
    shown = stage.shown("j")["outputs"]
    assert (shown["o"]["assetName"], shown["o"]["assetVersion"]) == ("table", "8")
    assert made.owner == "", "what a job has registered stays when the job goes"


def test_two_jobs_that_end_at_once_register_different_versions(stage: Stage) -> None:
    names = [f"j{number}" for number in range(5)]
    made = [stage.command(name, outputs={"o": {**OUTPUT, "assetName": "table"}}) for name in names]
    stage.settle()
    for job in made:
        stage.steps.files[f"{job.id}#{job.created_at:.6f}#run#1"](Outcome("succeeded", {}))
    stage.settle()
    assert sorted(stage.shown(name)["outputs"]["o"]["assetVersion"] for name in names) == ["1", "2", "3", "4", "5"]


def test_a_user_who_takes_the_version_at_the_same_moment_gets_it_and_the_job_the_one_after(stage: Stage) -> None:
    job = stage.command("j", outputs={"o": {**OUTPUT, "assetName": "table"}})
    stage.settle()
    write = stage.store.write
    users = {"done": False}

    def race(writes, at):
        if not users["done"] and any(one.id.endswith("/versions/1") for one in writes):
            users["done"] = True
            stage.put("data/table/versions/1", {"properties": {"dataUri": "azureml://datastores/workspaceblobstore/paths/u/"}})
        return write(writes, at)

    stage.store.write = race  # type: ignore[method-assign]
    stage.tell(job, "succeeded")
    assert stage.status("j") == "Completed"
    assert stage.shown("j")["outputs"]["o"]["assetVersion"] == "2"


def test_a_version_that_exists_already_fails_the_job_clearly(stage: Stage) -> None:
    job = stage.command("j", outputs={"o": {**OUTPUT, "assetName": "table", "assetVersion": "3"}})
    stage.put("data/table/versions/3", {"properties": {"dataUri": "azureml://datastores/workspaceblobstore/paths/x/"}})
    stage.settle()
    stage.tell(job, "succeeded")
    error = stage.shown("j")["error"]["error"]
    assert (stage.status("j"), error["code"]) == ("Failed", "OutputNotRegistered")
    assert "table:3" in error["message"] and "exists already" in error["message"]


def test_a_job_made_again_under_a_deleted_ones_name_registers_a_version_of_its_own(stage: Stage) -> None:
    for expected in ("1", "2"):
        job = stage.command("j", outputs={"o": {**OUTPUT, "assetName": "table"}})
        stage.settle()
        stage.tell(job, "succeeded")
        assert stage.shown("j")["outputs"]["o"]["assetVersion"] == expected
        stage.store.write([Mark(job.id)], stage.clock())
        stage.settle()
        assert stage.store.get(job.id) is None
        stage.clock.advance(1)
    assert stage.store.get(f"{WORKSPACE}/data/table/versions/1") is not None
