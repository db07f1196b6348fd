"""`azurine batch-endpoint …` and `azurine batch-deployment …` against a real server, with files as people write them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from clients.submitting import completed, make, stored, written

SCORE = """
import os
def init():
    global word
    with open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "word.txt")) as file:
        word = file.read()
def run(mini_batch):
    return [f"{os.path.basename(one)} {word}" for one in mini_batch]
"""
DEPLOYMENT = """
name: by-file
endpoint_name: cli-batch
type: model
model: {path: word.txt, name: cli-batch-word, type: custom_model}
code_configuration: {code: src, scoring_script: score.py}
environment: azureml:AzureML-sklearn-1.5@latest
compute: azureml:cli-batch-nodes
settings: {mini_batch_size: 10, max_concurrency_per_instance: 1, output_file_name: said.txt}
"""
Azurine = Callable[..., Any]


def test_a_batch_endpoint_from_its_making_to_its_end(azurine: Azurine, connection: Any, tmp_path: Path) -> None:
    make(tmp_path, src__score_py=SCORE, word_txt="well", deployment_yml=DEPLOYMENT)
    (tmp_path / "data").mkdir()
    for number in range(4):
        (tmp_path / "data" / f"f{number}.csv").write_text("")
    azurine("compute", "create", "-n", "cli-batch-nodes", "--type", "amlcompute", "--max-instances", "1")
    made = azurine("batch-endpoint", "create", "-n", "cli-batch")
    assert made["scoring_uri"].endswith("/batch-endpoints/cli-batch/jobs")
    azurine("batch-deployment", "create", "-f", str(tmp_path / "deployment.yml"), "--set-default")
    assert azurine("batch-endpoint", "show", "-n", "cli-batch")["defaults"]["deployment_name"] == "by-file"
    assert [one["name"] for one in azurine("batch-deployment", "list", "-e", "cli-batch")] == ["by-file"]

    changed = ["-m", "2", "--set", "retry_settings.timeout=45", "environment_variables.COLOUR=red"]
    azurine("batch-deployment", "update", "-n", "by-file", "-e", "cli-batch", *changed)
    found = azurine("batch-deployment", "show", "-n", "by-file", "-e", "cli-batch")
    assert (found["mini_batch_size"], found["retry_settings"]["timeout"], found["environment_variables"]) == (2, 45, {"COLOUR": "red"})
    assert (found["output_file_name"], found["code_configuration"]["scoring_script"]) == ("said.txt", "score.py")

    where = "azureml://datastores/workspaceblobstore/paths/cli-batch/"
    job = azurine("batch-endpoint", "invoke", "-n", "cli-batch", "-i", str(tmp_path / "data"), "--output-path", where)["name"]
    completed(connection, job)
    assert sorted(stored(connection, "cli-batch/said.txt").splitlines()) == [f"f{number}.csv well" for number in range(4)]
    child = next(iter(connection.ml.jobs.list(parent_job_name=job)))
    assert "mini-batches: 2, failed: 0" in written(connection, child.name, "logs/job_result.txt")
    assert [one["name"] for one in azurine("batch-endpoint", "list-jobs", "-n", "cli-batch")] == [job]
    assert [one["name"] for one in azurine("batch-deployment", "list-jobs", "-n", "by-file", "-e", "cli-batch")] == [job]

    azurine("batch-deployment", "delete", "-n", "by-file", "-e", "cli-batch", "--yes")
    assert azurine("batch-deployment", "list", "-e", "cli-batch") == []
    azurine("batch-endpoint", "delete", "-n", "cli-batch", "--yes")
    azurine("batch-endpoint", "show", "-n", "cli-batch", code=3)
