"""Schedules of jobs on a clock that is moved: when they submit, under which name, and what is refused."""

from typing import Any

import pytest

from azurine.ml import schedules
from azurine.model import errors
from azurine.model.clock import Movable
from azurine.model.decisions import Create, Decision
from azurine.model.kinds import Admission, Look
from azurine.model.resources import Resource
from azurine.recurrence import reading
from azurine.store.memory import MemoryLog
from azurine.store.references import LogReferences

WORKSPACE = "subscriptions/s/resourceGroups/g/workspaces/w"
SCHEDULE = f"{WORKSPACE}/schedules/nightly"
JOB = {"jobType": "Command", "command": "echo", "environmentId": "azureml:e:1"}
DAILY = {"triggerType": "Recurrence", "frequency": "Day", "interval": 1, "startTime": "2024-01-01T02:30:00", "schedule": {"hours": [], "minutes": []}}
CRON = {"triggerType": "Cron", "expression": "30 2 * * *", "timeZone": "UTC"}


def at(text: str) -> float:
    found = reading.moment(text)
    assert found is not None
    return found


def schedule(trigger: Any, since: str = "2024-01-01T00:00:00", status: Any = None, **more: Any) -> Resource:
    spec = {"properties": {"isEnabled": True, "trigger": trigger, "action": {"actionType": "CreateJob", "jobDefinition": JOB}, **more}}
    return Resource(SCHEDULE, schedules.NAME, spec, status or {}, updated_at=at(since))


def look(resource: Resource, now: str) -> Decision:
    return schedules.decide(Look(resource, (), at(now), LogReferences(MemoryLog())))


def names(decision: Decision) -> list[str]:
    return [one.id.rpartition("/")[2] for one in decision.effects if isinstance(one, Create)]


@pytest.mark.parametrize("trigger", [DAILY, CRON], ids=["recurrence", "cron"])
def test_a_job_is_submitted_at_each_time_and_named_by_it(trigger: Any) -> None:
    before = look(schedule(trigger), "2024-01-01T00:00:00")
    assert (names(before), before.wake_at, before.settled) == ([], at("2024-01-01T02:30:00"), False)
    due = look(schedule(trigger, status=before.status), "2024-01-01T02:30:00")
    assert names(due) == ["nightly-20240101023000"]
    [wish] = due.effects
    assert isinstance(wish, Create)
    assert (wish.body, wish.owned) == ({"properties": JOB}, False)
    later = look(schedule(trigger, status=due.status), "2024-01-05T00:00:00")
    assert names(later) == ["nightly-20240104023000"]
    assert later.wake_at == at("2024-01-05T02:30:00")


def test_disabled_or_over_it_rests() -> None:
    assert look(schedule(DAILY, isEnabled=False), "2024-01-01T02:30:00").settled
    over = look(schedule({**CRON, "endTime": "2024-01-01T03:00:00"}), "2024-01-01T00:00:00")
    after = look(schedule({**CRON, "endTime": "2024-01-01T03:00:00"}, status=over.status), "2024-01-02T00:00:00")
    assert (names(after), after.settled, after.wake_at) == (["nightly-20240101023000"], True, None)


def test_a_job_that_is_refused_is_told() -> None:
    refusal = {"state": "failed", "output": {}, "error": {"code": "X", "message": "the environment is gone"}}
    resource = schedule(DAILY, status={"since": at("2024-01-01T00:00:00"), "due": None, "outcomes": {"create:x": refusal}})
    assert schedules.show(resource)["properties"]["lastError"] == "the environment is gone"
    decision = look(resource, "2024-01-01T03:00:00")
    assert (decision.status["lastError"], set(decision.taken)) == ("the environment is gone", {"create:x"})


WRONG: list[tuple[Any, Any, str]] = [
    ({}, {}, "properties.trigger.triggerType"),
    ({"triggerType": "Weather"}, {}, "properties.trigger.triggerType"),
    ({**DAILY, "frequency": "Often"}, {}, "properties.trigger.frequency"),
    ({**DAILY, "timeZone": "Mars"}, {}, "properties.trigger.timeZone"),
    ({**DAILY, "frequency": "Month", "interval": 12, "startTime": "2024-02-01", "schedule": {"monthDays": [31]}}, {}, "properties.trigger.schedule"),
    ({**CRON, "expression": "99 * * * *"}, {}, "properties.trigger.expression"),
    ({**CRON, "expression": "0 0 30 2 *"}, {}, "properties.trigger.expression"),
    ({**CRON, "timeZone": "Mars"}, {}, "properties.trigger.timeZone"),
    ({**CRON, "endTime": "later"}, {}, "properties.trigger.endTime"),
    (CRON, {"actionType": "ImportData"}, "properties.action.actionType"),
    (CRON, {"actionType": "CreateMonitor"}, "properties.action.monitorDefinition"),
    (CRON, {"jobDefinition": None}, "properties.action.jobDefinition"),
    (CRON, {"jobDefinition": {"jobType": "Sweep"}}, "properties.action.jobDefinition.jobType"),
    (CRON, {"jobDefinition": {**JOB, "command": ""}}, "properties.action.jobDefinition.command"),
    (CRON, {"jobDefinition": {"jobType": "Pipeline", "sourceJobId": "x/jobs/none"}}, "properties.action.jobDefinition.sourceJobId"),
]


@pytest.mark.parametrize(("trigger", "action", "path"), WRONG, ids=[f"{path}-{place}" for place, (*_, path) in enumerate(WRONG)])
def test_what_is_wrong_is_said_with_its_path(trigger: Any, action: Any, path: str) -> None:
    body = {"properties": {"trigger": trigger, "action": {"actionType": "CreateJob", "jobDefinition": JOB, **action}}}
    with pytest.raises(errors.Invalid) as caught:
        schedules.admit(Admission(SCHEDULE, body, LogReferences(MemoryLog()), now=Movable()()))
    found = {one.path for one in caught.value.details} | {caught.value.path}
    assert path in found, found
