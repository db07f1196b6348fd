"""Schedules of jobs with the official client: they submit at their times, once by hand, and are enabled and disabled."""

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from clients.submitting import ENVIRONMENT, completed
from running import wait_until


@pytest.fixture(autouse=True)
def _quiet() -> None:
    """The official clients warn in the log of features that they call experimental."""
    logging.getLogger("azure").setLevel(logging.ERROR)


@pytest.fixture
def job(tmp_path: Path) -> Any:
    from azure.ai.ml import command, dsl

    step = command(name="say", command="echo ${{inputs.word}}", environment=ENVIRONMENT, inputs={"word": "hello"})

    @dsl.pipeline(default_compute="serverless")
    def greeting() -> None:
        step()

    return greeting()


def submitted(connection: Any, schedule: str) -> list[str]:
    return [one.name for one in connection.ml.jobs.list() if one.name.startswith(f"{schedule}-")]


def test_a_recurrence_submits_a_job(connection: Any, job: Any) -> None:
    from azure.ai.ml.entities import JobSchedule, RecurrenceTrigger

    ml = connection.ml
    soon = datetime.now(UTC).replace(tzinfo=None) + timedelta(seconds=3)
    trigger = RecurrenceTrigger(frequency="day", interval=1, start_time=soon.isoformat(timespec="seconds"), time_zone="UTC")
    made = ml.schedules.begin_create_or_update(JobSchedule(name="soon", trigger=trigger, create_job=job)).result()
    assert (made.is_enabled, made.trigger.frequency) == (True, "day")
    wait_until(lambda: submitted(connection, "soon"), 30, "no job was submitted")
    assert submitted(connection, "soon") == [f"soon-{soon:%Y%m%d%H%M%S}"]
    completed(connection, submitted(connection, "soon")[0])
    assert "soon" in [one.name for one in ml.schedules.list()]
    ml.schedules.begin_disable("soon").result()
    assert not ml.schedules.get("soon").is_enabled
    assert "soon" not in [one.name for one in ml.schedules.list()]
    ml.schedules.begin_enable("soon").result()
    assert ml.schedules.get("soon").is_enabled
    ml.schedules.begin_disable("soon").result()
    ml.schedules.begin_delete("soon").result()
    with pytest.raises(ResourceNotFoundError):
        ml.schedules.get("soon")


def test_cron_and_once_by_hand(connection: Any, job: Any) -> None:
    from azure.ai.ml.entities import CronTrigger, JobSchedule

    ml = connection.ml
    trigger = CronTrigger(expression="15 3 * * mon", time_zone="W. Europe Standard Time")
    made = ml.schedules.begin_create_or_update(JobSchedule(name="weekly", trigger=trigger, create_job=job)).result()
    assert made.trigger.expression == "15 3 * * mon"
    once = ml.schedules.trigger("weekly", schedule_time="2024-01-01T08:00:00Z")
    assert (once.job_name, once.schedule_action_type) == ("weekly-20240101080000", "CreateJob")
    assert ml.schedules.trigger("weekly", schedule_time="2024-01-01T08:00:00Z").job_name == once.job_name
    completed(connection, once.job_name)
    assert submitted(connection, "weekly") == [once.job_name]
    again = ml.schedules.begin_create_or_update(JobSchedule(name="like-that", trigger=trigger, create_job=once.job_name)).result()
    assert again.name == "like-that"
    wrong = JobSchedule(name="wrong", trigger=CronTrigger(expression="0 0 30 2 *"), create_job=job)
    with pytest.raises(HttpResponseError, match="no day that fits"):
        ml.schedules.begin_create_or_update(wrong).result()
