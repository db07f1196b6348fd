"""The command line against a real server: the stories of a day's work, with the examples that people start from."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from running import RunningServer, wait_until

EXAMPLES = Path(__file__).parents[2] / "examples"
BASICS = EXAMPLES / "basics"


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Azurine = Callable[..., Ran]


@pytest.fixture
def azurine(said: Callable[..., tuple[str, str]]) -> Azurine:
    """`azurine("job", "list")`: runs one command against the server, in this process."""
    return lambda *words, code=0: Ran(code, *said(*words, code=code))


@pytest.fixture
def cluster(azurine: Azurine) -> str:
    azurine("compute", "create", "-f", str(EXAMPLES / "diabetes" / "compute.yml"))
    return "dev-cluster"


def submitted(azurine: Azurine, file: Path, *flags: str, code: int = 0) -> Ran:
    return azurine("job", "create", "-f", str(file), "--stream", "-o", "json", *flags, code=code)


@pytest.mark.usefixtures("cluster")
def test_hello(azurine: Azurine) -> None:
    ran = submitted(azurine, BASICS / "hello.yml", "-n", "cli-hello", "--set", "tags.who=me", "display_name=well")
    assert (ran.json["status"], ran.json["display_name"], ran.json["tags"]["who"]) == ("Completed", "well", "me")
    assert "hello world" in ran.err
    assert azurine("job", "stream", "-n", "cli-hello").out == "hello world\n"
    assert azurine("job", "show", "-n", "cli-hello", "--query", "status", "-o", "tsv").out == "Completed\n"
    assert "cli-hello" in azurine("job", "list", "-o", "table").out


@pytest.mark.usefixtures("cluster")
def test_inputs_outputs_and_what_is_left_in_outputs(azurine: Azurine, tmp_path: Path) -> None:
    ran = submitted(azurine, BASICS / "inputs" / "job.yml", "-n", "cli-inputs", "--set", "inputs.older_than=30")
    assert "hello: Patients by age: ages [23, 61, 46, 35]" in ran.err
    assert "3 of 4 patients are older than 30" in ran.err
    azurine("job", "download", "-n", "cli-inputs", "--all", "-p", str(tmp_path))
    assert (tmp_path / "named-outputs" / "result" / "older.txt").read_text() == "3\n"
    found = {file.name: file for file in (tmp_path / "artifacts").rglob("*") if file.is_file()}
    assert found["summary.txt"].read_text() == "Patients by age: 3\n"
    assert "3 of 4" in found["std_log.txt"].read_text()


@pytest.mark.usefixtures("cluster")
def test_steps_written_in_place(azurine: Azurine, tmp_path: Path) -> None:
    ran = submitted(azurine, BASICS / "pipeline.yml", "-n", "cli-inline", "--set", "inputs.greeting=good morning")
    assert "hear | GOOD MORNING FROM THE FIRST STEP" in ran.err
    steps = azurine("job", "list", "-p", "cli-inline", "-o", "json").json
    assert sorted((step["display_name"], step["status"]) for step in steps) == [("hear", "Completed"), ("say", "Completed")]
    azurine("job", "download", "-n", "cli-inline", "--output-name", "answer", "-p", str(tmp_path))
    (answer,) = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert answer.read_text() == "GOOD MORNING FROM THE FIRST STEP\n"


@pytest.mark.usefixtures("cluster")
def test_optional_inputs(azurine: Azurine) -> None:
    said = submitted(azurine, BASICS / "optional" / "pipeline.yml").err
    assert re.search(r"plain \| hello +Ada!", said)
    assert "titled | hello --title Countess Ada?" in said


@pytest.mark.usefixtures("cluster")
def test_a_sequence_runs_in_order(azurine: Azurine) -> None:
    said = submitted(azurine, BASICS / "sequence" / "pipeline.yml").err
    places = [said.index(f"{step} | {step}") for step in ("first", "second", "third")]
    assert places == sorted(places)


@pytest.mark.usefixtures("cluster")
def test_a_pipeline_in_a_pipeline(azurine: Azurine) -> None:
    said = submitted(azurine, BASICS / "nested" / "pipeline.yml", "--set", "inputs.text=one two three four").err
    assert "show | 4" in said
    assert {"inner: Completed", "shout: Completed", "count: Completed"} <= {re.sub(r"^\S+ | after .*$", "", line) for line in said.splitlines()}


@pytest.mark.usefixtures("cluster")
def test_an_environment_from_a_conda_file(azurine: Azurine) -> None:
    said = submitted(azurine, BASICS / "conda" / "job.yml").err
    assert re.search(r"tabulate +0\.9\.0", said)


@pytest.mark.usefixtures("cluster")
def test_a_job_that_fails_is_exit_code_1_with_the_reason(azurine: Azurine, tmp_path: Path) -> None:
    file = tmp_path / "job.yml"
    file.write_text(yaml.safe_dump({**yaml.safe_load((BASICS / "hello.yml").read_text()), "command": "echo about to fail && exit 3"}))
    ran = submitted(azurine, file, "-n", "cli-fails", code=1)
    assert ran.json["status"] == "Failed"
    assert "about to fail" in ran.err and "3" in ran.err.rpartition("The job cli-fails failed")[2]
    assert azurine("job", "stream", "-n", "cli-fails", code=1).out == "about to fail\n"


@pytest.mark.usefixtures("cluster")
def test_cancel_ends_a_running_job(azurine: Azurine, connection: Any, tmp_path: Path) -> None:
    file = tmp_path / "job.yml"
    file.write_text(yaml.safe_dump({**yaml.safe_load((BASICS / "hello.yml").read_text()), "command": "echo begun && sleep 600"}))
    azurine("job", "create", "-f", str(file), "-n", "cli-endless", "-o", "none")
    wait_until(lambda: connection.ml.jobs.get("cli-endless").status == "Running", 60, "it never ran")
    azurine("job", "cancel", "-n", "cli-endless")
    wait_until(lambda: connection.ml.jobs.get("cli-endless").status == "Canceled", 60, "it was never cancelled")
    azurine("job", "stream", "-n", "cli-endless", code=1)


@pytest.mark.usefixtures("cluster")
def test_ctrl_c_while_streaming_leaves_the_job_running(azurine: Azurine, server: RunningServer, connection: Any, tmp_path: Path) -> None:
    file = tmp_path / "job.yml"
    file.write_text(yaml.safe_dump({**yaml.safe_load((BASICS / "hello.yml").read_text()), "command": "echo begun && sleep 600"}))
    azurine("job", "create", "-f", str(file), "-n", "cli-detached", "-o", "none")
    words = [sys.executable, "-m", "azurine", "job", "stream", "-n", "cli-detached", "--home", str(server.home)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as streaming:
        assert streaming.stdout is not None
        assert streaming.stdout.readline() == "begun\n"
        os.kill(streaming.pid, signal.SIGINT)
        _, err = streaming.communicate(timeout=30)
    assert streaming.returncode == 130
    assert "azurine job cancel -n cli-detached" in err
    assert connection.ml.jobs.get("cli-detached").status == "Running"
    azurine("job", "cancel", "-n", "cli-detached")


def test_wrong_files_and_names_are_told(azurine: Azurine, tmp_path: Path) -> None:
    file = tmp_path / "job.yml"
    file.write_text((BASICS / "hello.yml").read_text() + "nodes: 3\n")
    assert "job.yml:8 nodes: there is no such field" in azurine("job", "create", "-f", str(file), code=1).err
    assert "nope" in azurine("job", "show", "-n", "nope", code=3).err
    assert "nope" in azurine("job", "stream", "-n", "nope", code=3).err
    assert "nope" in azurine("data", "show", "-n", "nope", code=3).err
    assert "nope" in azurine("compute", "show", "-n", "nope", code=3).err
    assert "There is no file" in azurine("job", "create", "-f", "/nowhere.yml", code=1).err


def test_a_compute_that_is_not_there(azurine: Azurine) -> None:
    ran = azurine("job", "create", "-f", str(BASICS / "hello.yml"), "--set", "compute=azureml:never-made", code=1)
    assert "never-made" in ran.err and "Traceback" not in ran.err


def test_archive_restore_and_update(azurine: Azurine, cluster: str) -> None:
    azurine("job", "create", "-f", str(BASICS / "hello.yml"), "-n", "cli-archived", "--stream", "-o", "none")
    azurine("job", "archive", "-n", "cli-archived")
    names = "[].name"
    assert "cli-archived" not in azurine("job", "list", "--query", names, "-o", "tsv").out.split()
    assert "cli-archived" in azurine("job", "list", "--archived-only", "--query", names, "-o", "tsv").out.split()
    azurine("job", "restore", "-n", "cli-archived")
    assert "cli-archived" in azurine("job", "list", "--query", names, "-o", "tsv").out.split()
    changed = azurine("job", "update", "-n", "cli-archived", "--set", "tags.good=yes", "display_name=renamed", "-o", "json").json
    assert (changed["display_name"], changed["tags"]["good"]) == ("renamed", "yes")


def test_data_and_models_from_flags(azurine: Azurine, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_text("x\n1\n")
    first = azurine("data", "create", "-n", "cli-data", "--path", str(tmp_path / "in"), "--type", "uri_folder", "-o", "json").json
    second = azurine("data", "create", "-n", "cli-data", "--path", str(tmp_path / "in"), "-o", "json").json
    assert (first["version"], second["version"]) == ("1", "2")
    assert azurine("data", "show", "-n", "cli-data", "-o", "json").json["version"] == "2"
    assert [one["version"] for one in azurine("data", "list", "-n", "cli-data", "-o", "json").json] == ["2", "1"]

    azurine("model", "create", "-n", "cli-model", "--path", str(tmp_path / "in"), "--type", "custom_model", "-o", "none")
    azurine("model", "download", "-n", "cli-model", "-p", str(tmp_path / "out"))
    assert [file.read_text() for file in (tmp_path / "out").rglob("a.csv")] == ["x\n1\n"]


def test_the_rest_of_the_nouns(azurine: Azurine, cluster: str, tmp_path: Path) -> None:
    shown = azurine("compute", "show", "-n", cluster, "-o", "json").json
    assert (shown["type"], shown["min_instances"], shown["max_instances"]) == ("amlcompute", 0, 2)
    azurine("compute", "create", "-n", "cli-cluster", "--type", "amlcompute", "--max-instances", "1", "-o", "none")
    assert azurine("compute", "update", "-n", "cli-cluster", "--max-instances", "3", "-o", "json").json["max_instances"] == 3
    azurine("compute", "delete", "-n", "cli-cluster", "--yes")
    azurine("compute", "show", "-n", "cli-cluster", code=3)

    stores = azurine("datastore", "list", "--query", "[].name", "-o", "tsv").out.split()
    assert {"workspaceblobstore", "workspaceartifactstore"} <= set(stores)
    file = tmp_path / "store.yml"
    file.write_text("name: cli_store\ntype: azure_blob\naccount_name: azurine\ncontainer_name: other\n")
    azurine("datastore", "create", "-f", str(file), "-o", "none")
    assert azurine("datastore", "show", "-n", "cli_store", "-o", "json").json["container_name"] == "other"
    azurine("datastore", "delete", "-n", "cli_store")
    azurine("datastore", "show", "-n", "cli_store", code=3)

    component = str(EXAMPLES / "diabetes" / "components" / "prep" / "component.yml")
    assert azurine("component", "create", "-f", component, "-o", "json").json["version"] == "1"
    assert azurine("component", "show", "-n", "diabetes_prep", "-v", "1", "-o", "json").json["is_deterministic"] is True

    azurine("environment", "create", "-n", "cli-env", "--image", "python:3.11", "-o", "none")
    assert azurine("environment", "show", "-n", "cli-env", "-o", "json").json["image"] == "python:3.11"

    assert [one["name"] for one in azurine("workspace", "list", "-o", "json").json] == ["workshop"]
    assert azurine("workspace", "show", "-o", "json").json["resource_group"] == "azurine"
