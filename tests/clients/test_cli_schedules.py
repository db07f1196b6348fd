"""`azurine schedule …` against a real server: a file in, its job by hand, disabled, enabled and deleted; and what is refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from clients.submitting import ENVIRONMENT

Azurine = Callable[..., Any]
NAME = "cli-every-night"
STEP = {"type": "command", "command": "echo hello", "environment": ENVIRONMENT}
JOB = {"type": "pipeline", "settings": {"default_compute": "azureml:serverless"}, "jobs": {"say": STEP}}
SCHEDULE = {
    "$schema": "https://azuremlschemas.azureedge.net/latest/schedule.schema.json",
    "name": NAME,
    "trigger": {"type": "recurrence", "frequency": "day", "interval": 1, "schedule": {"hours": [2], "minutes": [0]}, "time_zone": "UTC"},
    "create_job": "./job.yml",
}


@pytest.fixture
def azurine(said: Callable[..., tuple[str, str]]) -> Azurine:
    def run(*words: str, code: int = 0) -> Any:
        out, err = said("schedule", *words, "-o", "json", code=code)
        return json.loads(out) if out.strip() else err

    return run


def test_a_schedule_from_a_file_to_its_end(azurine: Azurine, tmp_path: Path) -> None:
    (tmp_path / "job.yml").write_text(yaml.safe_dump(JOB))
    file = tmp_path / "schedule.yml"
    file.write_text(yaml.safe_dump(SCHEDULE))
    made = azurine("create", "-f", str(file), "--set", "trigger.interval=2")
    assert (made["name"], made["trigger"]["interval"]) == (NAME, 2)
    assert NAME in [one["name"] for one in azurine("list")]
    assert azurine("trigger", "-n", NAME)["job_name"].startswith(NAME)
    azurine("disable", "-n", NAME)
    assert NAME not in [one["name"] for one in azurine("list")]
    assert NAME in [one["name"] for one in azurine("list", "--disabled")]
    assert NAME in [one["name"] for one in azurine("list", "--include-disabled")]
    azurine("enable", "-n", NAME)
    assert azurine("show", "-n", NAME)["is_enabled"] is True
    azurine("disable", "-n", NAME)
    azurine("delete", "-n", NAME, "--yes")
    assert NAME in azurine("show", "-n", NAME, code=3)


def test_what_is_no_schedule(azurine: Azurine, tmp_path: Path) -> None:
    (tmp_path / "job.yml").write_text(yaml.safe_dump(JOB))
    file = tmp_path / "schedule.yml"
    file.write_text(yaml.safe_dump({**SCHEDULE, "trigger": {"type": "cron", "expression": "every day"}}))
    assert "five fields" in azurine("create", "-f", str(file), code=1)
    assert "no.yml" in azurine("create", "-f", str(tmp_path / "no.yml"), code=1)
