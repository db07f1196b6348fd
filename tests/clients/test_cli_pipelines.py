"""`azurine pipeline …` against a real server, with a file as people write it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clients.submitting import written

PIPELINE = """
type: pipeline
display_name: by command
settings: {default_compute: serverless}
inputs: {who: world}
jobs:
  say:
    command: python say.py ${{inputs.who}}
    code: src
    environment: azureml:AzureML-sklearn-1.5@latest
    inputs: {who: "${{parent.inputs.who}}"}
"""

Azurine = Callable[..., Any]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "say.py").write_text("import sys, time; print('hello', sys.argv[1], time.time_ns())")
    (tmp_path / "pipeline.yml").write_text(PIPELINE)
    return tmp_path / "pipeline.yml"


def test_a_file_is_published_run_and_replaced(azurine: Azurine, connection: Any, file: Path) -> None:
    made = azurine("pipeline", "publish", "-n", "cli greeting", "-f", str(file), "--description", "says hello", "--endpoint", "cli greetings")
    assert (made["version"], made["status"], made["steps"], made["parameters"]) == ("1", "Active", 1, {"who": "world"})
    assert azurine("pipeline", "show", "-n", "cli greeting") == azurine("pipeline", "show", "--id", made["id"]) == made

    ran = azurine("pipeline", "run", "-n", "cli greeting", "--set", "who=there", "--display-name", "tonight", "--stream")
    assert (ran["status"], ran["display_name"]) == ("Completed", "tonight")
    (step,) = connection.ml.jobs.list(parent_job_name=ran["name"])
    assert written(connection, step.name).startswith("hello there ")

    again = azurine("pipeline", "publish", "-n", "cli greeting", "--job", ran["name"], "--endpoint", "cli greetings")
    assert (again["version"], again["parameters"]) == ("2", {"who": "there"})
    assert [one["version"] for one in azurine("pipeline", "list") if one["name"] == "cli greeting"] == ["2", "1"]
    endpoint = azurine("pipeline", "endpoint", "show", "-n", "cli greetings")
    assert (endpoint["default_version"], endpoint["versions"]) == ("1", {"0": made["id"], "1": again["id"]})
    endpoint = azurine("pipeline", "endpoint", "update", "-n", "cli greetings", "--default-version", "0", "--description", "of old")
    assert (endpoint["default_version"], endpoint["description"]) == ("0", "of old")
    ran = azurine("pipeline", "run", "--endpoint", "cli greetings", "--experiment-name", "evening")
    assert (ran["experiment_name"], ran["properties"]["azureml.pipelineid"]) == ("evening", made["id"])


def test_what_is_switched_off_does_not_run(azurine: Azurine, file: Path) -> None:
    made = azurine("pipeline", "publish", "-n", "cli off", "-f", str(file), "--set", "inputs.who=you")
    assert made["parameters"] == {"who": "you"}
    azurine("pipeline", "disable", "-n", "cli off")
    assert "is disabled" in azurine("pipeline", "run", "-n", "cli off", code=1)
    assert made["id"] not in [one["id"] for one in azurine("pipeline", "list")]
    assert made["id"] in [one["id"] for one in azurine("pipeline", "list", "--all")]
    azurine("pipeline", "enable", "--id", made["id"])
    azurine("pipeline", "endpoint", "create", "-n", "cli-off", "--id", made["id"])
    azurine("pipeline", "endpoint", "add", "-n", "cli-off", "--id", made["id"], "--default")
    azurine("pipeline", "endpoint", "disable", "-n", "cli-off")
    assert "is disabled" in azurine("pipeline", "run", "--endpoint", "cli-off", code=1)
    assert azurine("pipeline", "endpoint", "enable", "-n", "cli-off")["status"] == "Active"
    azurine("pipeline", "endpoint", "delete", "-n", "cli-off", "--yes")
    assert "cli-off" not in [one["name"] for one in azurine("pipeline", "endpoint", "list", "--all")]
    azurine("pipeline", "delete", "-n", "cli off", "--yes")
    azurine("pipeline", "show", "-n", "cli off", code=3)


def test_mistakes_are_told_with_their_places(azurine: Azurine, file: Path) -> None:
    azurine("pipeline", "publish", "-n", "cli wrong", "-f", str(file))
    said = azurine("pipeline", "run", "-n", "cli wrong", "--set", "whom=x", code=1)
    assert "ParameterAssignments.whom: the pipeline has no parameter 'whom'; it has: who" in said
    assert "--id or --name" in azurine("pipeline", "run", code=2)
    azurine("pipeline", "publish", "-n", "x", code=2)
    azurine("pipeline", "endpoint", "show", "-n", "cli nobody", code=3)
    file.write_text(PIPELINE.replace("parent.inputs.who", "parent.inputs.whom"))
    assert "whom" in azurine("pipeline", "publish", "-n", "cli wrong", "-f", str(file), code=1)
