"""Triggers through the official client, `DataFactoryManagementClient` 9.3: they fire, and their runs are asked for."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError
from azure.mgmt.datafactory import models

from running import wait_until

FACTORY = "client-triggers"
WINDOW = {"last_updated_after": datetime.now(UTC) - timedelta(hours=1), "last_updated_before": datetime.now(UTC) + timedelta(days=1)}


@pytest.fixture(scope="module")
def place(connection: Any) -> tuple[str, str]:
    """The resource group and the factory, with a pipeline `work` in it."""
    connection.factory.factories.create_or_update(connection.resource_group, FACTORY, models.Factory(location="local"))
    work = models.PipelineResource(
        activities=[models.WaitActivity(name="w", wait_time_in_seconds=0)],
        parameters={"when": models.ParameterSpecification(type="String", default_value="")},
    )
    connection.factory.pipelines.create_or_update(connection.resource_group, FACTORY, "work", work)
    return connection.resource_group, FACTORY


@pytest.fixture(scope="module")
def adf(connection: Any) -> Any:
    return connection.factory


def work(**parameters: Any) -> Any:
    reference = models.PipelineReference(type="PipelineReference", reference_name="work")
    return models.TriggerPipelineReference(pipeline_reference=reference, parameters=parameters)


def fired(adf: Any, place: tuple[str, str], trigger: str, *filters: Any, order: str = "ASC") -> list[Any]:
    named = models.RunQueryFilter(operand="TriggerName", operator="Equals", values=[trigger])
    ordered = [models.RunQueryOrderBy(order_by="TriggerRunTimestamp", order=order)]
    wish = models.RunFilterParameters(**WINDOW, filters=[named, *filters], order_by=ordered)
    found: list[Any] = adf.trigger_runs.query_by_factory(*place, wish).value
    return found


def test_a_schedule_fires(adf: Any, place: tuple[str, str]) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=1)
    recurrence = models.ScheduleTriggerRecurrence(frequency="Minute", interval=1, start_time=soon, time_zone="UTC")
    trigger = models.ScheduleTrigger(pipelines=[work(when="@trigger().scheduledTime")], recurrence=recurrence)
    made = adf.triggers.create_or_update(*place, "soon", models.TriggerResource(properties=trigger))
    assert isinstance(made.properties, models.ScheduleTrigger)
    adf.triggers.begin_start(*place, "soon").result()
    wait_until(lambda: fired(adf, place, "soon"), 30, "it did not fire")
    [run] = fired(adf, place, "soon")
    assert (run.status, run.trigger_name, run.trigger_type) == ("Succeeded", "soon", "ScheduleTrigger")
    assert run.properties["ScheduleTime"][:19] == soon.isoformat()[:19]
    begun = adf.pipeline_runs.get(*place, run.triggered_pipelines["work"])
    assert begun.parameters["when"][:19] == soon.isoformat()[:19]
    assert (begun.invoked_by.name, begun.invoked_by.invoked_by_type, begun.invoked_by.id) == ("soon", "ScheduleTrigger", run.trigger_run_id)
    adf.triggers.begin_stop(*place, "soon").result()
    adf.trigger_runs.rerun(*place, "soon", run.trigger_run_id)

    def is_again() -> bool:
        return bool(fired(adf, place, "soon")[0].triggered_pipelines["work"] != begun.run_id)

    wait_until(is_again, 30, "it did not run again")
    with pytest.raises(ResourceExistsError, match="cannot be cancelled any more"):
        adf.trigger_runs.cancel(*place, "soon", run.trigger_run_id)
    failed = models.RunQueryFilter(operand="Status", operator="Equals", values=["Failed"])
    assert fired(adf, place, "soon", failed) == []
    adf.triggers.delete(*place, "soon")
    assert fired(adf, place, "soon") == []


def test_a_recurrence_that_is_never_due_is_refused(adf: Any, place: tuple[str, str]) -> None:
    schedule = models.RecurrenceSchedule(month_days=[31])
    recurrence = models.ScheduleTriggerRecurrence(frequency="Month", interval=12, start_time=datetime(2024, 2, 1, tzinfo=UTC), schedule=schedule)
    trigger = models.TriggerResource(properties=models.ScheduleTrigger(pipelines=[work()], recurrence=recurrence))
    with pytest.raises(HttpResponseError, match="There is no time at which it would be due") as caught:
        adf.triggers.create_or_update(*place, "never", trigger)
    assert caught.value.error.target == "properties.typeProperties.recurrence.schedule"
