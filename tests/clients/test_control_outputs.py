"""Outputs that are values: a step writes a number, a truth or a text, and another one is given it."""

import re
from pathlib import Path
from typing import Any

import pytest
from azure.ai.ml import load_job
from azure.core.exceptions import HttpResponseError

from clients.submitting import completed, finished, lines, make, shown, written

SAYS = """
type: command
inputs: {text: {type: string, default: '0.25'}}
outputs:
  enough: {type: boolean, is_control: true}
  ratio: {type: number, is_control: true}
  word: {type: string}
  folds: {type: integer}
command: >-
  echo true > ${{outputs.enough}} && echo '${{inputs.text}}' > ${{outputs.ratio}} && echo '"two words"' > ${{outputs.word}}
  && printf 5 > ${{outputs.folds}}
environment: azureml:azurine-host@latest
"""
HEARS = """
type: command
inputs:
  enough: {type: boolean}
  ratio: {type: number, min: 0.2, max: 1}
  word: {type: string}
  folds: {type: string, enum: ['5', '10']}
command: echo "enough=${{inputs.enough}}" && echo "ratio=${{inputs.ratio}}" && echo "word=${{inputs.word}}" && echo "folds=${{inputs.folds}}"
environment: azureml:azurine-host@latest
"""
PIPELINE = """
type: pipeline
settings: {default_compute: azureml:local}
inputs: {text: '0.25'}
jobs:
  says: {type: command, component: ./says.yml, inputs: {text: '${{parent.inputs.text}}'}}
  hears:
    type: command
    component: ./hears.yml
    inputs:
      enough: ${{parent.jobs.says.outputs.enough}}
      ratio: ${{parent.jobs.says.outputs.ratio}}
      word: ${{parent.jobs.says.outputs.word}}
      folds: ${{parent.jobs.says.outputs.folds}}
"""
NESTED = """
type: pipeline
settings: {default_compute: azureml:local}
jobs:
  inner: {type: pipeline, component: ./inner.yml}
  hears:
    type: command
    component: ./hears.yml
    inputs: {enough: true, ratio: '${{parent.jobs.inner.outputs.said}}', word: plain, folds: '10'}
"""
INNER = """
type: pipeline
outputs: {said: {type: number}}
jobs:
  says:
    type: command
    component: ./says.yml
    outputs: {ratio: '${{parent.outputs.said}}'}
"""


def submit(connection: Any, folder: Path, pipeline: str, **changes: str) -> Any:
    make(folder, pipeline_yml=pipeline, says_yml=SAYS, hears_yml=HEARS, inner_yml=INNER)
    job = load_job(folder / "pipeline.yml", params_override=[{f"inputs.{name}": value} for name, value in changes.items()])
    return connection.ml.jobs.create_or_update(job)


def step(connection: Any, job: Any, title: str) -> str:
    return next(str(one.name) for one in connection.ml.jobs.list(parent_job_name=job.name) if one.display_name == title)


def test_values_pass_from_step_to_step(connection: Any, tmp_path: Path) -> None:
    first = completed(connection, submit(connection, tmp_path, PIPELINE))
    heard = step(connection, first, "hears")
    assert lines(connection, heard) == {"enough": "True", "ratio": "0.25", "word": "two words", "folds": "5"}
    given = {name: one["value"] for name, one in shown(connection, heard)["inputs"].items()}
    assert given == {"enough": "True", "ratio": "0.25", "word": "two words", "folds": "5"}
    again = completed(connection, submit(connection, tmp_path, PIPELINE))
    assert shown(connection, step(connection, again, "says"))["properties"]["azureml.isreused"] == "true"
    assert shown(connection, step(connection, again, "hears"))["properties"]["azureml.isreused"] == "true"


def test_values_come_out_of_a_pipeline_in_a_pipeline(connection: Any, tmp_path: Path) -> None:
    job = completed(connection, submit(connection, tmp_path, NESTED))
    assert lines(connection, step(connection, job, "hears"))["ratio"] == "0.25"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("much", "outputs.ratio: 'much' is not a number"),
        ("7", "the job hears could not be started: .*7 is out of bounds; it must be at least 0.2 and at most 1"),
    ],
)
def test_values_that_do_not_fit_are_told(connection: Any, tmp_path: Path, text: str, said: str) -> None:
    job = finished(connection, submit(connection, tmp_path, PIPELINE, text=text))
    assert job.status == "Failed"

    assert re.search(said, shown(connection, job.name)["error"]["error"]["message"])


def test_a_value_that_is_not_written_is_told(connection: Any, tmp_path: Path) -> None:
    make(tmp_path, pipeline_yml=PIPELINE, hears_yml=HEARS, says_yml=SAYS.replace("echo true > ${{outputs.enough}}", "true"))
    job = finished(connection, connection.ml.jobs.create_or_update(load_job(tmp_path / "pipeline.yml")))
    failed = step(connection, job, "says")
    message = shown(connection, failed)["error"]["error"]["message"]
    assert message.endswith("the step wrote no value of the output enough (boolean); it is written into the file ${{outputs.enough}}"), written(
        connection, failed
    )


def test_a_value_is_no_data(connection: Any, tmp_path: Path) -> None:
    reads = "type: command\ninputs: {data: {type: uri_folder}}\ncommand: ls ${{inputs.data}}\nenvironment: azureml:azurine-host@latest\n"
    text = PIPELINE.partition("  hears:")[0] + (
        "  hears: {type: command, component: ./hears.yml, inputs: {data: '${{parent.jobs.says.outputs.ratio}}'}}\n"
    )
    make(tmp_path, pipeline_yml=text, says_yml=SAYS, hears_yml=reads)
    with pytest.raises(HttpResponseError, match="number"):
        connection.ml.jobs.create_or_update(load_job(tmp_path / "pipeline.yml"))
