"""Parallel steps with the official client: the files people write, and what happens when some of it fails."""

import logging
from pathlib import Path
from typing import Any

import pytest

from clients.submitting import completed, finished, make, shown, stored, written

SCORE = """
import argparse, os

def init():
    global args
    parser = argparse.ArgumentParser()
    parser.add_argument("--word", default="")
    args, _ = parser.parse_known_args()
    print("init with", args.word, os.environ["COLOUR"])

def run(mini_batch):
    print("run", len(mini_batch))
    return [f"{os.path.basename(one)}: {open(one).read().strip()} {args.word}" for one in mini_batch]

def shutdown():
    print("bye")
"""
PIPELINE = """
type: pipeline
experiment_name: parallel
settings: {default_compute: serverless}
inputs:
  data: {type: uri_folder, path: data}
outputs:
  scores: {type: uri_file}
jobs:
  score:
    type: parallel
    mini_batch_size: "5"
    max_concurrency_per_instance: 2
    resources: {instance_count: 2}
    inputs: {files: "${{parent.inputs.data}}", word: hello}
    outputs: {scores: "${{parent.outputs.scores}}"}
    input_data: ${{inputs.files}}
    task:
      type: run_function
      code: src
      entry_script: score.py
      environment: azureml:AzureML-sklearn-1.5@latest
      program_arguments: --word ${{inputs.word}} --append_row_dataframe_header False
      append_row_to: ${{outputs.scores}}
    environment_variables: {COLOUR: blue}
    SETTINGS
"""


@pytest.fixture(autouse=True)
def _quiet() -> None:
    """The official clients warn in the log of features that they call experimental."""
    logging.getLogger("azure").setLevel(logging.ERROR)


def submit(connection: Any, folder: Path, script: str, files: dict[str, str], settings: str = "") -> Any:
    from azure.ai.ml import load_job

    make(folder, pipeline_yml=PIPELINE.replace("SETTINGS", settings), src__score_py=script)
    (folder / "data").mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / "data" / name).write_text(text)
    return connection.ml.jobs.create_or_update(load_job(folder / "pipeline.yml"))


def step(connection: Any, job: Any) -> str:
    return str(next(iter(connection.ml.jobs.list(parent_job_name=job.name))).name)


def rows(connection: Any, job: Any) -> list[str]:
    return sorted(stored(connection, f"azureml/{job.name}/scores").splitlines())


def test_every_file_has_its_row(connection: Any, tmp_path: Path) -> None:
    job = submit(connection, tmp_path, SCORE, {f"f{number:02}.csv": str(number) for number in range(23)})
    completed(connection, job)
    assert rows(connection, job) == [f"f{number:02}.csv: {number} hello" for number in range(23)]
    child = connection.ml.jobs.get(step(connection, job))
    assert (child.status, child.display_name) == ("Completed", "score")
    assert "items: 23, failed: 0" in written(connection, child.name, "logs/job_result.txt")
    report = written(connection, child.name, "logs/sys/job_report/processed_mini-batches.csv").splitlines()
    assert sorted(line.split(",")[1] for line in report[1:]) == ["3", "5", "5", "5", "5"]


def test_a_component_of_its_own(connection: Any, tmp_path: Path) -> None:
    """From Python, with `parallel_run_function`, registered, and in a pipeline made of Python too."""
    from azure.ai.ml import Input, Output, dsl
    from azure.ai.ml.parallel import RunFunction, parallel_run_function

    make(tmp_path, src__score_py=SCORE)
    (tmp_path / "data").mkdir()
    for number in range(7):
        (tmp_path / "data" / f"f{number}.csv").write_text(str(number))
    score = parallel_run_function(
        name="score_in_parallel",
        inputs={"files": Input(type="uri_folder"), "word": Input(type="string")},
        outputs={"scores": Output(type="uri_file")},
        input_data="${{inputs.files}}",
        instance_count=1,
        mini_batch_size="2",
        mini_batch_error_threshold=1,
        retry_settings={"max_retries": 1, "timeout": 30},
        environment_variables={"COLOUR": "red"},
        task=RunFunction(
            code=str(tmp_path / "src"),
            entry_script="score.py",
            environment="azureml:AzureML-sklearn-1.5@latest",
            program_arguments="--word ${{inputs.word}}",
            append_row_to="${{outputs.scores}}",
        ),
    )
    registered = connection.ml.components.create_or_update(score.component, version="1")
    assert connection.ml.components.get(registered.name, registered.version).type == "parallel"

    @dsl.pipeline(default_compute="serverless")  # type: ignore[untyped-decorator,unused-ignore]
    def scored(files):  # type: ignore[no-untyped-def]
        found = score(files=files, word="there")
        return {"scores": found.outputs.scores}

    job = connection.ml.jobs.create_or_update(scored(Input(type="uri_folder", path=str(tmp_path / "data"))), experiment_name="parallel")
    completed(connection, job)
    assert rows(connection, job) == [f"f{number}.csv: {number} there" for number in range(7)]


POISONED = SCORE.replace('    print("run"', '    [1 / (int(open(one).read()) - 7) for one in mini_batch]\n    print("run"')


@pytest.mark.parametrize(("settings", "status"), [("error_threshold: 1", "Completed"), ("error_threshold: 0", "Failed")])
def test_a_poisoned_file_is_named_and_the_others_are_kept(connection: Any, tmp_path: Path, settings: str, status: str) -> None:
    job = submit(connection, tmp_path, POISONED, {f"f{number:02}.csv": str(number) for number in range(12)}, settings)
    assert finished(connection, job).status == status
    child = step(connection, job)
    assert "f07.csv: ZeroDivisionError" in written(connection, child, "logs/job_error.txt")
    if status == "Completed":
        assert rows(connection, job) == [f"f{number:02}.csv: {number} hello" for number in range(12) if number != 7]
        assert "items: 12, failed: 1" in written(connection, child, "logs/job_result.txt")
    else:
        message = shown(connection, child)["error"]["error"]["message"]
        assert "1 items have failed; the error threshold is 0" in message
        assert "ZeroDivisionError" in message


def test_a_script_that_cannot_be_started_says_why(connection: Any, tmp_path: Path) -> None:
    job = submit(connection, tmp_path, "import no_such_module\n", {"a.csv": "1"})
    assert finished(connection, job).status == "Failed"
    assert "No module named 'no_such_module'" in shown(connection, step(connection, job))["error"]["error"]["message"]


def test_a_mini_batch_that_takes_too_long_is_tried_again(connection: Any, tmp_path: Path) -> None:
    """The first process that gets the slow file sleeps for ever; the next finds its mark and goes on."""
    slow = SCORE.replace(
        '    print("run"',
        """    for one in mini_batch:
        mark = os.path.join(os.environ["AZUREML_BI_OUTPUT_PATH"] + ".mark")
        if one.endswith("f3.csv") and not os.path.exists(mark):
            open(mark, "w").close()
            __import__("threading").Event().wait()
    print("run\"""",
    )
    job = submit(connection, tmp_path, slow, {f"f{number}.csv": str(number) for number in range(9)}, "retry_settings: {max_retries: 1, timeout: 2}")
    completed(connection, job)
    assert rows(connection, job) == [f"f{number}.csv: {number} hello" for number in range(9)]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("mini_batch_size: 1kilo", "mini_batch_size"),
        ("input_data: ${{inputs.other}}", "other"),
    ],
)
def test_what_is_wrong_is_told(connection: Any, tmp_path: Path, settings: str, words: str) -> None:
    key = settings.partition(":")[0]
    text = "\n".join(line for line in PIPELINE.splitlines() if not line.strip().startswith(f"{key}:")).replace("SETTINGS", settings)
    make(tmp_path, pipeline_yml=text, src__score_py=SCORE, data__a_csv="1")
    from azure.ai.ml import load_job

    with pytest.raises(Exception, match=words):
        connection.ml.jobs.create_or_update(load_job(tmp_path / "pipeline.yml"))
