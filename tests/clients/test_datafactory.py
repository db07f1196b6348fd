"""Data factories through the official client, `DataFactoryManagementClient` 9.3: documents, runs, what ran."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
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

    wait_until(is_over, 90, lambda: f"the run is {adf.pipeline_runs.get(*place, run).status}")
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


def test_factories(adf: Any, place: tuple[str, str]) -> None:
    group, _ = place
    assert adf.factories.get(*place).provisioning_state == "Succeeded"
    assert FACTORY in [one.name for one in adf.factories.list_by_resource_group(group)]
    assert FACTORY in [one.name for one in adf.factories.list()]
    other = adf.factories.create_or_update(group, "client-other", models.Factory(location="local"))
    assert adf.factories.update(group, other.name, models.FactoryUpdateParameters(tags={"c": "d"})).tags == {"c": "d"}
    adf.pipelines.create_or_update(group, other.name, "p", models.PipelineResource(activities=[]))
    adf.factories.delete(group, other.name)
    with pytest.raises(ResourceNotFoundError):
        adf.factories.get(group, other.name)
    adf.factories.delete(group, other.name)
    with pytest.raises(HttpResponseError, match="is no name for it"):
        adf.factories.create_or_update(group, "x_", models.Factory(location="local"))


def test_documents_and_what_refers_to_them(adf: Any, place: tuple[str, str]) -> None:
    service = models.LinkedServiceResource(properties=models.AzureBlobStorageLinkedService(service_endpoint="https://x.blob.example"))
    assert adf.linked_services.create_or_update(*place, "store", service).properties.type == "AzureBlobStorage"
    reference = models.LinkedServiceReference(type="LinkedServiceReference", reference_name="store")
    binary = models.BinaryDataset(linked_service_name=reference, location=models.AzureBlobStorageLocation(container="c"))
    assert adf.datasets.create_or_update(*place, "files", models.DatasetResource(properties=binary)).properties.location.container == "c"
    assert adf.datasets.get(*place, "files").properties.linked_service_name.reference_name == "store"
    assert adf.linked_services.get(*place, "store").name == "store"
    assert [one.name for one in adf.datasets.list_by_factory(*place)] == ["files"]
    assert [one.name for one in adf.linked_services.list_by_factory(*place)] == ["store"]
    missing = models.LinkedServiceReference(type="LinkedServiceReference", reference_name="nowhere")
    with pytest.raises(HttpResponseError, match="because of invalid reference 'nowhere'"):
        adf.datasets.create_or_update(*place, "lost", models.DatasetResource(properties=models.BinaryDataset(linked_service_name=missing)))
    with pytest.raises(HttpResponseError, match="The document cannot be deleted since it is referenced by files"):
        adf.linked_services.delete(*place, "store")
    adf.datasets.delete(*place, "files")
    adf.linked_services.delete(*place, "store")
    adf.linked_services.delete(*place, "store")
    with pytest.raises(ResourceNotFoundError):
        adf.linked_services.get(*place, "store")


def test_other_documents(adf: Any, place: tuple[str, str]) -> None:
    runtime = models.IntegrationRuntimeResource(properties=models.SelfHostedIntegrationRuntime(description="mine"))
    assert adf.integration_runtimes.create_or_update(*place, "shir", runtime).properties.description == "mine"
    assert [one.name for one in adf.integration_runtimes.list_by_factory(*place)] == ["shir"]
    assert adf.integration_runtimes.get(*place, "shir").name == "shir"
    assert adf.integration_runtimes.get_status(*place, "shir").properties.state == "Online"
    adf.integration_runtimes.delete(*place, "shir")
    flow = models.DataFlowResource(properties=models.MappingDataFlow(script_lines=["source() ~> a"]))
    assert adf.data_flows.create_or_update(*place, "flow", flow).properties.script_lines == ["source() ~> a"]
    assert [one.name for one in adf.data_flows.list_by_factory(*place)] == ["flow"]
    assert adf.data_flows.get(*place, "flow").properties.type == "MappingDataFlow"
    adf.data_flows.delete(*place, "flow")
    values = models.GlobalParameterResource(properties={"env": models.GlobalParameterSpecification(type="String", value="test")})
    assert adf.global_parameters.create_or_update(*place, "default", values).properties["env"].value == "test"
    assert adf.global_parameters.get(*place, "default").name == "default"
    assert [one.name for one in adf.global_parameters.list_by_factory(*place)] == ["default"]
    adf.global_parameters.delete(*place, "default")
    credential = models.CredentialResource(properties=models.ManagedIdentityCredential(resource_id="/x"))
    assert adf.credential_operations.create_or_update(*place, "me", credential).name == "me"
    assert adf.credential_operations.get(*place, "me").properties.resource_id == "/x"
    assert [one.name for one in adf.credential_operations.list_by_factory(*place)] == ["me"]
    adf.credential_operations.delete(*place, "me")
    network = models.ManagedVirtualNetworkResource(properties=models.ManagedVirtualNetwork())
    assert adf.managed_virtual_networks.create_or_update(*place, "default", network).name == "default"
    assert adf.managed_virtual_networks.get(*place, "default").name == "default"
    assert [one.name for one in adf.managed_virtual_networks.list_by_factory(*place)] == ["default"]
    door = models.ManagedPrivateEndpointResource(properties=models.ManagedPrivateEndpoint(group_id="blob"))
    assert adf.managed_private_endpoints.create_or_update(*place, "default", "door", door).properties.group_id == "blob"
    assert [one.name for one in adf.managed_private_endpoints.list_by_factory(*place, "default")] == ["door"]
    assert adf.managed_private_endpoints.get(*place, "default", "door").name == "door"
    adf.managed_private_endpoints.delete(*place, "default", "door")
    assert "Microsoft.DataFactory/factories/read" in [one.name for one in adf.operations.list()]


def test_integration_runtimes_are_online_and_have_no_nodes(adf: Any, place: tuple[str, str]) -> None:
    runtime = models.IntegrationRuntimeResource(properties=models.ManagedIntegrationRuntime())
    adf.integration_runtimes.create_or_update(*place, "managed", runtime)
    assert adf.integration_runtimes.begin_start(*place, "managed").result().properties.state == "Online"
    assert adf.integration_runtimes.get_monitoring_data(*place, "managed").nodes == []
    adf.integration_runtimes.sync_credentials(*place, "managed")
    assert adf.integration_runtimes.update(*place, "managed", models.UpdateIntegrationRuntimeRequest(auto_update="On")).name == "managed"
    adf.integration_runtimes.delete(*place, "managed")


def test_what_is_not_done_here_says_so_by_name(connection: Any, adf: Any, place: tuple[str, str]) -> None:
    runtime = models.IntegrationRuntimeResource(properties=models.SelfHostedIntegrationRuntime())
    adf.integration_runtimes.create_or_update(*place, "elsewhere", runtime)
    assert list(adf.data_flow_debug_session.query_by_factory(*place)) == []
    debug = adf.data_flow_debug_session
    for name, call in (
        ("createDataFlowDebugSession", lambda: debug.begin_create(*place, models.CreateDataFlowDebugSessionRequest())),
        ("addDataFlowToDebugSession", lambda: debug.add_data_flow(*place, models.DataFlowDebugPackage())),
        ("executeDataFlowDebugCommand", lambda: debug.begin_execute_command(*place, models.DataFlowDebugCommandRequest(session_id="x"))),
        ("deleteDataFlowDebugSession", lambda: debug.delete(*place, models.DeleteDataFlowDebugSessionRequest(session_id="x"))),
        ("listAuthKeys", lambda: adf.integration_runtimes.list_auth_keys(*place, "elsewhere")),
        ("stop", lambda: adf.integration_runtimes.begin_stop(*place, "elsewhere")),
    ):
        with pytest.raises(HttpResponseError) as caught:
            call()
        assert (caught.value.status_code, caught.value.error.code) == (501, "NotSupportedHere")
        assert f"'{name}' is not done here" in caught.value.message
    factory = (
        f"{connection.url}/subscriptions/{connection.subscription}/resourceGroups/{place[0]}/providers/Microsoft.DataFactory/factories/{place[1]}"
    )
    for path in ("querydebugpipelineruns", "sandboxPipelineRuns"):
        answer = connection.http.post(f"{factory}/{path}?api-version=2018-06-01", json={})
        assert (answer.status_code, "createRun" in answer.json()["error"]["message"]) == (501, True)
    adf.integration_runtimes.delete(*place, "elsewhere")


def test_secure_inputs_and_outputs_are_seen_by_expressions_alone(adf: Any, place: tuple[str, str]) -> None:
    values = {
        "word": models.GlobalParameterSpecification(type="String", value="global"),
        "list": models.GlobalParameterSpecification(type="Array", value=[1, 2]),
    }
    place = (place[0], "client-secure")
    adf.factories.create_or_update(*place, models.Factory(location="local", global_parameters=values))
    steps = [
        models.SetVariableActivity(
            name="secret",
            variable_name="v",
            value="@concat(pipeline().globalParameters.word, '-', string(pipeline().globalParameters.list))",
            policy=models.SecureInputOutputPolicy(secure_input=True, secure_output=True),
        ),
        models.IfConditionActivity(
            name="seen",
            depends_on=after("secret"),
            expression=models.Expression(type="Expression", value="@equals(activity('secret').output.value, 'global-[1,2]')"),
            if_false_activities=[models.FailActivity(name="no", message="@variables('v')", error_code="1")],
        ),
    ]
    variables = {"v": models.VariableSpecification(type="String")}
    adf.pipelines.create_or_update(*place, "secure", models.PipelineResource(activities=steps, variables=variables))
    run = adf.pipelines.create_run(*place, "secure").run_id
    assert ended(adf, place, run).status == "Succeeded"
    secret = activities(adf, place, run)["secret"]
    assert (secret.input, secret.output) == ({"secureInput": "***"}, {"secureOutput": "***"})


def test_versions_of_a_pipeline(adf: Any, place: tuple[str, str]) -> None:
    made = adf.pipelines.create_or_update(*place, "versions", models.PipelineResource(activities=[], description="one"))
    assert adf.pipelines.get(*place, "versions", if_none_match=made.etag) is None
    second = adf.pipelines.create_or_update(*place, "versions", models.PipelineResource(activities=[], description="two"), if_match=made.etag)
    with pytest.raises(HttpResponseError) as caught:
        adf.pipelines.create_or_update(*place, "versions", models.PipelineResource(activities=[]), if_match=made.etag)
    assert caught.value.status_code == 412
    assert adf.pipelines.get(*place, "versions").etag == second.etag
    assert "versions" in [one.name for one in adf.pipelines.list_by_factory(*place)]
    adf.pipelines.delete(*place, "versions")
    with pytest.raises(ResourceNotFoundError):
        adf.pipelines.get(*place, "versions")
    with pytest.raises(ResourceNotFoundError):
        adf.pipelines.create_run(*place, "versions")


def test_a_pipeline_that_is_wrong_is_refused_with_its_path(adf: Any, place: tuple[str, str]) -> None:
    wrong = models.PipelineResource(activities=[models.WaitActivity(name="w", wait_time_in_seconds=expression("@nope()"), depends_on=after("x"))])
    with pytest.raises(HttpResponseError) as caught:
        adf.pipelines.create_or_update(*place, "wrong", wrong)
    assert caught.value.status_code == 400
    assert {one.target for one in caught.value.error.details} == {
        "properties.activities[0].dependsOn[0].activity",
        "properties.activities[0].typeProperties.waitTimeInSeconds",
    }
    needing = models.PipelineResource(activities=[], parameters={"p": models.ParameterSpecification(type="Int")})
    adf.pipelines.create_or_update(*place, "needing", needing)
    with pytest.raises(HttpResponseError, match="needs a value for its parameter 'p'"):
        adf.pipelines.create_run(*place, "needing")
    with pytest.raises(HttpResponseError, match="is not of type 'Int'"):
        adf.pipelines.create_run(*place, "needing", parameters={"p": "x"})


def test_runs_are_asked_for(adf: Any, place: tuple[str, str]) -> None:
    for name in ("asked-a", "asked-b"):
        adf.pipelines.create_or_update(*place, name, models.PipelineResource(activities=[]))
    failing = models.PipelineResource(activities=[models.FailActivity(name="f", message="no", error_code="7")])
    adf.pipelines.create_or_update(*place, "asked-c", failing)
    runs = [adf.pipelines.create_run(*place, name).run_id for name in ("asked-a", "asked-b", "asked-c", "asked-a")]
    for run in runs:
        ended(adf, place, run)

    def ask(*filters: Any, order: str = "ASC") -> list[str]:
        wish = models.RunFilterParameters(**WINDOW, filters=list(filters), order_by=[models.RunQueryOrderBy(order_by="RunStart", order=order)])
        return [one.run_id for one in adf.pipeline_runs.query_by_factory(*place, wish).value]

    named = models.RunQueryFilter(operand="PipelineName", operator="In", values=["asked-a", "asked-b", "asked-c"])
    assert ask(named) == runs
    assert ask(named, order="DESC") == runs[::-1]
    assert ask(named, models.RunQueryFilter(operand="Status", operator="Equals", values=["Failed"])) == [runs[2]]
    assert ask(named, models.RunQueryFilter(operand="PipelineName", operator="NotEquals", values=["asked-a"])) == runs[1:3]
    assert ask(models.RunQueryFilter(operand="RunGroupId", operator="Equals", values=[runs[1]])) == [runs[1]]
    failed = adf.pipeline_runs.get(*place, runs[2])
    assert (failed.status, failed.message) == ("Failed", "Operation on target f failed: no")
    assert activities(adf, place, runs[2])["f"].error == {"errorCode": "7", "message": "no", "failureType": "UserError", "target": "f", "details": []}
    with pytest.raises(HttpResponseError, match="'Colour' cannot be asked for here"):
        ask(models.RunQueryFilter(operand="Colour", operator="Equals", values=["x"]))
    with pytest.raises(ResourceNotFoundError):
        adf.pipeline_runs.get(*place, "nobody")


def test_many_activity_runs_come_in_pages(adf: Any, place: tuple[str, str]) -> None:
    loop = models.ForEachActivity(
        name="each", items=expression("@range(0, 1200)"), batch_count=50, activities=[models.WaitActivity(name="w", wait_time_in_seconds=0)]
    )
    adf.pipelines.create_or_update(*place, "many", models.PipelineResource(activities=[loop]))
    run = adf.pipelines.create_run(*place, "many").run_id
    assert ended(adf, place, run).status == "Succeeded"
    wish = models.RunFilterParameters(**WINDOW)
    seen: list[Any] = []
    while True:
        page = adf.activity_runs.query_by_pipeline_run(*place, run, wish)
        seen += page.value
        if not page.continuation_token:
            break
        wish = models.RunFilterParameters(**WINDOW, continuation_token=page.continuation_token)
    assert len(seen) == len({one.activity_run_id for one in seen}) == 1201


def test_cancelling(adf: Any, place: tuple[str, str]) -> None:
    child = models.PipelineResource(activities=[models.WaitActivity(name="w", wait_time_in_seconds=1000)])
    adf.pipelines.create_or_update(*place, "long", child)
    call = models.ExecutePipelineActivity(
        name="call", pipeline=models.PipelineReference(type="PipelineReference", reference_name="long"), wait_on_completion=True
    )
    adf.pipelines.create_or_update(*place, "calling", models.PipelineResource(activities=[call]))
    run = adf.pipelines.create_run(*place, "calling").run_id
    wait_until(lambda: activities(adf, place, run).get("call"), 30, "the activity did not begin")
    assert activities(adf, place, run)["call"].status == "InProgress"
    assert adf.pipeline_runs.get(*place, run).status == "InProgress"
    adf.pipeline_runs.cancel(*place, run, is_recursive=True)
    assert ended(adf, place, run).status == "Cancelled"
    wish = models.RunFilterParameters(**WINDOW, filters=[models.RunQueryFilter(operand="PipelineName", operator="Equals", values=["long"])])
    [inner] = adf.pipeline_runs.query_by_factory(*place, wish).value
    assert (inner.status, inner.invoked_by.pipeline_run_id) == ("Cancelled", run)
    with pytest.raises(ResourceExistsError):
        adf.pipeline_runs.cancel(*place, run)


def test_running_again(adf: Any, place: tuple[str, str]) -> None:
    steps = [
        models.WaitActivity(name="a", wait_time_in_seconds=0),
        models.FailActivity(name="b", message="no", error_code="1", depends_on=after("a")),
        models.WaitActivity(name="c", wait_time_in_seconds=0, depends_on=after("b")),
    ]
    adf.pipelines.create_or_update(*place, "again", models.PipelineResource(activities=steps))
    first = adf.pipelines.create_run(*place, "again").run_id
    ended(adf, place, first)
    second = adf.pipelines.create_run(*place, "again", reference_pipeline_run_id=first, is_recovery=True, start_from_failure=True).run_id
    over = ended(adf, place, second)
    assert (over.status, over.run_group_id, over.is_latest) == ("Failed", first, True)
    third = adf.pipelines.create_run(*place, "again", reference_pipeline_run_id=first, is_recovery=True, start_activity_name="c").run_id
    assert ended(adf, place, third).run_group_id == first


def test_triggers_are_started_and_stopped(adf: Any, place: tuple[str, str]) -> None:
    adf.pipelines.create_or_update(*place, "triggered", models.PipelineResource(activities=[]))
    reference = models.TriggerPipelineReference(pipeline_reference=models.PipelineReference(type="PipelineReference", reference_name="triggered"))
    recurrence = models.ScheduleTriggerRecurrence(frequency="Day", interval=1, start_time=datetime(2099, 1, 1, tzinfo=UTC), time_zone="UTC")
    trigger = models.TriggerResource(properties=models.ScheduleTrigger(pipelines=[reference], recurrence=recurrence))
    assert adf.triggers.create_or_update(*place, "daily", trigger).properties.runtime_state == "Stopped"
    adf.triggers.begin_start(*place, "daily").result()
    assert adf.triggers.get(*place, "daily").properties.runtime_state == "Started"
    for change in (lambda: adf.triggers.create_or_update(*place, "daily", trigger), lambda: adf.triggers.delete(*place, "daily")):
        with pytest.raises(HttpResponseError) as caught:
            change()
        assert (caught.value.status_code, caught.value.error.code) == (400, "TriggerEnabledCannotUpdate")
    assert [one.name for one in adf.triggers.list_by_factory(*place)] == ["daily"]
    assert [one.name for one in adf.triggers.query_by_factory(*place, models.TriggerFilterParameters()).value] == ["daily"]
    assert adf.trigger_runs.query_by_factory(*place, models.RunFilterParameters(**WINDOW)).value == []
    adf.triggers.begin_stop(*place, "daily").result()
    adf.triggers.delete(*place, "daily")


def test_a_factory_that_is_deleted_takes_its_runs_along(adf: Any, place: tuple[str, str]) -> None:
    gone = (place[0], "client-leaving")
    adf.factories.create_or_update(*gone, models.Factory(location="local"))
    adf.pipelines.create_or_update(*gone, "p", models.PipelineResource(activities=[models.WaitActivity(name="w", wait_time_in_seconds=1000)]))
    run = adf.pipelines.create_run(*gone, "p").run_id
    wait_until(lambda: activities(adf, gone, run), 30, "the run did not begin")
    adf.factories.delete(*gone)

    def is_gone() -> bool:
        try:
            adf.factories.get(*gone)
        except ResourceNotFoundError:
            return True
        return False

    wait_until(is_gone, 30, "the factory is still there")
    with pytest.raises(ResourceNotFoundError):
        adf.pipeline_runs.get(*gone, run)


def test_runs_are_made_by_running(connection: Any, place: tuple[str, str]) -> None:
    factory = (
        f"{connection.url}/subscriptions/{connection.subscription}/resourceGroups/{place[0]}/providers/Microsoft.DataFactory/factories/{FACTORY}"
    )
    put = connection.http.put(f"{factory}/pipelineruns/mine", json={"pipeline": "greeting"})
    assert (put.status_code, put.json()["error"]["code"]) == (405, "MethodNotAllowed")
    assert connection.http.get(f"{factory}/pipelineruns/mine/pages/1").status_code == 404
