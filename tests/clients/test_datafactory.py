"""Data factories through the official client, `DataFactoryManagementClient` 9.3: documents, runs, what ran."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.mgmt.datafactory import models

from running import wait_until

FACTORY = "client-factory"
WINDOW = {"last_updated_after": datetime.now(UTC) - timedelta(hours=1), "last_updated_before": datetime.now(UTC) + timedelta(days=1)}
OVER = ("Succeeded", "Failed", "Cancelled")


@pytest.fixture(scope="module")
def place(connection: Any) -> tuple[str, str]:
    """The resource group and the factory."""
    connection.factory.factories.create_or_update(connection.resource_group, FACTORY, models.Factory(location="local", tags={"a": "b"}))
    return connection.resource_group, FACTORY


@pytest.fixture(scope="module")
def adf(connection: Any) -> Any:
    return connection.factory


def expression(text: str) -> Any:
    return models.Expression(type="Expression", value=text)


def after(name: str, *conditions: str) -> list[Any]:
    return [models.ActivityDependency(activity=name, dependency_conditions=list(conditions or ("Succeeded",)))]


def ended(adf: Any, place: tuple[str, str], run: str) -> Any:
    def is_over() -> bool:
        return adf.pipeline_runs.get(*place, run).status in OVER

    wait_until(is_over, 30, lambda: f"the run is {adf.pipeline_runs.get(*place, run).status}")
    return adf.pipeline_runs.get(*place, run)


def activities(adf: Any, place: tuple[str, str], run: str, **filters: Any) -> dict[str, Any]:
    found = adf.activity_runs.query_by_pipeline_run(*place, run, models.RunFilterParameters(**WINDOW, **filters))
    return {one.activity_name: one for one in found.value}


def test_a_pipeline_is_published_and_run(adf: Any, place: tuple[str, str]) -> None:
    pipeline = models.PipelineResource(
        parameters={"name": models.ParameterSpecification(type="String"), "times": models.ParameterSpecification(type="Int", default_value=2)},
        variables={"greeting": models.VariableSpecification(type="String")},
        activities=[
            models.SetVariableActivity(name="greet", variable_name="greeting", value="@concat('hello ', pipeline().parameters.name)"),
            models.WaitActivity(name="wait", wait_time_in_seconds=0, depends_on=after("greet")),
            models.IfConditionActivity(
                name="often",
                expression=expression("@greater(pipeline().parameters.times, 1)"),
                depends_on=after("wait"),
                if_true_activities=[models.WaitActivity(name="yes", wait_time_in_seconds=0)],
                if_false_activities=[models.FailActivity(name="no", message="not often", error_code="1")],
            ),
        ],
    )
    made = adf.pipelines.create_or_update(*place, "greeting", pipeline)
    assert made.name == "greeting" and made.etag
    assert isinstance(made.activities[2], models.IfConditionActivity)
    run = adf.pipelines.create_run(*place, "greeting", parameters={"name": "you"}).run_id
    over = ended(adf, place, run)
    assert (over.status, over.message, over.pipeline_name) == ("Succeeded", "", "greeting")
    assert over.parameters == {"name": "you", "times": "2"}
    assert over.invoked_by.invoked_by_type == "Manual"
    assert over.run_end >= over.run_start
    ran = activities(adf, place, run)
    assert {name: one.status for name, one in ran.items()} == dict.fromkeys(("greet", "wait", "yes", "often"), "Succeeded")
    assert ran["greet"].output == {"name": "greeting", "value": "hello you"}
    assert ran["greet"].activity_type == "SetVariable"
