"""Pipelines with the official client, from the files people write."""

import logging
from pathlib import Path
from typing import Any

import pytest

from clients.submitting import completed, finished, lines, make, running, shown, stored, written
from running import wait_until

METRIC = """
import json, os, time, urllib.request
body = {"run_id": os.environ["MLFLOW_RUN_ID"], "key": "accuracy", "value": 0.75, "timestamp": int(time.time() * 1000), "step": 0}
asked = urllib.request.Request(os.environ["MLFLOW_TRACKING_URI"] + "/api/2.0/mlflow/runs/log-metric", json.dumps(body).encode())
asked.add_header("Authorization", "Bearer " + os.environ["MLFLOW_TRACKING_TOKEN"])
asked.add_header("Content-Type", "application/json")
urllib.request.urlopen(asked).close()
"""

STEP = "environment: azureml:AzureML-sklearn-1.5@latest"

EVERYTHING = f"""
type: pipeline
display_name: everything
experiment_name: pipelines
settings: {{default_compute: serverless, continue_on_step_failure: false}}
inputs:
  data: {{type: uri_file, path: data/one.txt}}
  rate: 0.010
  flag: true
outputs:
  joined:
  kept: {{type: uri_folder, name: kept-by-pipeline, path: "azureml://datastores/workspaceblobstore/paths/kept/${{{{name}}}}"}}
jobs:
  first:
    command: >-
      cat ${{{{inputs.data}}}} > ${{{{outputs.made}}}}/made.txt;
      echo rate=${{{{inputs.rate}}}}; echo flag=${{{{inputs.flag}}}}; echo text=${{{{inputs.text}}}}; echo variable=$VARIABLE;
      mkdir -p outputs; echo artifact > outputs/a.txt
    {STEP}
    inputs: {{data: "${{{{parent.inputs.data}}}}", rate: "${{{{parent.inputs.rate}}}}", flag: "${{{{parent.inputs.flag}}}}", text: a-b}}
    outputs: {{made: {{type: uri_folder, name: made-by-step}}, artifacts: }}
    environment_variables: {{VARIABLE: "is ${{{{parent.inputs.rate}}}}"}}
  nested:
    type: pipeline
    component: outer.yml
    inputs: {{given: "${{{{parent.jobs.first.outputs.made}}}}"}}
    outputs: {{out: "${{{{parent.outputs.kept}}}}"}}
  last:
    type: command
    component: join.yml
    inputs:
      one: "${{{{parent.jobs.nested.outputs.out}}}}"
      two: {{path: "${{{{parent.jobs.first.outputs.artifacts}}}}", type: uri_folder, mode: download}}
      number: 3
    outputs: {{joined: "${{{{parent.outputs.joined}}}}"}}
"""
OUTER = """
type: pipeline
name: outer
inputs: {given: {type: uri_folder}}
outputs: {out: {type: uri_folder}}
jobs:
  inner:
    type: pipeline
    component: inner.yml
    inputs: {given: "${{parent.inputs.given}}"}
    outputs: {out: "${{parent.outputs.out}}"}
"""
INNER = f"""
type: pipeline
name: inner
inputs: {{given: {{type: uri_folder}}, word: {{type: string, optional: true}}}}
outputs: {{out: {{type: uri_folder}}}}
jobs:
  shout:
    command: tr a-z A-Z < ${{{{inputs.given}}}}/made.txt > ${{{{outputs.out}}}}/loud.txt
    {STEP}
    inputs: {{given: "${{{{parent.inputs.given}}}}"}}
    outputs: {{out: "${{{{parent.outputs.out}}}}"}}
"""
JOIN = f"""
type: command
name: join
command: >-
  cat ${{{{inputs.one}}}}/loud.txt ${{{{inputs.two}}}}/outputs/a.txt > ${{{{outputs.joined}}}};
  echo options=$[[--title ${{{{inputs.title}}}}]]$[[--mark ${{{{inputs.mark}}}}]]$[[--number ${{{{inputs.number}}}}]]
{STEP}
inputs:
  one: {{type: uri_folder}}
  two: {{type: uri_folder}}
  title: {{type: string, optional: true}}
  mark: {{type: string, optional: true, default: "!"}}
  number: {{type: integer, min: 1, max: 5}}
outputs:
  joined: {{type: uri_file}}
"""


@pytest.fixture(autouse=True)
def _quiet() -> None:
    """The official clients warn in the log of features that they call experimental."""
    logging.getLogger("azure").setLevel(logging.ERROR)


def submit(connection: Any, folder: Path, text: str, **files: str) -> Any:
    from azure.ai.ml import load_job

    make(folder, pipeline_yml=text, **files)
    return connection.ml.jobs.create_or_update(load_job(folder / "pipeline.yml"))


def children(connection: Any, name: str) -> dict[str, Any]:
    """The steps by the names of their nodes."""
    return {one.display_name: one for one in connection.ml.jobs.list(parent_job_name=name)}


def test_a_pipeline_with_all_that_a_pipeline_can_have(connection: Any, tmp_path: Path) -> None:
    job = submit(connection, tmp_path, EVERYTHING, outer_yml=OUTER, inner_yml=INNER, join_yml=JOIN, data__one_txt="one\n")
    completed(connection, job)
    steps = children(connection, job.name)
    assert {name: one.status for name, one in steps.items()} == {"first": "Completed", "nested": "Completed", "last": "Completed"}
    said = lines(connection, steps["first"].name)
    assert said == {"rate": "0.01", "flag": "True", "text": "a-b", "variable": "is 0.01"}
    assert lines(connection, steps["last"].name)["options"].split() == ["--mark", "!--number", "3"]

    found = connection.ml.jobs.get(job.name)
    kept = connection.ml.data.get("kept-by-pipeline", label="latest")
    assert kept.path.split("/paths/")[1] == found.outputs["kept"].path.split("/paths/")[1] == f"kept/{job.name}"
    assert stored(connection, f"kept/{job.name}/loud.txt") == "ONE\n"
    assert shown(connection, job.name)["outputs"]["joined"]["jobOutputType"] == "uri_file", "the type is that of the step's output"
    assert stored(connection, f"azureml/{job.name}/joined") == "ONE\nartifact\n"
    assert connection.ml.data.get("made-by-step", label="latest").path.split("/paths/")[1] == f"azureml/{steps['first'].name}/made/"

    step = connection.ml.jobs.get(steps["last"].name)
    assert (step.display_name, step.status, step.experiment_name, step.outputs["joined"].type) == ("last", "Completed", "pipelines", "uri_file")
    assert shown(connection, step.name)["parentJobName"] == job.name
    inner = children(connection, steps["nested"].name)["inner"]
    assert list(children(connection, inner.name)) == ["shout"]
    assert shown(connection, inner.name)["properties"]["azureml.rootpipelinerunid"] == job.name
    assert steps["first"].name not in {one.name for one in connection.ml.jobs.list()}, "steps are listed under their pipeline"

    connection.ml.jobs.download(job.name, download_path=tmp_path / "down", all=True)
    assert (tmp_path / "down" / "named-outputs" / "joined" / "joined").read_text() == "ONE\nartifact\n"


REUSED = f"""
type: pipeline
settings: {{default_compute: serverless}}
inputs: {{rate: RATE}}
jobs:
  learn:
    type: command
    command: python learn.py; date +%N > ${{{{outputs.model}}}}/when; echo ${{{{inputs.rate}}}}
    code: src
    {STEP}
    inputs: {{rate: "${{{{parent.inputs.rate}}}}"}}
    outputs: {{model: {{type: uri_folder}}}}
  judge:
    command: cat ${{{{inputs.model}}}}/when
    {STEP}
    inputs: {{model: "${{{{parent.jobs.learn.outputs.model}}}}"}}
"""


def test_what_has_been_done_is_not_done_again(connection: Any, tmp_path: Path) -> None:
    def run(number: int, rate: str = "0.5", code: str = METRIC, force: bool = False) -> dict[str, dict[str, Any]]:
        text = REUSED.replace("RATE", rate).replace("serverless", "serverless, force_rerun: true" if force else "serverless")
        job = submit(connection, tmp_path / str(number), text, src__learn_py=code)
        completed(connection, job)
        return {name: shown(connection, one.name) | {"name": one.name} for name, one in children(connection, job.name).items()}

    def reused(steps: dict[str, dict[str, Any]]) -> list[str]:
        return sorted(name for name, one in steps.items() if one["properties"].get("azureml.isreused") == "true")

    first, again = run(1), run(2)
    assert (reused(first), reused(again)) == ([], ["judge", "learn"])
    assert again["learn"]["properties"]["azureml.reusedrunid"] == first["learn"]["name"]
    assert again["learn"]["outputs"]["model"]["uri"] == first["learn"]["outputs"]["model"]["uri"]
    run_of = connection.mlflow().get_run
    assert run_of(again["learn"]["name"]).data.metrics == run_of(first["learn"]["name"]).data.metrics == {"accuracy": 0.75}
    connection.ml.jobs.download(again["judge"]["name"], download_path=tmp_path / "down")
    assert (tmp_path / "down" / "artifacts" / "user_logs" / "std_log.txt").read_text() == written(connection, first["judge"]["name"])
    assert reused(run(3, rate="0.6")) == []
    assert reused(run(4, code=METRIC + "# more\n")) == []
    assert reused(run(5, force=True)) == []


RENDEZVOUS = f"""
type: pipeline
settings: {{default_compute: serverless}}
jobs:
  left:
    command: touch $PLACE/left; until [ -e $PLACE/right ]; do sleep 0.05; done
    {STEP}
    environment_variables: {{PLACE: "SHARED"}}
  right:
    command: touch $PLACE/right; until [ -e $PLACE/left ]; do sleep 0.05; done
    {STEP}
    environment_variables: {{PLACE: "SHARED"}}
"""


def test_branches_that_do_not_need_each_other_run_side_by_side(connection: Any, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    completed(connection, submit(connection, tmp_path, RENDEZVOUS.replace("SHARED", str(shared))))


FAILING = f"""
type: pipeline
settings: {{default_compute: serverless, continue_on_step_failure: GOES_ON}}
jobs:
  bad:
    command: echo trouble; exit 3
    {STEP}
    outputs: {{o: {{type: uri_folder}}}}
  after_bad:
    command: ls ${{{{inputs.o}}}}
    {STEP}
    inputs: {{o: "${{{{parent.jobs.bad.outputs.o}}}}"}}
  slow:
    command: until [ -e FLAG ]; do sleep 0.05; done
    {STEP}
    outputs: {{o: {{type: uri_folder}}}}
  after_slow:
    command: ls ${{{{inputs.o}}}}
    {STEP}
    inputs: {{o: "${{{{parent.jobs.slow.outputs.o}}}}"}}
"""


@pytest.mark.parametrize(("goes_on", "ending"), [("true", {"slow": "Completed", "after_slow": "Completed"}), ("false", {"slow": "Canceled"})])
def test_whether_the_rest_goes_on_after_a_failure(connection: Any, tmp_path: Path, goes_on: str, ending: dict[str, str]) -> None:
    flag = tmp_path / "flag"
    job = submit(connection, tmp_path, FAILING.replace("GOES_ON", goes_on).replace("FLAG", str(flag)))
    wait_until(lambda: (found := children(connection, job.name).get("bad")) and found.status == "Failed", 60, "the bad step did not fail")
    if goes_on == "true":
        flag.touch()
    assert finished(connection, job).status == "Failed"
    assert {name: one.status for name, one in children(connection, job.name).items()} == {"bad": "Failed", **ending}
    message = shown(connection, job.name)["error"]["error"]["message"]
    assert message.startswith("the job bad (") and "status code 3" in message and "trouble" in message


def test_cancel_of_a_pipeline_ends_all_its_processes(connection: Any, tmp_path: Path) -> None:
    text = RENDEZVOUS.replace("touch $PLACE/left;", "sleep 3600 & echo pid=$!; wait;").replace("touch $PLACE/right;", "echo pid=$$; sleep 3600;")
    job = submit(connection, tmp_path, text.replace("SHARED", str(tmp_path / "never")))

    def pids() -> list[int]:
        said = [lines(connection, one.name).get("pid") for one in children(connection, job.name).values()]
        return [int(pid) for pid in said if pid]

    wait_until(lambda: len(pids()) == 2, 60, "the steps did not begin")
    alive = pids()
    connection.ml.jobs.begin_cancel(job.name).result(60)
    assert connection.ml.jobs.get(job.name).status == "Canceled"
    assert {one.status for one in children(connection, job.name).values()} == {"Canceled"}
    assert not [pid for pid in alive if running(pid)]


def test_a_pipeline_is_streamed_as_its_steps_begin_and_end(connection: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    job = submit(
        connection, tmp_path, RENDEZVOUS.replace("until [ -e $PLACE/right ]; do sleep 0.05; done", "sleep 3").replace("SHARED", str(tmp_path))
    )
    connection.ml.jobs.stream(job.name)
    said = capsys.readouterr().out
    assert "Streaming logs/azureml/executionlogs.txt" in said and "Execution Summary" in said
    for line in ("left: started (", "left: Completed", "right: started (", "right: Completed", f"pipeline {job.name}: Completed"):
        assert said.count(line) == 1, said


def test_a_stream_of_a_pipeline_that_fails_says_why(connection: Any, tmp_path: Path) -> None:
    from azure.ai.ml.exceptions import JobException

    job = submit(connection, tmp_path, FAILING.replace("GOES_ON", "true").replace("FLAG", str(tmp_path)).replace("exit 3", "sleep 1; exit 3"))
    with pytest.raises(JobException, match="status code 3"):
        connection.ml.jobs.stream(job.name)


def test_a_registered_component_is_used_by_its_latest_version(connection: Any, tmp_path: Path) -> None:
    from azure.ai.ml import load_component

    make(
        tmp_path,
        say_yml=f"type: command\nname: says\nis_deterministic: false\ncommand: echo word=${{{{inputs.word}}}}\n{STEP}\ninputs: {{word: {{type: string}}}}\n",
    )
    connection.ml.components.create_or_update(load_component(tmp_path / "say.yml"))
    text = "type: pipeline\nsettings: {default_compute: serverless}\njobs:\n  a: {type: command, component: azureml:says@latest, inputs: {word: hello}}\n"
    for _ in range(2):
        job = submit(connection, tmp_path, text)
        completed(connection, job)
        [step] = children(connection, job.name).values()
        assert lines(connection, step.name) == {"word": "hello"}, "is_deterministic false: it runs each time"


@pytest.mark.parametrize(
    "name", ["hello.yml", "pipeline.yml", "inputs/job.yml", "optional/pipeline.yml", "nested/pipeline.yml", "sequence/pipeline.yml"]
)
def test_the_small_examples_complete(connection: Any, name: str) -> None:
    from azure.ai.ml import load_job
    from azure.ai.ml.entities import AmlCompute

    connection.ml.compute.begin_create_or_update(AmlCompute(name="dev-cluster", size="Standard_DS3_v2", min_instances=0, max_instances=2)).result(60)
    job = load_job(Path(__file__).parents[2] / "examples" / "basics" / name)
    completed(connection, connection.ml.jobs.create_or_update(job))
