"""Triggers through the official client, `DataFactoryManagementClient` 9.3: they fire, and their runs are asked for."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError
from azure.mgmt.datafactory import models

from clients.submitting import ENVIRONMENT, completed
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


def ended(adf: Any, place: tuple[str, str], trigger: str) -> list[Any]:
    """Its runs, once there are any and all have ended."""

    def are_over() -> bool:
        return {one.status for one in fired(adf, place, trigger)} in ({"Succeeded"}, {"Failed"}, {"Succeeded", "Failed"})

    wait_until(are_over, 30, lambda: f"{trigger}: {[one.status for one in fired(adf, place, trigger)]}")
    return fired(adf, place, trigger)


def test_a_schedule_fires(adf: Any, place: tuple[str, str]) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=1)
    recurrence = models.ScheduleTriggerRecurrence(frequency="Minute", interval=1, start_time=soon, time_zone="UTC")
    trigger = models.ScheduleTrigger(pipelines=[work(when="@trigger().scheduledTime")], recurrence=recurrence)
    made = adf.triggers.create_or_update(*place, "soon", models.TriggerResource(properties=trigger))
    assert isinstance(made.properties, models.ScheduleTrigger)
    adf.triggers.begin_start(*place, "soon").result()
    [run] = ended(adf, place, "soon")
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


def test_windows_of_the_past_are_run_and_one_of_them_again(adf: Any, place: tuple[str, str]) -> None:
    start = (datetime.now(UTC) - timedelta(hours=5)).replace(minute=0, second=0, microsecond=0)
    trigger = models.TumblingWindowTrigger(
        pipeline=work(when="@trigger().outputs.windowStartTime"),
        frequency="Hour",
        interval=1,
        start_time=start,
        end_time=start + timedelta(hours=4),
        max_concurrency=2,
        retry_policy=models.RetryPolicy(count=1, interval_in_seconds=30),
        depends_on=[models.SelfDependencyTumblingWindowTriggerReference(offset="-01:00:00", size="01:00:00")],
    )
    made = adf.triggers.create_or_update(*place, "hours", models.TriggerResource(properties=trigger))
    assert isinstance(made.properties.depends_on[0], models.SelfDependencyTumblingWindowTriggerReference)
    adf.triggers.begin_start(*place, "hours").result()

    def over() -> list[Any]:
        return [one for one in fired(adf, place, "hours") if one.status == "Succeeded"]

    wait_until(lambda: len(over()) == 4, 30, lambda: [one.status for one in fired(adf, place, "hours")])
    by_window = {one.properties["windowStartTime"]: one for one in over()}
    assert [window[:13] for window in sorted(by_window)] == [(start + timedelta(hours=place)).isoformat()[:13] for place in range(4)]
    first = by_window[min(by_window)]
    adf.trigger_runs.rerun(*place, "hours", first.trigger_run_id)

    def is_again() -> bool:
        now = {one.trigger_run_id: one for one in over()}.get(first.trigger_run_id)
        return now is not None and bool(now.triggered_pipelines != first.triggered_pipelines)

    wait_until(is_again, 30, "it did not run again")
    found = adf.triggers.query_by_factory(*place, models.TriggerFilterParameters(parent_trigger_name="hours")).value
    assert found == []
    adf.triggers.begin_stop(*place, "hours").result()


def test_a_blob_that_is_written_and_deleted(adf: Any, place: tuple[str, str], connection: Any) -> None:
    lake = connection.blobs.get_container_client("fired-by-blobs")
    lake.create_container()
    account = connection.blobs.url.partition("//")[2].partition(".")[0]
    for name, event in (("created", "Microsoft.Storage.BlobCreated"), ("deleted", "Microsoft.Storage.BlobDeleted")):
        trigger = models.BlobEventsTrigger(
            pipelines=[work(when="@{triggerBody().folderPath}|@{triggerBody().fileName}")],
            events=[event],
            scope=f"/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/{account}",
            blob_path_begins_with="/fired-by-blobs/blobs/in/",
            blob_path_ends_with=".csv",
            ignore_empty_blobs=True,
        )
        adf.triggers.create_or_update(*place, name, models.TriggerResource(properties=trigger))
        assert adf.triggers.begin_subscribe_to_events(*place, name).result().status == "Enabled"
        adf.triggers.begin_start(*place, name).result()
    for path, content in (("in/a/1.csv", b"x"), ("in/2.csv", b""), ("out/3.csv", b"x"), ("in/4.txt", b"x")):
        lake.upload_blob(path, content)
    lake.delete_blob("in/a/1.csv")
    for name in ("created", "deleted"):
        [run] = ended(adf, place, name)
        assert (run.status, run.trigger_type) == ("Succeeded", "BlobEventsTrigger")
        begun = adf.pipeline_runs.get(*place, run.triggered_pipelines["work"])
        assert begun.parameters == {"when": "fired-by-blobs/in/a|1.csv"}
    assert adf.triggers.begin_unsubscribe_from_events(*place, "created").result().status == "Disabled"
    assert adf.triggers.get_event_subscription_status(*place, "created").status == "Disabled"
    lake.upload_blob("in/5.csv", b"x")
    adf.triggers.begin_subscribe_to_events(*place, "created").result()
    lake.upload_blob("in/6.csv", b"x")
    assert len(fired(adf, place, "created")) == 2
    adf.triggers.begin_stop(*place, "created").result()
    lake.upload_blob("in/7.csv", b"x")
    assert len(fired(adf, place, "created")) == 2


def test_an_event_that_is_published(adf: Any, place: tuple[str, str], connection: Any) -> None:
    topic = f"/subscriptions/{connection.subscription}/resourceGroups/g/providers/Microsoft.EventGrid/topics/models"
    trigger = models.CustomEventsTrigger(
        pipelines=[work(when="@triggerBody().event.data.model")], events=["Drift.Found"], scope=topic, subject_begins_with="models/"
    )
    adf.triggers.create_or_update(*place, "drift", models.TriggerResource(properties=trigger))
    adf.triggers.begin_start(*place, "drift").result()
    events = [
        {"id": "1", "subject": "models/diabetes", "eventType": "drift.found", "data": {"model": "d"}, "dataVersion": "1"},
        {"id": "2", "subject": "data/diabetes", "eventType": "Drift.Found", "data": {"model": "e"}, "dataVersion": "1"},
        {"id": "3", "subject": "models/diabetes", "eventType": "Drift.Gone", "data": {"model": "f"}, "dataVersion": "1"},
    ]
    for _ in range(2):  # published again, it is the same event
        answer = connection.http.post(f"{connection.url}{topic}/api/events", json=events)
        assert answer.status_code == 200
    [run] = ended(adf, place, "drift")
    assert adf.pipeline_runs.get(*place, run.triggered_pipelines["work"]).parameters == {"when": "d"}
    wrong = connection.http.post(f"{connection.url}{topic}/api/events", json=[{"id": "4", "subject": "x"}])
    assert (wrong.status_code, wrong.json()["error"]["target"]) == (400, "[0].eventType")
    with pytest.raises(HttpResponseError, match="nothing to do with events"):
        adf.triggers.get_event_subscription_status(*place, "hours")


def test_what_a_step_writes(adf: Any, place: tuple[str, str], connection: Any) -> None:
    from azure.ai.ml import Output, command

    datastore = connection.ml.datastores.get_default()
    trigger = models.BlobEventsTrigger(
        pipelines=[work(when="@{triggerBody().folderPath}|@{triggerBody().fileName}")],
        events=["Microsoft.Storage.BlobCreated"],
        scope=f"/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/{datastore.account_name}",
        blob_path_begins_with=f"/{datastore.container_name}/blobs/by-a-step/",
        blob_path_ends_with=".csv",
    )
    adf.triggers.create_or_update(*place, "step", models.TriggerResource(properties=trigger))
    adf.triggers.begin_start(*place, "step").result()
    path = "azureml://datastores/workspaceblobstore/paths/by-a-step"
    job = command(
        command="mkdir ${{outputs.folder}}/deep; echo a > ${{outputs.folder}}/deep/a.csv; echo b > ${{outputs.folder}}/b.txt; echo c > ${{outputs.file}}",
        environment=ENVIRONMENT,
        outputs={"folder": Output(type="uri_folder", path=f"{path}/x"), "file": Output(type="uri_file", path=f"{path}/c.csv")},
    )
    completed(connection, connection.ml.jobs.create_or_update(job))
    wait_until(lambda: len(fired(adf, place, "step")) == 2, 30, "it did not fire for both")
    runs = [adf.pipeline_runs.get(*place, one.triggered_pipelines["work"]) for one in ended(adf, place, "step")]
    container = datastore.container_name
    assert {one.parameters["when"] for one in runs} == {f"{container}/by-a-step/x/deep|a.csv", f"{container}/by-a-step|c.csv"}
    adf.triggers.begin_stop(*place, "step").result()


def test_what_an_activity_writes_and_deletes(adf: Any, place: tuple[str, str], connection: Any) -> None:
    lake = connection.blobs.get_container_client("fired-by-activities")
    lake.create_container()
    lake.upload_blob("from/a.csv", b"id\n1\n")
    account = connection.blobs.url.partition("//")[2].partition(".")[0]
    for name, event in (("copied", "Microsoft.Storage.BlobCreated"), ("removed", "Microsoft.Storage.BlobDeleted")):
        trigger = models.BlobEventsTrigger(
            pipelines=[work(when="@{triggerBody().folderPath}|@{triggerBody().fileName}")],
            events=[event],
            scope=f"/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/{account}",
            blob_path_begins_with="/fired-by-activities/blobs/to/",
        )
        adf.triggers.create_or_update(*place, name, models.TriggerResource(properties=trigger))
        adf.triggers.begin_start(*place, name).result()
    blob = models.AzureBlobStorageLinkedService(service_endpoint=f"https://{account}.blob.core.windows.net")
    adf.linked_services.create_or_update(*place, "lake", models.LinkedServiceResource(properties=blob))
    service = models.LinkedServiceReference(type="LinkedServiceReference", reference_name="lake")
    for name, folder in (("from", "from"), ("to", "to/deep")):
        where = models.AzureBlobStorageLocation(container="fired-by-activities", folder_path=folder, file_name="a.csv")
        dataset = models.BinaryDataset(linked_service_name=service, location=where)
        adf.datasets.create_or_update(*place, name, models.DatasetResource(properties=dataset))
    origin, target = (models.DatasetReference(type="DatasetReference", reference_name=name) for name in ("from", "to"))
    copy = models.CopyActivity(name="copy", inputs=[origin], outputs=[target], source=models.BinarySource(), sink=models.BinarySink())
    after = [models.ActivityDependency(activity="copy", dependency_conditions=["Succeeded"])]
    delete = models.DeleteActivity(name="delete", dataset=target, depends_on=after, enable_logging=False)
    adf.pipelines.create_or_update(*place, "moves", models.PipelineResource(activities=[copy, delete]))
    run = adf.pipelines.create_run(*place, "moves").run_id
    wait_until(lambda: adf.pipeline_runs.get(*place, run).status in ("Succeeded", "Failed"), 60, "the pipeline does not end")
    for name in ("copied", "removed"):
        [one] = ended(adf, place, name)
        assert adf.pipeline_runs.get(*place, one.triggered_pipelines["work"]).parameters == {"when": "fired-by-activities/to/deep|a.csv"}
        adf.triggers.begin_stop(*place, name).result()


def test_the_run_of_a_window_is_cancelled(adf: Any, place: tuple[str, str]) -> None:
    adf.pipelines.create_or_update(*place, "long", models.PipelineResource(activities=[models.WaitActivity(name="w", wait_time_in_seconds=1000)]))
    reference = models.PipelineReference(type="PipelineReference", reference_name="long")
    start = datetime.now(UTC) - timedelta(minutes=90)
    trigger = models.TumblingWindowTrigger(
        pipeline=models.TriggerPipelineReference(pipeline_reference=reference), frequency="Hour", interval=1, start_time=start, max_concurrency=1
    )
    adf.triggers.create_or_update(*place, "cancelled", models.TriggerResource(properties=trigger))
    adf.triggers.begin_start(*place, "cancelled").result()

    def statuses() -> list[str]:
        return [one.status for one in fired(adf, place, "cancelled")]

    wait_until(lambda: statuses() == ["Inprogress"], 30, statuses)
    [run] = fired(adf, place, "cancelled")
    adf.trigger_runs.cancel(*place, "cancelled", run.trigger_run_id)
    wait_until(lambda: statuses() == ["Cancelled"], 30, statuses)
    assert adf.pipeline_runs.get(*place, run.triggered_pipelines["long"]).status == "Cancelled"
    adf.triggers.begin_stop(*place, "cancelled").result()
